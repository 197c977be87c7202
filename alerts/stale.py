"""Stale: an acknowledgement grows old while it still blows. Whoever has it is asked, then it lapses. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from alerts.incident import Incident
from detectors.detection import WAKE

AFTER = timedelta(hours=2)
"""Without a sign of life for so long an acknowledgement is stale, unless set otherwise."""
LOOK = timedelta(minutes=5)
"""How often is looked whether it blows again."""
WAIT = timedelta(minutes=5)
"""How long a question waits for its answer where no chain says."""


@dataclass(frozen=True, slots=True)
class Ack:
    """One acknowledgement under watch: what it answered (``alert``, its ``chain``, whom that ``told``).

    ``asked_at``: when somebody was asked whether they are still on it; None: nobody waits for an answer.
    """

    episode: int
    acked_at: datetime
    alert: str
    chain: str = ""
    told: tuple[str, ...] = ()
    asked_at: datetime | None = None


class Next(StrEnum):
    """What is to be done about an acknowledgement now."""

    OVER = "over"  # another one took its place, or the incident has ended
    WAIT = "wait"
    ASK = "ask"
    LAPSE = "lapse"


@dataclass(frozen=True, slots=True)
class Step:
    """What is done, the acknowledgement after it, and when to look again (None: never)."""

    next: Next
    ack: Ack
    due_at: datetime | None = None


def step(
    ack: Ack,
    incident: Incident | None,
    last_act: datetime | None,
    now: datetime,
    *,
    after: timedelta = AFTER,
    wait: timedelta = WAIT,
    calling: bool = False,
) -> Step:
    """Return what follows for ``ack`` at ``now``.

    ``last_act``: when a person last did anything about the incident; it is a sign of life, and an answer.
    ``after``: how old it may grow, nothing for ever. ``wait``: how long a question waits. ``calling``: a
    chain runs already, so nobody needs to be asked.
    """
    if incident is None or not _holds(ack, incident) or not after:
        return Step(Next.OVER, ack)
    life = max(ack.acked_at, last_act or ack.acked_at)
    if ack.asked_at is not None and life > ack.asked_at:
        ack = replace(ack, asked_at=None)
    if calling or not _blows(incident):
        return Step(Next.WAIT, replace(ack, asked_at=None), now + LOOK)
    if ack.asked_at is not None:
        due = ack.asked_at + wait
        return Step(Next.LAPSE, ack) if now >= due else Step(Next.WAIT, ack, due)
    if now < life + after:
        return Step(Next.WAIT, ack, life + after)
    return Step(Next.ASK, replace(ack, asked_at=now), now + wait)


def _holds(ack: Ack, incident: Incident) -> bool:
    same = incident.episode == ack.episode and incident.acked_at == ack.acked_at
    return incident.is_open and same and incident.acked_level is not None


def _blows(incident: Incident) -> bool:
    """True while the wind is what was acknowledged, or more, and would wake."""
    acked = incident.acked_level
    return incident.level >= WAKE and acked is not None and incident.level >= acked
