"""What every page needs before it shows anything: who looks, in which language, at what time."""

from __future__ import annotations

import unicodedata
from urllib.parse import unquote

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from dashboards.web.i18n import LANGUAGES, pick_language
from dashboards.web.views import Chrome, Viewer
from monitor.server.guard import ACTOR
from monitor.server.page_topics import Sight
from monitor.service import Service

YEAR_S = 365 * 24 * 3600
NAME_LIMIT = 60


def remember(answer: Response, name: str, value: str) -> None:
    answer.set_cookie(name, value, max_age=YEAR_S, samesite="lax", httponly=name == "actor")


def local(back: str) -> str:
    """Return ``back`` where it is an address of ours, else the start: no open redirect."""
    inside = back.startswith("/") and not back.startswith(("//", "/\\"))
    return back if inside and back.isprintable() else "/"


def one_line(given: str) -> str:
    """Return a name as it may stand on a timeline: one line, no control characters, 60 long."""
    kept = "".join(c for c in given if unicodedata.category(c)[0] != "C")
    return " ".join(kept.split())[:NAME_LIMIT]


def actor_of(request: Request) -> str:
    """Return the name known by the token, else the one given in the head of the page, else ""."""
    known = request.scope.get(ACTOR) or ""
    return one_line(str(known) or unquote(request.cookies.get("actor", "")))


def _viewer(service: Service, request: Request) -> Viewer:
    asked = request.query_params.get("lang") or request.cookies.get("lang", "")
    accept = request.headers.get("accept-language", "")
    theme = request.cookies.get("theme", "")
    return Viewer(
        lang=asked if asked in LANGUAGES else pick_language(accept, service.settings.language),
        theme=theme if theme in ("light", "dark") else "",
        actor=actor_of(request),
        shortcuts=request.cookies.get("keys", "on") != "off",
    )


def chrome_of(
    service: Service, request: Request, here: str, page: str, zone: str, sight: Sight
) -> Chrome:
    return Chrome(
        viewer=_viewer(service, request),
        now=service.clock.now(),
        zone=zone,
        here=here,
        page=page,
        base=str(request.base_url).rstrip("/"),
        data_until=sight.data_until,
        open_incidents=len(service.store.read.incidents(open_only=True)),
        demo=service.demo,
        sink_url=service.sink_url,
        failures=tuple(service.failures()),
    )


def html(request: Request, body: str, status: int = 200) -> Response:
    answer = HTMLResponse(
        body, status, {"cache-control": "no-store", "vary": "accept-language, cookie"}
    )
    asked = request.query_params.get("lang", "")
    if asked in LANGUAGES:
        remember(answer, "lang", asked)
    return answer
