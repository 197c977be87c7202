"""Streams whose mentions come as those of real companies came: ten series of NAB realTweets.

Each series (five-minute counts of eight weeks of 2015) is freed of its labelled windows, in whole days,
so that the hour of the day stays what it was, and thinned to a rate. What bursts are left in it are
attention; tone is drawn with one unchanging mix, so every page on such a stream is a false one.
Copies of one series share its bursts: intervals are drawn over series, not over copies.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from typing import Any

import numpy as np

from monitor.bench import nab
from monitor.bench.data import NoData, data_folder
from monitor.bench.detection.brand import DAY_BINS, MONDAY, SOURCES, Brand, brand, mix
from monitor.bench.detection.report import nulls, storms
from monitor.bench.detection.run import WARM_DAYS, Job, Past, _readings, found
from monitor.bench.detection.storm import Cell, cells, storm
from monitor.bench.detection.stream import Crowd, Part, Stream
from monitor.bench.detection.tone import Floats
from monitor.bench.detection.watching import Watching

Record = dict[str, Any]
RATES = (2.0, 20.0, 200.0)
AT_LEAST = 2.0
"""A series is thinned to at most half of what it has."""
TAUGHT_DAYS = 14
AHEAD_DAYS = 8
"""Days after the warm ones that a storm and what follows it need."""
EVERY = ((90.0, 1), (30.0, 3), (7.0, 12))
"""Budgets, and of how many copies one is watched with it: as many pages are expected of each."""
DRAWS = 2_000


def without_windows(values: Sequence[float], windows: Iterable[tuple[int, int]]) -> Floats:
    """Return a series without its windows, each cut out in whole days from its first row on.

    ``windows``: first and last row of each. What is left is a whole number of days.
    """
    kept = np.asarray(values, dtype=np.float64)
    for first, last in sorted(windows, reverse=True):
        days = math.ceil((last - first + 1) / DAY_BINS)
        kept = np.concatenate([kept[:first], kept[first + days * DAY_BINS :]])
    return kept[: len(kept) // DAY_BINS * DAY_BINS]


@lru_cache(maxsize=1)
def series() -> dict[str, Floats]:
    """Return the counts of each company without its labelled windows; raises `NoData`."""
    folder = data_folder() / "nab"
    if not (folder / "labels").is_dir():
        raise NoData(f"no folder {folder / 'labels'}: the NAB series are needed there")
    known = nab.load(folder)
    return {
        name.rpartition("_")[2].removesuffix(".csv"): without_windows(f.values, f.windows)
        for name, f in known.items()
    }


def dense(rate: float) -> list[str]:
    """Return the companies that were written about often enough to be thinned to that rate."""
    return [n for n, values in series().items() if values.mean() * 12 >= AT_LEAST * rate]


def stream(company: str, rate: float, seed: int) -> tuple[Brand, Stream]:
    """Return an invented brand with that company's arrivals, thinned to ``rate`` mentions an hour.

    The series begins at a day that the seed draws, and goes on with its own beginning. Each bin is
    a Poisson draw around ``share x count``: a little rougher than thinning, never smoother.
    """
    known = brand(rate, seed)
    values = series()[company]
    rng = np.random.default_rng((seed, 5))
    turned = np.roll(values, -DAY_BINS * int(rng.integers(0, len(values) // DAY_BINS)))
    made = Stream("brand", MONDAY, seed, _readings()[known.lang], SOURCES[: len(known.sources)])
    crowd = Crowd(people=max(50, int(rate * 40)), sources=known.sources)
    share = rate / 12.0 / float(values.mean())
    made.add(Part("usual", 0, turned * share, mix(known.negative), crowd))
    return known, made


def null_of(company: str, rate: float, seed: int, budget: float) -> list[Record]:
    """Watch a company's arrivals; pages of the first fortnight are not counted."""
    _, made = stream(company, rate, seed)
    days = len(series()[company]) // DAY_BINS
    watching = Watching(made, budget)
    watching.run(0, days * DAY_BINS)
    pages = sum(page.bin >= TAUGHT_DAYS * DAY_BINS for page in watching.pages)
    told = {"kind": "null", "series": company, "rate": rate, "seed": seed, "budget_days": budget}
    return [{**told, "days": days - TAUGHT_DAYS, "pages": pages}]


