"""Planned: what was announced, and how many times the usual mentions it lets one expect.

Expected *mentions* rise, expected *negatives* never do: the webinar that goes wrong is the storm.
Pure: entries and what past ones brought go in, an uplift comes out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby
from statistics import median
from typing import NamedTuple

from detectors.window import BIN

LEAD = timedelta(minutes=30)
"""People arrive before it begins: the uplift rises evenly over half an hour. A post has no lead,
because nobody talks of it before it is there."""
CORE = timedelta(hours=1)
"""So long even an instant lasts, such as a post: a shorter span would be measured on a bin or two."""
FADE = timedelta(hours=4)
"""Then it falls evenly to nothing. Half of what an even fall over four hours brings comes in its
first 70 minutes; half of the impressions of a post on Twitter came within 80 (Pfeffer, Matter and
Sargsyan 2023, "The Half-Life of a Tweet")."""
LONGEST = timedelta(days=14)
"""A longer span is no event: what lasts so long is learned as the usual."""
USUAL_UPLIFT = 1.5
"""What is expected of a type of which nothing is known: half again the usual. Little, because an
uplift that is too small only makes attention look louder than it is."""
ENOUGH = 3
"""So many past ones of a type are believed without a guess beside them."""
LARGEST = 1_000.0
"""Largest uplift; more is a slip of the pen."""
COVERED = 0.8
"""A past one counts where so much of its span was judged: blind hours would teach silence."""


class Kind(StrEnum):
    """What brings the mentions: something that happens, or a post of one's own."""

    EVENT = "event"
    POST = "post"


@dataclass(frozen=True, slots=True)
class Planned:
    """One entry of the calendar: from ``starts`` to ``ends`` more mentions are expected.

    ``type`` groups entries that bring alike ("webinar"); ``topics`` are ids, at least one.
    ``uplift``: times the usual mentions, in 1 to `LARGEST`; None: as past ones of the type brought.
    ``cancelled``: since when it does not count. ``version``: 0 while it is in no store, then from 1.
    """

    id: str
    kind: Kind
    type: str
    title: str
    topics: tuple[str, ...]
    starts: datetime
    ends: datetime
    uplift: float | None
    actor: str
    at: datetime
    cancelled: datetime | None = None
    version: int = 0

    @property
    def core(self) -> tuple[datetime, datetime]:
        """Return the span of the whole uplift: as announced, and at least `CORE`."""
        return self.starts, max(self.ends, self.starts + CORE)

    @property
    def reach(self) -> tuple[datetime, datetime]:
        """Return the span outside of which nothing more than usual is expected."""
        since, until = self.core
        return since - (LEAD if self.kind is Kind.EVENT else timedelta(0)), until + FADE


class Brought(NamedTuple):
    """What one bin brought: its mentions, and those expected of it had nothing been announced."""

    start: datetime
    mentions: int
    expected: float


class Uplift(NamedTuple):
    """Times the usual mentions that are expected, >= 1, and the title of what was announced."""

    times: float
    title: str = ""


NOTHING = Uplift(1.0)


def shape(entry: Planned, at: datetime) -> float:
    """Return how much of an entry's uplift holds at a moment, 0 to 1."""
    (begins, over), (since, until) = entry.core, entry.reach
    if not since < at < until:
        return 0.0
    if at < begins:
        return (at - since) / (begins - since)
    if at > over:
        return (until - at) / (until - over)
    return 1.0


def uplift(entries: Iterable[tuple[Planned, float]], at: datetime) -> Uplift:
    """Return what several entries, each with its uplift, let one expect at a moment.

    The largest counts, not the product: one crowd talks of both, the same event often stands in
    two calendars, and too little is the safer mistake. Equal ones: the first title.

    >>> uplift([], datetime(2026, 11, 22))
    Uplift(times=1.0, title='')
    """
    best = NOTHING
    for entry, times in entries:
        now = 1.0 + (times - 1.0) * shape(entry, at)
        if now > best.times:
            best = Uplift(now, entry.title)
    return best


def ratio(entry: Planned, bins: Iterable[Brought]) -> float | None:
    """Return how many times the usual mentions a past entry brought over its core, >= 1.

    ``bins`` in order of time; those outside do not count. None where less than `COVERED` of it was judged. While mentions pour in, more and more of them are
    expected; so of each clock hour the smallest expectation counts for all its bins. An event that
    went wrong counts like any other: the median of three does without it, and mentions say nothing
    about negatives.
    """
    since, until = entry.core
    inside = [b for b in bins if since <= b.start < until]
    if len(inside) * BIN < COVERED * (until - since):
        return None
    hours = groupby(inside, key=lambda b: b.start.replace(minute=0))
    usual = sum(len(e) * min(e) for e in ([b.expected for b in h] for _, h in hours))
    usual = max(1.0, usual)
    return min(LARGEST, max(1.0, sum(b.mentions for b in inside) / usual))


def learned(ratios: Sequence[float]) -> float:
    """Return the uplift that past ones of a type let one expect: their median.

    While fewer than `ENOUGH` are known, `USUAL_UPLIFT` stands in for each that is missing, as a
    geometric mean.

    >>> learned([])
    1.5
    >>> round(learned([6.0]), 2), learned([2.0, 9.0, 4.0])
    (2.38, 4.0)
    """
    if not ratios:
        return USUAL_UPLIFT
    known = min(len(ratios), ENOUGH)
    if known == ENOUGH:
        return median(ratios)
    logs = known * math.log(median(ratios)) + (ENOUGH - known) * math.log(USUAL_UPLIFT)
    return math.exp(logs / ENOUGH)
