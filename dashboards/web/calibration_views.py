"""What a topic's settings page shows of verdicts, and of moves of its thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from alerts.incident import Outcome


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """One page and what somebody said it was, or a marked miss (``miss`` > 0)."""

    name: str
    since: datetime
    until: datetime
    outcome: Outcome | None = None
    miss: int = 0
    note: str = ""
    actor: str = ""


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """One move to confirm, and what it would have done to the past; storms ``lost`` by name."""

    id: str
    threshold: str
    before: float
    after: float
    pages: int
    pages_before: int
    gained: int
    gone: tuple[str, ...]
    caught: tuple[str, ...]
    lost: tuple[str, ...]
    untold: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MoveRow:
    """One version of the thresholds. ``undoes``: the move it took back; ``can_undo``: this one may be."""

    id: int
    threshold: str
    before: float
    after: float
    note: str
    actor: str
    at: datetime
    undoes: int | None
    can_undo: bool


@dataclass(frozen=True, slots=True)
class CalibrationPart:
    """A topic's verdicts, proposals (None: not worked out yet) and moves, newest first.

    ``given``: what somebody filled in that could not be kept; ``wrong`` names the field, or what
    stood in the way.
    """

    topic: str
    zone: str
    verdicts: tuple[VerdictRow, ...]
    proposals: tuple[ProposalRow, ...] | None
    moves: tuple[MoveRow, ...]
    given: Mapping[str, str] = field(default_factory=dict)
    wrong: str = ""
