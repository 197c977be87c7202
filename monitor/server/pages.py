"""Pages: addresses of the response UI, and the forms on it. Drawing is `dashboards.web`'s.

Every page is also its own fragment (``part=1``): regions re-fetch themselves on live signals.
Forms work without script (303 back to the page) and with it (the region as answer, a conflict as
409 that names who was first).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from alerts.incident import Incident, Outcome
from dashboards.web import render
from dashboards.web.i18n import LANGUAGES, pick_language
from dashboards.web.views import Chrome, IncidentList, IncidentPage, Notice, Span, Trend, Viewer
from detectors.detection import Level
from monitor.desk import incidents as desk
from monitor.desk import runs as run_desk
from monitor.desk.errors import Conflict, Invalid, NotFound
from monitor.ports import Unavailable
from monitor.server.guard import ACTOR
from monitor.server.page_incidents import (
    cause_of,
    current_runs,
    delivery_view,
    fact_views,
    next_view,
    rose_at,
    row_of,
    run_view,
)
from monitor.server.page_topics import Sight, post_view, reading, situation, voices
from monitor.service import Service
from playbooks.run import StepState

NOBODY = "anonym"
"""The actor of somebody who has not given a name."""
YEAR_S = 365 * 24 * 3600
NAME_LIMIT = 60
CLOSED_SHOWN = 50
DID = frozenset({"acknowledge", "assign", "note", "resolve", "done", "skip", "take", "actor"})
"""What a page may say was just done, when a form without script comes back to it."""

Text = Annotated[str, Form()]


def router(service: Service) -> APIRouter:
    """Return the routes of all pages."""
    api = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    _looking(api, service)
    _preferring(api)
    _acting(api, service)
    _stepping(api, service)
    return api


# --- looking ----------------------------------------------------------------------------------


def _looking(api: APIRouter, service: Service) -> None:
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
        zone = chosen.timezone if chosen else _first_zone(service)
        chrome = _chrome(service, request, here, "situation", zone, sight)
        view = situation(service, chrome, sight, chosen=topic, span=span, table=table)
        return _html(request, render.situation(view, part=part))

    @api.get("/incidents")
    def incident_list(request: Request, part: bool = False) -> Response:
        sight = Sight.of(service, service.clock.now())
        chrome = _chrome(service, request, "/incidents", "incidents", _first_zone(service), sight)
        rows = [
            row_of(service, i, chrome.now) for i in service.store.read.incidents(limit=CLOSED_SHOWN)
        ]
        view = IncidentList(
            chrome,
            open=tuple(sorted((r for r in rows if not r.resolved_at), key=lambda r: -r.level)),
            closed=tuple(r for r in rows if r.resolved_at),
        )
        return _html(request, render.incidents(view, part=part))

    @api.get("/incidents/{id}")
    def incident(
        request: Request, id: str, all: bool = False, part: bool = False, did: str = ""
    ) -> Response:
        notice = Notice(did) if did in DID and not part else None
        return _incident_page(service, request, id, all=all, part=part, notice=notice)

    @api.get("/parts/status")
    def status(request: Request) -> Response:
        sight = Sight.of(service, service.clock.now())
        chrome = _chrome(service, request, "/", "situation", _first_zone(service), sight)
        return _html(request, render.status(chrome))


def _incident_page(
    service: Service,
    request: Request,
    id: str,
    *,
    all: bool,
    part: bool,
    notice: Notice | None = None,
    status: int = 200,
) -> Response:
    found = service.store.read.incident(id)
    sight = Sight.of(service, service.clock.now())
    if found is None:
        chrome = _chrome(service, request, "/incidents", "incidents", _first_zone(service), sight)
        return _html(request, render.missing(chrome), 404)
    topic = service.topics.get(found.topic)
    zone = topic.timezone if topic else _first_zone(service)
    here = f"/incidents/{quote(found.ref)}" + ("?all=1" if all else "")
    chrome = _chrome(service, request, here, "incidents", zone, sight)
    view = _incident_view(service, replace(chrome, notice=notice), found, sight, all=all)
    return _html(request, render.incident(view, part=part), status)


def _incident_view(
    service: Service, chrome: Chrome, found: Incident, sight: Sight, *, all: bool
) -> IncidentPage:
    now, read = chrome.now, service.store.read
    known = [service.topics[t] for t in found.topics if t in service.topics]
    readings = [reading(read, t, sight, now) for t in known]
    worst = max(readings, key=lambda r: (r.tile.level or 0, r.tile.negatives), default=None)
    runs = current_runs(read, found)
    facts = read.facts(found.id)
    evidence = tuple(post_view(p) for p in read.evidence(found.id))
    voice = voices(read, worst.topic.id, now) if worst and found.is_open else None
    assessment = worst.latest.assessment if worst and worst.latest else None
    page = IncidentPage(
        chrome=chrome,
        row=row_of(service, found, now),
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
        rose_at=rose_at(facts),
        end_proposed=found.end_proposed,
        quiet_since=found.quiet_since,
        blind=worst.tile.blind if worst else (),
        runs=tuple(run_view(r, now) for r in runs),
        posts=(voice.posts or evidence[:3]) if voice else (),
        terms=voice.terms if voice else (),
        evidence=evidence,
        facts=fact_views(service, facts, all=all),
        fact_count=len(facts),
        all_facts=all,
        deliveries=tuple(delivery_view(d) for d in reversed(read.deliveries(found.id))),
        cause=cause_of(facts),
    )
    step = next_view(runs, now) if found.is_open else None
    total = next((len(r.steps) for r in page.runs if step and r.id == step.run), 0)
    return replace(page, next=step, step_count=total)


def _first_zone(service: Service) -> str:
    return service.settings.timezone


# --- preferences ------------------------------------------------------------------------------


def _preferring(api: APIRouter) -> None:
    @api.post("/actor")
    def actor(actor: Text = "", back: Text = "/") -> Response:
        """Remember who acts in this browser; not a login, see docs/decisions/0009."""
        answer = RedirectResponse(_local(back), 303)
        _remember(answer, "actor", quote(_name(actor)))
        return answer

    @api.get("/lang/{code}")
    def language(code: str, back: str = "/") -> Response:
        answer = RedirectResponse(_local(back), 303)
        if code in LANGUAGES:
            _remember(answer, "lang", code)
        return answer


def _remember(answer: Response, name: str, value: str) -> None:
    answer.set_cookie(name, value, max_age=YEAR_S, samesite="lax", httponly=name == "actor")


def _local(back: str) -> str:
    """Return ``back`` where it is an address of ours, else the start: no open redirect."""
    inside = back.startswith("/") and not back.startswith(("//", "/\\"))
    return back if inside and back.isprintable() else "/"


def _name(given: str) -> str:
    """Return a name as it may stand on a timeline: one line, no control characters, 60 long."""
    kept = "".join(c for c in given if unicodedata.category(c)[0] != "C")
    return " ".join(kept.split())[:NAME_LIMIT]


# --- acting on an incident --------------------------------------------------------------------


def _acting(api: APIRouter, service: Service) -> None:
    store, clock = service.store, service.clock

    @api.post("/incidents/{id}/acknowledge")
    def acknowledge(request: Request, id: str) -> Response:
        def do(actor: str) -> None:
            desk.acknowledge(store, id, actor, clock.now())

        return _act(service, request, id, Deed("acknowledge", lambda: "acknowledged", do))

    @api.post("/incidents/{id}/assign")
    def assign(request: Request, id: str, owner: Text = "") -> Response:
        def do(actor: str) -> None:
            if not _name(owner):
                raise Invalid("owner")
            desk.assign(store, id, actor, _name(owner), clock.now())

        return _act(service, request, id, Deed("assign", lambda: "assigned", do, "owner"))

    @api.post("/incidents/{id}/note")
    def note(request: Request, id: str, text: Text = "") -> Response:
        def do(actor: str) -> None:
            desk.note(store, id, actor, text, clock.now())

        return _act(service, request, id, Deed("note", lambda: "changed", do, "text"))

    @api.post("/incidents/{id}/resolve")
    def resolve(request: Request, id: str, outcome: Text = "", cause: Text = "") -> Response:
        def do(actor: str) -> None:
            if outcome not in {o.value for o in Outcome}:
                raise Invalid("outcome")
            desk.resolve(store, id, actor, Outcome(outcome), cause, clock.now())

        missing = "cause" if outcome else "outcome"
        return _act(service, request, id, Deed("resolve", lambda: "resolved", do, missing))


def _stepping(api: APIRouter, service: Service) -> None:
    store, clock = service.store, service.clock
    base = "/incidents/{id}/runs/{run}/steps/{step}"

    def already(id: str, run: str, step: str) -> Callable[[], str]:
        return lambda: _closed_as(service, id, run, step)

    @api.post(base + "/done")
    def done(request: Request, id: str, run: str, step: str, note: Text = "") -> Response:
        def do(actor: str) -> None:
            run_desk.tick(store, run, step, actor, clock.now(), note)

        return _act(service, request, id, Deed("done", already(id, run, step), do))

    @api.post(base + "/skip")
    def skip(request: Request, id: str, run: str, step: str, reason: Text = "") -> Response:
        def do(actor: str) -> None:
            run_desk.skip(store, run, step, actor, reason, clock.now())

        return _act(service, request, id, Deed("skip", already(id, run, step), do, "reason"))

    @api.post(base + "/take")
    def take(request: Request, id: str, run: str, step: str) -> Response:
        def do(actor: str) -> None:
            run_desk.take(store, run, step, actor, clock.now())

        return _act(service, request, id, Deed("take", already(id, run, step), do))


def _closed_as(service: Service, id: str, run: str, step: str) -> str:
    """Return how a step is closed, for the words of a conflict."""
    found = service.store.read.incident(id)
    runs = service.store.read.runs(found.id) if found else []
    closed = {s.state for r in runs if r.id == run for s in r.steps if s.step == step}
    return "skipped" if StepState.SKIPPED in closed else "done"


@dataclass(frozen=True, slots=True)
class Deed:
    """One press of a button: its name, what stands there already if somebody was first, the doing,
    and which field is missing where the doing says `Invalid`."""

    name: str
    already: Callable[[], str]
    do: Callable[[str], None]
    field: str = "text"


def _act(service: Service, request: Request, id: str, deed: Deed) -> Response:
    """Carry a deed through and answer with the incident: the region for htmx, else back to the page."""
    notice, status = Notice(deed.name), 200
    try:
        deed.do(_actor(request) or NOBODY)
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
    return _incident_page(service, request, shown, all=all, part=htmx, notice=notice, status=status)


def _asked_all(request: Request) -> bool:
    """True when the page that sent the form shows the whole timeline."""
    page = urlsplit(request.headers.get("hx-current-url", ""))
    return parse_qs(page.query).get("all") == ["1"]


# --- who looks --------------------------------------------------------------------------------


def _actor(request: Request) -> str:
    """Return the name known by the token, else the one given in the head of the page, else ""."""
    known = request.scope.get(ACTOR) or ""
    return _name(str(known) or unquote(request.cookies.get("actor", "")))


def _viewer(service: Service, request: Request) -> Viewer:
    asked = request.query_params.get("lang") or request.cookies.get("lang", "")
    accept = request.headers.get("accept-language", "")
    theme = request.cookies.get("theme", "")
    return Viewer(
        lang=asked if asked in LANGUAGES else pick_language(accept, service.settings.language),
        theme=theme if theme in ("light", "dark") else "",
        actor=_actor(request),
        shortcuts=request.cookies.get("keys", "on") != "off",
    )


def _chrome(
    service: Service, request: Request, here: str, page: str, zone: str, sight: Sight
) -> Chrome:
    return Chrome(
        viewer=_viewer(service, request),
        now=service.clock.now(),
        zone=zone,
        here=here,
        page=page,
        data_until=sight.data_until,
        open_incidents=len(service.store.read.incidents(open_only=True)),
        demo=service.demo,
        sink_url=service.sink_url,
        failures=tuple(service.failures()),
    )


def _html(request: Request, body: str, status: int = 200) -> Response:
    answer = HTMLResponse(
        body, status, {"cache-control": "no-store", "vary": "accept-language, cookie"}
    )
    asked = request.query_params.get("lang", "")
    if asked in LANGUAGES:
        _remember(answer, "lang", asked)
    return answer
