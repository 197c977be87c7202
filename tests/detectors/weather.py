"""Invented weather for detectors: seeded streams of closed bins with their rows, and a player."""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from detectors.context import PLAIN, Context
from detectors.detection import Assessment
from detectors.topic import Query, Topic
from detectors.watch import SPAN, TopicWatch
from detectors.window import BIN, BIN_S, Bin, Counts, Window

START = datetime(2026, 11, 2, tzinfo=UTC)
TOPIC = Topic("t", "Acme", Query(any=("acme",)), timezone="UTC")


@dataclass(frozen=True)
class Surge:
    """Extra posts from ``start_h`` hours on, for ``hours``: at once, or growing to the ``peak``
    (per hour) with a doubling time; ``negative`` is the share of negatives among them."""

    start_h: float
    peak: float
    hours: float
    negative: float
    doubling_min: float = 0.0
    from_rate: float = 2.0

    def rate(self, h: float) -> float:
        since = h - self.start_h
        if not 0 <= since < self.hours:
            return 0.0
        if not self.doubling_min:
            return self.peak
        return float(min(self.peak, self.from_rate * 2 ** (since * 60 / self.doubling_min)))


@dataclass(frozen=True)
class Row:
    at: int
    num: int
    source: str
    author: int
    thread: int
    tone: int
    offensive: bool = False
    reach: int = 200
    cluster: int = 0
    kind: str = "post"
    tripwire: str = ""
    certainty: int = 90
    rival: str = ""

    @property
    def negative(self) -> int:
        return 100 if self.tone == -1 else 0


@dataclass
class Weather:
    """``rate`` posts an hour (mean over a day with its rhythm), ``share`` of them negative."""

    seed: int = 1
    rate: float = 40.0
    share: float = 0.15
    surges: tuple[Surge, ...] = ()
    extra: dict[int, list[Row]] = field(default_factory=dict)
    """Rows to add, by number of the bin."""

    def bins(self, days: float) -> Iterator[tuple[Bin, list[Row]]]:
        rng = random.Random(self.seed)
        num = 0
        for i in range(round(days * 288)):
            start = START + i * BIN
            rhythm = 1 + 0.6 * math.sin((start.hour - 9) / 24 * 2 * math.pi)
            tones = [self.share] * poisson(rng, self.rate / 12 * rhythm)
            for surge in self.surges:
                tones += [surge.negative] * poisson(rng, surge.rate(i / 12) / 12)
            rows = []
            for negative in tones:
                num += 1
                tone = -1 if rng.random() < negative else rng.choice((0, 0, 1))
                at = int(start.timestamp()) + rng.randrange(BIN_S)
                who, where = rng.randrange(1, 10**6), rng.randrange(1, 10**6)
                offensive = tone < 0 and rng.random() < 0.1
                rows.append(Row(at, num, rng.choice("ab"), who, where, tone, offensive))
            yield closed(start, [*rows, *self.extra.get(i, [])])


def poisson(rng: random.Random, mean: float) -> int:
    if mean > 50:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    limit, k, p = math.exp(-mean), 0, rng.random()
    while p > limit:
        k += 1
        p *= rng.random()
    return k


def closed(start: datetime, rows: list[Row], revision: int = 0) -> tuple[Bin, list[Row]]:
    """Return the bin that these rows make."""
    counts = Counts(
        mentions=len(rows),
        negatives=sum(r.tone == -1 for r in rows),
        neutrals=sum(r.tone == 0 for r in rows),
        positives=sum(r.tone == 1 for r in rows),
        unread=sum(r.tone == 2 for r in rows),
        offensive=sum(r.offensive for r in rows),
        reach=sum(r.reach for r in rows),
        tripwires=sum(bool(r.tripwire) for r in rows),
        articles=sum(r.kind == "article" for r in rows),
        negativity=sum(r.negative for r in rows),
        negativity_squares=sum(r.negative**2 for r in rows),
    )
    return Bin(TOPIC.id, start, counts, revision), sorted(rows, key=lambda r: (r.at, r.num))


def window(until: datetime, rows: list[Row]) -> Window:
    """Return the window of these rows that ends at ``until``."""
    w = Window(until - SPAN, until)
    for r in sorted(rows, key=lambda r: (r.at, r.num)):
        w.at.append(r.at)
        w.num.append(r.num)
        w.source.append(r.source)
        w.author.append(r.author)
        w.thread.append(r.thread)
        w.cluster.append(r.cluster)
        w.tone.append(r.tone)
        w.offensive.append(r.offensive)
        w.reach.append(r.reach)
        w.lang.append("de")
        w.kind.append(r.kind)
        w.tripwire.append(r.tripwire)
        w.certainty.append(r.certainty)
        w.negative.append(r.negative)
        w.rival.append(r.rival)
    return w


@dataclass
class Player:
    """Feeds bins to a watch the way the pipeline does: frozen while a storm of level 4 is open."""

    watch: TopicWatch = field(default_factory=lambda: TopicWatch(TOPIC))
    past: deque[list[Row]] = field(default_factory=lambda: deque(maxlen=12))
    calm: int = 99
    context: Callable[[Bin], Context] = lambda bin: PLAIN

    def close(self, bin: Bin, rows: list[Row], *, media: int = 0) -> Assessment:
        self.past.append(rows)
        hour = [r for part in self.past for r in part]
        context = self.context(bin)
        wanted = self.watch.wants_window(bin, context)
        seen = window(bin.end, hour) if wanted else None
        frozen = self.calm < 24
        closed = self.watch.close(bin, seen, media=media, frozen=frozen, context=context)
        assessment = closed.assessment
        self.calm = 0 if assessment.level >= 4 else self.calm + 1
        return assessment

    def play(self, weather: Weather, days: float) -> list[Assessment]:
        return [self.close(bin, rows) for bin, rows in weather.bins(days)]


def hours(h: float) -> timedelta:
    return timedelta(hours=h)
