"""Run: a playbook, frozen, worked through step by step for one incident. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from playbooks.playbook import Playbook


class StepState(StrEnum):
    """Where a step of a run stands."""

    OPEN = "open"
    DONE = "done"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class RunStep:
    """A step's life in one run. ``due_at`` None: waits for the incident to reach its level."""

    step: str
    state: StepState
    due_at: datetime | None
    owner: str = ""
    by: str = ""
    at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """One playbook started for one incident; the playbook is frozen inside it.

    ``id`` = incident, episode and playbook: starting twice is starting once. ``why`` are the
    match reasons shown to people. ``version`` is what compare-and-set compares.
    """

    id: str
    incident: str
    playbook: Playbook
    started_at: datetime
    steps: tuple[RunStep, ...]
    why: tuple[str, ...] = ()
    finished_at: datetime | None = None
    version: int = 0
