"""What operators taught: storms that nobody was called for, and thresholds that they moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Missed:
    """ "We missed one": somebody should have been called in [``since``, ``until``).

    ``id`` 0 before it is kept. ``withdrawn``: when somebody took it back.
    """

    topic: str
    since: datetime
    until: datetime
    note: str
    actor: str
    at: datetime
    id: int = 0
    withdrawn: datetime | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """One confirmed move of one threshold; a version of a topic's thresholds.

    ``shown``: JSON-ready, what whoever confirmed it was shown. ``undoes``: the id of the move that
    this one takes back. ``id`` 0 before it is kept; later ones of a topic have larger ones.
    """

    topic: str
    threshold: str
    before: float
    after: float
    note: str
    actor: str
    at: datetime
    shown: Mapping[str, Any] = field(default_factory=dict)
    undoes: int | None = None
    id: int = 0


class CalibrationReads(Protocol):
    """Whoever can look them up: a transaction or a reader."""

    def missed(self, topic: str, *, withdrawn: bool = False) -> list[Missed]:
        """Return a topic's marked misses, oldest span first; ``withdrawn`` brings those too."""
        ...

    def calibrations(self, topic: str) -> list[Moved]:
        """Return all moves of a topic's thresholds, in the order in which they were confirmed."""
        ...

    def calibration_version(self) -> int:
        """Return a number that grows with each move of any topic, 0 before the first."""
        ...


class CalibrationWrites(CalibrationReads, Protocol):
    """A transaction also keeps them."""

    def add_missed(self, missed: Missed) -> Missed | None:
        """Keep a miss; return it with its id, or None where the same span stands already."""
        ...

    def withdraw_missed(self, topic: str, id: int, at: datetime) -> bool:
        """Take a miss back; False where it is not there or was taken back before."""
        ...

    def add_calibration(self, move: Moved, newest: int) -> Moved | None:
        """Keep a move where ``newest`` is the id of the topic's newest one (0: there is none);
        None where it is not: somebody was faster."""
        ...
