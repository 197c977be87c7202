"""Silences on the pages: their own page with its form and preview, and what an incident shows of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from alerts.silences import LONGEST
from dashboards.web import render
from dashboards.web.silence_views import (
    ForetoldPage,
    SilencePage,
)
from dashboards.web.views import Chrome, Notice
from monitor.desk import silences as desk
from monitor.desk.errors import Conflict, Invalid, NotFound
from monitor.ports import Unavailable
from monitor.server.page_frame import actor_of, chrome_of, html, local
from monitor.server.page_topics import Sight
from monitor.server.silence_rows import foretold, row_of
from monitor.service import Service

NOBODY = "anonym"
HERE = "/silences"
DID = frozenset({"silence", "end"})
RECENT = timedelta(days=7)
Text = Annotated[str, Form()]


def route(api: APIRouter, service: Service) -> None:
    """Add the page, and what its forms send."""

    @api.get("/silences")
    def page(
        request: Request, match: str = "", hours: str = "4", reason: str = "", did: str = ""
    ) -> Response:
        given = {"match": match, "hours": hours, "reason": reason}
        return _page(service, request, given, notice=Notice(did) if did in DID else None)

    @api.get("/silences/preview")
    def preview(request: Request, match: str = "") -> Response:
        chrome = _chrome(service, request)
        part = foretold(service.store.read, match, chrome.now)
        return html(request, render.foretold(ForetoldPage(chrome, part)))

    @api.post("/silences")
    def add(request: Request, match: Text = "", hours: Text = "", reason: Text = "") -> Response:
        given = {"match": match, "hours": hours, "reason": reason}
        try:
            wish = desk.Wish(match, reason, hours_of(hours))
            desk.silence(service.store, wish, _actor(request), service.clock.now())
        except Invalid as error:
            wrong, _, fault = str(error).partition(": ")
            return _page(service, request, given, wrong=(wrong, fault), status=422)
        except Conflict as first:
            return _page(service, request, given, wrong=("conflict", ""), first=first, status=409)
        except Unavailable:
            return _page(service, request, given, wrong=("unavailable", ""), status=503)
        return _back(service, "silence")

    @api.post("/silences/{id}/end")
    def end(request: Request, id: int, back: Text = "") -> Response:
        try:
            desk.end(service.store, id, _actor(request), service.clock.now())
        except NotFound:
            sight = Sight.of(service, service.clock.now())
            zone = service.settings.timezone
            return html(
                request,
                render.missing(chrome_of(service, request, HERE, "silences", zone, sight)),
                404,
            )
        except Conflict as first:
            return _page(service, request, {}, wrong=("over", ""), first=first, status=409)
        except Unavailable:
            return _page(service, request, {}, wrong=("unavailable", ""), status=503)
        return _back(service, "end", local(back) if back else HERE)


def hours_of(text: str) -> timedelta:
    """Return a length as the form sends it; `Invalid` begins with "for"."""
    try:
        hours = float(text.strip() or "4")
    except ValueError:
        hours = 0
    if not 0 < hours <= LONGEST / timedelta(hours=1):
        raise Invalid("for: expected 5 minutes to 24 hours")
    return timedelta(hours=hours)


def _actor(request: Request) -> str:
    return actor_of(request) or NOBODY


def _back(service: Service, did: str, there: str = HERE) -> Response:
    tell(service)
    return RedirectResponse(f"{there}?did={did}" if there == HERE else there, 303)


def tell(service: Service) -> None:
    """Tell pages and deliverer that silences have changed."""
    for incident in service.store.read.incidents(open_only=True):
        service.signals.publish("incident", incident.id, incident.version)
    service.wake()


def _chrome(service: Service, request: Request) -> Chrome:
    sight = Sight.of(service, service.clock.now())
    return chrome_of(service, request, HERE, "silences", service.settings.timezone, sight)


def _page(
    service: Service,
    request: Request,
    given: Mapping[str, str],
    *,
    wrong: tuple[str, str] = ("", ""),
    first: Conflict | None = None,
    notice: Notice | None = None,
    status: int = 200,
) -> Response:
    chrome = replace(_chrome(service, request), notice=notice)
    read, now = service.store.read, chrome.now
    holds = desk.holds_now(read)
    standing = desk.standing(read, service.book.mutes, now)
    view = SilencePage(
        chrome=chrome,
        standing=tuple(row_of(s, now, holds.get(s.key, ())) for s in standing),
        ended=tuple(row_of(s, now) for s in desk.ended(read, now)),
        foretold=foretold(read, given.get("match", ""), now),
        topics=tuple((t.id, t.name) for t in service.topics.values()),
        given=given,
        wrong=wrong[0],
        fault=wrong[1] if wrong[0] == "match" else "",
        by=first.by if first else "",
        at=first.at if first else None,
    )
    return html(request, render.silences(view), status)
