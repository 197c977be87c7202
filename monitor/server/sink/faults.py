"""Faults: how the sink misbehaves on purpose, by chance with a seed or by a script."""

from __future__ import annotations

import random
import threading
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from enum import StrEnum


class Fault(StrEnum):
    """One way to misbehave; NONE behaves. AFTER: the message was taken all the same."""

    NONE = "none"
    ERROR = "error"  # 500; mail: 451
    BUSY = "busy"  # 429 with Retry-After; mail: 450
    REFUSE = "refuse"  # 400; mail: 554
    MISSING = "missing"  # 404; mail: 550
    RESET_BEFORE = "reset_before"
    RESET_AFTER = "reset_after"
    HANG_AFTER = "hang_after"


STORMY: Mapping[Fault, float] = {
    Fault.ERROR: 0.15,
    Fault.BUSY: 0.05,
    Fault.RESET_BEFORE: 0.10,
    Fault.RESET_AFTER: 0.10,
    Fault.HANG_AFTER: 0.05,
}
"""The faulty receiver of the crash harness: 45 % of all requests go wrong."""


class FaultPlan:
    """Decides request by request. Safe between threads; ``drawn`` counts what was decided.

    ``script`` comes first, one fault a request; then ``chances`` by a seeded draw.
    """

    def __init__(
        self,
        chances: Mapping[Fault, float] | None = None,
        *,
        seed: int = 1,
        retry_after_s: int = 1,
        hang_s: float = 30.0,
    ) -> None:
        self._chances = dict(chances or {})
        total = sum(self._chances.values())
        if total > 1 or any(p < 0 for p in self._chances.values()):
            raise ValueError(f"chances of faults sum to {total:g}; expected each >= 0, at most 1")
        self._rng = random.Random(seed)
        self._script: deque[Fault] = deque()
        self._lock = threading.Lock()
        self.retry_after_s = retry_after_s
        self.hang_s = hang_s
        self.drawn: Counter[Fault] = Counter()

    def script(self, faults: Iterable[Fault]) -> None:
        """Append faults for the next requests."""
        with self._lock:
            self._script.extend(faults)

    def calm(self) -> None:
        """Draw no further faults; what was scripted still comes."""
        with self._lock:
            self._chances.clear()

    def next(self) -> Fault:
        """Return what to do with this request."""
        with self._lock:
            fault = self._script.popleft() if self._script else self._draw()
            self.drawn[fault] += 1
            return fault

    def _draw(self) -> Fault:
        point = self._rng.random()
        for fault, chance in self._chances.items():
            if point < chance:
                return fault
            point -= chance
        return Fault.NONE
