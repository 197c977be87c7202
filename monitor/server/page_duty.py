"""Who is on call on a page of its own, and what its forms send: take over, away, take back, test calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time
from typing import Annotated
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from alerts.duty import DutyChange, DutyKind
from alerts.night import Night
from alerts.people import Person, target
from alerts.rest import REST_H
from dashboards.web import render
from dashboards.web.duty_views import DutyPage
from detectors.detection import WAKE, Level
from monitor.desk import duty as desk
from monitor.desk import nights, trials
from monitor.desk.errors import Conflict, Invalid, NotFound
from monitor.ports import Unavailable
from monitor.server.duty_shown import (
    night_view,
    rested,
    rota_view,
    warned,
    way_view,
    weeks_of,
)
from monitor.server.page_frame import actor_of, chrome_of, html
from monitor.server.page_topics import Sight
from monitor.server.test_calls import sent_test, ways_of
from monitor.service import Service

NOBODY = "anonym"
HERE = "/duty"

Text = Annotated[str, Form()]
Given = Mapping[str, str]


def route(api: APIRouter, service: Service) -> None:
    """Add the page, and what its forms send."""
    _looking(api, service)
    _changing(api, service)
    _testing(api, service)


def _looking(api: APIRouter, service: Service) -> None:
    # Plain functions: they run in the server's threads, and its loop goes on meanwhile.
    @api.get(HERE)
    def page(request: Request, part: bool = False) -> Response:
        return _page(service, request, part=part)


def _changing(api: APIRouter, service: Service) -> None:
    store, clock = service.store, service.clock
    rotas, people = service.settings.to_rotas(), service.settings.people

    @api.post(f"{HERE}/over")
    def over(
        request: Request,
        rota: Text = "",
        person: Text = "",
        since: Text = "",
        until: Text = "",
        note: Text = "",
    ) -> Response:
        given = {"rota": rota, "person": person, "since": since, "until": until, "note": note}

        def do(actor: str) -> DutyChange:
            asked = _asked(service, given)
            return desk.take_over(store, rotas, people, rota, asked, actor, clock.now())

        return _done(service, request, "over", given, do, f"#rota-{quote(rota)}")

    @api.post(f"{HERE}/away")
    def away(
        request: Request, person: Text = "", since: Text = "", until: Text = "", note: Text = ""
    ) -> Response:
        given = {"person": person, "since": since, "until": until, "note": note}

        def do(actor: str) -> DutyChange:
            return desk.away(store, people, _asked(service, given), actor, clock.now())

        return _done(service, request, "away", given, do)

    @api.post(f"{HERE}/night")
    def night(request: Request, since: Text = "", until: Text = "", level: Text = "") -> Response:
        given = {"since": since, "until": until, "level": level}
        if service.settings.night_is_set:
            return _page(
                service, request, form="night", given=given, wrong="night_file", status=409
            )

        def do(actor: str) -> None:
            nights.answer(store, _night(given), actor, clock.now())

        return _done(service, request, "night", given, do, "#night")

    @api.post(f"{HERE}/changes/{{id}}/back")
    def back(request: Request, id: int) -> Response:
        def do(actor: str) -> DutyChange:
            return desk.take_back(store, id, actor, clock.now())

        return _done(service, request, "", {}, do)


def _testing(api: APIRouter, service: Service) -> None:
    under_way: set[str] = set()

    @api.post(f"{HERE}/tests/{{channel}}/{{person}}")
    async def test(request: Request, channel: str, person: str) -> Response:
        to = target(channel, person)
        if to not in ways_of(service) or service.send_test is None:
            return await run_in_threadpool(_missing, service, request)
        if to not in under_way:  # who presses twice is called once
            under_way.add(to)
            try:
                await sent_test(service, to, Level(WAKE), actor_of(request) or NOBODY)
            finally:
                under_way.discard(to)
        return _to_tests(channel, person)

    @api.post(f"{HERE}/tests/{{channel}}/{{person}}/rang")
    def rang(
        request: Request, channel: str, person: str, rang: Text = "", at: Text = ""
    ) -> Response:
        by, now = actor_of(request) or NOBODY, service.clock.now()
        try:
            made = datetime.fromisoformat(at)
            trials.say(service.store, channel, person, rang == "1", by, now, made)
        except (ValueError, Conflict):
            return _page(service, request, wrong="conflict", status=409)
        except NotFound:
            return _missing(service, request)
        except Unavailable:
            return _page(service, request, wrong="unavailable", status=503)
        return _to_tests(channel, person)


def _to_tests(channel: str, person: str) -> Response:
    return RedirectResponse(f"{HERE}#test-{quote(channel)}-{quote(person)}", 303)


def _done(
    service: Service,
    request: Request,
    form: str,
    given: Given,
    do: Callable[[str], DutyChange | None],
    place: str = "",
) -> Response:
    """Carry a change through; back to the page, or the page with what is wrong and what was typed."""
    try:
        made = do(actor_of(request) or NOBODY)
    except Invalid as error:
        wrong, status = str(error).partition(":")[0], 422
    except Conflict:
        wrong, status = "conflict", 409
    except Unavailable:
        wrong, status = "unavailable", 503
    except NotFound:
        if not form:
            return _missing(service, request)
        wrong, status = "rota", 422
    else:
        service.signals.publish("duty", *((made.rota, made.id) if made else ("", 0)))
        return RedirectResponse(HERE + place, 303)
    return _page(service, request, form=form, given=given, wrong=wrong, status=status)


def _missing(service: Service, request: Request) -> Response:
    sight = Sight.of(service, service.clock.now())
    chrome = chrome_of(service, request, HERE, "duty", service.settings.timezone, sight)
    return html(request, render.missing(chrome), 404)


def _page(
    service: Service,
    request: Request,
    *,
    form: str = "",
    given: Given | None = None,
    wrong: str = "",
    status: int = 200,
    part: bool = False,
) -> Response:
    sight = Sight.of(service, service.clock.now())
    zone = service.settings.timezone
    chrome = chrome_of(service, request, HERE, "duty", zone, sight)
    settings, read, now = service.settings, service.store.read, chrome.now
    people = settings.to_people(service.book.night.level)
    changed = desk.changes(read, weeks_of(now, zone)[0][0][0])
    rotas = [rota_view(r, people, changed, now, zone) for r in settings.to_rotas().values()]
    ways = trials.ways(read, people, now)
    view = DutyPage(
        chrome=chrome,
        rotas=tuple(rotas),
        people=tuple((person.id, person.name) for person in people.values()),
        away=tuple(c for c in changed.all if _stands(c, now)),
        warnings=tuple(warned(rotas, settings.called(), ways, people)),
        rested=rested(read, service.book.night, people, now, zone),
        ways=tuple(way_view(way, settings) for way in ways),
        night=night_view(settings, read),
        rest_h=REST_H,
        me=_me(chrome.viewer.actor, people),
        form=form,
        wrong=wrong,
        given=given or {},
        can_test=service.send_test is not None,
    )
    return html(request, render.duty(view, part=part), status)


def _stands(change: DutyChange, now: datetime) -> bool:
    return change.kind is DutyKind.ABSENCE and change.ended_at is None and change.until > now


def _me(actor: str, people: Mapping[str, Person]) -> str:
    """Return the id of the person whose id or name the viewer goes by, "" for none."""
    said = actor.casefold()
    names = {id.casefold(): id for id in people}
    names |= {person.name.casefold(): id for id, person in people.items()}
    return names.get(said, "")


def _asked(service: Service, given: Given) -> desk.Asked:
    """Return what a form says; `Invalid` begins with the name of the field that is wrong."""
    zone = ZoneInfo(service.settings.timezone)
    since = _time(given["since"], zone, "since") if given["since"].strip() else None
    until = _time(given["until"], zone, "until")
    return desk.Asked(given["person"], since, until, given["note"])


def _night(given: Given) -> Night:
    """Return what the form says; `Invalid` begins with the name of the field that is wrong."""

    def at(name: str) -> time:
        try:
            return time.fromisoformat(given[name].strip()).replace(tzinfo=None)
        except ValueError:
            raise Invalid(f"night: {name} {given[name][:20]!r}, expected a time of day") from None

    try:
        level = Level(int(given["level"]))
    except ValueError:
        raise Invalid("level: expected 4, 5 or 6") from None
    return Night(at("since"), at("until"), level)


def _time(text: str, zone: ZoneInfo, name: str) -> datetime:
    try:
        at = datetime.fromisoformat(text.strip())
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid(f"{name}: expected a time") from None
