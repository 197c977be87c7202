"""Pages: addresses of the response UI, and the forms on it. Drawing is `dashboards.web`'s.

Every page is also its own fragment (``part=1``): regions re-fetch themselves on live signals.
Forms work without script (303 back to the page) and with it (the region as answer, a conflict as
409 that names who was first).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from alerts.incident import Incident, Outcome
from dashboards.web import render
from dashboards.web.curve import Span
from dashboards.web.i18n import LANGUAGES
from dashboards.web.incident_views import IncidentList, IncidentPage
from dashboards.web.views import Chrome, Notice, Tile, Trend
from detectors.detection import Level
from monitor.desk import incidents as desk
from monitor.desk.errors import Conflict, Invalid, NotFound
from monitor.desk.escalations import next_call
from monitor.desk.incidents import asked
from monitor.ports import Unavailable
from monitor.server import (
    page_answer,
    page_duty,
    page_health,
    page_joining,
    page_planned,
    page_quiet,
    page_reading,
    page_settings,
    page_silences,
    page_steps,
)
from monitor.server.deed import Deed
from monitor.server.page_cards import card_view, cards_of, evidence_views
from monitor.server.page_frame import actor_of, chrome_of, html, local, one_line, remember
from monitor.server.page_incidents import (
    blind_until,
    call_view,
    cause_of,
    current_runs,
    delivery_view,
    fact_views,
    next_view,
    others,
    rose_at,
    row_of,
    run_view,
)
from monitor.server.page_posts import Heard
from monitor.server.page_topics import Sight, reading, situation
from monitor.server.query_trials import QueryTrials
from monitor.server.silence_rows import quiet_view, standing_lines
from monitor.service import Service

NOBODY = "anonym"
"""The actor of somebody who has not given a name."""
CLOSED_SHOWN = 50
DID = frozenset(
    {
        "silence",
        "end",
        "sleep",
        "explain",
        "acknowledge",
        "assign",
        "note",
        "resolve",
        "merge",
        "split",
        "resend",
        "done",
        "skip",
        "take",
        "actor",
    }
)
"""What a page may say was just done, when a form without script comes back to it."""

Text = Annotated[str, Form()]


@dataclass(frozen=True, slots=True)
class House:
    """The service, and what pages keep between two requests."""

    service: Service
    heard: Heard


def router(service: Service, trials: QueryTrials) -> APIRouter:
    """Return the routes of all pages."""
    house = House(service, Heard())
    api = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    _looking(api, house)
    _preferring(api)
    _acting(api, house)
    for part in (page_quiet, page_joining, page_steps):
        part.route(api, service, lambda *of: _act(house, *of))
    page_settings.route(api, service, trials)
    page_planned.route(api, service)
    page_duty.route(api, service)
    page_health.route(api, service)
    page_reading.route(api, service)
    page_silences.route(api, service)
    page_answer.route(api, service)
    return api


# --- looking ----------------------------------------------------------------------------------


def _looking(api: APIRouter, house: House) -> None:
    service = house.service

    @api.get("/")
    def room(
        request: Request,
        topic: str = "",
        range: str = "1h",
        table: bool = False,
        part: bool = False,
    ) -> Response:
        span = next((s for s in Span if s.value == range), Span.HOUR)
        chosen = service.topics.get(topic)
        query = {"topic": topic} if chosen else {}
        here = "/?" + urlencode({**query, "range": span.value} | ({"table": "1"} if table else {}))
        sight = Sight.of(service, service.clock.now())
        zone = chosen.timezone if chosen else service.settings.timezone
        chrome = chrome_of(service, request, here, "situation", zone, sight)
        view = situation(
            service, chrome, sight, chosen=topic, span=span, table=table, heard=house.heard
        )
        view = replace(view, silences=standing_lines(service, chrome.now))
        return html(request, render.situation(view, part=part))

    @api.get("/incidents")
    def incident_list(request: Request, part: bool = False) -> Response:
        sight = Sight.of(service, service.clock.now())
        chrome = chrome_of(
            service, request, "/incidents", "incidents", service.settings.timezone, sight
        )
        rows = [
            row_of(service, i, chrome.now) for i in service.store.read.incidents(limit=CLOSED_SHOWN)
        ]
        view = IncidentList(
            chrome,
            open=tuple(sorted((r for r in rows if not r.resolved_at), key=lambda r: -r.level)),
            closed=tuple(r for r in rows if r.resolved_at),
        )
        return html(request, render.incidents(view, part=part))

    @api.get("/incidents/{id}")
    def incident(
        request: Request, id: str, all: bool = False, part: bool = False, did: str = ""
    ) -> Response:
        notice = Notice(did) if did in DID and not part else None
        return _incident_page(house, request, id, all=all, part=part, notice=notice)

    @api.get("/parts/status")
    def status(request: Request) -> Response:
        sight = Sight.of(service, service.clock.now())
        chrome = chrome_of(service, request, "/", "situation", service.settings.timezone, sight)
        return html(request, render.status(chrome))


def _incident_page(
    house: House,
    request: Request,
    id: str,
    *,
    all: bool,
    part: bool,
    notice: Notice | None = None,
    status: int = 200,
) -> Response:
    service = house.service
    found = service.store.read.incident(id)
    sight = Sight.of(service, service.clock.now())
    if found is None:
        chrome = chrome_of(
            service, request, "/incidents", "incidents", service.settings.timezone, sight
        )
        return html(request, render.missing(chrome), 404)
    topic = service.topics.get(found.topic)
    zone = topic.timezone if topic else service.settings.timezone
    here = f"/incidents/{quote(found.ref)}" + ("?all=1" if all else "")
    chrome = chrome_of(service, request, here, "incidents", zone, sight)
    view = _incident_view(house, replace(chrome, notice=notice), found, sight, all=all)
    return html(request, render.incident(view, part=part), status)


def _incident_view(
    house: House, chrome: Chrome, found: Incident, sight: Sight, *, all: bool
) -> IncidentPage:
    service = house.service
    now, read = chrome.now, service.store.read
    known = [service.topics[t] for t in found.topics if t in service.topics]
    readings = [reading(read, t, sight, now) for t in known]
    worst = max(readings, key=lambda r: (r.tile.level or 0, r.tile.negatives), default=None)
    runs = current_runs(read, found)
    facts = read.facts(found.id)
    cards = cards_of(facts)
    evidence = evidence_views(read, read.evidence(found.id), cards)
    voice = house.heard.voices(read, worst.topic.id, now) if worst and found.is_open else None
    assessment = worst.latest.assessment if worst and worst.latest else None
    is_asked = found.is_open and asked(read.errands(found.id))
    row = row_of(service, found, now)
    page = IncidentPage(
        chrome=chrome,
        row=replace(row, needs_ack=True) if is_asked else row,
        topics=tuple(t.name for t in known),
        trend=worst.tile.trend if worst else Trend.FLAT,
        negatives=worst.tile.negatives if worst else 0,
        mentions=worst.mentions if worst else 0,
        expected=worst.tile.expected if worst else None,
        reasons=found.reasons,
        media=assessment.media if assessment else Level.CALM,
        acked_by=found.acked_by,
        acked_at=found.acked_at,
        acked_level=found.acked_level,
        asked=is_asked,
        rose_at=rose_at(facts),
        end_proposed=found.end_proposed,
        quiet_since=found.quiet_since,
        blind=worst.tile.blind if worst else (),
        blind_until=blind_until(facts, found),
        capped=worst.tile.capped if worst else (),
        children=_children([r.tile for r in readings]),
        runs=tuple(run_view(r, now) for r in runs),
        posts=(voice.posts or evidence[:3]) if voice else (),
        terms=voice.terms if voice else (),
        about=voice.about if voice else {},
        looked_at=voice.looked_at if voice else 0,
        evidence=evidence,
        facts=fact_views(service, facts, all=all),
        fact_count=len(facts),
        all_facts=all,
        deliveries=tuple(
            delivery_view(d, service.book.people) for d in reversed(read.deliveries(found.id))
        ),
        cause=cause_of(facts),
        card=card_view(read, cards),
        call=call_view(next_call(read, service.book, found.id)),
        others=tuple(row_of(service, i, now) for i in others(read, found)),
        quiet=quiet_view(service, found, now),
    )
    step = next_view(runs, now) if found.is_open else None
    total = next((len(r.steps) for r in page.runs if step and r.id == step.run), 0)
    return replace(page, next=step, step_count=total)


def _children(tiles: Sequence[Tile]) -> tuple[Tile, ...]:
    """Return the topics of a storm over several, worst first; one alone is the page's title."""
    ranked = sorted(tiles, key=lambda t: (-(t.level or 0), -t.negatives, t.name))
    return tuple(ranked) if len(ranked) > 1 else ()


