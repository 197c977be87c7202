"""GrowthDetector: does what is beyond the usual double, and in how many minutes?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from river import base

from detectors.burst import Baseline, decay, numbers
from detectors.detection import Detection, Reason, ReasonCode, Series
from detectors.share import normal_tail

MEMORY_DAYS = 0.5 / 24.0
"""Half-life of a bin in the fit: half an hour."""
SUM_BINS = 3
LEAST = 3.0
"""Posts beyond the usual within a quarter of an hour, below which a bin tells nothing of growth."""
ENOUGH = 4.0
"""Discounted bins from which on a slope is told."""


class GrowthDetector(base.Estimator):
    """Slope of the logarithm of what is beyond the usual, by discounted least squares over time.

    ``x``: its ``series`` and ``hour``. Quarters of an hour, half-life of a bin in the fit 30 minutes.
    ``score_one``: -log10 of the tail of the slope over its standard error, >= 0, 0 where it shrinks.
    About 5 us, 1 KiB. Fails: a step is told as growth for half an hour; sums overlap, so the standard
    error is taken three times as wide.

    Source: storms of the bench double in 10 minutes to 6 hours (docs/noticing.md).

    >>> detector = GrowthDetector()
    >>> for _ in range(2000):
    ...     detector.learn_one({"negatives": 2.0, "hour": 9.0})
    >>> for n in (4.0, 8.0, 16.0, 32.0, 64.0, 128.0):
    ...     detector.learn_one({"negatives": n, "hour": 9.0})
    >>> 4.0 < detector.doubling({"negatives": 256.0, "hour": 9.0}) < 7.0
    True
    """

    def __init__(self, series: Series = Series.NEGATIVES, bin_s: float = 300.0) -> None:
        self.series = series
        self.bin_s = bin_s
        self._baseline = Baseline(bin_s)
        self._keep = decay(MEMORY_DAYS, bin_s)
        self._recent = [0.0] * (SUM_BINS - 1)
        # Weighted sums of 1, t, tt, y, ty, yy; t in bins, 0 at the newest.
        self._sums = [0.0] * 6

    def expected(self, hour: int) -> float:
        """Return the expected count of a bin in that local hour."""
        return self._baseline.expected(hour)

    def slope(self, x: Mapping[str, float]) -> tuple[float, float]:
        """Return growth a bin on the log scale and its standard error; (0, inf) while unknown."""
        n, t, tt, y, ty, yy = self._with(x)
        spread = tt - t * t / n if n else 0.0
        if n < ENOUGH or spread < 1.0:
            return 0.0, math.inf
        slope = (ty - t * y / n) / spread
        rest = max(0.0, yy - y * y / n - slope * slope * spread)
        return slope, SUM_BINS * math.sqrt((rest / n + 0.01) / spread)

    def doubling(self, x: Mapping[str, float]) -> float:
        """Return minutes in which the excess doubles, negative ones in which it halves; inf while
        neither is known."""
        slope, _ = self.slope(x)
        return math.log(2.0) / slope * self.bin_s / 60.0 if slope else math.inf

    def score_one(self, x: Mapping[str, float]) -> float:
        """Return -log10 p of growing by chance, >= 0; changes nothing."""
        slope, error = self.slope(x)
        return normal_tail(slope / error) if slope > 0.0 else 0.0

    def learn_one(self, x: Mapping[str, float]) -> None:
        """Take in one bin; call it after `score_one`."""
        hour, value = int(x["hour"]), x[self.series]
        expected = self._baseline.expected(hour)
        self.pass_by(x)
        self._baseline.learn(min(value, 4.0 * expected + 4.0), hour)

    def pass_by(self, x: Mapping[str, float]) -> None:
        """See one bin without learning what is usual, because an incident is open."""
        self._sums = self._with(x)
        self._recent = [*self._recent[1:], x[self.series]]

    def detect(self, x: Mapping[str, float], at: datetime) -> Detection:
        """Score ``x`` with its reasons; changes nothing."""
        score, minutes = self.score_one(x), self.doubling(x)
        return Detection(
            detector=type(self).__name__,
            series=self.series,
            at=at,
            value=x[self.series],
            expected=self.expected(int(x["hour"])),
            score=score,
            return_period_days=0.0,
            reasons=(Reason(ReasonCode.DOUBLING, minutes),) if score > 1.0 else (),
        )

    def _with(self, x: Mapping[str, float]) -> list[float]:
        """Return the sums with one more bin: time moves on, the bin stands at 0."""
        n, t, tt, y, ty, yy = (s * self._keep for s in self._sums)
        t, tt, ty = t - n, tt - 2.0 * t + n, ty - y
        beyond = sum(self._recent) + x[self.series]
        beyond -= SUM_BINS * self._baseline.expected(int(x["hour"]))
        if beyond < LEAST:
            return [n, t, tt, y, ty, yy]
        told = math.log(beyond)
        return [n + 1.0, t, tt, y + told, ty, yy + told * told]

    def snapshot(self) -> dict[str, Any]:
        """Return the whole state as JSON-ready data."""
        return {
            "baseline": self._baseline.snapshot(),
            "recent": list(self._recent),
            "sums": list(self._sums),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take a state that `snapshot` returned; ValueError names what does not fit."""
        self._baseline.restore(state)
        self._recent = numbers(state, "recent", SUM_BINS - 1)
        self._sums = numbers(state, "sums", 6)
