"""Digest: what a receiver who only watches hears, collected into one message. Pure; words in both languages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from alerts.alert import Alert, NotifyReason
from alerts.notices import Pair, notice
from alerts.words import SPOKEN, Language, clock, level_line, pick

USUAL = timedelta(hours=1)
"""How long a digest collects where no route says it."""
MOST = 20
"""Lines of one digest; of more the newest are shown, and how many were left out is said."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """One alert in a digest: when, and what is said of it, in German and English."""

    at: datetime
    line: Pair


def due(now: datetime, every: timedelta) -> datetime:
    """Return when the digest is due that collects at ``now``: whole spans since 1970, UTC."""
    return EPOCH + ((now - EPOCH) // every + 1) * every


def entry(alert: Alert) -> Entry:
    """Return what a digest says of an alert."""

    def said(lang: Language) -> str:
        at = clock(alert.at, alert.timezone, lang)
        level, why = level_line(alert.level, lang), pick(SPOKEN[alert.reason], lang)
        return f"{at} {alert.topic_name}: {level}, {why} ({alert.ref})"

    return Entry(alert.at, (said("de"), said("en")))


def digest(entries: Sequence[Entry], target: str, now: datetime, page_url: str = "") -> Alert:
    """Return the message for ``target``, the oldest entry first; raises `ValueError` without any."""
    if not entries:
        raise ValueError("a digest of nothing; expected at least one entry")
    ordered = sorted(entries, key=lambda one: (one.at, one.line))
    lines = [one.line for one in ordered[-MOST:]]
    left = len(ordered) - len(lines)
    if left:
        lines.insert(0, (f"{left} ältere nicht gezeigt", f"{left} older ones not shown"))
    n = len(ordered)
    title = (
        f"{n} Meldung{'' if n == 1 else 'en'}, nichts davon eilt",
        f"{n} alert{'' if n == 1 else 's'}, none of it urgent",
    )
    subject = f"digest-{target}"
    return notice(NotifyReason.DIGEST, subject, now, title, lines, since=now, page_url=page_url)
