"""YoungDetector: fixed counts against a Gamma-Poisson forecast, for young or quiet streams."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from river import base

from detectors.burst import DAY_S, LONGEST_DAYS, Baseline, decay, numbers
from detectors.detection import Detection, Reason, ReasonCode, Series

SLOTS = 8
"""Three-hour parts of the day: all that a quiet stream can fill."""
SPREAD_PRIOR = 0.25
"""Relative variance of the rate believed before it is known (a spread of about half)..."""
SPREAD_WEIGHT = 20.0
"""...with the weight of so many squared expected counts."""
P_ALERT = 1e-6
"""Tail probability at which this channel speaks; measured on 22 crises of young streams."""
SMALLEST_P = 1e-300


def tail_probability(count: int, mean: float, spread: float) -> float:
    """Return P(X >= count) of a negative binomial with that mean and variance
    ``mean + spread * mean ** 2``; 1.0 for counts up to the mean. Cost grows with the square root
    of ``mean``, as terms are added until they no longer matter.
    """
    if count <= mean:
        return 1.0
    k = 1.0 / spread
    odds = mean / (mean + k)
    log_p = math.lgamma(count + k) - math.lgamma(k) - math.lgamma(count + 1.0)
    log_p += k * math.log1p(-odds) + count * math.log(odds)
    term = math.exp(max(log_p, math.log(SMALLEST_P)))
    total, x = term, float(count)
    while term > total * 1e-9:
        term *= odds * (x + k) / (x + 1.0)
        total += term
        x += 1.0
    return min(total, 1.0)


class YoungDetector(base.Estimator):
    """Predictive tail of the last 15 and 60 minutes' counts for one series.

    The rate has a Gamma posterior (discounted, by three-hour parts of the day), so that what is
    little known is forecast widely; the spread of the rate itself is learned from the sums'
    excess variance. ``score_one`` returns -log10 of the smaller tail probability, >= 0. About
    5 us quiet, 1 KiB. Source: the predictive form of Poisson counts with a Gamma prior; limits
    measured in docs/decisions/0005-level-reading.md. Fails: on established streams with heavy
    bursts it speaks too often, which is why it hands over once bursts are known.

    >>> detector = YoungDetector()
    >>> for _ in range(600):
    ...     detector.learn_one({"negatives": 0.0, "hour": 3.0})
    >>> detector.score_one({"negatives": 1.0, "hour": 3.0}) < 3
    True
    >>> detector.score_one({"negatives": 25.0, "hour": 3.0}) > 6
    True
    """

    scales: ClassVar[tuple[int, ...]] = (3, 12)

    def __init__(self, series: Series = Series.NEGATIVES, bin_s: float = 300.0) -> None:
        self.series = series
        self.bin_s = bin_s
        self._bins_per_day = DAY_S / bin_s
        self._forget = decay(14.0, bin_s)
        self._baseline = Baseline(bin_s, SLOTS)
        self._excess = [0.0] * len(self.scales)
        self._squares = [0.0] * len(self.scales)
        keep = max(self.scales) - 1
        self._values = [0.0] * keep
        self._wanted = [0.0] * keep

    def expected(self, hour: int) -> float:
        """Return the expected count of a bin in that local hour."""
        return self._baseline.expected(hour)

    def score_one(self, x: Mapping[str, float]) -> float:
        """Return -log10 p of the rarer of the two sums; changes nothing."""
        return -math.log10(self.probability(x[self.series], int(x["hour"])))

    def probability(self, value: float, hour: int) -> float:
        """Return the smaller tail probability of the two sums, in (0, 1]."""
        rarest = 1.0
        doubt = 1.0 / (self._baseline.counted + 1.0)
        for i, (seen, wanted) in enumerate(self._sums(value, hour)):
            if seen <= wanted + 2.0:
                continue
            p = tail_probability(math.ceil(seen), wanted, self._spread(i) + doubt)
            rarest = min(rarest, p)
        return max(rarest, SMALLEST_P)

    def return_period(self, value: float, hour: int) -> float:
        """Return in how many days so small a probability is expected once, were every bin a
        fresh look; 0 where the probability is not below one look a day."""
        return self._days(self.probability(value, hour))

    def rarity(self, value: float, hour: int) -> tuple[float, float]:
        """Return `score_one` and `return_period` for the cost of one of them."""
        p = self.probability(value, hour)
        return -math.log10(p), self._days(p)

    def _days(self, p: float) -> float:
        days = 1.0 / (p * self._bins_per_day)
        return min(days, LONGEST_DAYS) if days >= 1.0 else 0.0

    def learn_one(self, x: Mapping[str, float]) -> None:
        """Take in one bin; call it after `score_one`."""
        value, hour = x[self.series], int(x["hour"])
        for i, (seen, wanted) in enumerate(self._sums(value, hour)):
            tame = min(seen, wanted + 6.0 * math.sqrt(wanted) + 3.0)
            error = (tame - wanted) ** 2 - tame
            self._excess[i] = self._excess[i] * self._forget + error
            self._squares[i] = self._squares[i] * self._forget + wanted * wanted
        expected = self._baseline.expected(hour)
        tame = min(value, expected + 4.0 * math.sqrt(expected) + 4.0)
        self._baseline.learn(max(0.0, tame), hour)
        self._push(value, expected)

    def pass_by(self, x: Mapping[str, float]) -> None:
        """See one bin without learning from it, because an incident is open."""
        self._push(x[self.series], self._baseline.expected(int(x["hour"])))

    def add_late(self, bins_ago: int, value: float) -> None:
        """Add late mentions to the bin ``bins_ago`` before the next one; only sums see them."""
        if 1 <= bins_ago <= len(self._values):
            self._values[-bins_ago] = max(0.0, self._values[-bins_ago] + value)

    def detect(self, x: Mapping[str, float], at: datetime) -> Detection:
        """Score ``x`` with its reasons; changes nothing."""
        value, hour = x[self.series], int(x["hour"])
        score = self.score_one(x)
        negative = self.series is Series.NEGATIVES
        code = ReasonCode.YOUNG_NEGATIVES if negative else ReasonCode.YOUNG_MENTIONS
        limit = -math.log10(P_ALERT)
        return Detection(
            detector=type(self).__name__,
            series=self.series,
            at=at,
            value=value,
            expected=self.expected(hour),
            score=score,
            return_period_days=self.return_period(value, hour),
            reasons=(Reason(code, score, limit, met=score >= limit),) if score > 0 else (),
        )

    def _sums(self, value: float, hour: int) -> list[tuple[float, float]]:
        values, wanted = self._values, self._wanted
        expected = self._baseline.expected(hour)
        return [
            (sum(values[1 - s :]) + value, sum(wanted[1 - s :]) + expected) for s in self.scales
        ]

    def _spread(self, i: int) -> float:
        learned = max(self._excess[i], 0.0) + SPREAD_WEIGHT * SPREAD_PRIOR
        return learned / (self._squares[i] + SPREAD_WEIGHT)

    def _push(self, value: float, expected: float) -> None:
        self._values = [*self._values[1:], value]
        self._wanted = [*self._wanted[1:], expected]

    def snapshot(self) -> dict[str, Any]:
        """Return the whole state as JSON-ready data, about 1 KiB."""
        return {
            "baseline": self._baseline.snapshot(),
            "spread": [*self._excess, *self._squares],
            "values": list(self._values),
            "wanted": list(self._wanted),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take a state that `snapshot` returned; ValueError names what does not fit."""
        scales, keep = len(self.scales), len(self._values)
        self._baseline.restore(state)
        spread = numbers(state, "spread", 2 * scales)
        self._excess, self._squares = spread[:scales], spread[scales:]
        self._values = numbers(state, "values", keep)
        self._wanted = numbers(state, "wanted", keep)
