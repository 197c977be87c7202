"""Pulse: when each loop of this process last came round, by a steady clock. Written by many threads."""

from __future__ import annotations

from monitor.clock import stopwatch
from monitor.desk.watchers import AUDITOR

__all__ = ["AUDITOR", "DELIVERER", "PIPELINE", "Pulse"]

PIPELINE, DELIVERER = "pipeline", "deliverer"


class Pulse:
    """Seconds since each part last came round. A clock that is set changes nothing; a frozen process ages."""

    def __init__(self) -> None:
        self._at: dict[str, float] = {}

    def beat(self, part: str) -> None:
        self._at[part] = stopwatch()

    def forget(self, part: str) -> None:
        """Expect nothing more of ``part``: it was stopped on purpose."""
        self._at.pop(part, None)

    def age_s(self, part: str) -> float:
        """Return the seconds since its last beat, 0 where it never was expected to have one."""
        at = self._at.get(part)
        return 0.0 if at is None else max(0.0, stopwatch() - at)