# --- preferences ------------------------------------------------------------------------------


def _preferring(api: APIRouter) -> None:
    @api.post("/actor")
    def actor(actor: Text = "", back: Text = "/") -> Response:
        """Remember who acts in this browser; not a login, see docs/decisions/0009."""
        answer = RedirectResponse(local(back), 303)
        remember(answer, "actor", quote(one_line(actor)))
        return answer

    @api.get("/lang/{code}")
    def language(code: str, back: str = "/") -> Response:
        answer = RedirectResponse(local(back), 303)
        if code in LANGUAGES:
            remember(answer, "lang", code)
        return answer


# --- acting on an incident --------------------------------------------------------------------


def _acting(api: APIRouter, house: House) -> None:
    store, clock = house.service.store, house.service.clock

    @api.post("/incidents/{id}/acknowledge")
    def acknowledge(request: Request, id: str) -> Response:
        def do(actor: str) -> None:
            desk.acknowledge(store, id, actor, clock.now())

        return _act(house, request, id, Deed("acknowledge", lambda: "acknowledged", do))

    @api.post("/incidents/{id}/assign")
    def assign(request: Request, id: str, owner: Text = "") -> Response:
        def do(actor: str) -> None:
            if not one_line(owner):
                raise Invalid("owner")
            desk.assign(store, id, actor, one_line(owner), clock.now())

        return _act(house, request, id, Deed("assign", lambda: "assigned", do, "owner"))

    @api.post("/incidents/{id}/note")
    def note(request: Request, id: str, text: Text = "") -> Response:
        def do(actor: str) -> None:
            desk.note(store, id, actor, text, clock.now())

        return _act(house, request, id, Deed("note", lambda: "changed", do, "text"))

    @api.post("/incidents/{id}/resolve")
    def resolve(request: Request, id: str, outcome: Text = "", cause: Text = "") -> Response:
        def do(actor: str) -> None:
            if outcome not in {o.value for o in Outcome}:
                raise Invalid("outcome")
            desk.resolve(store, id, actor, Outcome(outcome), cause, clock.now())

        missing = "cause" if outcome else "outcome"
        return _act(house, request, id, Deed("resolve", lambda: "resolved", do, missing))


