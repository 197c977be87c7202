"""Runs: each kind of stream many times, over brands whose past was watched for four weeks first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import Any

import numpy as np

from detectors.score.linear import LinearScorer
from monitor.bench.data import data_folder
from monitor.bench.detection.brand import DAY_BINS, Brand, brand, calm
from monitor.bench.detection.harmless import SCENES, WITHIN_BINS, Make
from monitor.bench.detection.slow import four, in_event, slow, while_blind
from monitor.bench.detection.storm import SPREADS, Cell, cells, shape, storm
from monitor.bench.detection.stream import Stream
from monitor.bench.detection.tone import Reading, readings
from monitor.bench.detection.watching import Watching

WARM_DAYS = 28
LARGE = 1000.0
AFTER_DAYS = 18
"""Days after the warm ones that a stream goes on: enough for four storms in a fortnight."""
ONSET_SHARE = 0.05
"""A delay counts from when this share of a storm's mentions had come."""

Record = dict[str, Any]


@dataclass(slots=True)
class Past:
    """A brand, its calm stream, and a watch that has seen it up to bin ``first``."""

    known: Brand
    stream: Stream
    watched: Watching
    first: int
    false_pages: int

    def with_parts(self, seed: int) -> tuple[np.random.Generator, Stream]:
        """Return a generator for what is put in, and the stream it is put into."""
        return np.random.default_rng((seed, 3)), self.stream.forked(seed * 7919 + 1)


def past(
    rate: float, seed: int, reading: dict[str, Reading], *, several: bool | None = None
) -> Past:
    """Watch a brand for `WARM_DAYS`, and on to a random hour of the week after."""
    known = brand(rate, seed, several=several)
    stream = calm(known, reading[known.lang], WARM_DAYS + AFTER_DAYS, seed)
    rng = np.random.default_rng((seed, 4))
    first = WARM_DAYS * DAY_BINS + int(rng.integers(0, 4 * DAY_BINS))
    watched = Watching(stream)
    watched.run(0, first)
    false = sum(page.bin >= 14 * DAY_BINS for page in watched.pages)
    return Past(known, stream, watched, first, false)


def found(before: Past, stream: Stream, first: int, end: int, name: str = "storm") -> Record:
    """Watch on until the first page; delays in minutes from the storm's first 5 %."""
    watching = before.watched.taken_up(stream)
    watching.run(before.first, min(end, first + 3 * DAY_BINS), until_page=True)
    onset = first + stream.share_at(name, ONSET_SHARE)
    page = watching.pages[0] if watching.pages else None
    early = page is not None and page.bin < first
    return {
        "found": page is not None and not early,
        "early": early,
        "delay_min": (page.bin + 1 - onset) * 5 if page is not None and not early else None,
        "level": int(page.seen.level) if page is not None else watching.peak,
    }


def grid_of(rate: float, seed: int, *, several: bool) -> list[Record]:
    """Put every storm of the grid with that rate and spread into one brand's stream."""
    before = past(rate, seed, _readings(), several=several)
    out = []
    for cell in cells():
        if cell.rate != rate or cell.several != several:
            continue
        _, stream = before.with_parts(seed)
        part = storm(cell, before.first + 1, before.known.sources)
        stream.add(part)
        end = before.first + 1 + len(part.rates)
        out.append({**_named(cell), "seed": seed, **found(before, stream, before.first + 1, end)})
    return out


def _named(cell: Cell) -> Record:
    return {
        "rate": cell.rate,
        "peak": cell.peak,
        "doubling_min": cell.doubling_min,
        "negative": cell.negative,
        "several": cell.several,
        "first_hour": round(float(shape(cell)[:12].sum()), 1),
    }


def scenes_of(rate: float, seed: int) -> list[Record]:
    """Put into one brand's stream, each by itself: the harmless scenes, the storms that the grid does
    not hold, four equal storms in a fortnight."""
    before = past(rate, seed, _readings())
    found = {"harmless": harmless_in, "slow": slow_in, "four": four_in}
    return [
        {"part": part, "rate": rate, "seed": seed, **record}
        for part, put in found.items()
        for record in put(before, seed)
    ]


def harmless_in(before: Past, seed: int) -> list[Record]:
    """Put each harmless scene into a stream."""
    # A page that the same stream brings without the scene is not the scene's.
    alone = before.watched.taken_up(before.stream)
    alone.run(before.first, before.first + 1 + WITHIN_BINS, until_page=True)
    known = {"page_alone": bool(alone.pages)}
    return [{"scene": name, **known, **_paged(before, make, seed)} for name, make in SCENES.items()]


