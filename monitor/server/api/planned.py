"""Planned events: what was announced, so that many mentions of it are no surprise."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, Field

from detectors.planned import LARGEST, Kind, Planned
from monitor.desk import planned as desk
from monitor.desk.errors import NotFound
from monitor.server.errors import Problem
from monitor.server.guard import ACTOR
from monitor.server.schemas import Act, Line, Out
from monitor.service import Service

NOBODY = "api"
SHOWN = timedelta(days=28)
"""How far back and ahead is listed where nothing else is asked for."""


class PlannedIn(Act):
    """What is announced. ``ends`` may be left out for a post; ``uplift`` where past ones of the type
    shall tell it."""

    title: Line = Field(min_length=1, max_length=desk.TITLE_LIMIT)
    topics: list[Line] = Field(min_length=1, max_length=100)
    starts: AwareDatetime
    ends: AwareDatetime | None = None
    kind: Kind = Kind.EVENT
    type: Line = Field(default="", max_length=desk.TYPE_LIMIT, description="default: the kind")
    uplift: float | None = Field(
        default=None, ge=1, le=LARGEST, description="times the usual mentions"
    )
    key: Line = Field(
        default="",
        max_length=200,
        description="names it in your calendar: the same key again is the same entry",
    )

    def plan(self) -> desk.Plan:
        return desk.Plan(
            title=self.title,
            topics=tuple(self.topics),
            starts=self.starts,
            ends=self.ends or self.starts,
            kind=self.kind,
            type=self.type,
            uplift=self.uplift,
            key=self.key,
        )


class PlannedChange(PlannedIn):
    version: int = Field(
        ge=1, description="the version that you saw; 409 where it has changed since"
    )


class PlannedOut(Out):
    """One entry. ``uplift`` None: as past ones of the type brought. ``past``: nothing more is
    expected of it; it only teaches."""

    id: str
    kind: Kind
    type: str
    title: str
    topics: list[str]
    starts: datetime
    ends: datetime
    uplift: float | None
    actor: str
    at: datetime
    cancelled: datetime | None
    version: int
    past: bool

    @classmethod
    def of(cls, entry: Planned, now: datetime) -> PlannedOut:
        named = set(cls.model_fields) - {"topics", "past"}
        return cls(
            **{name: getattr(entry, name) for name in named},
            topics=list(entry.topics),
            past=desk.is_past(entry, now),
        )


def router(service: Service) -> APIRouter:
    """Return the routes of planned events."""
    api = APIRouter(prefix="/api/v1/planned", tags=["planned"])
    store, clock = service.store, service.clock

    @api.get("")
    def entries(
        topic: str = "",
        since: AwareDatetime | None = None,
        until: AwareDatetime | None = None,
        cancelled: bool = False,
        limit: Annotated[int, Query(ge=1, le=1000)] = 500,
    ) -> list[PlannedOut]:
        """Planned events by start; by default four weeks back and ahead."""
        if topic and topic not in service.topics:
            raise NotFound(f"topic {topic[:80]!a}")
        now = clock.now()
        start, end = since or now - SHOWN, until or now + SHOWN
        if start >= end or not start >= desk.EARLIEST or not end <= desk.LATEST:
            raise Problem(422, "invalid", "since, until: expected a span between 1990 and 2100")
        found = desk.announced(store.read, start, end, topic, cancelled=cancelled)
        return [PlannedOut.of(entry, now) for entry in found[:limit]]

    @api.get("/{id}")
    def entry(id: str) -> PlannedOut:
        """One planned event."""
        found = store.read.planned_entry(id)
        if found is None:
            raise NotFound(f"planned event {id[:80]!a}")
        return PlannedOut.of(found, clock.now())

    @api.post("", status_code=201)
    def add(request: Request, body: PlannedIn) -> PlannedOut:
        """Announce something; 409 where it is announced already."""
        now = clock.now()
        made = desk.add(store, service.topics, body.plan(), _by(request, body), now)
        return _told(service, made, now)

    @api.put("/{id}")
    def change(request: Request, id: str, body: PlannedChange) -> PlannedOut:
        """Change it; 409 with who and when where somebody was first."""
        now, by = clock.now(), _by(request, body)
        made = desk.change(store, service.topics, id, body.version, body.plan(), by, now)
        return _told(service, made, now)

    @api.delete("/{id}")
    def cancel(request: Request, id: str) -> PlannedOut:
        """Call it off; it stays in the list of what was called off."""
        now = clock.now()
        by = str(request.scope.get(ACTOR, "")) or NOBODY
        return _told(service, desk.cancel(store, id, by, now), now)

    return api


def _told(service: Service, entry: Planned, now: datetime) -> PlannedOut:
    for topic in entry.topics:
        service.signals.publish("topic", topic, 0)
    return PlannedOut.of(entry, now)


def _by(request: Request, body: Act) -> str:
    """Return who does it: the name of the one who logged in, else the one stated."""
    return str(request.scope.get(ACTOR, "")) or body.by.strip() or NOBODY
