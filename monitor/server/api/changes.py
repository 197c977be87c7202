"""Changes of rotas as the API takes and shows them: overrides and absences alike."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Query, Request
from pydantic import AwareDatetime, Field

from alerts.duty import DutyChange, DutyKind
from monitor.desk import duty as desk
from monitor.desk.errors import NotFound
from monitor.server.guard import ACTOR
from monitor.server.schemas import Act, Line, Out
from monitor.service import Service

NOBODY = "api"
Days = Annotated[int, Query(ge=1, le=90)]


class ChangeIn(Act):
    """Who, from when until when. ``since`` left out, or past: from now on."""

    person: Line = Field(min_length=1, max_length=80, description="id of a person of the settings")
    since: AwareDatetime | None = None
    until: AwareDatetime
    note: Line = Field(default="", max_length=desk.NOTE_LIMIT)

    def asked(self) -> desk.Asked:
        return desk.Asked(self.person, self.since, self.until, self.note)


class ChangeOut(Out):
    """``person`` takes over ``rota``, or is away from every rota (``rota`` "") in [since, until).
    ``ended_at``: taken back then, by ``ended_by``; null: it stands."""

    id: int
    kind: DutyKind
    rota: str
    person: str
    since: datetime
    until: datetime
    note: str
    actor: str
    made_at: datetime
    ended_at: datetime | None
    ended_by: str

    @classmethod
    def of(cls, change: DutyChange) -> ChangeOut:
        return cls(**{name: getattr(change, name) for name in cls.model_fields})


def told(service: Service, change: DutyChange) -> ChangeOut:
    """Tell open pages of a change, and return it as shown."""
    service.signals.publish("duty", change.rota, change.id)
    return ChangeOut.of(change)


def by(request: Request, body: Act | None = None) -> str:
    """Return who does it: the name of the one who logged in, else the one stated."""
    stated = body.by.strip() if body else ""
    return str(request.scope.get(ACTOR, "")) or stated or NOBODY


def taken_back(service: Service, request: Request, kind: DutyKind, rota: str, id: int) -> ChangeOut:
    """Take a change back that is of ``kind`` and of ``rota``; `NotFound` for another's."""
    found = service.store.read.duty_change(id)
    if found is None or (found.kind, found.rota) != (kind, rota):
        raise NotFound(f"{kind.value} {id}")
    return told(service, desk.take_back(service.store, id, by(request), service.clock.now()))
