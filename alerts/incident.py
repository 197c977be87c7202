"""Incident, its states, and what may follow what. Pure; no I/O, no clock."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from detectors.detection import Level, Reason


class Status(StrEnum):
    """Where an incident stands. ``WATCH`` (level 3) closes itself; from level 4 a person ends it."""

    WATCH = "watch"
    NEW = "new"
    ACKNOWLEDGED = "acknowledged"
    STABILISING = "stabilising"
    RESOLVED = "resolved"


class Outcome(StrEnum):
    """What a person said it was when it ended; ``CLOSED_ITSELF`` only ends a watch, ``MERGED``: it goes on as
    part of another."""

    REAL = "real"
    FALSE_ALARM = "false_alarm"
    NOT_OURS = "not_ours"
    CLOSED_ITSELF = "closed_itself"
    MERGED = "merged"


@dataclass(frozen=True, slots=True)
class Incident:
    """One storm, over one topic or several.

    ``level`` now, ``peak`` highest of this episode, ``acked_level`` the level that somebody
    acknowledged (None: nobody, or it has lapsed; ``acked_at`` and ``acked_by`` tell of the last one all the
    same). ``quiet_since``: start of the stretch below the opening level,
    None while it blows. ``version`` counts writes and is what compare-and-set compares.
    """

    id: str
    ref: str
    topics: tuple[str, ...]
    status: Status
    level: Level
    peak: Level
    episode: int
    onset: datetime
    opened_at: datetime
    updated_at: datetime
    reasons: tuple[Reason, ...] = ()
    acked_level: Level | None = None
    acked_at: datetime | None = None
    acked_by: str = ""
    owner: str = ""
    outcome: Outcome | None = None
    resolved_at: datetime | None = None
    quiet_since: datetime | None = None
    end_proposed: bool = False
    version: int = 0

    @property
    def topic(self) -> str:
        """The topic that opened it."""
        return self.topics[0]

    @property
    def is_open(self) -> bool:
        return self.status is not Status.RESOLVED

    @property
    def key(self) -> str:
        """What outside receivers know it by: a new episode is a new key, so that it pages again."""
        return f"sturmglas-{self.id}-{self.episode}"

    @property
    def ring(self) -> str:
        """The key under which an alarm rings at a receiver that dedups: `key`, or where the level is not
        covered by the last acknowledgement, one that was not acknowledged there."""
        acked = self.acked_level
        covered = acked is not None and acked >= self.level
        return self.key if covered else self.ring_again

    @property
    def ring_again(self) -> str:
        """The key that rings for this level after the last acknowledgement; `key` where there was none."""
        if self.acked_at is None:
            return self.key
        return f"{self.key}-r{int(self.level)}-{int(self.acked_at.timestamp())}"


def incident_id(topic: str, onset: datetime, counter: int) -> str:
    """Return the id of the ``counter``-th incident of ``topic``: 12 hex digits, nothing random."""
    name = f"{topic}\0{int(onset.timestamp())}\0{counter}"
    return hashlib.blake2b(name.encode(), digest_size=6).hexdigest()


class Move(StrEnum):
    """Everything that can happen to an incident's status."""

    WATCH = "watch"
    WAKE = "wake"
    CLOSE = "close"
    PROPOSE_END = "propose_end"
    REOPEN = "reopen"
    RESUME = "resume"
    ACKNOWLEDGE = "acknowledge"
    LAPSE = "lapse"
    ASSIGN = "assign"
    RESOLVE = "resolve"
    MERGE = "merge"
    ABSORB = "absorb"
    SPLIT = "split"


TRANSITIONS: dict[tuple[Status | None, Move], Status] = {
    (None, Move.WATCH): Status.WATCH,
    (None, Move.WAKE): Status.NEW,
    (Status.WATCH, Move.WAKE): Status.NEW,
    (Status.WATCH, Move.CLOSE): Status.RESOLVED,
    (Status.WATCH, Move.ASSIGN): Status.WATCH,
    (Status.WATCH, Move.RESOLVE): Status.RESOLVED,
    (Status.NEW, Move.PROPOSE_END): Status.NEW,
    (Status.NEW, Move.REOPEN): Status.NEW,
    (Status.NEW, Move.ACKNOWLEDGE): Status.ACKNOWLEDGED,
    (Status.NEW, Move.ASSIGN): Status.NEW,
    (Status.NEW, Move.RESOLVE): Status.RESOLVED,
    (Status.ACKNOWLEDGED, Move.PROPOSE_END): Status.STABILISING,
    (Status.ACKNOWLEDGED, Move.REOPEN): Status.NEW,
    (Status.ACKNOWLEDGED, Move.ACKNOWLEDGE): Status.ACKNOWLEDGED,
    (Status.ACKNOWLEDGED, Move.LAPSE): Status.NEW,
    (Status.ACKNOWLEDGED, Move.ASSIGN): Status.ACKNOWLEDGED,
    (Status.ACKNOWLEDGED, Move.RESOLVE): Status.RESOLVED,
    (Status.STABILISING, Move.REOPEN): Status.NEW,
    (Status.STABILISING, Move.ACKNOWLEDGE): Status.STABILISING,
    (Status.STABILISING, Move.LAPSE): Status.NEW,
    (Status.STABILISING, Move.ASSIGN): Status.STABILISING,
    (Status.STABILISING, Move.RESOLVE): Status.RESOLVED,
    (Status.WATCH, Move.MERGE): Status.RESOLVED,
    (Status.NEW, Move.MERGE): Status.RESOLVED,
    (Status.ACKNOWLEDGED, Move.MERGE): Status.RESOLVED,
    (Status.STABILISING, Move.MERGE): Status.RESOLVED,
    (Status.WATCH, Move.ABSORB): Status.WATCH,
    (Status.NEW, Move.ABSORB): Status.NEW,
    (Status.ACKNOWLEDGED, Move.ABSORB): Status.ACKNOWLEDGED,
    (Status.STABILISING, Move.ABSORB): Status.ACKNOWLEDGED,
    (Status.WATCH, Move.SPLIT): Status.WATCH,
    (Status.NEW, Move.SPLIT): Status.NEW,
    (Status.ACKNOWLEDGED, Move.SPLIT): Status.ACKNOWLEDGED,
    (Status.STABILISING, Move.SPLIT): Status.STABILISING,
    (Status.RESOLVED, Move.REOPEN): Status.NEW,
    (Status.RESOLVED, Move.RESUME): Status.WATCH,
}
"""Every legal transition; what is not here is an `IllegalMove`. A note is legal everywhere."""


class IllegalMove(Exception):
    """``what`` cannot be done to an incident of this ``status``; nothing was changed."""

    def __init__(self, what: Move, status: Status | None, why: str = "") -> None:
        legal = sorted(m.value for s, m in TRANSITIONS if s is status)
        reason = f": {why}" if why else ""
        super().__init__(
            f"cannot {what.value} an incident that is {status.value if status else 'not there'}"
            f"{reason}; possible now: {', '.join(legal) or 'nothing'}"
        )
        self.what = what
        self.status = status


def moved(status: Status | None, move: Move) -> Status:
    """Return the status after ``move``, by `TRANSITIONS`; raises `IllegalMove`."""
    try:
        return TRANSITIONS[status, move]
    except KeyError:
        raise IllegalMove(move, status) from None
