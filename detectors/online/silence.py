"""SilenceDetector: does a stream say nothing that should speak?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from river import base

from detectors.burst import DAY_S, LONGEST_DAYS, Baseline, numbers
from detectors.detection import Detection, Reason, ReasonCode, Series

SPREAD = 0.25
"""Relative variance of the rate itself: a plain Poisson would call every quiet evening a silence."""
RARE_DAYS = 30.0
"""A silence that is expected once in so long is worth a word."""
HEED_DAYS = 3.0
"""From here on a silence is not learned: what is broken must not become the usual."""
KNOWN_DAYS = 7.0
"""Before that the hours of the day are not known."""


class SilenceDetector(base.Estimator):
    """Return period of a silence as long as the one that lasts, by what these hours usually bring.

    ``x``: its ``series`` and ``hour``. Every post may be followed by a silence; that one lasts over bins
    in which E posts are expected has the chance (1 + s E) ** (-1 / s) when the rate itself varies by s
    (Gamma-Poisson, `SPREAD`). So T = 1 / (posts a day x chance), in days; ``score_one`` is log10(1 + T). For topics
    and for single sources alike. About 3 us, 1 KiB. Fails: weekends and holidays of a stream that
    rests on them look like silences, but for quiet ones; a drop that is not to zero is not seen.

    >>> detector = SilenceDetector()
    >>> for i in range(288 * 10):
    ...     detector.learn_one({"mentions": 2.0, "hour": i // 12 % 24})
    >>> for _ in range(3):
    ...     detector.learn_one({"mentions": 0.0, "hour": 9.0})
    >>> detector.days({"mentions": 0.0, "hour": 9.0}) < 1.0
    True
    >>> for _ in range(144):
    ...     detector.learn_one({"mentions": 0.0, "hour": 9.0})
    >>> detector.days({"mentions": 0.0, "hour": 9.0}) > 30.0
    True
    """

    def __init__(self, series: Series = Series.MENTIONS, bin_s: float = 300.0) -> None:
        self.series = series
        self.bin_s = bin_s
        self._baseline = Baseline(bin_s)
        self._missed = 0.0
        self._bins = 0
        self._known = 0.0

    def expected(self, hour: int) -> float:
        """Return the expected count of a bin in that local hour."""
        return self._baseline.expected(hour)

    def days(self, x: Mapping[str, float]) -> float:
        """Return in how many days such a silence is expected once, 0 where something is said."""
        if x[self.series] > 0.0 or self._known < KNOWN_DAYS * DAY_S / self.bin_s:
            return 0.0
        missed = self._missed + self._baseline.expected(int(x["hour"]))
        a_day = self._baseline.counted / max(1.0, self._baseline.weight) * DAY_S / self.bin_s
        log_days = math.log1p(SPREAD * missed) / SPREAD - math.log(max(a_day, 1e-6))
        return min(math.exp(min(log_days, 50.0)), LONGEST_DAYS)

    def hours(self, x: Mapping[str, float]) -> float:
        """Return for how long nothing has been said, this bin included."""
        return 0.0 if x[self.series] > 0.0 else (self._bins + 1) * self.bin_s / 3600.0

    def score_one(self, x: Mapping[str, float]) -> float:
        """Return log10(1 + return period in days), >= 0; changes nothing."""
        return math.log10(1.0 + self.days(x))

    def learn_one(self, x: Mapping[str, float]) -> None:
        """Take in one bin; call it after `score_one`."""
        heeded = self.days(x) >= HEED_DAYS
        hour, value = int(x["hour"]), x[self.series]
        self.pass_by(x)
        if not heeded:
            expected = self._baseline.expected(hour)
            self._baseline.learn(min(value, 4.0 * expected + 4.0), hour)
            self._known += 1.0

    def pass_by(self, x: Mapping[str, float]) -> None:
        """See one bin without learning what is usual, because an incident is open."""
        if x[self.series] > 0.0:
            self._missed, self._bins = 0.0, 0
        else:
            self._missed += self._baseline.expected(int(x["hour"]))
            self._bins += 1

    def detect(self, x: Mapping[str, float], at: datetime) -> Detection:
        """Score ``x`` with its reasons; changes nothing."""
        days = self.days(x)
        reason = Reason(ReasonCode.SILENCE, days, RARE_DAYS, met=days >= RARE_DAYS)
        return Detection(
            detector=type(self).__name__,
            series=self.series,
            at=at,
            value=x[self.series],
            expected=self.expected(int(x["hour"])),
            score=self.score_one(x),
            return_period_days=days,
            reasons=(reason,) if days else (),
        )

    def snapshot(self) -> dict[str, Any]:
        """Return the whole state as JSON-ready data."""
        return {
            "baseline": self._baseline.snapshot(),
            "silence": [self._missed, float(self._bins), self._known],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take a state that `snapshot` returned; ValueError names what does not fit."""
        self._baseline.restore(state)
        self._missed, bins, self._known = numbers(state, "silence", 3)
        self._bins = int(bins)
