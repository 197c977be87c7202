"""PersistenceDetector: for how long has it been beyond the usual, and how often did that last so long?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from river import base

from detectors.burst import Baseline, decay, numbers
from detectors.detection import Detection, Reason, ReasonCode, Series

STEPS = 10
"""Lengths are remembered by doublings of a bin: 5, 10, 20, ... minutes, to 43 hours and more."""
PRIOR_RUNS = 4.0
"""Runs' worth of belief that every other run lasts twice as long."""
GAP_BINS = 2


class PersistenceDetector(base.Estimator):
    """How long counts have been beyond chance of the usual, against how long such runs lasted before.

    ``x``: its ``series`` and ``hour``. A bin is beyond where it holds more than two deviations of chance
    above the expected; `GAP_BINS` quiet ones end a run. Past runs are remembered by doublings of their
    length (half-life 28 days). ``score_one``: -log10 of the share of runs that lasted at least as long,
    >= 0. About 3 us, 1 KiB. Fails: on streams with less than a post a bin runs are torn.

    Source: lasting criticism is step 3 of the scale (Graf & Schwede 2012); 78 % of firestorms dissolve
    within 24 hours (Herhausen et al. 2019).

    >>> detector = PersistenceDetector()
    >>> for i in range(3000):
    ...     detector.learn_one({"negatives": 20.0 if i % 50 == 0 else 2.0, "hour": 9.0})
    >>> for _ in range(36):
    ...     detector.learn_one({"negatives": 20.0, "hour": 9.0})
    >>> detector.minutes({"negatives": 20.0, "hour": 9.0})
    185.0
    >>> detector.score_one({"negatives": 20.0, "hour": 9.0}) > 1.0
    True
    """

    def __init__(self, series: Series = Series.NEGATIVES, bin_s: float = 300.0) -> None:
        self.series = series
        self.bin_s = bin_s
        self._baseline = Baseline(bin_s)
        self._forget = decay(28.0, bin_s)
        self._runs = [0.0] * STEPS
        self._length = 0
        self._gap = 0

    def expected(self, hour: int) -> float:
        """Return the expected count of a bin in that local hour."""
        return self._baseline.expected(hour)

    def minutes(self, x: Mapping[str, float]) -> float:
        """Return for how long the run lasts that goes on in this bin, 0 where it is not beyond."""
        return (self._length + 1) * self.bin_s / 60.0 if self._beyond(x) else 0.0

    def lasting(self, minutes: float) -> float:
        """Return the share of runs that last at least so long, in (0, 1]."""
        bins = minutes * 60.0 / self.bin_s
        if bins <= 1.0:
            return 1.0
        step = min(STEPS - 1, math.floor(math.log2(bins)))
        longer = sum(self._runs[step:])
        return (longer + PRIOR_RUNS * 0.5**step) / (sum(self._runs) + PRIOR_RUNS)

    def score_one(self, x: Mapping[str, float]) -> float:
        """Return -log10 of the share of runs that last as long, >= 0; changes nothing."""
        return -math.log10(self.lasting(self.minutes(x)))

    def learn_one(self, x: Mapping[str, float]) -> None:
        """Take in one bin; call it after `score_one`."""
        self._runs = [n * self._forget for n in self._runs]
        ended = self._step(x)
        if ended:
            self._runs[min(STEPS - 1, math.floor(math.log2(ended)))] += 1.0
        hour = int(x["hour"])
        most = self._baseline.expected(hour)
        self._baseline.learn(min(x[self.series], most + 4.0 * math.sqrt(most) + 4.0), hour)

    def pass_by(self, x: Mapping[str, float]) -> None:
        """See one bin without learning from it, because an incident is open."""
        self._step(x)

    def detect(self, x: Mapping[str, float], at: datetime) -> Detection:
        """Score ``x`` with its reasons; changes nothing."""
        minutes, score = self.minutes(x), self.score_one(x)
        return Detection(
            detector=type(self).__name__,
            series=self.series,
            at=at,
            value=x[self.series],
            expected=self.expected(int(x["hour"])),
            score=score,
            return_period_days=0.0,
            reasons=(Reason(ReasonCode.PERSISTENCE, minutes),) if minutes else (),
        )

    def _beyond(self, x: Mapping[str, float]) -> bool:
        expected = self._baseline.expected(int(x["hour"]))
        return x[self.series] > expected + 2.0 * math.sqrt(expected) + 1.0

    def _step(self, x: Mapping[str, float]) -> int:
        """Move on by one bin; return the length of a run that ended with it, else 0."""
        if self._beyond(x):
            self._length, self._gap = self._length + 1 + self._gap, 0
            return 0
        if not self._length:
            return 0
        self._gap += 1
        if self._gap < GAP_BINS:
            return 0
        ended, self._length, self._gap = self._length, 0, 0
        return ended

    def snapshot(self) -> dict[str, Any]:
        """Return the whole state as JSON-ready data."""
        return {
            "baseline": self._baseline.snapshot(),
            "runs": list(self._runs),
            "run": [float(self._length), float(self._gap)],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take a state that `snapshot` returned; ValueError names what does not fit."""
        self._baseline.restore(state)
        self._runs = numbers(state, "runs", STEPS)
        length, gap = numbers(state, "run", 2)
        self._length, self._gap = int(length), int(gap)
