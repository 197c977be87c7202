"""The burst engine as a river estimator: what volume and negatives have in common.

Only ``river.base`` is imported: the rest of river brings scikit-learn and scipy (1.2 s, 120 MB).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from river import base

from detectors.burst import OPEN, Burst, Priors
from detectors.detection import Detection, Reason, ReasonCode, Series

SCALES = (1, 3, 12)
"""5, 15 and 60 minutes of 5-minute bins."""


class BurstDetector(base.Estimator):
    """The burst engine over one series of closed bins, as a river estimator.

    A subclass names its ``series`` (which is also its key in ``x``) and its ``reason``.
    """

    series: ClassVar[Series]
    reason: ClassVar[ReasonCode]

    def __init__(
        self,
        bin_s: float = 300.0,
        scales: tuple[int, ...] = SCALES,
        priors: Priors = OPEN,
        most: float = math.inf,
    ) -> None:
        self.bin_s = bin_s
        self.scales = scales
        self.priors = priors
        self.most = most
        self._burst = Burst(bin_s, scales, priors, most)

    @property
    def bursts(self) -> float:
        """How many past bursts the rarest-known scale rests on, discounted."""
        return min(tail.bursts for tail in self._burst.tails)

    def expected(self, hour: int) -> float:
        """Return the expected count of a bin in that local hour."""
        return self._burst.expected(hour)

    def seen(self, value: float, hour: int, doubt: float = 0.0) -> dict[int, float]:
        """Return what was observed at each scale, chance of ``doubt`` taken off."""
        looks = self._burst.looks(value, hour, doubt)
        return {s: seen for s, (seen, _, _) in zip(self.scales, looks, strict=True)}

    def tame(self, value: float, hour: int) -> float:
        """Return the part of a bin's count that may be learned."""
        return self._burst.tails[0].tame(value, self._burst.expected(hour))

    def return_period(self, value: float, hour: int, doubt: float = 0.0) -> float:
        """Return the longest return period in days over all scales, 0 where there is no burst.

        ``doubt``: variance that ``value`` has from being a difference of counts.
        """
        return max(self._burst.return_periods(value, hour, doubt))

    def score_one(self, x: Mapping[str, float]) -> float:
        """Return log10(1 + return period in days), >= 0; changes nothing."""
        return math.log10(
            1.0
            + self.return_period(x[self.series], int(x["hour"]), x.get(f"{self.series}_doubt", 0.0))
        )

    def learn_one(self, x: Mapping[str, float]) -> None:
        """Take in one bin; call it after `score_one`."""
        self._burst.learn(x[self.series], int(x["hour"]), x.get(f"{self.series}_doubt", 0.0))

    def pass_by(self, x: Mapping[str, float]) -> None:
        """See one bin without learning from it, because an incident is open."""
        self._burst.pass_by(x[self.series], int(x["hour"]), x.get(f"{self.series}_doubt", 0.0))

    def add_late(self, bins_ago: int, value: float) -> None:
        """Add late mentions to the bin ``bins_ago`` before the next one; only sums see them."""
        self._burst.add_late(bins_ago, value)

    def detect(self, x: Mapping[str, float], at: datetime) -> Detection:
        """Score ``x`` with its reasons; changes nothing."""
        value, hour = x[self.series], int(x["hour"])
        days = self.return_period(value, hour, x.get(f"{self.series}_doubt", 0.0))
        reasons = (Reason(self.reason, days, EVENT_DAYS, met=days >= EVENT_DAYS),)
        return Detection(
            detector=type(self).__name__,
            series=self.series,
            at=at,
            value=value,
            expected=self.expected(hour),
            score=math.log10(1.0 + days),
            return_period_days=days,
            reasons=reasons if days else (),
        )

    def snapshot(self) -> dict[str, Any]:
        """Return the whole state as JSON-ready data, below 2 KiB."""
        return self._burst.snapshot()

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take a state that `snapshot` returned; ValueError names what does not fit."""
        self._burst.restore(state)


EVENT_DAYS = 3.0
"""A burst seen once in three days or less often is worth a word; return periods are well
calibrated up to there (docs/decisions/0005-level-reading.md)."""
