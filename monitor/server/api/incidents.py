"""Incidents: what is going on, and what people do about it. The doing itself is the desk's."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from alerts.incident import Incident
from monitor.desk import incidents as desk
from monitor.desk import merging
from monitor.desk import runs as run_desk
from monitor.desk.errors import Conflict, NotFound
from monitor.desk.escalations import next_call
from monitor.desk.silences import held_back
from monitor.server.act_schemas import (
    Assign,
    MediaSet,
    Merge,
    Note,
    Resolve,
    Split,
    StepDone,
    StepSkip,
)
from monitor.server.guard import ACTOR
from monitor.server.schemas import (
    Act,
    DeliveryOut,
    Done,
    FactOut,
    HeldBackOut,
    IncidentDetailOut,
    IncidentOut,
    NextCallOut,
    RunOut,
)
from monitor.service import Service

NOBODY = "api"
"""The actor of a request that names nobody."""

Number = Annotated[int, Path(ge=0, lt=2**63)]


def router(service: Service) -> APIRouter:
    """Return the routes of incidents, their runs and their deliveries."""
    api = APIRouter(prefix="/api/v1", tags=["incidents"])
    _reading(api, service)
    _acting(api, service)
    _steps(api, service)
    return api


def _reading(api: APIRouter, service: Service) -> None:
    @api.get("/incidents")
    def incidents(
        open: bool = False, limit: Annotated[int, Query(ge=1, le=500)] = 100
    ) -> list[IncidentOut]:
        """Incidents, newest first."""
        return [
            IncidentOut.of(i) for i in service.store.read.incidents(open_only=open, limit=limit)
        ]

    @api.get("/incidents/{id}")
    def incident(id: str) -> IncidentDetailOut:
        """One incident by id or reference, with timeline, runs and deliveries."""
        found, read = _found(service, id), service.store.read
        deliveries = read.deliveries(found.id)
        call = next_call(read, service.book, found.id)
        return IncidentDetailOut(
            **dict(IncidentOut.of(found)),
            next_call=NextCallOut(**asdict(call)) if call else None,
            held_back=HeldBackOut.of(held_back(read, found)),
            facts=[FactOut.of(fact) for fact in read.facts(found.id)],
            runs=[RunOut.of(run) for run in read.runs(found.id)],
            deliveries=[DeliveryOut.of(d, read.delivery_attempts(d.id)) for d in deliveries],
        )


def _acting(api: APIRouter, service: Service) -> None:
    store, clock = service.store, service.clock

    @api.post("/incidents/{id}/acknowledge")
    def acknowledge(request: Request, id: str, body: Act) -> Done:
        """Say that somebody is on it; 409 with who and when where somebody was first."""
        return _changed(service, desk.acknowledge(store, id, _by(request, body), clock.now()))

    @api.post("/incidents/{id}/assign")
    def assign(request: Request, id: str, body: Assign) -> Done:
        """Name the one who owns it."""
        by = _by(request, body)
        return _changed(service, desk.assign(store, id, by, body.owner, clock.now()))

    @api.post("/incidents/{id}/note")
    def note(request: Request, id: str, body: Note) -> Done:
        """Put a note on the timeline."""
        by = _by(request, body)
        return _changed(service, desk.note(store, id, by, body.text, clock.now()))

    @api.post("/incidents/{id}/resolve")
    def resolve(request: Request, id: str, body: Resolve) -> Done:
        """End it, saying what it was; a false alarm needs its reason in ``note``."""
        by = _by(request, body)
        done = desk.resolve(store, id, by, body.outcome, body.note, clock.now())
        return _changed(service, done)

    @api.post("/incidents/{id}/merge")
    def merge(request: Request, id: str, body: Merge) -> Done:
        """Make it a part of another open incident, ``into``; answers with that one."""
        by = _by(request, body)
        return _changed(service, merging.merge(store, id, body.into, by, clock.now()))

    @api.post("/incidents/{id}/split")
    def split(request: Request, id: str, body: Split) -> Done:
        """Make one of its topics an incident of its own; answers with the new one."""
        by = _by(request, body)
        made = merging.split(store, service.topics, id, body.topic, by, clock.now())
        return _changed(service, made)

    @api.post("/topics/{id}/media", tags=["topics"])
    def media(request: Request, id: str, body: MediaSet) -> Done:
        """Set the media echo by hand; the next closed bin takes it into the level."""
        if id not in service.topics:
            raise NotFound(f"topic {id[:80]!a}")
        incident = desk.set_media(store, id, body.level, _by(request, body), clock.now())
        service.signals.publish("topic", id, 0)
        return _changed(service, incident) if incident else Done()

    @api.post("/deliveries/{id}/resend")
    def resend(request: Request, id: Number, body: Act) -> Done:
        """Send an alert again that was given up; 409 where it was not given up."""
        if not store.outbox.resend(id, _by(request, body), clock.now()):
            raise Conflict(f"delivery {id} is not one that was given up")
        service.wake()
        return Done()


def _steps(api: APIRouter, service: Service) -> None:
    store, clock = service.store, service.clock

    @api.post("/incidents/{id}/runs/{run}/steps/{step}/done")
    def done(request: Request, id: str, run: str, step: str, body: StepDone) -> Done:
        """Tick a step."""
        incident = _with_run(service, id, run)
        run_desk.tick(store, run, step, _by(request, body), clock.now(), body.note)
        return _changed(service, incident)

    @api.post("/incidents/{id}/runs/{run}/steps/{step}/skip")
    def skip(request: Request, id: str, run: str, step: str, body: StepSkip) -> Done:
        """Leave a step out, saying why."""
        incident = _with_run(service, id, run)
        run_desk.skip(store, run, step, _by(request, body), body.reason, clock.now())
        return _changed(service, incident)


def _by(request: Request, body: Act) -> str:
    """Return who does it: the name of the one who logged in, else the one stated."""
    return str(request.scope.get(ACTOR, "")) or body.by.strip() or NOBODY


def _found(service: Service, id: str) -> Incident:
    found = service.store.read.incident(id)
    if found is None:
        raise NotFound(f"incident {id[:80]!a}")
    return found


def _with_run(service: Service, id: str, run: str) -> Incident:
    incident = _found(service, id)
    if all(found.id != run for found in service.store.read.runs(incident.id)):
        raise NotFound(f"run {run[:80]!a} of incident {incident.ref}")
    return incident


def _changed(service: Service, incident: Incident) -> Done:
    """Tell pages and deliverer, and answer with the incident as it stands."""
    service.signals.publish("incident", incident.id, incident.version)
    service.wake()
    return Done(incident=IncidentOut.of(incident))
