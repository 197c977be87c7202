"""Storms that the grid does not hold: slow ones, ones inside something loud, ones that come again."""

from __future__ import annotations

import numpy as np

from monitor.bench.detection.brand import DAY_BINS, Brand, mix, rhythm
from monitor.bench.detection.harmless import Scene
from monitor.bench.detection.storm import Cell, anger, storm
from monitor.bench.detection.stream import Crowd, Part
from monitor.bench.detection.tone import Reading

FORTNIGHT_GAP = 3 * DAY_BINS
"""Bins from one of four equal storms to the next: all within a fortnight."""


def slow(rng: np.random.Generator, known: Brand, read: Reading, first: int) -> Scene:
    """A day with two to three times the usual negatives as they are read, and no rare hour."""
    times = float(rng.uniform(2.0, 3.0))
    usual, angry = (read.shares(m)[0] for m in (mix(known.negative), anger(0.85)))
    rates = rhythm(known, first, DAY_BINS) * (usual / angry) * (times - 1.0)
    crowd = Crowd(new=0.7, threads=20, threaded=0.4, copied=0.05, sources=known.sources)
    return Scene((Part("storm", first, rates, anger(0.85), crowd),))


def in_event(rng: np.random.Generator, known: Brand, read: Reading, first: int) -> Scene:
    """An announced event with five to fifteen times the usual mentions, and a storm that breaks
    inside it."""
    length = int(rng.integers(24, 60))
    start = first - int(rng.integers(6, 18))
    crowd = Crowd(new=0.7, threads=8, threaded=0.6, sources=known.sources)
    times = float(rng.uniform(5.0, 15.0))
    loud = np.full(length, known.rate / 12.0 * times)
    event = Part("event", start, loud, mix(known.negative * 0.7), crowd)
    storm = _some_storm(rng, known, first)
    return Scene((event, storm), uplift=(start, start + length, times))


def while_blind(rng: np.random.Generator, known: Brand, read: Reading, first: int) -> Scene:
    """A storm that breaks while the collector is blind, and is still on when it sees again."""
    part = _some_storm(rng, known, first)
    return Scene((part,), blind=(first - 6, first + int(rng.integers(12, 48))))


def _some_storm(rng: np.random.Generator, known: Brand, first: int) -> Part:
    cell = Cell(
        rate=known.rate,
        peak=float(rng.choice([10.0, 50.0])),
        doubling_min=float(rng.choice([10.0, 60.0])),
        negative=float(rng.choice([0.60, 0.85])),
        several=len(known.sources) > 1,
    )
    return storm(cell, first, known.sources)


def four(rng: np.random.Generator, known: Brand, read: Reading, first: int) -> Scene:
    """Four equal storms within a fortnight."""
    part = _some_storm(rng, known, first)
    again = [
        Part(f"storm {n}", first + n * FORTNIGHT_GAP, part.rates, part.mix, part.crowd)
        for n in range(4)
    ]
    return Scene(tuple(again))
