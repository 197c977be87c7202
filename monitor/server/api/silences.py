"""Silences: who keeps what quiet until when, and what one would have held back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field

from alerts.alert import Broke
from alerts.silences import LONGEST, USUAL, Silence, SilenceKind
from monitor.desk import silences as desk
from monitor.desk import sleeping
from monitor.server.guard import ACTOR
from monitor.server.schemas import Act, Done, IncidentOut, Line, Out
from monitor.service import Service

NOBODY = "api"
Number = Annotated[int, Path(ge=1, lt=2**63)]
LONGEST_MIN = LONGEST / timedelta(minutes=1)


class SilenceIn(Act):
    """What is to be silenced. ``for_min``: 240 minutes where nothing is said, a day at most."""

    match: Line = Field(min_length=1, max_length=2000, description='"topic=acme-bahn level<=4"')
    reason: Line = Field(min_length=1, max_length=desk.REASON_LIMIT)
    for_min: float = Field(default=USUAL / timedelta(minutes=1), ge=5, le=LONGEST_MIN)
    key: Line = Field(default="", max_length=200, description="the same key again is the same one")


class SilenceOut(Out):
    """One silence. ``id`` 0: a coming of a mute window that has held back nothing yet."""

    id: int
    kind: SilenceKind
    match: str
    since: datetime
    until: datetime
    author: str
    reason: str
    level: int = Field(description="at which it was made")
    breaks_at: int = Field(description="the level from which on it no longer holds")
    ended_at: datetime | None
    ended_by: str
    broken: Broke | None
    standing: bool
    incident: str = Field(description="which was cleared, by all clear, sleep; else empty")
    holds: list[str] = Field(description="references of the incidents that it holds back now")

    @classmethod
    def of(cls, silence: Silence, now: datetime, holds: list[str]) -> SilenceOut:
        same = ("id", "kind", "since", "until", "author", "reason", "breaks_at", "incident")
        ended = ("ended_at", "ended_by", "broken")
        return cls(
            **{name: getattr(silence, name) for name in (*same, *ended)},
            match=silence.says,
            level=int(silence.level),
            standing=silence.stands(now),
            holds=holds,
        )


class ForetoldOut(Out):
    """One alert that the silence would have met; ``broke``: what would have broken it."""

    at: datetime
    incident: str
    topic: str
    level: int
    targets: list[str]
    broke: Broke | None


class PreviewOut(Out):
    """What a silence would have held back. ``held`` and ``broken`` count ``met``."""

    match: str
    since: datetime
    until: datetime
    held: int
    broken: int
    met: list[ForetoldOut]

    @classmethod
    def of(cls, match: str, seen: desk.Preview) -> PreviewOut:
        met = [
            ForetoldOut(
                at=one.at,
                incident=one.ref,
                topic=one.topic,
                level=int(one.level),
                targets=list(one.targets),
                broke=one.broke,
            )
            for one in seen.met
        ]
        return cls(
            match=match,
            since=seen.since,
            until=seen.until,
            held=seen.held,
            broken=seen.broken,
            met=met,
        )


def router(service: Service) -> APIRouter:
    """Return the routes of silences."""
    api = APIRouter(prefix="/api/v1", tags=["silences"])
    store, clock = service.store, service.clock

    @api.get("/silences")
    def silences(
        ended_days: Annotated[float, Query(ge=0, le=366)] = 0,
    ) -> list[SilenceOut]:
        """Silences that stand, mute windows that are on included; with ``ended_days`` also those that ended."""
        now = clock.now()
        found = desk.standing(store.read, service.book.mutes, now)
        found += desk.ended(store.read, now, ended_days) if ended_days else []
        holds = desk.holds_now(store.read)
        return [SilenceOut.of(s, now, holds.get(s.key, [])) for s in found]

    @api.get("/silences/preview")
    def preview(
        match: Annotated[str, Query(min_length=1, max_length=2000)],
        days: Annotated[float, Query(gt=0, le=92)] = desk.DAYS,
    ) -> PreviewOut:
        """What a silence with these matchers would have held back in the last days."""
        matchers = desk.matchers_of(match)
        return PreviewOut.of(match, desk.preview(store.read, matchers, clock.now(), days))

    @api.post("/silences", status_code=201)
    def silence(request: Request, body: SilenceIn) -> SilenceOut:
        """Silence something; 409 with whose it is where it is silenced already."""
        lasts = timedelta(minutes=body.for_min)
        wish = desk.Wish(body.match, body.reason, lasts, body.key)
        now = clock.now()
        made = desk.silence(store, wish, _by(request, body), now)
        told(service)
        return SilenceOut.of(made, now, [])

    @api.post("/silences/{id}/end")
    def end(request: Request, id: Number, body: Act) -> SilenceOut:
        """Take it back; what it holds back goes out. 409 with who ended it where it is over."""
        now = clock.now()
        ended = desk.end(store, id, _by(request, body), now)
        told(service)
        return SilenceOut.of(ended, now, [])

    @api.post("/incidents/{id}/sleep", tags=["incidents"])
    def sleep(request: Request, id: str, body: Act) -> Done:
        """All clear, sleep: end it as a false alarm, tell whoever was woken, mute what it was about."""
        done = sleeping.sleep(store, id, _by(request, body), clock.now())
        service.signals.publish("incident", done.id, done.version)
        told(service)
        return Done(incident=IncidentOut.of(done))

    return api


def told(service: Service) -> None:
    """Tell pages and deliverer that silences have changed."""
    for incident in service.store.read.incidents(open_only=True):
        service.signals.publish("incident", incident.id, incident.version)
    service.wake()


def _by(request: Request, body: Act) -> str:
    """Return who does it: the name of the one who logged in, else the one stated."""
    return str(request.scope.get(ACTOR, "")) or body.by.strip() or NOBODY
