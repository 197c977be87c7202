"""Arrivals: waiting for what this process or another one appends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

from monitor.clock import stopwatch

POLL_S = 0.1
"""How often is looked for what another process appended."""


class Arrivals:
    """How many entries each shard ever had, as far as known, and who waits for more.

    ``look`` asks the servers; None for a shard that nobody answers for.
    """

    def __init__(self, look: Callable[[], Sequence[int | None]], shards: int) -> None:
        self._look = look
        self._arrived = threading.Condition()
        self._counts = (0,) * shards
        self._appends = 0
        self._peeked = 0.0
        self._noticed = threading.local()
        self._closed = False

    def wait(self, timeout_s: float) -> bool:
        """Block until something may have been appended, at most ``timeout_s``; False on time-out.

        True at once for whatever came since this thread's last `wait`; so read until nothing is
        left, then wait. Appends of other processes are noticed within `POLL_S`, by one question a
        node, whichever thread asks it for all that wait. While nobody answers, nothing arrives.
        """
        end = stopwatch() + timeout_s
        noticed: tuple[int, ...] = getattr(self._noticed, "counts", (0,) * len(self._counts))
        self._peek(now=True)
        while True:
            with self._arrived:
                if self._counts != noticed or self._closed:
                    self._noticed.counts = self._counts
                    return not self._closed
                left = end - stopwatch()
                if left <= 0:
                    return False
                told = self._arrived.wait(min(left, POLL_S))
            if not told:
                self._peek(now=False)

    def _peek(self, *, now: bool) -> None:
        with self._arrived:
            if self._closed or (not now and stopwatch() - self._peeked < POLL_S * 0.9):
                return
            self._peeked = stopwatch()
            before = self._appends
        found = self._look()
        with self._arrived:
            if self._appends == before:  # else what we know ourselves is newer
                known = zip(self._counts, found, strict=True)
                counts = tuple(had if n is None else n for had, n in known)
                if counts != self._counts:
                    self._counts = counts
                    self._arrived.notify_all()

    def tell(self, counts: Mapping[int, int]) -> None:
        """Wake whoever waits: these shards have so many entries now, by our own append."""
        with self._arrived:
            known = list(self._counts)
            for shard, n in counts.items():
                known[shard] = max(known[shard], int(n))
            self._counts = tuple(known)
            self._appends += 1
            self._arrived.notify_all()

    def close(self) -> None:
        """Wake whoever waits; nobody waits any more."""
        with self._arrived:
            self._closed = True
            self._arrived.notify_all()
