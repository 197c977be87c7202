"""One part of a whole against its usual share: what new authors, copies, deletions and tone have in common."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from river import base

from detectors.burst import LONGEST_DAYS, decay, numbers
from detectors.detection import Detection, Reason, ReasonCode, Series

HOUR_BINS = 12
LOOKS_A_DAY = 24.0
"""Hours of a day: overlapping ones tell nothing of their own."""
SPREAD_WEIGHT = 24.0
"""Hours' worth of belief in ``spread_prior``."""


def normal_tail(z: float) -> float:
    """Return -log10 P(|Z| >= z) of a standard normal, 0 for z <= 0; finite for every finite z."""
    if z <= 0.0:
        return 0.0
    if z < 30.0:
        return -math.log10(math.erfc(z / math.sqrt(2.0)))
    return z * z / 2.0 * math.log10(math.e) + math.log10(z * math.sqrt(math.pi / 2.0))


class ShareDetector(base.Estimator):
    """How far the last hour's share of one thing lies above its usual share.

    A subclass names ``part`` and ``whole``, the keys of both counts in ``x``, its ``series`` and
    its ``reason``. ``bins``: of how many bins, the newest one included, counts are added up; 1 where
    ``x`` holds those of an hour already. The usual share is discounted (half-life 14 days); hours
    differ by more than chance, and by how much is learned (the intraclass correlation of a
    beta-binomial, by moments). ``score_one``: -log10 of the normal tail of the share, the doubt of
    the usual one included, >= 0. About 6 us, 0.5 KiB (0.1 KiB where ``bins`` is 1).
    """

    part: ClassVar[str]
    whole: ClassVar[str]
    series: ClassVar[Series]
    reason: ClassVar[ReasonCode]
    share_prior: ClassVar[float] = 0.2
    spread_prior: ClassVar[float] = 0.02
    error: ClassVar[float] = 0.0
    """How far the share itself may be misread, one deviation."""

    def __init__(self, bin_s: float = 300.0, bins: int = HOUR_BINS) -> None:
        self.bin_s = bin_s
        self.bins = bins
        self._forget = decay(14.0, bin_s)
        self._teaches = bins / HOUR_BINS  # overlapping hours are told twelve times
        self._parts = [0.0] * (bins - 1)
        self._wholes = [0.0] * (bins - 1)
        self._part, self._whole = 20.0 * self.share_prior, 20.0
        self._excess = SPREAD_WEIGHT * self.spread_prior
        self._weight = SPREAD_WEIGHT

    def share(self) -> float:
        """Return the usual share, in (0, 1)."""
        return min(max(self._part / self._whole, 1e-6), 1.0 - 1e-6)

    def spread(self) -> float:
        """Return how much more than chance hours differ: intraclass correlation, 0..1."""
        return min(1.0, max(0.0, self._excess / self._weight))

    def score_one(self, x: Mapping[str, float]) -> float:
        """Return -log10 p of so large a share in the last hour, >= 0; changes nothing."""
        return normal_tail(self._deviations(x))

    def return_period(self, x: Mapping[str, float]) -> float:
        """Return in how many days so large a share is expected once, 0 below once a day."""
        log_days = self.score_one(x) - math.log10(LOOKS_A_DAY)
        return (
            min(10.0**log_days, LONGEST_DAYS)
            if 0.0 <= log_days < 300.0
            else (LONGEST_DAYS if log_days > 0.0 else 0.0)
        )

    def learn_one(self, x: Mapping[str, float]) -> None:
        """Take in one bin; call it after `score_one`."""
        part, whole = self._hour(x)
        share = self.share()
        if whole > 1.0:
            wide = whole * (whole - 1.0) * share * (1.0 - share)
            seen = (part - whole * share) ** 2 - whole * share * (1.0 - share)
            # One hour is seen twelve times, and teaches once.
            told = min(max(seen / wide, -1.0), 1.0) / HOUR_BINS
            self._excess = self._excess * self._forget + told
            self._weight = self._weight * self._forget + 1.0 / HOUR_BINS
        self._part = self._part * self._forget + self._teaches * x[self.part]
        whole = self._whole * self._forget + self._teaches * x[self.whole]
        self._whole = max(1e-3, whole)
        self.pass_by(x)

    def pass_by(self, x: Mapping[str, float]) -> None:
        """See one bin without learning from it, because an incident is open."""
        if self._parts:
            self._parts = [*self._parts[1:], x[self.part]]
            self._wholes = [*self._wholes[1:], x[self.whole]]

    def detect(self, x: Mapping[str, float], at: datetime) -> Detection:
        """Score ``x`` with its reasons; changes nothing."""
        part, whole = self._hour(x)
        score = self.score_one(x)
        usual = self.share()
        reason = Reason(self.reason, part / whole if whole else 0.0, usual, met=score > 0.0)
        return Detection(
            detector=type(self).__name__,
            series=self.series,
            at=at,
            value=x[self.part],
            expected=usual * x[self.whole],
            score=score,
            return_period_days=self.return_period(x),
            reasons=(reason,) if score > 0.0 else (),
        )

    def _hour(self, x: Mapping[str, float]) -> tuple[float, float]:
        part, whole = sum(self._parts) + x[self.part], sum(self._wholes) + x[self.whole]
        return part, max(part, whole)

    def _deviations(self, x: Mapping[str, float]) -> float:
        part, whole = self._hour(x)
        if whole <= 0.0:
            return 0.0
        share = self.share()
        doubt = self.spread() + 1.0 / (self._whole + 1.0)
        variance = whole * share * (1.0 - share) * (1.0 + max(0.0, whole - 1.0) * doubt)
        variance += (self.error * whole) ** 2 + 1.0
        return (part - whole * share) / math.sqrt(variance)

    def snapshot(self) -> dict[str, Any]:
        """Return the whole state as JSON-ready data."""
        return {
            "hour": [*self._parts, *self._wholes],
            "usual": [self._part, self._whole, self._excess, self._weight],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take a state that `snapshot` returned; ValueError names what does not fit."""
        keep = self.bins - 1
        hour = numbers(state, "hour", 2 * keep)
        self._part, self._whole, self._excess, self._weight = numbers(state, "usual", 4)
        self._parts, self._wholes = hour[:keep], hour[keep:]
