"""Errand: a row with a due time, for everything that must not be missed. Implemented by the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


class Kind(StrEnum):
    """What is to be done."""

    STEP = "step"  # the next step of an escalation
    STALE = "stale"  # an acknowledgement grows old while it still blows
    REPEAT = "repeat"  # say it again: nobody has answered
    DIGEST = "digest"  # what was collected for a receiver
    MORNING = "morning"  # the line of the morning
    TESTS = "tests"  # whether test calls are due
    HEARTBEAT = "heartbeat"  # somebody is expected to have spoken by now
    INHIBITED = "inhibited"  # what a bigger storm speaks for, while it does
    SILENCED = "silenced"  # what a silence holds back, until it ends


@dataclass(frozen=True, slots=True)
class Errand:
    """One thing to do at ``due_at``. ``key`` makes it one: the same key again is the same errand.

    ``content`` is JSON-ready, of the shape its kind has. ``id`` 0 and ``version`` 0 before it is kept.
    """

    key: str
    kind: Kind
    incident: str
    due_at: datetime
    content: Mapping[str, Any] = field(default_factory=dict)  # JSON, of its kind's shape
    id: int = 0
    version: int = 0


class Errander(Protocol):
    """Who does what is due at a time: the next step of a chain."""

    def run(self, now: datetime) -> int:
        """Do what is due; return how much was done."""
        ...

    def next_due(self) -> datetime | None:
        """Return when something will be due next, None for never."""
        ...


class Idle:
    """Nothing is ever due."""

    def run(self, now: datetime) -> int:
        return 0

    def next_due(self) -> datetime | None:
        return None
