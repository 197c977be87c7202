"""Ours and what others do, on the same storms, at equally many false pages.

The null streams come first: what ours pages there, at each budget, is what every peer may page in
all, over all rates together; its threshold is the lowest that keeps to it. Then the storms of the
grid are judged by each, and the harmless scenes. Where a peer was on already as a storm began, that counts as found in the
storm's first bin, which is kind to it; what it costs shows among the false pages.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from monitor.bench.detection.brand import DAY_BINS, brand, calm
from monitor.bench.detection.harmless import SCENES, WITHIN_BINS
from monitor.bench.detection.peers import PEERS, Peaks, Taught, episodes, rises
from monitor.bench.detection.report import ENOUGH
from monitor.bench.detection.run import (
    ONSET_SHARE,
    Job,
    Past,
    _readings,
    found,
    harmless_in,
    past,
)
from monitor.bench.detection.storm import SPREADS, Cell, cells, storm
from monitor.bench.detection.stream import Stream
from monitor.bench.detection.tone import Floats
from monitor.bench.detection.watching import Watching

Record = dict[str, Any]
RATES = (20.0, 200.0, 2000.0)
BUDGETS = (7.0, 14.0, 30.0, 60.0, 90.0)
HEADLINE = 30.0
SWEPT = (20.0, 200.0)
"""Rates at which the other budgets are tried too; at 2,000 an hour that takes too long."""
TAUGHT_DAYS = 14
NULL_DAYS = 60 + TAUGHT_DAYS
SPAN_BINS = 3 * DAY_BINS
"""A storm is looked at for so long, as `run.found` does."""


def budgets(rate: float) -> tuple[float, ...]:
    """Return the budgets that are tried at a rate."""
    return BUDGETS if rate in SWEPT else (HEADLINE,)


def jobs(seeds: Iterable[int], rates: Sequence[float] = RATES) -> Iterator[Job]:
    """Yield all jobs: null streams for ours and for the peers, and storms for both."""
    for seed in seeds:
        # The longest first, so that no core waits for one of them at the end.
        for rate in sorted(rates, reverse=True):
            for several in SPREADS:
                yield partial(storms_of, rate, seed, several=several)
            for budget in budgets(rate):
                yield partial(ours_null, rate, seed, budget, NULL_DAYS)
            yield partial(peers_null, rate, seed, NULL_DAYS)


def counted(stream: Stream, first: int, end: int) -> tuple[Floats, Floats]:
    """Return mentions and read negatives of bins [``first``, ``end``), as they had come in time."""
    seen = [stream.counts(bin) for bin in range(first, end)]
    return (
        np.array([c.mentions for c in seen], dtype=np.float64),
        np.array([c.negatives for c in seen], dtype=np.float64),
    )


def _calm(rate: float, seed: int, days: int) -> Stream:
    known = brand(rate, seed)
    return calm(known, _readings()[known.lang], days, seed)


def ours_null(rate: float, seed: int, budget: float, days: int) -> list[Record]:
    """Return our pages on a stream to which nothing happens, after the first fortnight."""
    watching = Watching(_calm(rate, seed, days), budget)
    watching.run(0, days * DAY_BINS)
    pages = sum(page.bin >= TAUGHT_DAYS * DAY_BINS for page in watching.pages)
    told = {"kind": "ours null", "rate": rate, "seed": seed, "budget": budget, "pages": pages}
    return [{**told, "days": days - TAUGHT_DAYS}]


def peers_null(rate: float, seed: int, days: int) -> list[Record]:
    """Return the highest scores of each peer on the same stream, and what its default pages."""
    told = {"kind": "peers null", "rate": rate, "seed": seed, "days": days - TAUGHT_DAYS}
    mentions, negatives = counted(_calm(rate, seed, days), 0, days * DAY_BINS)
    peaks, defaults = {}, {}
    for peer in PEERS:
        scores = peer.scores(negatives if peer.negatives else mentions)
        scores = scores[TAUGHT_DAYS * DAY_BINS :]
        peaks[peer.name] = Peaks.of(scores)
        if peer.default is not None:
            every = Peaks(np.arange(len(scores)), scores)
            defaults[peer.name] = len(episodes(every, peer.default))
    return [{**told, "peaks": peaks, "defaults": defaults}]


def storms_of(rate: float, seed: int, *, several: bool) -> list[Record]:
    """Put the loud storms of the grid with that rate and spread into one brand's stream."""
    before = past(rate, seed, _readings(), several=several)
    watches = {HEADLINE: before}
    for budget in budgets(rate):
        if budget != HEADLINE:
            watched = Watching(before.stream, budget)
            watched.run(0, before.first)
            watches[budget] = replace(before, watched=watched)
    return judged(watches, seed, loud(rate, several=several)) + scenes_of(before, seed)


def scenes_of(before: Past, seed: int) -> list[Record]:
    """Return which harmless scenes page, ours and the peers', in one brand's stream.

    A page that comes without the scene as well is not the scene's.
    """
    first, end = before.first + 1, before.first + 1 + WITHIN_BINS
    known, alone = counted(before.stream, 0, first), counted(before.stream, first, end)
    ours = {r["scene"]: r["page"] and not r["page_alone"] for r in harmless_in(before, seed)}
    taught = {p.name: Taught(p, known[p.negatives]) for p in PEERS}
    calm_rises = {p.name: rises(taught[p.name].on(alone[p.negatives])) for p in PEERS}
    out = []
    for name, make in SCENES.items():
        rng, stream = before.with_parts(seed)
        scene = make(rng, before.known, stream.reading, first)
        scene.into(stream)
        seen = counted(stream, first, end)
        out.append(
            {
                "kind": "scene",
                "scene": name,
                "rate": before.known.rate,
                "ours": ours[name],
                "peers": {
                    p.name: (rises(taught[p.name].on(seen[p.negatives])), calm_rises[p.name])
                    for p in PEERS
                },
            }
        )
    return out


def loud(rate: float, *, several: bool) -> list[Cell]:
    """Return the cells of that rate and spread with enough storm mentions in the first hour."""
    of = [c for c in cells() if c.rate == rate and c.several == several]
    return [c for c in of if c.first_hour >= ENOUGH]


def judged(watches: dict[float, Past], seed: int, storms: Sequence[Cell]) -> list[Record]:
    """Return a record for each storm: ours at each budget, and where each peer's score rose."""
    before = watches[HEADLINE]
    first = before.first + 1
    known = counted(before.stream, 0, first)
    taught = {p.name: Taught(p, known[p.negatives]) for p in PEERS}
    out = []
    for cell in storms:
        _, stream = before.with_parts(seed)
        part = storm(cell, first, before.known.sources)
        stream.add(part)
        end = min(first + len(part.rates), first + SPAN_BINS)
        seen = counted(stream, first, end)
        out.append(
            {
                "kind": "storm",
                "stream": (cell.rate, seed, cell.several),
                "rate": cell.rate,
                "onset": stream.share_at("storm", ONSET_SHARE),
                "ours": {b: _ours(found(w, stream, first, end)) for b, w in watches.items()},
                "peers": {p.name: rises(taught[p.name].on(seen[p.negatives])) for p in PEERS},
            }
        )
    return out


def _ours(one: Record) -> float | None:
    """Return minutes from the storm's first 5 % to our page; endless where missed, None where a page
    had gone out just before."""
    if one["early"]:
        return None
    return float(one["delay_min"]) if one["found"] else math.inf
