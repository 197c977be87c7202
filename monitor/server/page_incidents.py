"""Filling the incident pages: from the store's snapshots to the view types of `dashboards.web`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from alerts.alert import Delivery
from alerts.fact import Fact, FactKind
from alerts.incident import Incident, Status
from alerts.people import Person, named
from dashboards.web.facts import KEY_FACTS
from dashboards.web.incident_views import CallView, DeliveryView, FactView, RunView, StepView
from dashboards.web.views import IncidentRow
from monitor.desk.escalations import NextCall
from monitor.ports import Reader
from monitor.server.silence_rows import asked, held_by
from monitor.service import Service
from playbooks import run as runs
from playbooks.run import Run, RunStep, StepState


def row_of(service: Service, incident: Incident, now: datetime) -> IncidentRow:
    """Return an incident in one line."""
    topics = [service.topics[t] for t in incident.topics if t in service.topics]
    late = sum(len(runs.overdue(r, now)) for r in current_runs(service.store.read, incident))
    return IncidentRow(
        id=incident.id,
        ref=incident.ref,
        title=", ".join(t.name for t in topics) or incident.topic,
        brand=topics[0].brand if topics else "",
        level=incident.level,
        peak=incident.peak,
        status=incident.status,
        onset=incident.onset,
        opened_at=incident.opened_at,
        updated_at=incident.updated_at,
        needs_ack=needs_ack(incident),
        owner=incident.owner,
        overdue=late if incident.is_open else 0,
        outcome=incident.outcome,
        resolved_at=incident.resolved_at,
        held_by=held_by(service.store.read, incident) if needs_ack(incident) else "",
        asked=asked(service, incident, now) is not None,
    )


def needs_ack(incident: Incident) -> bool:
    """True when nobody has acknowledged the level of now; a watch asks nobody."""
    if not incident.is_open or incident.status is Status.WATCH:
        return False
    return incident.acked_level is None or incident.level > incident.acked_level


def current_runs(read: Reader, incident: Incident) -> list[Run]:
    """Return the runs of the incident's episode of now; of an older one where this has none."""
    found = read.runs(incident.id)
    prefix = runs.run_id(incident.id, incident.episode, "")
    return [r for r in found if r.id.startswith(prefix)] or found[-1:]


def run_view(run: Run, now: datetime) -> RunView:
    late = runs.overdue(run, now)
    return RunView(
        id=run.id,
        playbook=run.playbook.id,
        title=run.playbook.title,
        version=run.playbook.version,
        started_at=run.started_at,
        steps=tuple(_step(run, s, s in late) for s in runs.steps_due_first(run)),
        why=run.why,
    )


def next_view(found: Sequence[Run], now: datetime) -> StepView | None:
    """Return the one step to do now: over all runs the longest overdue, else the next due."""
    ahead = [(step, run) for run in found if (step := runs.next_step(run, now)) is not None]
    if not ahead:
        return None
    step, run = min(ahead, key=lambda pair: pair[0].due_at or pair[1].started_at)
    return _step(run, step, step in runs.overdue(run, now))


def _step(run: Run, step: RunStep, overdue: bool) -> StepView:
    plan = run.playbook.step(step.step)
    waits = step.state is StepState.OPEN and step.due_at is None
    return StepView(
        run=run.id,
        id=step.step,
        number=run.playbook.steps.index(plan) + 1,
        title=plan.title,
        text=plan.text,
        role=plan.role,
        state=step.state,
        due_at=step.due_at,
        questions=plan.questions,
        owner=step.owner,
        by=step.by,
        at=step.at,
        note=step.note,
        overdue=overdue,
        waits=plan.min_level if waits else None,
    )


def fact_views(service: Service, found: Sequence[Fact], *, all: bool) -> tuple[FactView, ...]:
    """Return the timeline newest first, without ``all`` only what matters; topics by name."""
    shown = [_fact(service, f) for f in reversed(found) if all or f.kind in KEY_FACTS]
    return tuple(shown)


def _fact(service: Service, fact: Fact) -> FactView:
    view = FactView(fact.at, fact.kind, fact.actor, fact.payload, fact.kind in KEY_FACTS)
    topic = service.topics.get(str(fact.payload.get("topic", "")))
    said: dict[str, Any] = {"topic": topic.name} if topic else {}
    people = service.book.people
    if "targets" in fact.payload:
        said["targets"] = named(fact.payload["targets"], people)
    if "channel" in fact.payload:
        said["channel"] = ", ".join(named([str(fact.payload["channel"])], people))
    return replace(view, payload={**fact.payload, **said})


def cause_of(found: Sequence[Fact]) -> str:
    """Return what the person who ended it gave as the cause."""
    said = (FactKind.RESOLVED, FactKind.EXPLAINED)
    causes = [f.payload.get("cause", "") for f in found if f.kind in said]
    return str(causes[-1]) if causes else ""


def rose_at(found: Sequence[Fact]) -> datetime | None:
    rises = [f.at for f in found if f.kind is FactKind.LEVEL_ROSE]
    return rises[-1] if rises else None


def blind_until(found: Sequence[Fact], incident: Incident) -> datetime | None:
    """Return until when the storm of now ran unseen, as was told when it called; None where not."""
    began = [f.at for f in found if f.kind is FactKind.REOPENED]
    told = [
        f.payload["blind_until"]
        for f in found
        if f.kind is FactKind.ALERT_QUEUED
        and "blind_until" in f.payload
        and f.at >= max(began, default=f.at)
    ]
    return datetime.fromisoformat(told[0]) if told and incident.is_open else None


def delivery_view(delivery: Delivery, people: Mapping[str, Person]) -> DeliveryView:
    [to] = named([delivery.channel], people)
    return DeliveryView(
        id=delivery.id,
        to=to,
        reason=delivery.alert.reason,
        level=delivery.alert.level,
        state=delivery.state,
        created_at=delivery.created_at,
        due_at=delivery.due_at,
        attempts=delivery.attempts,
        sent_at=delivery.sent_at,
        error=delivery.error,
        may_repeat=delivery.may_repeat,
    )


def others(read: Reader, incident: Incident) -> list[Incident]:
    """Return the open incidents that this one could be merged into."""
    if not incident.is_open:
        return []
    found = [i for i in read.incidents(open_only=True) if i.id != incident.id]
    watched = incident.status is Status.WATCH
    return [i for i in found if watched or i.status is not Status.WATCH]


def call_view(call: NextCall | None) -> CallView | None:
    """Return who is called next."""
    if call is None:
        return None
    return CallView(
        call.at, call.chain, call.number, call.steps, call.round, call.rounds, call.names
    )
