"""The only place where time comes from. Everything else is told what time it is."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What time it is, in UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class ManualClock:
    """A clock that somebody sets: replay, tests. Never goes back."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def set(self, now: datetime) -> None:
        """Move to ``now``; an earlier instant is ignored."""
        self._now = max(self._now, now.astimezone(UTC))

    def move(self, by: timedelta) -> None:
        self.set(self._now + by)


class ScaledClock:
    """A clock that starts at ``start`` and runs ``factor`` times as fast: the demo's time-lapse.

    ``zero`` (see `wall_seconds`) is the real instant at which it showed ``start``, so that several
    processes share one time-lapse; without it, that is now.
    """

    def __init__(self, start: datetime, factor: float, zero: float | None = None) -> None:
        self._start = start.astimezone(UTC)
        self._factor = factor
        self._shared = zero is not None
        self._zero = time.monotonic() if zero is None else zero

    def now(self) -> datetime:
        real = time.time() if self._shared else time.monotonic()
        return self._start + timedelta(seconds=(real - self._zero) * self._factor)


def wall_seconds() -> float:
    """Return seconds since the epoch by the machine's clock."""
    return time.time()


def stopwatch() -> float:
    """Return seconds of a steady clock, for durations."""
    return time.perf_counter()
