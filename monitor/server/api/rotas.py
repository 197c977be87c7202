"""Rotas: who is on call, now and in the weeks to come, and the same as a calendar."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from alerts.rota import Rota, Shift, gaps, on_call, shifts
from monitor.desk.errors import NotFound
from monitor.server.schemas import Out
from monitor.service import Service

Days = Annotated[int, Query(ge=1, le=90)]


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
    def of(cls, rota: Rota, now: datetime, days: int) -> RotaOut:
        end = now + timedelta(days=days)
        at = on_call(rota, (), now)
        return cls(
            id=rota.id,
            timezone=rota.timezone,
            people=list(rota.people),
            on_call=at.person,
            until=at.until,
            shifts=[ShiftOut.of(shift) for shift in shifts(rota, (), now, end)],
            gaps=[SpanOut(since=since, until=until) for since, until in gaps(rota, (), now, end)],
        )


def router(service: Service) -> APIRouter:
    """Return the routes of rotas."""
    api = APIRouter(prefix="/api/v1/rotas", tags=["on call"])
    rotas = service.settings.to_rotas()

    def known(id: str) -> Rota:
        if id not in rotas:
            raise NotFound(f"rota {id[:80]!a}")
        return rotas[id]

    # Plain functions: they run in the server's threads, and its loop goes on meanwhile.
    @api.get("")
    def all(days: Days = 14) -> list[RotaOut]:
        """Every rota: who is on call, and what comes within so many days."""
        now = service.clock.now()
        return [RotaOut.of(rota, now, days) for rota in rotas.values()]

    @api.get("/{id}.ics", response_class=Response)
    def calendar(id: str, person: str = "", lang: Literal["de", "en"] | None = None) -> Response:
        """The shifts of the next 90 days as a calendar (RFC 5545), of one person or of all."""
        from alerts.render.ical import calendar as made

        spoken = lang or service.settings.language
        content = made([known(id)], (), service.clock.now(), spoken, person=person)
        return Response(content, media_type="text/calendar; charset=utf-8")

    @api.get("/{id}")
    def one(id: str, days: Days = 14) -> RotaOut:
        """One rota."""
        return RotaOut.of(known(id), service.clock.now(), days)

    return api
