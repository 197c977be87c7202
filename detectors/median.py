"""HourlyMedian: the usual hour of the last four weeks, in a few hundred bytes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

EXACT = 16
"""Counts below this have a bucket each; above, buckets grow by `STEP`."""
STEP = 1.1
HALF_LIFE_BINS = 14 * 288
"""A memory with a half-life of 14 days has a mean age of 20: about a 28-day window."""
RESCALE = 1e12


class HourlyMedian:
    """Median of trailing-hour counts, fading over about 28 days. O(1) to learn, 1 KiB.

    Precise to the count below 16, to 5 % above. Not taught while an incident is open, which is
    what "frozen" means: storms do not become the usual.
    """

    __slots__ = ("_buckets", "_weight")

    def __init__(self) -> None:
        self._buckets: dict[int, float] = {}
        self._weight = 1.0

    def learn(self, count: float) -> None:
        """Take in the count of one trailing hour."""
        bucket = _bucket(count)
        self._buckets[bucket] = self._buckets.get(bucket, 0.0) + self._weight
        self._weight *= 2.0 ** (1.0 / HALF_LIFE_BINS)
        if self._weight > RESCALE:
            scaled = {b: w / RESCALE for b, w in self._buckets.items()}
            self._buckets = {b: w for b, w in scaled.items() if w > 1e-9}
            self._weight /= RESCALE

    def value(self) -> float:
        """Return the median, 0.0 while nothing is known."""
        ordered = sorted(self._buckets.items())  # one order of summing, restored or not
        half = sum(weight for _, weight in ordered) / 2.0
        for bucket, weight in ordered:
            half -= weight
            if half <= 0:
                return _count(bucket)
        return 0.0

    def snapshot(self) -> dict[str, Any]:
        return {"weight": self._weight, "buckets": {str(b): w for b, w in self._buckets.items()}}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take a state that `snapshot` returned; ValueError names what does not fit."""
        buckets = state.get("buckets")
        if not isinstance(buckets, Mapping):
            raise ValueError("detector state: 'median.buckets' must be an object")
        self._weight = float(state["weight"])
        self._buckets = {int(b): float(w) for b, w in buckets.items()}


def _bucket(count: float) -> int:
    whole = max(0, int(count))
    return whole if whole < EXACT else EXACT + int(math.log(whole / EXACT) / math.log(STEP))


def _count(bucket: int) -> float:
    if bucket < EXACT:
        return float(bucket)
    return float(EXACT * STEP ** (bucket - EXACT + 0.5))
