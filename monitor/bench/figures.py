"""How benches print: both sides of one run, median with min and max, versions."""

from __future__ import annotations

import platform
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from math import exp, lgamma, log

PACKAGES = (
    "sturmglas",
    "numpy",
    "msgspec",
    "sqlalchemy",
    "fastapi",
    "uvicorn",
    "pydantic",
    "vaderSentiment",
    "py3langid",
)


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, least and greatest of some repeats."""

    median: float
    least: float
    most: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.least:.2f}-{self.most:.2f})"

    def record(self, name: str) -> dict[str, float]:
        """Return the three figures as ``name``, ``name_min`` and ``name_max``."""
        return {
            name: round(self.median, 3),
            f"{name}_min": round(self.least, 3),
            f"{name}_max": round(self.most, 3),
        }


def spread(values: Sequence[float]) -> Spread:
    """Return the spread of at least one value."""
    return Spread(statistics.median(values), min(values), max(values))


def ratios(over: Sequence[float], under: Sequence[float]) -> Spread:
    """Return the spread of ``over / under``, run by run: neighbours disturb both sides of a run."""
    return spread([a / b for a, b in zip(over, under, strict=True)])


def versions(packages: Sequence[str] = PACKAGES) -> dict[str, str]:
    """Return versions of Python and of the packages a bench used; absent ones are left out."""
    found = {"python": platform.python_version()}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def poisson_interval(events: int) -> tuple[float, float]:
    """Return the exact 95 % interval of a Poisson mean after ``events`` were counted (Garwood 1936).

    By bisection on the distribution function, so that no statistics package is needed.
    """
    low = _solve(lambda mean: 1 - _at_most(events - 1, mean), 0.025) if events else 0.0
    high = _solve(lambda mean: 1 - _at_most(events, mean), 0.975)
    return low, high


def _at_most(events: int, mean: float) -> float:
    # By logarithms: exp(-mean) alone is nothing any more from 746 events on.
    if mean <= 0.0 or events < 0:
        return float(events >= 0)
    return sum(exp(n * log(mean) - mean - lgamma(n + 1)) for n in range(events + 1))


def _solve(rising: Callable[[float], float], target: float) -> float:
    low, high = 0.0, 1.0
    while rising(high) < target:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < target else (low, middle)
    return (low + high) / 2
