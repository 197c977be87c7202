"""Rotas: who is on call, now and in the weeks to come, the same as a calendar, and who takes over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from fastapi import APIRouter, Request
from starlette.responses import Response

from alerts.duty import DutyKind
from alerts.rota import Rota, Shift, gaps, on_call, shifts
from monitor.desk import duty as desk
from monitor.desk.errors import NotFound
from monitor.server.api.changes import ChangeIn, ChangeOut, Days, by, taken_back, told
from monitor.server.schemas import Out
from monitor.service import Service


class ShiftOut(Out):
    """``person`` ("": nobody) is on call in [since, until); ``why``: turn, override, deputy, or why nobody is."""

    person: str
    since: datetime
    until: datetime
    why: str

    @classmethod
    def of(cls, shift: Shift) -> ShiftOut:
        return cls(person=shift.person, since=shift.since, until=shift.until, why=shift.why.value)


class SpanOut(Out):
    since: datetime
    until: datetime


class RotaOut(Out):
    """Who takes turns, who is on call now ("": nobody), what comes, and in which hours of duty nobody is."""

    id: str
    timezone: str
    people: list[str]
    on_call: str
    until: datetime | None
    shifts: list[ShiftOut]
    gaps: list[SpanOut]

    @classmethod
    def of(cls, rota: Rota, changed: desk.Changes, now: datetime, days: int) -> RotaOut:
        end = now + timedelta(days=days)
        taken, away = changed.overrides, changed.absences
        at = on_call(rota, taken, now, away)
        nobody = gaps(rota, taken, now, end, away)
        return cls(
            id=rota.id,
            timezone=rota.timezone,
            people=list(rota.people),
            on_call=at.person,
            until=at.until,
            shifts=[ShiftOut.of(shift) for shift in shifts(rota, taken, now, end, away)],
            gaps=[SpanOut(since=since, until=until) for since, until in nobody],
        )


def router(service: Service) -> APIRouter:
    """Return the routes of rotas."""
    api = APIRouter(prefix="/api/v1/rotas", tags=["on call"])
    store, clock = service.store, service.clock
    rotas, people = service.settings.to_rotas(), service.settings.people

    def known(id: str) -> Rota:
        if id not in rotas:
            raise NotFound(f"rota {id[:80]!a}")
        return rotas[id]

    # Plain functions: they run in the server's threads, and its loop goes on meanwhile.
    @api.get("")
    def all(days: Days = 14) -> list[RotaOut]:
        """Every rota: who is on call, and what comes within so many days."""
        now = clock.now()
        changed = desk.changes(store.read, now)
        return [RotaOut.of(rota, changed, now, days) for rota in rotas.values()]

    @api.get("/{id}.ics", response_class=Response)
    def calendar(id: str, person: str = "", lang: Literal["de", "en"] | None = None) -> Response:
        """The shifts of the next 90 days as a calendar (RFC 5545), of one person or of all."""
        from alerts.render.ical import calendar as made

        spoken, rota, now = lang or service.settings.language, known(id), clock.now()
        # A shift is shown whole, so all that was ever changed about it counts.
        changed = desk.changes(store.read, min(now, rota.handover(0)))
        taken, away = changed.overrides, changed.absences
        content = made([rota], taken, now, spoken, person=person, absences=away)
        return Response(content, media_type="text/calendar; charset=utf-8")

    @api.get("/{id}")
    def one(id: str, days: Days = 14) -> RotaOut:
        """One rota."""
        now = clock.now()
        return RotaOut.of(known(id), desk.changes(store.read, now), now, days)

    @api.get("/{id}/overrides")
    def overrides(id: str, days: Days = 14) -> list[ChangeOut]:
        """Who takes over now or within so many days, in the order in which it was made."""
        now = clock.now()
        found = store.read.duty(now, now + timedelta(days=days))
        return [ChangeOut.of(c) for c in found if c.rota == known(id).id]

    @api.post("/{id}/overrides", status_code=201)
    def take_over(request: Request, id: str, body: ChangeIn) -> ChangeOut:
        """Take over, or have somebody take over; where two overlap the later one holds."""
        actor, now = by(request, body), clock.now()
        return told(service, desk.take_over(store, rotas, people, id, body.asked(), actor, now))

    @api.delete("/{id}/overrides/{change}")
    def take_back(request: Request, id: str, change: int) -> ChangeOut:
        """Take it back; 409 where it is over."""
        return taken_back(service, request, DutyKind.OVERRIDE, known(id).id, change)

    return api
