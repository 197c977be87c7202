"""Incident and its states: (incident, assessment, now) -> incident, facts. Pure; no I/O, no clock."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from detectors.detection import Level, Reason


class Status(StrEnum):
    """Where an incident stands. ``WATCH`` (level 3) closes itself; from level 4 a person ends it."""

    WATCH = "watch"
    NEW = "new"
    ACKNOWLEDGED = "acknowledged"
    STABILISING = "stabilising"
    RESOLVED = "resolved"


class Outcome(StrEnum):
    """What a person said it was when it ended; ``CLOSED_ITSELF`` only ends a watch."""

    REAL = "real"
    FALSE_ALARM = "false_alarm"
    NOT_OURS = "not_ours"
    CLOSED_ITSELF = "closed_itself"


class FactKind(StrEnum):
    """Every kind of entry of a timeline."""

    OPENED = "opened"
    LEVEL_ROSE = "level_rose"
    LEVEL_FELL = "level_fell"
    REOPENED = "reopened"
    ACKNOWLEDGED = "acknowledged"
    ASSIGNED = "assigned"
    END_PROPOSED = "end_proposed"
    RESOLVED = "resolved"
    NOTE = "note"
    ALERT_QUEUED = "alert_queued"
    ALERT_SENT = "alert_sent"
    ALERT_FAILED = "alert_failed"
    ALERT_RESENT = "alert_resent"
    PLAYBOOK_STARTED = "playbook_started"
    STEP_DONE = "step_done"
    STEP_SKIPPED = "step_skipped"
    STEP_ASSIGNED = "step_assigned"
    RUN_FINISHED = "run_finished"
    MEDIA_SET = "media_set"


MACHINE = "sturmglas"
"""The actor of facts that no person caused."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One entry of an incident's timeline; append-only.

    ``at`` event time, ``observed_at`` when it was written. ``actor`` is a user name or `MACHINE`.
    ``payload`` is JSON-ready; personal data in it is a reference, never the data.
    """

    kind: FactKind
    at: datetime
    observed_at: datetime
    actor: str
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Incident:
    """One storm, over one topic or several.

    ``level`` now, ``peak`` highest of this episode, ``acked_level`` the level that somebody
    acknowledged (None: nobody). ``quiet_since``: start of the stretch below the opening level,
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


def incident_id(topic: str, onset: datetime, counter: int) -> str:
    """Return the id of the ``counter``-th incident of ``topic``: 12 hex digits, nothing random."""
    name = f"{topic}\0{int(onset.timestamp())}\0{counter}"
    return hashlib.blake2b(name.encode(), digest_size=6).hexdigest()
