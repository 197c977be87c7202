"""Silence and all clear, pressed on an incident's page."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from alerts.incident import Outcome
from monitor.desk import silences as silence_desk
from monitor.desk import sleeping
from monitor.desk.errors import Invalid
from monitor.server.deed import Act, Deed
from monitor.server.page_frame import one_line
from monitor.server.page_silences import hours_of
from monitor.service import Service

Text = Annotated[str, Form()]


def route(api: APIRouter, service: Service, act: Act) -> None:
    """Add what the buttons on an incident's page send."""
    store, clock = service.store, service.clock

    @api.post("/incidents/{id}/silence")
    def silence(
        request: Request, id: str, match: Text = "", hours: Text = "", reason: Text = ""
    ) -> Response:
        def do(actor: str) -> None:
            lasts = hours_of(hours)
            if not one_line(reason):
                raise Invalid("reason")
            wish = silence_desk.Wish(match, reason, lasts, incident=id)
            silence_desk.silence(store, wish, actor, clock.now())

        field = "match" if one_line(reason) else "reason"
        return act(request, id, Deed("silence", lambda: "silenced", do, field))

    @api.post("/incidents/{id}/release")
    def release(request: Request, id: str, silence: Annotated[int, Form()] = 0) -> Response:
        def do(actor: str) -> None:
            silence_desk.end(store, silence, actor, clock.now())

        return act(request, id, Deed("end", lambda: "changed", do))

    @api.post("/incidents/{id}/sleep")
    def sleep(request: Request, id: str) -> Response:
        def do(actor: str) -> None:
            sleeping.sleep(store, id, actor, clock.now())

        return act(request, id, Deed("sleep", lambda: "resolved", do, "watch"))

    @api.post("/incidents/{id}/explain")
    def explain(request: Request, id: str, outcome: Text = "", cause: Text = "") -> Response:
        def do(actor: str) -> None:
            if outcome not in {o.value for o in Outcome}:
                raise Invalid("outcome")
            sleeping.explain(store, id, actor, Outcome(outcome), cause, clock.now())

        missing = "cause" if outcome else "outcome"
        return act(request, id, Deed("explain", lambda: "changed", do, missing))
