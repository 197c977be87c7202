"""Planned events of a topic on its pages: the list, and the form that announces one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from dashboards.web import render
from dashboards.web.planned_views import PlannedPage, PlannedPart, PlannedRow
from detectors.planned import Kind, Planned
from detectors.topic import Topic
from monitor.desk import planned as desk
from monitor.desk.errors import Conflict, Invalid, NotFound
from monitor.ports import Reader, Unavailable
from monitor.server.page_frame import actor_of, chrome_of, html, local
from monitor.server.page_topics import Sight
from monitor.service import Service

NOBODY = "anonym"
AHEAD = timedelta(days=366)
BACK = timedelta(days=28)
COMING = 50
PAST = 10
"""So many of what was are shown; what each brought is read from its bins."""

Text = Annotated[str, Form()]


def route(api: APIRouter, service: Service) -> None:
    """Add the page, and what its forms send."""

    # Plain functions: they run in the server's threads, and its loop goes on meanwhile.
    @api.get("/topics/{id}/planned")
    def page(request: Request, id: str) -> Response:
        return _page(service, request, id)

    @api.post("/topics/{id}/planned")
    def add(
        request: Request,
        id: str,
        title: Text = "",
        type: Text = "",
        starts: Text = "",
        ends: Text = "",
        uplift: Text = "",
        back: Text = "",
    ) -> Response:
        given = {"title": title, "type": type, "starts": starts, "ends": ends, "uplift": uplift}
        topic = service.topics.get(id)
        if topic is None:
            return _page(service, request, id)
        actor, now = actor_of(request) or NOBODY, service.clock.now()
        try:
            desk.add(service.store, service.topics, _plan(topic, given), actor, now)
        except Invalid as error:
            return _page(service, request, id, given, str(error).partition(":")[0], 422)
        except Conflict:
            return _page(service, request, id, given, "conflict", 409)
        except Unavailable:
            return _page(service, request, id, given, "unavailable", 503)
        return _back(service, id, back)

    @api.post("/topics/{id}/planned/{entry}/cancel")
    def cancel(request: Request, id: str, entry: str, back: Text = "") -> Response:
        try:
            actor = actor_of(request) or NOBODY
            desk.cancel(service.store, entry, actor, service.clock.now())
        except NotFound:
            return _page(service, request, "")
        except Conflict:
            return _page(service, request, id, {}, "conflict", 409)
        except Unavailable:
            return _page(service, request, id, {}, "unavailable", 503)
        return _back(service, id, back)


def _back(service: Service, id: str, back: str) -> Response:
    service.signals.publish("topic", id, 0)
    return RedirectResponse(f"{local(back or _here(id))}#planned", 303)


def _here(id: str) -> str:
    return f"/topics/{quote(id)}/planned"


def _page(
    service: Service,
    request: Request,
    id: str,
    given: Mapping[str, str] | None = None,
    wrong: str = "",
    status: int = 200,
) -> Response:
    topic = service.topics.get(id)
    zone = topic.timezone if topic else service.settings.timezone
    sight = Sight.of(service, service.clock.now())
    chrome = chrome_of(service, request, _here(id), "situation", zone, sight)
    if topic is None:
        return html(request, render.missing(chrome), 404)
    part = planned_part(service.store.read, topic, chrome.now, _here(id), given or {}, wrong)
    return html(request, render.planned(PlannedPage(chrome, id, topic.name, part)), status)


def planned_part(
    read: Reader,
    topic: Topic,
    now: datetime,
    back: str,
    given: Mapping[str, str] | None = None,
    wrong: str = "",
) -> PlannedPart:
    """Return a topic's planned events for a page at the address ``back``."""
    found = desk.announced(read, now - BACK, now + AHEAD, topic.id)
    coming = [e for e in found if not desk.is_past(e, now)][:COMING]
    past = [e for e in found if desk.is_past(e, now)][-PAST:]
    return PlannedPart(
        topic=topic.id,
        rows=tuple(_row(read, e, topic.id, now) for e in (*coming, *reversed(past))),
        zone=topic.timezone,
        back=back,
        types=tuple(sorted({e.type for e in found} - {k.value for k in Kind})),
        given=given or {},
        wrong=wrong,
    )


def _row(read: Reader, entry: Planned, topic: str, now: datetime) -> PlannedRow:
    from monitor.pipeline.announced import brought, expected_uplift

    past = desk.is_past(entry, now)
    times = entry.uplift
    if times is None:
        times = expected_uplift(read, entry, topic)
    seen = brought(read, entry, topic) if past else None
    return PlannedRow(
        id=entry.id,
        kind=entry.kind,
        type=entry.type,
        title=entry.title,
        starts=entry.starts,
        ends=entry.ends,
        times=_short(times),
        learned=entry.uplift is None,
        actor=entry.actor,
        past=past,
        brought=None if seen is None else _short(seen),
    )


def _short(times: float) -> float:
    """Return a factor as people say it: whole from ten on, else to one place."""
    return float(round(times)) if times >= 10 else round(times, 1)


def _plan(topic: Topic, given: Mapping[str, str]) -> desk.Plan:
    """Return what the form says; `Invalid` begins with the name of the field that is wrong."""
    zone = ZoneInfo(topic.timezone)
    starts = _time(given["starts"], zone, "starts")
    ends = _time(given["ends"], zone, "ends") if given["ends"].strip() else None
    return desk.Plan(
        title=given["title"],
        topics=(topic.id,),
        starts=starts,
        ends=ends or starts,
        kind=Kind.EVENT if ends else Kind.POST,
        type=given["type"],
        uplift=_number(given["uplift"]),
    )


def _time(text: str, zone: ZoneInfo, name: str) -> datetime:
    try:
        at = datetime.fromisoformat(text.strip())
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid(f"{name}: expected a time") from None


def _number(text: str) -> float | None:
    """Return a number as typed, in German or English; None for nothing, NaN for no number."""
    try:
        return float(text.strip().replace(",", ".")) if text.strip() else None
    except ValueError:
        return math.nan
