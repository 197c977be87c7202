"""Replay: recorded mentions through the whole pipeline, on their own clock, as fast as it goes.

Nothing is delivered and nothing outlives the call: the store is a private temporary one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from detectors.mention import Mention
from detectors.window import AHEAD, BIN, HOLD, bin_start
from monitor.clock import SystemClock, stopwatch
from monitor.pipeline import Line, Pipeline, Taken
from monitor.pipeline.work import Parts
from monitor.ports import NoSignals, Store

CHUNK = 1000
STRAY = timedelta(days=30)
"""Mentions at the beginning of a file that lie further than this before the next one are strays."""
ANCIENT = 1990
"""Years before this are no dates but default values (`detectors.window.event_time`)."""
GAP = timedelta(days=2)
"""A silence of the whole file longer than this is told: mostly a part of the export is missing."""


AfterBin = Callable[[datetime, list[Line]], list[Line]]
"""Gets what a bin brought, and returns more lines."""


@dataclass(slots=True)
class Totals:
    """What a replay saw, for its summary line."""

    taken: Taken
    first: datetime | None = None
    last: datetime | None = None
    peak: int = 0
    pages: int = 0
    incidents: int = 0
    future: int = 0
    ancient: int = 0
    newest: datetime | None = None
    gap: tuple[datetime, datetime] | None = None

    def dated(self, at: datetime, today: datetime) -> None:
        """Note one mention's date: in the future, before 1990, or after a long silence."""
        if at > today + AHEAD:
            self.future += 1
        elif at.year < ANCIENT:
            self.ancient += 1
        else:
            silence = at - self.newest if self.newest else GAP
            if self.newest and silence > (self.gap[1] - self.gap[0] if self.gap else GAP):
                self.gap = (self.newest, at)
            self.newest = at

    def see(self, lines: Iterable[Line]) -> None:
        """Count what the lines tell."""
        for line in lines:
            if line.type == "level":
                self.peak = max(self.peak, int(line.data["level"]))
            elif line.type == "incident" and line.data["event"] in ("opened", "reopened"):
                self.incidents += line.data["status"] != "watch"
            elif line.type == "alert":
                self.pages += line.data["reason"] in ("first", "escalated", "reopened")


def replay(
    mentions: Iterable[Mention],
    parts: Parts,
    store: Store,
    *,
    today: datetime | None = None,
    after_bin: AfterBin | None = None,
) -> Iterator[Line]:
    """Yield the timeline of ``mentions``, which must come sorted by publication; last a summary.

    ``store`` must be empty. ``today``: mentions dated after it are taken as dated wrongly and
    count when the recording had got to them. ``after_bin`` may add lines after each closed bin
    (the demo delivers there); with it every bin is a transaction of its own.
    """
    started = stopwatch()
    pipeline = Pipeline(store, parts, NoSignals(), live=False)
    totals = Totals(Taken())
    for chunk in _chunks(mentions, today or SystemClock().now(), totals):
        if totals.first is None:
            totals.first = _first(chunk)
            pipeline.begin_at(totals.first)
        totals.taken += pipeline.filing.create(chunk)
        totals.last = chunk[-1][1]
        yield from _judge(pipeline, bin_start(totals.last), totals, after_bin)
    if totals.last is not None:
        yield from _judge(pipeline, bin_start(totals.last) + BIN, totals, after_bin)
    yield _summary(totals, stopwatch() - started, store, parts)


def _judge(
    pipeline: Pipeline,
    until: datetime,
    totals: Totals,
    after_bin: AfterBin | None,
) -> Iterator[Line]:
    """Close all bins that end by ``until``: at once, or one by one where somebody follows."""
    closed = pipeline.oldest_closed()
    ends = [until]
    if after_bin is not None and closed is not None:
        ends = [closed + BIN * i for i in range(1, int((until - closed) / BIN) + 1)]
    for end in ends:
        lines = pipeline.tick(end + HOLD)
        if after_bin is not None:
            lines += after_bin(end + HOLD, lines)
        totals.see(lines)
        yield from lines


def _chunks(
    mentions: Iterable[Mention], today: datetime, totals: Totals
) -> Iterator[list[tuple[Mention, datetime]]]:
    """Yield mentions with the time they were seen: their own, unless it lies after ``today``."""
    clock: datetime | None = None
    chunk: list[tuple[Mention, datetime]] = []
    for mention in mentions:
        at = mention.published_utc
        totals.dated(at, today)
        if at <= today + AHEAD and (clock is None or at > clock):
            clock = at
        chunk.append((mention, clock or today))
        if len(chunk) >= CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _first(chunk: list[tuple[Mention, datetime]]) -> datetime:
    """Return where the recording begins, strays left out."""
    times = [seen for _, seen in chunk]
    first = times[0]
    for before, after in pairwise(times):
        if after - before > STRAY:
            first = after
    return first


def _summary(totals: Totals, seconds: float, store: Store, parts: Parts) -> Line:
    taken = totals.taken
    gap = totals.gap and {"from": totals.gap[0].isoformat(), "until": totals.gap[1].isoformat()}
    data = {
        "mentions": taken.mentions,
        "new": taken.new,
        "duplicates": taken.mentions - taken.new,
        "unmatched": taken.unmatched,
        "late": taken.late,
        "incidents": totals.incidents,
        "pages": totals.pages,
        "peak_level": totals.peak,
        "future": totals.future,
        "ancient": totals.ancient,
        "gap": gap,
        "silent_topics": sorted(parts.topics.keys() - taken.topics),
        "first": totals.first.isoformat() if totals.first else None,
        "last": totals.last.isoformat() if totals.last else None,
        "rows": store.read.totals(),
        "seconds": round(seconds, 3),
        "mentions_per_s": round(taken.mentions / seconds, 1) if seconds > 0 else 0.0,
    }
    at = totals.last or SystemClock().now()
    return Line("summary", at, "", data)
