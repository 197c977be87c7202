"""Curve: what was counted in the last hours, beside what was expected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from detectors.window import BIN

LIMIT = 48
"""Bins of one curve at most: four hours."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Negatives and expected negatives of each bin of five minutes, the oldest first.

    ``until``: when the last bin ends. None stands for a bin of which nothing is known.
    """

    until: datetime
    bins: tuple[tuple[int, float] | None, ...]

    @property
    def since(self) -> datetime:
        """When the first bin begins."""
        return self.until - len(self.bins) * BIN

    @property
    def known(self) -> Iterator[tuple[datetime, int, float]]:
        """Yield start, negatives and expected of each bin of which anything is known."""
        for n, bin in enumerate(self.bins):
            if bin is not None:
                yield self.since + n * BIN, *bin