def _act(house: House, request: Request, id: str, deed: Deed) -> Response:
    """Carry a deed through and answer with the incident: the region for htmx, else back to the page."""
    service = house.service
    notice, status = Notice(deed.name), 200
    try:
        deed.do(actor_of(request) or NOBODY)
    except Conflict as first:
        what = deed.already() if first.by else "changed"
        notice = Notice("conflict", what, first.by, first.at, bad=True)
        status = 409
    except Invalid:
        notice, status = Notice("missing", deed.field, bad=True), 422
    except NotFound:
        status = 404
    except Unavailable:
        notice, status = Notice("unavailable", bad=True), 503
    changed = service.store.read.incident(id)
    if status == 200 and changed is not None:
        service.signals.publish("incident", changed.id, changed.version)
        service.wake()
    htmx = request.headers.get("hx-request") == "true"
    if status == 200 and not htmx and changed is not None:
        return RedirectResponse(f"/incidents/{quote(changed.ref)}?did={deed.name}", 303)
    shown = id if status != 404 else ""
    all = _asked_all(request)
    return _incident_page(house, request, shown, all=all, part=htmx, notice=notice, status=status)


def _asked_all(request: Request) -> bool:
    """True when the page that sent the form shows the whole timeline."""
    page = urlsplit(request.headers.get("hx-current-url", ""))
    return parse_qs(page.query).get("all") == ["1"]