def past_of(company: str, rate: float, seed: int) -> Past:
    """Watch a company's arrivals for four weeks, and on to a random hour thereafter."""
    known, made = stream(company, rate, seed)
    days = len(series()[company]) // DAY_BINS
    rng = np.random.default_rng((seed, 6))
    latest = max(1, (days - WARM_DAYS - AHEAD_DAYS) * DAY_BINS)
    first = WARM_DAYS * DAY_BINS + int(rng.integers(0, latest))
    watched = Watching(made)
    watched.run(0, first)
    false = sum(page.bin >= TAUGHT_DAYS * DAY_BINS for page in watched.pages)
    return Past(known, made, watched, first, false)


def storms_of(company: str, rate: float, seed: int) -> list[Record]:
    """Put the storms of the grid with that rate into a company's arrivals."""
    before = past_of(company, rate, seed)
    several = len(before.known.sources) > 1
    first = before.first + 1
    out = []
    for cell in cells():
        if cell.rate != rate or cell.several != several:
            continue
        _, over = before.with_parts(seed)
        part = storm(cell, first, before.known.sources)
        over.add(part)
        seen = found(before, over, first, first + len(part.rates))
        out.append({"kind": "storm", "series": company, "seed": seed, **_named(cell), **seen})
    return out


def _named(cell: Cell) -> Record:
    names = ("rate", "peak", "doubling_min", "negative", "several")
    return {**{n: getattr(cell, n) for n in names}, "first_hour": round(cell.first_hour, 1)}


def jobs(seeds: Sequence[int]) -> Iterator[Job]:
    """Yield all jobs: null streams of every company at every rate it is dense enough for, and
    storms in one company's arrivals for each seed and rate."""
    for n, seed in enumerate(seeds):
        for rate in sorted(RATES, reverse=True):
            companies = dense(rate)
            yield partial(storms_of, companies[seed % len(companies)], rate, seed)
            for company in companies:
                for budget, every in EVERY:
                    if n % every == 0:
                        yield partial(null_of, company, rate, seed, budget)


def tell(records: Sequence[Record]) -> Record:
    """Return pages against the budget with intervals over series, and how the storms were found."""
    quiet = [r for r in records if r["kind"] == "null"]
    told = nulls(quiet)
    for budget, figures in told.items():
        same = [r for r in quiet if f"{r['budget_days']:g}" == budget]
        figures["ratio_95_over_series"] = over_series(same, _ratio)
        figures["by_series"] = {
            name: [sum(r["pages"] for r in same if r["series"] == name), round(_budget(same, name))]
            for name in sorted({r["series"] for r in same})
        }
    return {
        "series": sorted({r["series"] for r in quiet}),
        "null": told,
        "storms": storms([r for r in records if r["kind"] == "storm"]),
    }


def _budget(records: Sequence[Record], name: str) -> float:
    return float(sum(r["days"] / r["budget_days"] for r in records if r["series"] == name))


def _ratio(records: Sequence[Record]) -> float:
    expected = sum(r["days"] / r["budget_days"] for r in records)
    return float(sum(r["pages"] for r in records) / expected)


def over_series(
    records: Sequence[Record], of: Callable[[Sequence[Record]], float]
) -> list[float | None]:
    """Return the 95 % interval of a figure when companies are drawn anew; None of fewer than two."""
    names = sorted({r["series"] for r in records})
    if len(names) < 2:
        return [None, None]
    by_name = {n: [r for r in records if r["series"] == n] for n in names}
    rng = np.random.default_rng(21)
    figures = sorted(
        of([r for i in rng.integers(0, len(names), len(names)).tolist() for r in by_name[names[i]]])
        for _ in range(DRAWS)
    )
    return [round(figures[int(0.025 * DRAWS)], 3), round(figures[int(0.975 * DRAWS) - 1], 3)]
