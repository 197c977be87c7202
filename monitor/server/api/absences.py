"""Absences: who is away, and is called by no rota meanwhile."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request

from alerts.duty import DutyKind
from monitor.desk import duty as desk
from monitor.server.api.changes import ChangeIn, ChangeOut, Days, by, taken_back, told
from monitor.service import Service


def router(service: Service) -> APIRouter:
    """Return the routes of absences."""
    api = APIRouter(prefix="/api/v1/absences", tags=["on call"])
    store, clock, people = service.store, service.clock, service.settings.people

    @api.get("")
    def absences(days: Days = 14) -> list[ChangeOut]:
        """Who is away now or within so many days, in the order in which it was said."""
        now = clock.now()
        found = store.read.duty(now, now + timedelta(days=days))
        return [ChangeOut.of(c) for c in found if c.kind is DutyKind.ABSENCE]

    @api.post("", status_code=201)
    def away(request: Request, body: ChangeIn) -> ChangeOut:
        """Say that somebody is away; their deputies are called meanwhile."""
        made = desk.away(store, people, body.asked(), by(request, body), clock.now())
        return told(service, made)

    @api.delete("/{id}")
    def take_back(request: Request, id: int) -> ChangeOut:
        """Take it back; 409 where it is over."""
        return taken_back(service, request, DutyKind.ABSENCE, "", id)

    return api
