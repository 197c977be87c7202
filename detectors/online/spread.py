"""SpreadDetector: has it left the place where it began?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from river import base

from detectors.burst import LONGEST_DAYS, decay, numbers
from detectors.detection import Detection, Reason, ReasonCode, Series
from detectors.share import LOOKS_A_DAY, normal_tail

LEAST = 5.0
"""Posts of an hour below which how they spread is chance."""
PRIOR_HOURS = 4.0
"""Hours' worth of belief in a deviation of `PRIOR_SD` and in numbers that grow with the posts."""
PRIOR_SD = 0.5
FLOOR = 0.01
"""Variance of the logarithm below which no hour is believed to repeat another."""


def effective(counts: Iterable[float]) -> float:
    """Return the effective number of parts: exp of the entropy of their shares, 0 of nothing.

    Two parts of equal weight are 2, a second one with one post of a hundred makes 1.06.
    """
    some = [c for c in counts if c > 0.0]
    total = sum(some)
    return math.exp(-sum(c / total * math.log(c / total) for c in some)) if some else 0.0


class SpreadDetector(base.Estimator):
    """Over how many sources, or threads, an hour's posts spread, against what so many usually do.

    ``x``: ``posts`` of the hour that ends with the bin, and under the name ``of`` ("sources",
    "threads") their `effective` number. Usual is a discounted straight line of its logarithm over
    that of the posts (half-life 14 days of bins told), as more posts stand in more threads anyway;
    ``score_one``: -log10 p of the normal tail of what lies above it, its doubt included, >= 0.
    Hours below `LEAST` posts are not looked at. About 4 us, 0.2 KiB. Fails: with a single source it
    says nothing; only told the loud hours, it compares with those.

    Source: a storm is told by spread to further channels (Graf & Schwede 2012, step 3).

    >>> detector = SpreadDetector()
    >>> for i in range(3000):
    ...     detector.learn_one({"posts": 20.0 + i % 40, "sources": effective([9, 1 + i % 3])})
    >>> calm = detector.score_one({"posts": 100.0, "sources": effective([90, 20])})
    >>> calm < 1.0 < detector.score_one({"posts": 100.0, "sources": effective([40, 30, 30, 20])})
    True
    """

    def __init__(self, of: str = Series.SOURCES, bin_s: float = 300.0) -> None:
        self.of = of
        self.bin_s = bin_s
        self._forget = decay(14.0, bin_s)
        # Sums of 1, n, nn, y, ny, yy; n logarithm of the posts, y of the number.
        self._sums = [0.0] * 6

    def usual(self, posts: float) -> float:
        """Return the usual effective number of so many posts; 1 before any is known."""
        return math.exp(self._line(math.log(max(posts, 1.0)))[0])

    def score_one(self, x: Mapping[str, float]) -> float:
        """Return -log10 p of so wide a spread, >= 0; changes nothing."""
        posts, number = x["posts"], x[self.of]
        if posts < LEAST or number <= 1.0:
            return 0.0
        mean, variance = self._line(math.log(posts))
        return normal_tail((math.log(number) - mean) / math.sqrt(variance))

    def learn_one(self, x: Mapping[str, float]) -> None:
        """Take in one bin; call it after `score_one`."""
        if x["posts"] < LEAST:
            return
        n, y = math.log(x["posts"]), math.log(max(x[self.of], 1.0))
        told = (1.0, n, n * n, y, n * y, y * y)
        self._sums = [s * self._forget + t for s, t in zip(self._sums, told, strict=True)]

    def pass_by(self, x: Mapping[str, float]) -> None:
        """See one bin without learning from it, because an incident is open: nothing to keep."""

    def detect(self, x: Mapping[str, float], at: datetime) -> Detection:
        """Score ``x`` with its reasons; changes nothing."""
        score, usual = self.score_one(x), self.usual(x["posts"])
        log_days = score - math.log10(LOOKS_A_DAY)
        days = min(10.0 ** min(log_days, 300.0), LONGEST_DAYS) if log_days >= 0.0 else 0.0
        return Detection(
            detector=type(self).__name__,
            series=Series.SOURCES,
            at=at,
            value=x[self.of],
            expected=usual,
            score=score,
            return_period_days=days,
            reasons=(Reason(ReasonCode.SPREAD, x[self.of], usual),) if score > 0.0 else (),
        )

    def _line(self, n: float) -> tuple[float, float]:
        """Return mean and variance of the logarithm of the number where log posts are ``n``."""
        w, sn, snn, sy, sny, syy = self._sums
        if not w:
            return 0.0, PRIOR_SD**2 + FLOOR
        at, height = sn / w, sy / w
        wide = max(0.0, snn - at * sn) + PRIOR_HOURS
        slope = max(0.0, sny - at * sy) / wide
        rest = max(0.0, syy - height * sy - slope * (sny - at * sy))
        # Hours overlap: twelve bins tell about one.
        hours = w * self.bin_s / 3600.0
        variance = (rest / w * hours + PRIOR_HOURS * PRIOR_SD**2) / (hours + PRIOR_HOURS) + FLOOR
        doubt = 1.0 + 1.0 / (hours + 1.0) + (n - at) ** 2 / wide
        return max(0.0, height + slope * (n - at)), variance * doubt

    def snapshot(self) -> dict[str, Any]:
        """Return the whole state as JSON-ready data."""
        return {"usual": list(self._sums)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take a state that `snapshot` returned; ValueError names what does not fit."""
        self._sums = numbers(state, "usual", 6)
