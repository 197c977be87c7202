"""Watchers: who is expected to speak and when they were heard, as people and programs look at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.errand import Errand, Kind
from monitor.ports import Beat, Reader, Transaction

AUDITOR = "auditor"
"""Name of the auditor's beat."""
WATCH, SOURCE = "watch", "source"


Everyone = tuple[str, str, timedelta]
"""Sort and name of one who is expected to speak, and how often."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One who is expected to speak. ``heard_at`` None: never; ``missing_since`` None: they are there."""

    sort: str
    name: str
    every: timedelta
    heard_at: datetime | None
    missing_since: datetime | None


def errand_key(sort: str, name: str) -> str:
    """Return the key of the errand that waits for somebody."""
    return f"{Kind.HEARTBEAT}/{sort}/{name}"


def beat_name(name: str) -> str:
    """Return the name under which a sender's heartbeats are kept."""
    return f"{WATCH}/{name}"


def expected(read: Reader, every: Sequence[Everyone]) -> list[Heard]:
    """Return how each of those who are expected to speak does, in the order given."""
    if not every:
        return []
    kept = {one.key: one for one in read.errands("")}
    beats, states = read.beats(), read.sources()
    found = []
    for sort, name, each in every:
        if sort == WATCH:
            beat = beats.get(beat_name(name))
            heard = beat.at if beat else None
        else:
            heard = states[name].clock.seen_at if name in states else None
        missing = _missing(kept.get(errand_key(sort, name)))
        found.append(Heard(sort, name, each, heard, missing))
    return found


def hear(tx: Transaction, name: str, now: datetime) -> None:
    """Note that somebody has spoken."""
    tx.save_beat(Beat(beat_name(name), now))


def _missing(errand: Errand | None) -> datetime | None:
    since = errand.content.get("missing") if errand else None
    return datetime.fromisoformat(since) if since else None
