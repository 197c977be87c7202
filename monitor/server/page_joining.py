"""One storm or two, and a message that was given up: pressed on an incident's page."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from starlette.responses import Response

from monitor.desk import merging
from monitor.desk.errors import Conflict
from monitor.server.deed import Act, Deed
from monitor.service import Service

Text = Annotated[str, Form()]
Number = Annotated[int, Path(ge=0, lt=2**63)]


def route(api: APIRouter, service: Service, act: Act) -> None:
    """Add what merges, splits, and sends again what was given up."""
    store, clock = service.store, service.clock

    @api.post("/incidents/{id}/merge")
    def merge(request: Request, id: str, into: Text = "") -> Response:
        def do(actor: str) -> None:
            merging.merge(store, id, into, actor, clock.now())

        return act(request, id, Deed("merge", lambda: "changed", do, "into"))

    @api.post("/incidents/{id}/split")
    def split(request: Request, id: str, topic: Text = "") -> Response:
        def do(actor: str) -> None:
            merging.split(store, service.topics, id, topic, actor, clock.now())

        return act(request, id, Deed("split", lambda: "changed", do, "topic"))

    @api.post("/incidents/{id}/deliveries/{delivery}/resend")
    def resend(request: Request, id: str, delivery: Number) -> Response:
        def do(actor: str) -> None:
            if not store.outbox.resend(delivery, actor, clock.now()):
                raise Conflict(f"delivery {delivery} is not one that was given up")

        return act(request, id, Deed("resend", lambda: "changed", do))
