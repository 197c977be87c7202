"""Answer page: what a link in a message opens, without a login. Looking changes nothing; the button acts once.

Mail scanners and previews open links, so a GET (and a HEAD) only shows. The token in the address is the
authority of the POST too: whoever can name it may press, from wherever the press comes.
"""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from alerts.answering import May
from dashboards.web import render
from dashboards.web.answer_views import AnswerPage
from dashboards.web.i18n import LANGUAGES, pick_language
from monitor.desk import answers
from monitor.desk.answers import Seen, State
from monitor.desk.errors import Conflict
from monitor.desk.tokens import PATH, SECRET, Grant, Tokens
from monitor.ports import Unavailable
from monitor.server.headers import NOT_KEPT
from monitor.service import Service

STATUS = {State.EXPIRED: 410}
"""What a GET answers besides 200; a POST that finds something in the way answers 409 or this."""


def route(api: APIRouter, service: Service) -> None:
    """Add the page and its button."""
    desk = _Desk(service)

    @api.api_route(PATH + "{token}", methods=["GET", "HEAD"])
    def look(request: Request, token: str) -> Response:
        grant, now = desk.tokens.read(token), service.clock.now()
        seen = answers.look(service.store.read, grant, token, now) if grant else None
        if grant is None or seen is None:
            return desk.unknown(request)
        return desk.page(request, grant, seen, STATUS.get(seen.state, 200))

    @api.post(PATH + "{token}")
    def press(request: Request, token: str) -> Response:
        grant, now = desk.tokens.read(token), service.clock.now()
        if grant is None:
            return desk.unknown(request)
        status = 200
        try:
            done = answers.answer(service.store, grant, token, now)
            service.signals.publish("incident", done.id, done.version)
            service.wake()
        except Conflict:
            status = 409
        except Unavailable:
            return desk.trouble(request)
        seen = answers.look(service.store.read, grant, token, now)
        if seen is None:
            return desk.unknown(request)
        return desk.page(request, grant, seen, STATUS.get(seen.state, status), done=status == 200)


class _Desk:
    """What both verbs need: the install's tokens, and answers as pages."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._tokens: Tokens | None = None

    @property
    def tokens(self) -> Tokens:
        if self._tokens is None:  # the store is asked when the first link comes, not at the start
            self._tokens = Tokens(self._service.store.secret(SECRET))
        return self._tokens

    def page(
        self, request: Request, grant: Grant, seen: Seen, status: int, *, done: bool = False
    ) -> Response:
        incident = seen.incident
        topic = self._service.topics.get(incident.topic)
        return self._html(
            request,
            AnswerPage(
                lang=_language(self._service, request),
                zone=topic.timezone if topic else self._service.settings.timezone,
                now=self._service.clock.now(),
                state="done" if done else seen.state.value,
                all_clear=grant.may is May.ALL_CLEAR,
                ref=incident.ref,
                level=incident.level,
                topic=topic.name if topic else incident.topic,
                by=_named(self._service, seen.by),
                at=seen.at,
            ),
            status,
        )

    def unknown(self, request: Request) -> Response:
        return self._bare(request, "unknown", 404)

    def trouble(self, request: Request) -> Response:
        return self._bare(request, "unavailable", 503)

    def _bare(self, request: Request, state: str, status: int) -> Response:
        service = self._service
        now: datetime = service.clock.now()
        page = AnswerPage(_language(service, request), service.settings.timezone, now, state)
        return self._html(request, page, status)

    def _html(self, request: Request, page: AnswerPage, status: int) -> Response:
        return HTMLResponse(render.answer(page), status, dict(NOT_KEPT))


def _named(service: Service, actor: str) -> str:
    person = service.book.people.get(actor)
    return person.name if person else actor


def _language(service: Service, request: Request) -> str:
    asked = request.query_params.get("lang") or request.cookies.get("lang", "")
    accept = request.headers.get("accept-language", "")
    return asked if asked in LANGUAGES else pick_language(accept, service.settings.language)
