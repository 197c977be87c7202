"""How the tones of a topic are read: the page, the words on single posts, and which weights speak."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Path, Request
from starlette.responses import RedirectResponse, Response

from dashboards.web import render
from dashboards.web.reading_views import (
    AskedPost,
    Measured,
    ReadingPage,
    SaidRow,
    SpokeRow,
    Teaching,
    VersionRow,
)
from monitor.desk import corrections as desk
from monitor.desk import teaching
from monitor.desk.errors import Conflict, Invalid, NotFound
from monitor.ports import Correction, Reader, Unavailable
from monitor.server.page_frame import actor_of, chrome_of, html, local
from monitor.server.page_posts import post_view
from monitor.server.page_topics import Sight
from monitor.service import Service

NOBODY = "anonym"
SHOWN = 200
"""Words of a topic that the page lists, newest first."""
STATUS = {"stale": 404, "conflict": 409, "invalid": 422, "unavailable": 503}

Text = Annotated[str, Form()]
Num = Annotated[int, Path(ge=0, lt=2**63)]
Row = Annotated[int, Form(ge=0, lt=2**63)]


def route(api: APIRouter, service: Service) -> None:
    """Add the page, and what its forms send."""

    # Plain functions: they run in the server's threads, and its loop goes on meanwhile.
    @api.get("/topics/{id}/reading")
    def page(request: Request, id: str) -> Response:
        return _page(service, request, id)

    @api.post("/topics/{id}/posts/{num}/tone")
    def say(
        request: Request, id: str, num: Num, tone: Text = "", drawn: Text = "", back: Text = ""
    ) -> Response:
        label = {str(int(one)): one for one in desk.SAID}.get(tone)
        if label is None:
            raise Invalid("tone: expected -1, 0 or 1")
        actor, now = actor_of(request) or NOBODY, service.clock.now()
        desk.correct(service.store, service.topics, id, num, label, actor, now, drawn=drawn == "1")
        return _done(service, id, back)

    @api.post("/topics/{id}/posts/{num}/tone/back")
    def take_back(id: str, num: Num, back: Text = "") -> Response:
        desk.take_back(service.store, service.topics, id, num, service.clock.now())
        return _done(service, id, back)

    @api.post("/topics/{id}/reading/speak")
    def speak(
        request: Request, id: str, version: Row = 0, newest: Row = 0, note: Text = ""
    ) -> Response:
        actor, now = actor_of(request) or NOBODY, service.clock.now()
        try:
            teaching.let_speak(service.store, teaching.shipped(), version, newest, actor, note, now)
        except (NotFound, Conflict, Invalid, Unavailable) as error:
            return _page(service, request, id, _why(error))
        return _done(service, id, f"{_here(id)}#teaching")

    @api.post("/topics/{id}/reading/back")
    def back(request: Request, id: str, newest: Row = 0, note: Text = "") -> Response:
        actor, now = actor_of(request) or NOBODY, service.clock.now()
        try:
            teaching.back(service.store, newest, actor, note, now)
        except (Conflict, Invalid, Unavailable) as error:
            return _page(service, request, id, _why(error))
        return _done(service, id, f"{_here(id)}#teaching")


def _why(error: Exception) -> str:
    kinds = {NotFound: "stale", Conflict: "conflict", Invalid: "invalid"}
    return kinds.get(type(error), "unavailable")


def _done(service: Service, id: str, back: str) -> Response:
    service.signals.publish("topic", id, 0)
    return RedirectResponse(local(back or _here(id)), 303)


def _here(id: str) -> str:
    return f"/topics/{quote(id)}/reading"


def _page(service: Service, request: Request, id: str, wrong: str = "") -> Response:
    topic = service.topics.get(id)
    zone = topic.timezone if topic else service.settings.timezone
    sight = Sight.of(service, service.clock.now())
    chrome = chrome_of(service, request, _here(id), "situation", zone, sight)
    if topic is None:
        return html(request, render.missing(chrome), 404)
    read, now = service.store.read, chrome.now
    said = read.corrections(id)
    told = desk.honesty_of([one for one in said if one.at >= now - desk.SPAN])
    view = ReadingPage(
        chrome=chrome,
        topic=id,
        name=topic.name,
        week=desk.week_of(now),
        asked=tuple(map(_asked, desk.asked(read, id, now))),
        right=_measured(told.all),
        recall=_measured(told.recall),
        known=told.known,
        unreliable=told.unreliable,
        least=desk.LEAST_NEGATIVES,
        people=told.recall.n,
        machine=told.precision.n,
        said=tuple(map(_said, reversed(said[-SHOWN:]))),
        teaching=_teaching(read),
        wrong=wrong,
    )
    return html(request, render.reading(view), STATUS.get(wrong, 200))


def _asked(one: desk.Asked) -> AskedPost:
    said = one.said
    if said is None:
        return AskedPost(one.post.num, post_view(one.post))
    return AskedPost(one.post.num, post_view(one.post), int(said.label), int(said.was), said.actor)


def _measured(part: desk.Part) -> Measured:
    return Measured(part.right, part.n, *part.ends)


def _said(one: Correction) -> SaidRow:
    return SaidRow(
        num=one.num,
        text=one.text,
        lang=one.lang,
        was=int(one.was),
        said=int(one.label),
        by=one.actor,
        at=one.at,
        drawn=one.drawn,
    )


def _teaching(read: Reader) -> Teaching:
    found = teaching.standing(read, teaching.shipped())
    names = {version.id: version.name for version in found.versions}
    newest = found.versions[0] if found.versions else None
    return Teaching(
        lessons=found.lessons,
        least=teaching.LEAST,
        needed=teaching.NEEDED,
        base=found.base,
        versions=tuple(
            VersionRow(
                id=v.id,
                name=v.name,
                learner=v.learner,
                lessons=v.lessons,
                drawn=v.drawn,
                before=v.f1_base,
                after=v.f1_taught,
                low=v.low,
                at=v.at,
                may=teaching.may_speak(v, found.base),
                speaks=found.speaks is not None and v.id == found.speaks.id,
                old=v.base != found.base,
            )
            for v in found.versions
        ),
        history=tuple(
            SpokeRow(
                "" if one.taught is None else names.get(one.taught, str(one.taught)),
                one.actor,
                one.at,
                one.note,
            )
            for one in found.history
        ),
        speaks=found.speaks.name if found.speaks else "",
        void=found.void,
        newest=found.newest,
        residuals=newest.residuals if newest else (),
        unknown=newest.unknown if newest else (),
    )