def _paged(before: Past, make: Make, seed: int) -> Record:
    rng, stream = before.with_parts(seed)
    scene = make(rng, before.known, stream.reading, before.first + 1)
    scene.into(stream)
    end = before.first + 1 + WITHIN_BINS

    def watched(over: Stream) -> Watching:
        watching = before.watched.taken_up(over)
        watching.run(before.first, end, until_page=True)
        return watching

    watching = watched(stream)
    # Beside a flare of grumbling in the same hours a page need not be the scene's.
    alone = bool(watching.pages) and bool(watched(stream.without("flare", before.first, end)).pages)
    after = watching.pages[0].bin - before.first if watching.pages else None
    return {
        "page": bool(watching.pages),
        "page_by_itself": alone,
        "after_min": after * 5 if after is not None else None,
        "lasts_min": scene.bins(before.first + 1) * 5,
        "peak": watching.peak,
        "reasons": _why(watching) if watching.pages else [],
    }


def _why(watching: Watching) -> list[str]:
    return [f"{r.code}={r.value:.3g}" for r in watching.pages[0].seen.reasons]


def slow_in(before: Past, seed: int) -> list[Record]:
    """Put slow storms, storms inside something loud, and storms while blind into a stream."""
    out: list[Record] = []
    for name, make in (("slow", slow), ("in event", in_event), ("while blind", while_blind)):
        rng, stream = before.with_parts(seed)
        first = before.first + 20
        scene = make(rng, before.known, stream.reading, first)
        scene.into(stream)
        end = first + (DAY_BINS // 2 if name == "slow" else DAY_BINS)
        out.append({"kind": name, **found(before, stream, first, end)})
    return out


def four_in(before: Past, seed: int) -> list[Record]:
    """Put four equal storms into a stream; their highest levels, and whether they paged."""
    rng, stream = before.with_parts(seed)
    scene = four(rng, before.known, stream.reading, before.first + 1)
    scene.into(stream)
    watching = before.watched.taken_up(stream)
    levels, paged = [], []
    at = before.first
    for part in scene.parts:
        watching.run(at, part.first)
        at, watching.peak = part.first, 0
        pages = len(watching.pages)
        watching.run(at, at + DAY_BINS * 2)
        at += DAY_BINS * 2
        levels.append(watching.peak)
        paged.append(len(watching.pages) > pages)
    return [{"levels": levels, "paged": paged}]


def null_of(rate: float, seed: int, *, days: int, budget: float) -> list[Record]:
    """Watch a brand to which nothing happens; pages of its first fortnight are not counted."""
    known = brand(rate, seed)
    stream = calm(known, _readings()[known.lang], days, seed)
    watching = Watching(stream, budget)
    watching.run(0, days * DAY_BINS)
    pages = sum(page.bin >= 14 * DAY_BINS for page in watching.pages)
    return [{"rate": rate, "seed": seed, "budget_days": budget, "days": days - 14, "pages": pages}]


_KNOWN: dict[str, Reading] = {}


def _readings() -> dict[str, Reading]:
    """Return how the shipped scorer reads; once a process."""
    if not _KNOWN:
        _KNOWN.update(readings(data_folder(), LinearScorer.load()))
    return _KNOWN


Job = Callable[[], list[Record]]


def grid_jobs(seeds: Sequence[int], rates: Sequence[float]) -> Iterator[Job]:
    """Yield a job for each brand with one source, and for each with three."""
    for seed in seeds:
        for rate in rates:
            for several in SPREADS:
                yield partial(grid_of, rate, seed, several=several)


def null_jobs(seeds: Sequence[int], rates: Sequence[float]) -> Iterator[Job]:
    """Yield calm streams for three budgets: as many pages are expected at each, so that the short
    ones need fewer streams. German and English brands take turns by seed, so no step is even."""
    for n, seed in enumerate(seeds):
        for rate in rates:
            for budget, every in ((90.0, 1), (30.0, 3), (7.0, 11)):
                if n % every == 0:
                    yield partial(null_of, rate, seed, days=104, budget=budget)


def scene_jobs(seeds: Sequence[int], rates: Sequence[float]) -> Iterator[Job]:
    """Yield a job for each brand; the largest, whose hours cost most, are a third as many."""
    for n, seed in enumerate(seeds):
        for rate in rates:
            if rate < LARGE or n % 3 == 0:
                yield partial(scenes_of, rate, seed)


def do(todo: Sequence[Job], processes: int, say: Callable[[str], None]) -> list[Record]:
    """Do jobs in so many processes; the order of records does not depend on how many."""
    out: list[Record] = []
    with get_context("fork").Pool(processes) as pool:
        for n, records in enumerate(pool.imap(_call, todo), 1):
            out += records
            if n % max(1, len(todo) // 10) == 0:
                say(f"{n} of {len(todo)} streams")
    return out


def _call(job: Job) -> list[Record]:
    return job()
