"""Answers by link: what a link stands for now, and what happens when its button is pressed, once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alerts.answering import May
from alerts.incident import Incident, Status
from monitor.desk import incidents as desk
from monitor.desk.errors import Conflict
from monitor.desk.sleeping import sleep
from monitor.desk.tokens import Grant, key_of
from monitor.ports import Reader, Store


class State(StrEnum):
    """What a link stands for."""

    OPEN = "open"
    USED = "used"
    TAKEN = "taken"  # somebody has it already
    ENDED = "ended"  # the incident, or the episode it was sent for
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Seen:
    """A link as it stands: its incident, and by whom and when what stands in the way came about."""

    state: State
    incident: Incident
    by: str = ""
    at: datetime | None = None


def look(read: Reader, grant: Grant, token: str, now: datetime) -> Seen | None:
    """Return what a link stands for, None where its incident is gone. Changes nothing."""
    incident = read.incident(grant.incident)
    if incident is None:
        return None
    used = read.answered(key_of(token))
    if used is not None:
        return Seen(State.USED, incident, used.actor, used.at)
    if now >= grant.until:
        return Seen(State.EXPIRED, incident, at=grant.until)
    if not incident.is_open:
        return Seen(State.ENDED, incident, at=incident.resolved_at)
    if incident.episode != grant.episode or incident.status is Status.WATCH:
        return Seen(State.ENDED, incident)
    if grant.may is May.ACKNOWLEDGE and _taken(read, incident):
        return Seen(State.TAKEN, incident, incident.acked_by, incident.acked_at)
    return Seen(State.OPEN, incident)


def _taken(read: Reader, incident: Incident) -> bool:
    acked = incident.acked_level
    covered = acked is not None and acked >= incident.level
    return covered and not desk.asked(read.errands(incident.id))


def answer(store: Store, grant: Grant, token: str, now: datetime) -> Incident:
    """Do what a link may do; return the incident as stored.

    Raises `Conflict` where it cannot be done (any more), `Used` where it was done; then nothing is changed,
    and the link stays as good as it was.
    """
    seen = look(store.read, grant, token, now)
    if seen is None or seen.state is not State.OPEN:
        raise Conflict(f"this link is {seen.state if seen else 'for nothing'}")
    once = desk.once(key_of(token), grant.actor, now, episode=grant.episode)
    if grant.may is May.ACKNOWLEDGE:
        return desk.acknowledge(store, grant.incident, grant.actor, now, once=once)
    return sleep(store, grant.incident, grant.actor, now, once=once)
