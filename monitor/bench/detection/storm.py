"""The grid of storms: what is put into calm streams, cell by cell."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from monitor.bench.detection.stream import Crowd, Part
from monitor.bench.detection.tone import Floats, Mix

RATES = (0.2, 2.0, 20.0, 200.0, 2000.0)
PEAKS = (3.0, 10.0, 50.0)
DOUBLINGS_MIN = (10.0, 60.0, 360.0)
NEGATIVITY = (0.60, 0.85)
SPREADS = (False, True)
"""One source, or three."""

SMOULDER = 0.05
"""A storm begins at this share of its peak."""
PLATEAU_MIN, HALF_MIN = 120.0, 360.0
"""It stays at its peak for two hours and then halves every six: most are over within a day
(Herhausen et al. 2019: 78 % within 24 hours)."""
LAST_MIN = 1440.0


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the grid. ``rate``: the brand's mentions an hour; ``peak``: the storm's, in
    multiples of it; ``doubling_min``: minutes in which it doubles while it grows."""

    rate: float
    peak: float
    doubling_min: float
    negative: float
    several: bool

    @property
    def first_hour(self) -> float:
        """Expected storm mentions in its first hour."""
        return float(shape(self)[:12].sum())


def cells() -> Iterator[Cell]:
    """Yield all cells of the grid."""
    for values in itertools.product(RATES, PEAKS, DOUBLINGS_MIN, NEGATIVITY, SPREADS):
        yield Cell(*values)


def shape(cell: Cell) -> Floats:
    """Return the expected storm mentions of each bin from its first on."""
    grown = cell.doubling_min * float(np.log2(1.0 / SMOULDER))
    minutes = np.arange(0.5, grown + PLATEAU_MIN + LAST_MIN)
    log2 = np.minimum((minutes - grown) / cell.doubling_min, 0.0)
    log2 -= np.maximum(minutes - grown - PLATEAU_MIN, 0.0) / HALF_MIN
    per_minute = cell.rate * cell.peak / 60.0 * np.exp2(log2)
    bins = len(per_minute) // 5
    return np.asarray(per_minute[: bins * 5].reshape(bins, 5).sum(axis=1))


def anger(negative: float) -> Mix:
    """Return a storm's mix: hardly anybody praises in it."""
    return negative, (1.0 - negative) * 0.8, (1.0 - negative) * 0.2


def storm(cell: Cell, first: int, sources: tuple[float, ...]) -> Part:
    """Return the storm of a cell, beginning with bin ``first``."""
    rates = shape(cell)
    threads = int(np.clip(rates.sum() / 50.0, 3, 200))
    crowd = Crowd(
        people=max(20, int(rates.sum())),
        new=0.8,
        threads=threads,
        threaded=0.6,
        copied=0.15,
        originals=max(2, threads // 5),
        sources=sources,
    )
    return Part("storm", first, rates, anger(cell.negative), crowd)
