"""Event-time bins: which bin a mention belongs to, and when a bin may be closed.

Bins are keyed by when a post was *published*. A bin closes when every source that is prompt has
passed its end, or when waiting longer would cost more than it brings; a slow feed never holds
the others, and no clock but our own can close a bin early.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import compress
from operator import add, neg

import msgspec
from msgspec.structs import astuple

BIN = timedelta(minutes=5)
BIN_S = 300
MINUTE_S = 60
AHEAD = timedelta(minutes=2)
"""How far a source's clock may run ahead of ours before its date is not believed."""
LATENESS = timedelta(hours=6)
"""A mention later than this is stored and counted, but re-opens no bin."""
HOLD = timedelta(seconds=60)
"""Longest wait, after a bin's end, for prompt sources that have not passed it yet."""

USUAL_GAP = 3.0
"""The gap that 19 of 20 stay below, in mean gaps: -ln 0.05."""


class Counts(msgspec.Struct, frozen=True, gc=False):
    """Additive counts of some mentions: adding two spans gives the counts of both.

    ``negativity`` is the sum of p(negative) in percent, ``negativity_squares`` that of its squares: how
    critical some posts are is told twice as well by both as by labels. ``reach`` is the sum of reach; ``tripwires`` counts mentions that hit a tripwire word;
    ``deleted`` counts platform deletes seen (they never lower the others).
    """

    mentions: int = 0
    negatives: int = 0
    neutrals: int = 0
    positives: int = 0
    unread: int = 0
    offensive: int = 0
    reach: int = 0
    tripwires: int = 0
    articles: int = 0
    deleted: int = 0
    negativity: int = 0
    negativity_squares: int = 0

    def values(self) -> tuple[int, ...]:
        """Return the numbers in the order of `COUNT_FIELDS`."""
        return astuple(self)

    def __add__(self, other: Counts) -> Counts:
        return Counts(*map(add, astuple(self), astuple(other)))

    def __neg__(self) -> Counts:
        return Counts(*map(neg, astuple(self)))


COUNT_FIELDS: tuple[str, ...] = Counts.__struct_fields__


@dataclass(frozen=True, slots=True)
class Bin:
    """One closed bin [start, start + BIN) of one topic; ``revision`` > 0 once re-opened."""

    topic: str
    start: datetime
    counts: Counts
    revision: int = 0

    @property
    def end(self) -> datetime:
        return self.start + BIN


@dataclass(slots=True)
class Window:
    """The narrow rows of one topic in [since, until), by column, oldest first.

    Row i is one mention: ``at`` event time in epoch seconds, ``num`` its number in the store,
    ``source`` configured source, ``author`` / ``thread`` / ``cluster`` 64-bit keys (0: none
    stated), ``tone`` a `Tone`, ``offensive`` p >= 0.5, ``reach`` people, ``lang`` primary tag,
    ``kind`` a `Kind`, ``tripwire`` category name or "", ``certainty`` of the tone and
    ``negative``, p(negative), in percent, ``rival`` that is named along or "".
    """

    since: datetime
    until: datetime
    at: list[int] = field(default_factory=list)
    num: list[int] = field(default_factory=list)
    source: list[str] = field(default_factory=list)
    author: list[int] = field(default_factory=list)
    thread: list[int] = field(default_factory=list)
    cluster: list[int] = field(default_factory=list)
    tone: list[int] = field(default_factory=list)
    offensive: list[bool] = field(default_factory=list)
    reach: list[int] = field(default_factory=list)
    lang: list[str] = field(default_factory=list)
    kind: list[str] = field(default_factory=list)
    tripwire: list[str] = field(default_factory=list)
    certainty: list[int] = field(default_factory=list)
    negative: list[int] = field(default_factory=list)
    rival: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.at)

    def part(self, since: datetime, until: datetime) -> Window:
        """Return the rows in [``since``, ``until``), both within this window."""
        first = bisect_left(self.at, since.timestamp())
        end = bisect_left(self.at, until.timestamp())
        columns = {name: getattr(self, name)[first:end] for name in COLUMNS}
        return Window(since, until, **columns)

    def without(self, rows: Collection[int]) -> Window:
        """Return the other rows."""
        kept = [i not in rows for i in range(len(self))]
        columns = {name: list(compress(getattr(self, name), kept)) for name in COLUMNS}
        return Window(self.since, self.until, **columns)


COLUMNS: tuple[str, ...] = tuple(f.name for f in fields(Window))[2:]


