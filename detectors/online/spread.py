"""SpreadDetector: has it left the place where it began?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from river import base

from detectors.burst import LONGEST_DAYS, decay, numbers
from detectors.detection import Detection, Reason, ReasonCode, Series
from detectors.share import HOUR_BINS, LOOKS_A_DAY, normal_tail

PREFIX = "source:"


class SpreadDetector(base.Estimator):
    """Over how many sources the last hour's posts spread, against the usual.

    ``x``: ``source:NAME`` with the posts of each source in the bin; others keys are not looked at. Counted is
    the effective number, exp of the entropy of the shares: two sources of equal weight are 2, a second
    one with one post of a hundred is 1.06. Mean and deviation of its logarithm are discounted (half-life
    14 days). About 5 us; 0.4 KiB and 12 numbers for each source. Fails: with a single source it is 1 for ever;
    few posts spread by chance, so hours below 5 posts are not looked at.

    Source: a firestorm is told by spread to further channels (Graf & Schwede 2012, step 3).

    >>> detector = SpreadDetector()
    >>> for _ in range(3000):
    ...     detector.learn_one({"source:a": 9.0, "source:b": 1.0})
    >>> calm = detector.score_one({"source:a": 9.0, "source:b": 1.0})
    >>> calm < 1.0 < detector.score_one({"source:a": 500.0, "source:b": 500.0, "source:c": 500.0})
    True
    """

    least = 5.0

    def __init__(self, bin_s: float = 300.0) -> None:
        self.bin_s = bin_s
        self._forget = decay(14.0, bin_s)
        self._hour: dict[str, list[float]] = {}
        self._sum = self._squares = 0.0
        self._weight = 0.0

    def sources(self, x: Mapping[str, float]) -> float:
        """Return the effective number of sources of the last hour, 0 where it has too few posts."""
        counts = self._counts(x)
        total = sum(counts)
        if total < self.least:
            return 0.0
        shares = [c / total for c in counts if c > 0.0]
        return math.exp(-sum(s * math.log(s) for s in shares))

    def usual(self) -> float:
        """Return the usual effective number; 1 before any is known."""
        return math.exp(self._sum / self._weight) if self._weight else 1.0

    def score_one(self, x: Mapping[str, float]) -> float:
        """Return -log10 p of so wide a spread, >= 0; changes nothing."""
        now = self.sources(x)
        if now <= 1.0:
            return 0.0
        mean = self._sum / self._weight if self._weight else 0.0
        variance = max(0.0, self._squares / self._weight - mean * mean) if self._weight else 0.0
        return normal_tail((math.log(now) - mean) / math.sqrt(variance + 0.01))

    def learn_one(self, x: Mapping[str, float]) -> None:
        """Take in one bin; call it after `score_one`."""
        now = self.sources(x)
        if now > 0.0:
            told = math.log(now)
            self._sum = self._sum * self._forget + told
            self._squares = self._squares * self._forget + told * told
            self._weight = self._weight * self._forget + 1.0
        self.pass_by(x)

    def pass_by(self, x: Mapping[str, float]) -> None:
        """See one bin without learning from it, because an incident is open."""
        new = {key: value for key, value in x.items() if key.startswith(PREFIX)}
        for key in {*self._hour, *new}:
            past = self._hour.get(key, [0.0] * (HOUR_BINS - 1))
            self._hour[key] = [*past[1:], new.get(key, 0.0)]
        self._hour = {key: past for key, past in sorted(self._hour.items()) if any(past)}

    def detect(self, x: Mapping[str, float], at: datetime) -> Detection:
        """Score ``x`` with its reasons; changes nothing."""
        now, usual, score = self.sources(x), self.usual(), self.score_one(x)
        log_days = score - math.log10(LOOKS_A_DAY)
        days = min(10.0 ** min(log_days, 300.0), LONGEST_DAYS) if log_days >= 0.0 else 0.0
        return Detection(
            detector=type(self).__name__,
            series=Series.SOURCES,
            at=at,
            value=now,
            expected=usual,
            score=score,
            return_period_days=days,
            reasons=(Reason(ReasonCode.SPREAD, now, usual, met=True),) if score > 0.0 else (),
        )

    def _counts(self, x: Mapping[str, float]) -> list[float]:
        counts = {key: sum(past) for key, past in self._hour.items()}
        for key, value in x.items():
            if key.startswith(PREFIX):
                counts[key] = counts.get(key, 0.0) + value
        return [counts[key] for key in sorted(counts)]

    def snapshot(self) -> dict[str, Any]:
        """Return the whole state as JSON-ready data."""
        usual = [self._sum, self._squares, self._weight]
        return {"hour": {key: list(past) for key, past in self._hour.items()}, "usual": usual}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take a state that `snapshot` returned; ValueError names what does not fit."""
        hour = state.get("hour")
        if not isinstance(hour, dict):
            raise ValueError("detector state: 'hour' must be a table of sources")
        kept = {str(key): numbers(hour, key, HOUR_BINS - 1) for key in hour}
        self._sum, self._squares, self._weight = numbers(state, "usual", 3)
        self._hour = kept
