"""LastHour: what the newest twelve closed bins brought, and how much of it came late."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from detectors.window import BIN, Counts

HOUR_BINS = 12

# What is kept of a bin, in this order; ``LATE`` are negatives that came after it was closed,
# ``OUT`` and ``OUT_POSTS`` negatives and posts that are no voices.
MENTIONS, NEGATIVES, TRIPWIRES, LATE, UNREAD, OUT, OUT_POSTS = range(7)
Out = tuple[int, int]
"""(negatives, posts) of a bin that are no voices (`detectors.voices`)."""


class LastHour:
    """Counts of the twelve bins before the one that is being judged; the oldest falls out.

    With the bin being judged the newest eleven are one hour, which is what sums below mean.
    """

    __slots__ = ("_bins", "_negatives", "_posts")

    def __init__(self) -> None:
        self._bins: deque[list[int]] = deque([[0] * 7] * HOUR_BINS, HOUR_BINS)
        # What is summed in every bin: negatives that are voices, and mentions.
        self._negatives = [0] * HOUR_BINS
        self._posts = [0] * HOUR_BINS

    def negatives(self, newest: int = HOUR_BINS - 1) -> int:
        """Return the negatives of the ``newest`` bins that are voices."""
        return sum(self._negatives[HOUR_BINS - newest :])

    def mentions(self) -> int:
        """Return the mentions of the newest eleven bins."""
        return sum(self._posts[1:])

    def voices(self) -> int:
        """Return the posts of the newest eleven bins that are voices."""
        return sum(max(0, b[MENTIONS] - b[OUT_POSTS]) for b in islice(self._bins, 1, None))

    def tripped(self) -> bool:
        """True where a tripwire was hit, the twelfth bin included."""
        return any(b[TRIPWIRES] for b in self._bins)

    def late(self) -> int:
        """Return the negatives that came after their bin was closed."""
        return sum(b[LATE] for b in islice(self._bins, 1, None))

    def live(self, newest: int) -> int:
        """Return the negatives of the ``newest`` bins that came in time."""
        bins = islice(self._bins, HOUR_BINS - newest, None)
        return sum(max(0, b[NEGATIVES] - b[OUT] - b[LATE]) for b in bins)

    def bins_with_negatives(self) -> int:
        """Return how many of the newest eleven bins brought any."""
        return sum(b[NEGATIVES] > b[OUT] for b in islice(self._bins, 1, None))

    def cliff(self, mentions: int, expected: float, *, times: float, least: float) -> int:
        """Return how many bins ago, counted from 1 for the bin being judged, mentions rose from the
        usual to ``times`` the ``expected`` at once, and to ``least``; 0 where they did not so lately.
        """
        newest = [*[b[MENTIONS] for b in self._bins][-3:], mentions]
        high, usual = max(least, times * expected), max(2.0, 2.0 * expected)
        for ago in (1, 2):
            if newest[-ago] >= high and max(newest[-ago - 2], newest[-ago - 1]) <= usual:
                return ago
        return 0

    def onset(self, start: datetime, raised: float) -> datetime:
        """Return where the run of bins with more than ``raised`` negatives that leads to the bin at
        ``start`` began; gaps of one bin are allowed."""
        onset, gap = start, 0
        for b in islice(reversed(self._bins), HOUR_BINS - 1):
            start -= BIN
            if b[NEGATIVES] - b[OUT] > raised:
                onset, gap = start, 0
            else:
                gap += 1
            if gap > 1:
                break
        return onset

    def append(self, counts: Counts, out: Out = (0, 0)) -> None:
        """Take in the bin that was just judged."""
        self._bins.append(_kept(counts, 0, out))
        self._negatives = [*self._negatives[1:], counts.negatives - out[0]]
        self._posts = [*self._posts[1:], counts.mentions]

    def counts(self, ago: int) -> Counts:
        """Return what is kept of the bin ``ago`` bins back, from 1 (the newest) to 12."""
        b = self._bins[-ago]
        return Counts(mentions=b[MENTIONS], negatives=b[NEGATIVES], unread=b[UNREAD])

    def out(self, ago: int) -> Out:
        """Return what of the bin ``ago`` bins back is no voice."""
        b = self._bins[-ago]
        return b[OUT], b[OUT_POSTS]

    def amend(self, ago: int, counts: Counts, out: Out = (0, 0)) -> None:
        """Take over what the bin ``ago`` bins back counts now; what is more came late."""
        before = self._bins[-ago]
        late = max(0, before[LATE] + counts.negatives - before[NEGATIVES])
        self._bins[-ago] = _kept(counts, late, out)
        self._negatives[-ago] = counts.negatives - out[0]
        self._posts[-ago] = counts.mentions

    def snapshot(self) -> dict[str, Any]:
        return {"hour": [list(b) for b in self._bins]}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take a state that `snapshot` returned; ValueError names what does not fit."""
        hour = state.get("hour")
        if not isinstance(hour, list) or len(hour) != HOUR_BINS:
            raise ValueError(f"detector state: 'hour' must be a list of {HOUR_BINS}")
        bins = [[int(n) for n in b] for b in hour]
        self._bins = deque([[*b, *[0] * (OUT_POSTS + 1 - len(b))] for b in bins], HOUR_BINS)
        self._negatives = [b[NEGATIVES] - b[OUT] for b in self._bins]
        self._posts = [b[MENTIONS] for b in self._bins]


def _kept(counts: Counts, late: int, out: Out) -> list[int]:
    return [counts.mentions, counts.negatives, counts.tripwires, late, counts.unread, *out]
