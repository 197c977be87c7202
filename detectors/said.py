"""Said: how critical the last hours were, each text counted once.

What few wrote and many pass on says little about how many think so: a fifth of copies doubles the chance
that a crowd with the usual tone looks sour. Copies are known where rows were looked at, which is
wherever it is loud; quiet bins count as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from detectors.burst import numbers
from detectors.last_hour import HOUR_BINS
from detectors.score.base import Tone
from detectors.window import BIN_S, Window

BEFORE = 23
"""Hours that are kept besides the last one."""

Texts = tuple[int, int]
"""(texts whose tone was read, sum of their p(negative) in percent)."""
_UNREAD = int(Tone.UNREAD)


def texts_in(window: Window, rows: Sequence[int]) -> list[Texts]:
    """Return the texts of each bin of an hour, oldest first. ``rows``: those that are counted
    (`detectors.measures.firsts`)."""
    since = int(window.until.timestamp()) - HOUR_BINS * BIN_S
    at, tone, negative = window.at, window.tone, window.negative
    texts, negativity = [0] * HOUR_BINS, [0] * HOUR_BINS
    for i in rows:
        if tone[i] != _UNREAD:
            bin = (at[i] - since) // BIN_S
            texts[bin] += 1
            negativity[bin] += negative[i]
    return list(zip(texts, negativity, strict=True))


def added(spans: Iterable[Texts]) -> Texts:
    """Return the texts of all spans."""
    texts = negativity = 0
    for n, p in spans:
        texts += n
        negativity += p
    return texts, negativity


class Said:
    """Texts of the last hour by the bin, of those before by the hour. O(1) per bin; 0.3 KiB."""

    __slots__ = ("_bins", "_filled", "_filling", "_hours")

    def __init__(self) -> None:
        self._bins: list[Texts] = [(0, 0)] * HOUR_BINS
        self._hours: list[Texts] = [(0, 0)] * BEFORE
        # Bins that have left the last hour, until they are an hour.
        self._filling: Texts = (0, 0)
        self._filled = 0

    def last(self, hours: int, hour: Sequence[Texts]) -> Texts:
        """Return the texts of ``hour`` and of so many before it, those up to an hour more that are no
        full hour yet."""
        spans = [*hour]
        if hours:
            spans += [self._filling, *self._hours[BEFORE - hours :]]
        return added(spans)

    def append(self, newest: Texts, hour: Sequence[Texts] | None = None) -> None:
        """Take in the bin that was just judged; ``hour``: its hour as the rows told it, the bin the last."""
        texts, negativity = self._bins[0]
        self._filling = self._filling[0] + texts, self._filling[1] + negativity
        self._filled += 1
        if self._filled == HOUR_BINS:
            self._hours = [*self._hours[1:], self._filling]
            self._filling, self._filled = (0, 0), 0
        self._bins = list(hour) if hour is not None else [*self._bins[1:], newest]

    def snapshot(self) -> dict[str, Any]:
        pairs = (*self._bins, *self._hours, self._filling)
        return {"texts": [n for pair in pairs for n in pair] + [self._filled]}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take a state that `snapshot` returned; ValueError names what does not fit."""
        length = 2 * (HOUR_BINS + BEFORE + 1) + 1
        *counts, filled = (int(n) for n in numbers(state, "texts", length))
        pairs = list(zip(counts[::2], counts[1::2], strict=True))
        self._bins, self._hours = pairs[:HOUR_BINS], pairs[HOUR_BINS:-1]
        self._filling, self._filled = pairs[-1], filled
