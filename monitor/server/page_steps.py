"""Steps of a run, as they are ticked, skipped and taken on an incident's page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from monitor.desk import runs as run_desk
from monitor.server.deed import Act, Deed
from monitor.service import Service
from playbooks.run import StepState

Text = Annotated[str, Form()]


def route(api: APIRouter, service: Service, act: Act) -> None:
    """Add what ticks, skips and takes a step."""
    store, clock = service.store, service.clock
    base = "/incidents/{id}/runs/{run}/steps/{step}"

    def already(id: str, run: str, step: str) -> Callable[[], str]:
        return lambda: _closed_as(service, id, run, step)

    @api.post(base + "/done")
    def done(request: Request, id: str, run: str, step: str, note: Text = "") -> Response:
        def do(actor: str) -> None:
            run_desk.tick(store, run, step, actor, clock.now(), note)

        return act(request, id, Deed("done", already(id, run, step), do))

    @api.post(base + "/skip")
    def skip(request: Request, id: str, run: str, step: str, reason: Text = "") -> Response:
        def do(actor: str) -> None:
            run_desk.skip(store, run, step, actor, reason, clock.now())

        return act(request, id, Deed("skip", already(id, run, step), do, "reason"))

    @api.post(base + "/take")
    def take(request: Request, id: str, run: str, step: str) -> Response:
        def do(actor: str) -> None:
            run_desk.take(store, run, step, actor, clock.now())

        return act(request, id, Deed("take", already(id, run, step), do))


def _closed_as(service: Service, id: str, run: str, step: str) -> str:
    """Return how a step is closed, for the words of a conflict."""
    found = service.store.read.incident(id)
    runs = service.store.read.runs(found.id) if found else []
    closed = {s.state for r in runs if r.id == run for s in r.steps if s.step == step}
    return "skipped" if StepState.SKIPPED in closed else "done"
