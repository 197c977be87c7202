"""Awake: when this install itself was not there, told from its own beats. Pure.

The auditor writes a beat at every look. Where the next one comes late, nobody watched in between: the
machine slept, was off, or we were stopped. Such a span is kept with the beat and shown like any other
stretch in which nothing was seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.ports import Beat

RUNNING = "running"
"""Name of our own beat; of all processes on one store together."""
GAP = timedelta(minutes=3)
"""So long without a beat is a blind span; less is a restart."""
KEPT = 50
"""Blind spans that are remembered, the newest."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch in which nobody watched."""

    since: datetime
    until: datetime


def next_beat(before: Beat | None, now: datetime) -> Beat:
    """Return the beat of ``now``, with a blind span where the one before is too old."""
    spans = blind_spans(before)
    if before is not None and now - before.at > GAP:
        spans = [*spans, Span(before.at, now)]
    kept = [[s.since.isoformat(), s.until.isoformat()] for s in spans[-KEPT:]]
    return Beat(RUNNING, now, {"blind": kept})


def blind_spans(beat: Beat | None) -> list[Span]:
    """Return the spans that are kept with a beat, oldest first."""
    kept = beat.content.get("blind", ()) if beat else ()
    return [Span(datetime.fromisoformat(s), datetime.fromisoformat(u)) for s, u in kept]


def awake_since(beat: Beat | None, now: datetime) -> datetime | None:
    """Return since when we have watched without a gap, None where there never was one.

    ``now`` itself where the last beat is too old: we have only just come back.
    """
    if beat is not None and now - beat.at > GAP:
        return now
    spans = blind_spans(beat)
    return spans[-1].until if spans else None
