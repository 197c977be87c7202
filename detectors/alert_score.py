"""AlertScore: a score that speaks once, for series that are compared with the Numenta benchmark."""

from __future__ import annotations

import math
from collections import deque

from detectors.burst import DAY_S


class AlertScore:
    """A score that speaks once: log10 of the return period, less 0.3 of its decaying maximum,
    given only where it is above everything of the last 24 hours, else 0.

    This is what is comparable with the Numenta Anomaly Benchmark, whose windows reward one alert
    and charge for each further one.
    """

    __slots__ = ("_bins", "_forget", "_index", "_max", "_recent")

    def __init__(self, bin_s: float = 300.0) -> None:
        self._bins = max(1, round(DAY_S / bin_s))
        self._forget = 0.995 ** (bin_s / 300.0)
        self._max = 0.0
        self._index = 0
        self._recent: deque[tuple[int, float]] = deque()

    def step(self, return_period_days: float) -> float:
        """Return the score of the next bin, >= 0, and take it in."""
        log_days = math.log10(return_period_days) if return_period_days > 0 else 0.0
        score = log_days - 0.3 * self._max
        self._max = max(self._max * self._forget, log_days)
        recent, index = self._recent, self._index
        while recent and recent[0][0] <= index - self._bins:
            recent.popleft()
        new_high = not recent or score > recent[0][1]
        while recent and recent[-1][1] <= score:
            recent.pop()
        recent.append((index, score))
        self._index += 1
        return max(score, 0.0) if new_high and return_period_days > 0 else 0.0
