"""Escalation: nobody has answered in time, so the next one is told. Pure; no I/O, no clock.

A chain's state is a row with a due time (`alerts.errand`); whoever runs what is due takes one step here and
writes state, deliveries and fact in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from detectors.detection import Level

Reach = Callable[[str], tuple[str, ...]]
"""Receiver -> targets at this moment; empty where it is nobody."""


@dataclass(frozen=True, slots=True)
class Step:
    """Whom one step tells ("rota.community", "person.kim", "channel.pager"), and how long it waits for an
    answer before the next one."""

    receivers: tuple[str, ...]
    wait: timedelta


@dataclass(frozen=True, slots=True)
class Chain:
    """Steps in order; after the last the first again, ``rounds`` times in all."""

    id: str
    steps: tuple[Step, ...]
    rounds: int = 3

    def __post_init__(self) -> None:
        if not self.steps or self.rounds < 1:
            raise ValueError(f"chain {self.id}: expected at least one step and one round")


class State(StrEnum):
    """Where an escalation stands. ``EXHAUSTED``: every step of every round was taken and nobody answered."""

    RUNNING = "running"
    ANSWERED = "answered"
    ENDED = "ended"
    EXHAUSTED = "exhausted"


@dataclass(frozen=True, slots=True)
class Escalation:
    """One chain under way because of one alert. ``alert``: its id; ``step`` and ``round``: which comes next,
    from 0."""

    incident: str
    episode: int
    level: Level
    chain: str
    alert: str
    due_at: datetime
    step: int = 0
    round: int = 0
    state: State = State.RUNNING

    @property
    def begun(self) -> bool:
        """True once a step was taken."""
        return (self.step, self.round) != (0, 0)

    @property
    def key(self) -> str:
        """Return what makes it one: an alert starts a chain once."""
        return f"step/{self.incident}/{self.alert}"


@dataclass(frozen=True, slots=True)
class Taken:
    """What a due escalation came to: the step's number and round (from 1), whom it tells, and which steps
    reached nobody and were skipped. ``exhausted``: there was nobody left to tell, or nobody answered."""

    step: int = 0
    round: int = 0
    targets: tuple[str, ...] = ()
    skipped: tuple[int, ...] = ()
    exhausted: bool = False


def take(
    escalation: Escalation, chain: Chain, reach: Reach, now: datetime
) -> tuple[Escalation, Taken | None]:
    """Return the escalation after what is due at ``now``, and what that was; None: nothing is due.

    One step at a time, however late it is: after a stop of an hour people get the wait they were promised. A
    step that reaches nobody takes no time.
    """
    if escalation.state is not State.RUNNING or now < escalation.due_at:
        return escalation, None
    skipped: list[int] = []
    step, round = escalation.step, escalation.round
    while round < chain.rounds and len(skipped) < len(chain.steps):
        step = min(step, len(chain.steps))  # the chain may have been shortened meanwhile
        if step == len(chain.steps):
            step, round = 0, round + 1
            continue
        here = chain.steps[step]
        targets = tuple(dict.fromkeys(t for r in here.receivers for t in reach(r)))
        if targets:
            after = replace(escalation, step=step + 1, round=round, due_at=now + here.wait)
            return after, Taken(step + 1, round + 1, targets, tuple(skipped))
        skipped.append(step + 1)
        step += 1
    ended = replace(escalation, step=step, round=round, state=State.EXHAUSTED)
    return ended, Taken(skipped=tuple(skipped), exhausted=True)
