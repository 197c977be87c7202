"""Run: a playbook, frozen, worked through step by step for one incident. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from detectors.detection import Level
from playbooks.playbook import Playbook, Step

NOTICE = timedelta(minutes=10)
"""A step that becomes due because the level rose gets at least this long, however late it is."""


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

    def step(self, id: str) -> RunStep:
        """Return the step of that id; raises `UnknownStep`."""
        for step in self.steps:
            if step.step == id:
                return step
        raise UnknownStep(self.id, id)


class RunError(Exception):
    """A move that a run does not allow."""


class UnknownStep(RunError):
    """The run's playbook has no such step."""

    def __init__(self, run: str, step: str) -> None:
        super().__init__(f'run {run} has no step "{step}"')
        self.run = run
        self.step = step


class AlreadyDone(RunError):
    """Somebody ticked or skipped the step before; ``state`` tells which of the two."""

    def __init__(self, step: RunStep) -> None:
        super().__init__(f'step "{step.step}" is {step.state} already, by {step.by} at {step.at}')
        self.step = step.step
        self.state = step.state
        self.by = step.by
        self.at = step.at


class ReasonMissing(RunError):
    """A step may only be skipped with a reason."""

    def __init__(self, step: str) -> None:
        super().__init__(f'step "{step}" can only be skipped with a reason')
        self.step = step


def run_id(incident_id: str, episode: int, playbook: str) -> str:
    """Return the id of the run of ``playbook`` in one episode of an incident."""
    return f"{incident_id}-{episode}-{playbook}"


def start(
    playbook: Playbook,
    incident_id: str,
    episode: int,
    level: Level,
    now: datetime,
    why: Sequence[str] = (),
) -> Run:
    """Return a new run in which the steps of ``level`` and below have due times."""
    return Run(
        id=run_id(incident_id, episode, playbook.id),
        incident=incident_id,
        playbook=playbook,
        started_at=now,
        steps=tuple(
            RunStep(s.id, StepState.OPEN, now + s.due if s.min_level <= level else None)
            for s in playbook.steps
        ),
        why=tuple(why),
    )


def tick(run: Run, step: str, actor: str, now: datetime, note: str = "") -> Run:
    """Return the run with ``step`` done by ``actor``; a step that waits for its level may be done too.

    Raises `AlreadyDone` where somebody was first, `UnknownStep`.
    """
    return _close(run, step, StepState.DONE, actor, now, note)


def skip(run: Run, step: str, actor: str, reason: str, now: datetime) -> Run:
    """Return the run with ``step`` left out, for a ``reason`` that the timeline keeps.

    Raises `ReasonMissing` for a blank reason, `AlreadyDone`, `UnknownStep`.
    """
    if not reason.strip():
        raise ReasonMissing(step)
    return _close(run, step, StepState.SKIPPED, actor, now, reason.strip())


def take(run: Run, step: str, actor: str) -> Run:
    """Return the run in which ``actor`` owns ``step``; whoever owned it before no longer does.

    Raises `AlreadyDone` for a step that is closed, `UnknownStep`.
    """
    return _put(run, replace(_open_step(run, step), owner=actor))


def raise_level(run: Run, level: Level, now: datetime) -> Run:
    """Return the run at ``level``: steps that waited for it get due times, a finished run goes on.

    A due time counts from the start of the run, but is never sooner than `NOTICE` from ``now``.
    A lower level changes nothing: what was due stays due.
    """
    steps = tuple(_woken(run, s, level, now) for s in run.steps)
    return run if steps == run.steps else replace(run, steps=steps, finished_at=None)


def next_step(run: Run, now: datetime) -> RunStep | None:
    """Return what to do next, None when nothing is due any more.

    Overdue steps come first, longest overdue leading, then the earliest due; steps due at the
    same instant keep the playbook's order.
    """
    late = overdue(run, now)
    ahead = [s for s in _due(run) if s not in late]
    return next(iter((*late, *ahead)), None)


def overdue(run: Run, now: datetime) -> tuple[RunStep, ...]:
    """Return the open steps whose time has passed, longest overdue first."""
    return tuple(s for s in _due(run) if s.due_at is not None and s.due_at < now)


def steps_due_first(run: Run) -> tuple[RunStep, ...]:
    """Return all steps as a page lists them: by due time, then waiting ones, then closed ones."""
    closed = sorted((s for s in run.steps if s.state is not StepState.OPEN), key=_closed_at)
    waiting = [s for s in run.steps if s.state is StepState.OPEN and s.due_at is None]
    return (*_due(run), *waiting, *closed)


def _due(run: Run) -> list[RunStep]:
    """Return the open steps with a due time, earliest first; the sort keeps the playbook's order."""
    waiting = [(s.due_at, s) for s in run.steps if s.state is StepState.OPEN and s.due_at]
    return [step for _, step in sorted(waiting, key=lambda pair: pair[0])]


def _closed_at(step: RunStep) -> datetime:
    assert step.at is not None
    return step.at


def _open_step(run: Run, id: str) -> RunStep:
    step = run.step(id)
    if step.state is not StepState.OPEN:
        raise AlreadyDone(step)
    return step


def _close(run: Run, id: str, state: StepState, actor: str, now: datetime, note: str) -> Run:
    step = _open_step(run, id)
    closed = replace(
        step, state=state, by=actor, at=now, note=note.strip(), owner=step.owner or actor
    )
    run = _put(run, closed)
    return replace(run, finished_at=now) if not _due(run) else run


def _put(run: Run, step: RunStep) -> Run:
    steps = tuple(step if s.step == step.step else s for s in run.steps)
    return replace(run, steps=steps)


def _woken(run: Run, step: RunStep, level: Level, now: datetime) -> RunStep:
    if step.state is not StepState.OPEN or step.due_at is not None:
        return step
    plan: Step = run.playbook.step(step.step)
    if plan.min_level > level:
        return step
    return replace(step, due_at=max(run.started_at + plan.due, now + NOTICE))