def bin_start(at: datetime) -> datetime:
    """Return the start of the bin that ``at`` falls into."""
    seconds = math.floor(at.timestamp())
    return datetime.fromtimestamp(seconds - seconds % BIN_S, UTC)


def stamp(at: datetime | None) -> int | None:
    """Return an instant as whole epoch seconds, for a state that is stored."""
    return int(at.timestamp()) if at is not None else None


def instant(stamp: int | None) -> datetime | None:
    """Return the instant of epoch seconds."""
    return datetime.fromtimestamp(stamp, UTC) if stamp is not None else None


class Dated(StrEnum):
    """How the event time of a mention was found."""

    PUBLISHED = "published"
    FUTURE = "future"  # dated more than AHEAD after we saw it: observed time used
    DATE_ONLY = "date_only"  # a bare date (midnight exactly, and seen the same day or later)
    ANCIENT = "ancient"  # dated before 1990: a default value of somebody's clock


def event_time(
    published: datetime, observed: datetime, *, date_only: bool = False
) -> tuple[datetime, Dated]:
    """Return when a mention counts, and how that was found.

    The published time is used unless it cannot be: in the future by more than `AHEAD`, before
    1990, or known to be a date without a time (``date_only``); then the observed time is used.
    """
    if published > observed + AHEAD:
        return observed, Dated.FUTURE
    if published.year < 1990:
        return observed, Dated.ANCIENT
    if date_only:
        return observed, Dated.DATE_ONLY
    return published, Dated.PUBLISHED


@dataclass(frozen=True, slots=True)
class SourceClock:
    """What is known of one source's time: its watermark and its usual rhythm.

    ``watermark`` = newest believable event time seen; ``seen_at`` when we last got anything;
    ``gap_s`` usual seconds between arrivals; ``lag_s`` usual seconds from published to observed
    (both exponentially weighted over about 50 arrivals). ``items`` arrivals so far.
    """

    source: str
    watermark: datetime | None = None
    seen_at: datetime | None = None
    gap_s: float = 0.0
    lag_s: float = 0.0
    items: int = 0

    def saw(self, at: datetime, observed: datetime, items: int = 1) -> SourceClock:
        """Return the clock after a batch of ``items`` whose newest event time is ``at``."""
        weight = 0.02 if self.items >= 50 else 1.0 / (self.items + 1)
        gap = (observed - self.seen_at).total_seconds() / items if self.seen_at else 0.0
        lag = max(0.0, (observed - at).total_seconds())
        newest = min(at, observed + AHEAD)
        return replace(
            self,
            watermark=max(newest, self.watermark) if self.watermark else newest,
            seen_at=max(observed, self.seen_at) if self.seen_at else observed,
            gap_s=self.gap_s + weight * (max(0.0, gap) - self.gap_s),
            lag_s=self.lag_s + weight * (lag - self.lag_s),
            items=self.items + items,
        )

    def silent(self, now: datetime) -> bool:
        """True when nothing came for twice the usual gap, and for at least ten minutes.

        The usual gap is the one that 19 of 20 stay below. Arrivals that have nothing to do with
        each other have exponential gaps, of which that is three times the mean; with the mean
        itself a healthy source would be called silent one time in seven.
        """
        if self.seen_at is None:
            return True
        quiet = (now - self.seen_at).total_seconds()
        return quiet > max(2 * USUAL_GAP * self.gap_s, 600.0)

    def prompt(self, now: datetime) -> bool:
        """True when waiting `HOLD` for this source makes sense."""
        hold = HOLD.total_seconds()
        return not self.silent(now) and self.gap_s <= hold and self.lag_s <= hold


def closable_until(now: datetime, clocks: Iterable[SourceClock]) -> datetime:
    """Return the instant up to which bins may be closed: always a bin boundary, never after ``now``.

    The newest finished bin closes at once when all prompt sources have passed its end, at the
    latest `HOLD` after its end.
    """
    end = bin_start(now)
    if now >= end + HOLD:
        return end
    waiting = [c for c in clocks if c.prompt(now) and c.watermark is not None and c.watermark < end]
    return end - BIN if waiting else end


def silent_sources(clocks: Mapping[str, SourceClock], now: datetime) -> list[str]:
    """Return the names of the sources that are silent at ``now``: shown as unknown, never as calm."""
    return sorted(name for name, clock in clocks.items() if clock.silent(now))
