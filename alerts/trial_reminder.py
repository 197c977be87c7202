"""Reminder of test calls: who is to try which way again, and what was known of it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.alert import Alert, NotifyReason
from alerts.notices import Pair, notice
from alerts.trial_call import Tested, TrialCall
from alerts.words import Language, clock

KNOWN: dict[Tested, Pair] = {
    Tested.NEVER: ("nie probiert", "never tried"),
    Tested.REFUSED: ("zuletzt nicht angenommen", "not accepted the last time"),
    Tested.UNSAID: (
        "angenommen, niemand sagte, ob es klingelte",
        "accepted, nobody said whether it rang",
    ),
    Tested.SILENT: ("klingelte zuletzt nicht", "did not ring the last time"),
    Tested.OLD: ("klingelte zuletzt", "rang last"),
}


@dataclass(frozen=True, slots=True)
class Due:
    """A way that wakes ``name``, and is not known to ring. ``state`` is never `Tested.RANG`."""

    name: str
    channel: str
    state: Tested
    call: TrialCall | None


def reminder(due: Sequence[Due], now: datetime, timezone: str, page_url: str = "") -> Alert:
    """Return the reminder as an alert about no incident; a way a line, at least one."""
    n = len(due)
    title = (
        f"Testrufe fällig: {n} Weg{'' if n == 1 else 'e'}",
        f"Test calls due: {n} way{'' if n == 1 else 's'}",
    )
    lines = [(_line(one, "de", now, timezone), _line(one, "en", now, timezone)) for one in due]
    lines.append(
        (
            "Auf der Seite „Bereitschaft“ anrufen und sagen, ob es klingelte",
            "Call from the page “On call”, and say whether it rang",
        )
    )
    address = f"{page_url.rstrip('/')}/duty" if page_url else ""
    return notice(
        NotifyReason.TESTS_DUE,
        "tests",
        now,
        title,
        lines,
        since=now,
        timezone=timezone,
        page_url=address,
    )


def _line(due: Due, lang: Language, now: datetime, timezone: str) -> str:
    known = KNOWN[due.state][lang == "en"]
    at = f" ({clock(due.call.at, timezone, lang, near=now)})" if due.call else ""
    return f"{due.name}, {due.channel}: {known}{at}"
