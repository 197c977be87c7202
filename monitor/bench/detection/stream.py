"""Streams of one brand, bin by bin: parts that each add mentions, and rows where they are asked for.

A part is what has one origin: the brand's usual day, a flare, a storm. Counts of all bins are drawn
at once; the rows of a bin are drawn only when somebody looks at them, and fit its counts.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain

import numpy as np

from detectors.context import PLAIN, Context
from detectors.window import BIN, BIN_S, COLUMNS, Bin, Counts, Window
from monitor.bench.detection.tone import TONES, Floats, Ints, Mix, Reading

HOUR_BINS = 12
MOST_ROWS = 50_000
"""As many rows of an hour as the pipeline looks at."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who writes a part, and where.

    ``people``: so many regulars write ``1 - new`` of it; everybody else writes once. ``threads``: so
    many threads hold ``threaded`` of it, unevenly. ``copied``: share that is a copy of one of
    ``originals`` texts; with ``plain`` False the scorer is sure of none of them. ``reach``: median reach of a post. ``sources``: weights of the brand's sources.
    """

    people: int = 2_000
    new: float = 0.3
    threads: int = 40
    threaded: float = 0.3
    copied: float = 0.03
    originals: int = 5
    plain: bool = True
    reach: float = 300.0
    sources: tuple[float, ...] = (1.0,)
    rival: float = 0.0
    """Share that also names a rival."""


@dataclass(frozen=True, slots=True)
class Part:
    """Mentions of one origin. ``rates``: expected mentions of each bin from bin ``first`` on."""

    name: str
    first: int
    rates: Floats
    mix: Mix
    crowd: Crowd = Crowd()


@dataclass(slots=True)
class _Drawn:
    """A part with its counts, by bin: what says something of its own, and copies.

    ``kinds[bin, kind]`` (`Reading`) and ``offensive[bin]`` of posts that are no copies; ``copies[bin,
    original]``. All copies of an original are read alike: ``kind_of[original]``, ``offensive_of[original]``,
    and with the same certainty: ``sure_of[original]``, in percent.
    """

    part: Part
    reading: Reading
    kinds: Ints
    offensive: Ints
    copies: Ints
    kind_of: Ints
    offensive_of: Ints
    sure_of: Ints
    number: int
    seed: int

    def sums(self) -> Ints:
        """Return the tones of each bin, offensive posts, reach, and p(negative) with its squares; the reach
        of a post is twice its median."""
        reading = self.reading
        all_kinds = np.eye(len(reading.tone), dtype=np.int64)
        kinds = self.kinds + self.copies @ all_kinds[self.kind_of]
        offensive = self.offensive + self.copies @ self.offensive_of
        reach = kinds.sum(axis=1) * int(2 * self.part.crowd.reach)
        negative = [kinds @ reading.negative, kinds @ reading.negative**2]
        return np.column_stack([reading.tones(kinds), offensive, reach, *negative])

    def mentions(self) -> Ints:
        """Return the mentions of each bin."""
        return np.asarray(self.kinds.sum(axis=1) + self.copies.sum(axis=1))

    def any(self, place: int) -> bool:
        """Return whether anything was said in that bin."""
        return bool(self.kinds[place].any() or self.copies[place].any())

    def at(self, bin: int) -> int | None:
        """Return the place of a bin in the arrays; None where the part has nothing."""
        place = bin - self.part.first
        return place if 0 <= place < len(self.kinds) else None


@dataclass(slots=True)
class Stream:
    """One topic's mentions from ``start`` on, as far as its parts go. The same seed, the same stream.

    ``blind``: of bins [a, b) nothing comes before bin b, as after an outage of the collector.
    ``uplift``: (first, end, times): so many times the usual mentions were announced for these bins.
    """

    topic: str
    start: datetime
    seed: int
    reading: Reading
    names: tuple[str, ...] = ("forum",)
    blind: tuple[int, int] | None = None
    uplift: tuple[int, int, float] | None = None
    _drawn: list[_Drawn] = field(default_factory=list)
    _sums: Ints = field(default_factory=lambda: np.zeros((0, len(TONES) + 4), np.int64))
    """`_Drawn.sums` of all parts."""

    def add(self, part: Part) -> None:
        """Draw the counts of one more part."""
        number = len(self._drawn)
        rng = np.random.default_rng((self.seed, number))
        crowd, reading = part.crowd, self.reading
        n = rng.poisson(part.rates)
        copied = rng.binomial(n, crowd.copied)
        kinds = rng.multinomial(n - copied, reading.shares(part.mix))
        offensive = rng.binomial(reading.tones(kinds)[:, 0], reading.offensive)
        # Few of the originals are copied most (Zipf).
        weights = 1.0 / np.arange(1, crowd.originals + 1)
        copies = rng.multinomial(copied, weights / weights.sum())
        true = rng.choice(len(part.mix), crowd.originals, p=np.array(part.mix) / sum(part.mix))
        read = reading.seen
        kind_of = np.array([rng.choice(len(read[t]), p=read[t]) for t in true.tolist()])
        sure = rng.random(crowd.originals) < reading.sure[true, kind_of]
        sure_of = np.where(sure & crowd.plain, 90, 50)
        negative = reading.tone[kind_of] == 0
        angry = negative & (rng.random(crowd.originals) < reading.offensive)
        drawn = _Drawn(
            *(part, reading, kinds, offensive, copies, kind_of, angry.astype(np.int64), sure_of),
            *(number, self.seed),
        )
        self._drawn.append(drawn)
        end = part.first + len(kinds)
        if end > len(self._sums):
            more = np.zeros((end - len(self._sums), self._sums.shape[1]), np.int64)
            self._sums = np.concatenate([self._sums, more])
        self._sums[part.first : end] += drawn.sums()

    def forked(self, seed: int) -> Stream:
        """Return a stream with the same parts so far, to which others are added with this seed."""
        parts, sums = list(self._drawn), self._sums.copy()
        return Stream(
            self.topic, self.start, seed, self.reading, self.names, None, None, parts, sums
        )

    def without(self, name: str, first: int, end: int) -> Stream:
        """Return the stream without the parts of that name that bring anything in bins [``first``, ``end``)."""
        out = self.forked(self.seed)
        out.blind, out.uplift = self.blind, self.uplift
        gone = [
            d
            for d in self._drawn
            if d.part.name == name and d.part.first < end and d.part.first + len(d.kinds) > first
        ]
        for drawn in gone:
            out._drawn.remove(drawn)
            out._sums[drawn.part.first : drawn.part.first + len(drawn.kinds)] -= drawn.sums()
        return out

    def time(self, bin: int) -> datetime:
        """Return the start of a bin."""
        return self.start + bin * BIN

    def counts(self, bin: int, now: int | None = None) -> Counts:
        """Return the counts of one bin, as far as they had come when bin ``now`` closed."""
        if not 0 <= bin < len(self._sums) or not self.come(bin, bin if now is None else now):
            return Counts()
        negative, neutral, positive, unread, offensive, reach, *p = self._sums[bin].tolist()
        return Counts(
            mentions=negative + neutral + positive + unread,
            negatives=negative,
            neutrals=neutral,
            positives=positive,
            unread=unread,
            offensive=offensive,
            reach=reach,
            negativity=p[0],
            negativity_squares=p[1],
        )

    def bin(self, bin: int, now: int | None = None, revision: int = 0) -> Bin:
        return Bin(self.topic, self.time(bin), self.counts(bin, now), revision)

    def came(self, now: int) -> list[tuple[int, int]]:
        """Return the spans of bins whose late mentions come as bin ``now`` closes."""
        return [self.blind] if self.blind is not None and self.blind[1] == now else []

    def share_at(self, name: str, share: float) -> int:
        """Return in which of its bins the part of that name had brought ``share`` of its mentions."""
        drawn = next(d for d in self._drawn if d.part.name == name)
        come = np.cumsum(drawn.mentions())
        return int(np.searchsorted(come, share * come[-1])) if len(come) and come[-1] else 0

    def context(self, bin: int) -> Context:
        """Return what was announced for a bin."""
        if self.uplift is None or not self.uplift[0] <= bin < self.uplift[1]:
            return PLAIN
        return Context(uplift=self.uplift[2], planned="event")

    def come(self, bin: int, now: int) -> bool:
        """Return whether the mentions of a bin had come when bin ``now`` closed."""
        return (
            self.blind is None or not self.blind[0] <= bin < self.blind[1] or now >= self.blind[1]
        )

    def rows(self, bin: int, now: int) -> list[Floats]:
        """Return columns of rows of one bin, as far as they had come; see `Hours`."""
        found = [
            _rows(self, drawn, bin, place)
            for drawn in self._drawn
            if (place := drawn.at(bin)) is not None and drawn.any(place) and self.come(bin, now)
        ]
        return [np.concatenate(columns) for columns in zip(*found, strict=True)] if found else []


def _rows(stream: Stream, drawn: _Drawn, bin: int, place: int) -> list[Floats]:
    """Draw the rows of a part's bin: at, source, author, thread, cluster, tone, offensive, reach,
    certainty, rival, p(negative), in this order."""
    crowd, kinds, copies = drawn.part.crowd, drawn.kinds[place], drawn.copies[place]
    alone = int(kinds.sum())
    n = alone + int(copies.sum())
    rng = np.random.default_rng((drawn.seed, drawn.number, bin))
    own = (drawn.number + 1) << 40
    original = np.repeat(np.arange(crowd.originals), copies)
    read = np.array([int(t) for t in TONES])
    kind = np.concatenate([np.repeat(np.arange(len(kinds)), kinds), drawn.kind_of[original]])
    tone = read[drawn.reading.tone[kind]]
    offensive = np.concatenate([np.zeros(alone), drawn.offensive_of[original]])
    offensive[: int(drawn.offensive[place])] = 1.0  # the first rows are those read as negative
    at = stream.time(bin).timestamp() + rng.integers(0, BIN_S, n)
    single = own + (bin << 20) + np.arange(n) + 1
    regular = own - (rng.pareto(1.0, n) * 3).astype(np.int64) % crowd.people - 1
    author = np.where(rng.random(n) < crowd.new, single, regular)
    threads = own - 1_000_000 - (rng.pareto(1.2, n) * 2).astype(np.int64) % crowd.threads
    thread = np.where(rng.random(n) < crowd.threaded, threads, single)
    cluster = np.concatenate([single[:alone], own - 2_000_000 - original])
    reach = np.minimum(rng.lognormal(np.log(crowd.reach), 1.2, n), 40_000.0)
    source = rng.choice(len(crowd.sources), n, p=np.array(crowd.sources) / sum(crowd.sources))
    certainty = np.concatenate([np.full(alone, 90), drawn.sure_of[original]])
    rival = rng.random(n) < crowd.rival
    negative = drawn.reading.negative[kind]
    return [at, source, author, thread, cluster, tone, offensive, reach, certainty, rival, negative]


class Hours:
    """Windows of the trailing hour, as `TopicWatch.close` wants them; each bin's rows drawn once."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._kept: deque[tuple[int, bool, Window]] = deque(maxlen=HOUR_BINS)

    def window(self, last: int) -> Window:
        """Return the rows of the hour up to the end of bin ``last``."""
        stream = self._stream
        kept = {(bin, when): part for bin, when, part in self._kept}
        self._kept.clear()
        parts = []
        for bin in range(last - HOUR_BINS + 1, last + 1):
            when = stream.come(bin, last)
            part = kept.get((bin, when))
            if part is None:
                part = _part(stream, bin, stream.rows(bin, last))
            self._kept.append((bin, when, part))
            parts.append(part)
        since, until = parts[0].since, parts[-1].until
        columns = {
            name: list(chain.from_iterable(getattr(part, name) for part in parts))[-MOST_ROWS:]
            for name in COLUMNS
        }
        columns["num"] = list(range(len(columns["at"])))
        return Window(since, until, **columns)


def _part(stream: Stream, bin: int, columns: list[Floats]) -> Window:
    """Return the rows of one bin, oldest first."""
    since, until = stream.time(bin), stream.time(bin + 1)
    if not columns:
        return Window(since, until)
    order = np.argsort(columns[0], kind="stable")
    at, source, author, thread, cluster, tone, offensive, reach, certainty, rival, negative = (
        c[order] for c in columns
    )
    n = len(order)
    return Window(
        since,
        until,
        at=at.astype(np.int64).tolist(),
        num=[0] * n,
        source=[stream.names[i] for i in source.astype(np.int64).tolist()],
        author=author.astype(np.int64).tolist(),
        thread=thread.astype(np.int64).tolist(),
        cluster=cluster.astype(np.int64).tolist(),
        tone=tone.astype(np.int64).tolist(),
        offensive=(offensive > 0).tolist(),
        reach=reach.astype(np.int64).tolist(),
        lang=["de"] * n,
        kind=["post"] * n,
        tripwire=[""] * n,
        certainty=certainty.astype(np.int64).tolist(),
        rival=["rival" if named else "" for named in rival.tolist()],
        negative=negative.astype(np.int64).tolist(),
    )
