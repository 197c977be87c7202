"""A topic's settings: what is watched, when somebody is called, and trying that on its past."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import Response

from alerts.incident import Outcome
from alerts.night_calls import BUDGET, MONTH, night_calls
from dashboards.web import render
from dashboards.web.query_views import QueryPart
from dashboards.web.setting_views import (
    SPAN_DAYS,
    LostIncident,
    NightCaller,
    NightPart,
    OwnThreshold,
    TopicSettings,
    Trial,
    TrialPage,
    TrialState,
)
from dashboards.web.views import Chrome
from detectors.topic import Topic
from monitor.desk.calibration import moved
from monitor.ports import Reader, Unavailable
from monitor.server import page_calibration, page_queries
from monitor.server.duty_shown import night_view
from monitor.server.page_calibration import Proposing, calibration_part
from monitor.server.page_frame import chrome_of, html
from monitor.server.page_health import health_part
from monitor.server.page_planned import planned_part
from monitor.server.page_topics import Sight
from monitor.server.query_trials import QueryTrials
from monitor.service import Service

if TYPE_CHECKING:
    from monitor.pipeline.backtest import Backtest, Page

WARM = timedelta(days=28)
"""History before the span that a page lets teach; the command line takes all there is."""
ROWS = 1_000_000
"""Most rows that one trial reads: some seconds."""
AUTHORS = "level4_authors"
STATUS = {TrialState.BUSY: 429, TrialState.INVALID: 422, TrialState.UNAVAILABLE: 503}


class Trials:
    """Tries settings on the past, one trial at a time: each costs seconds of this process."""

    def __init__(self, read: Reader) -> None:
        self._read = read
        self._one = threading.Lock()

    def of(self, topic: Topic, budget: float, authors: float) -> Trial:
        """Return what a budget and a floor of authors would have meant; never waits for another."""
        from monitor.pipeline.backtest import NoPast, backtest, tried
        from monitor.pipeline.past import TooMuch

        def failed(state: TrialState) -> Trial:
            return Trial(state, budget, authors, SPAN_DAYS)

        if not (0 < budget <= 365 and 1 <= authors <= 100_000):  # also where it was no number
            budget, authors = topic.alarm_budget_days, _limits(topic)[AUTHORS]
            return failed(TrialState.INVALID)
        if not self._one.acquire(blocking=False):
            return failed(TrialState.BUSY)
        try:
            asked = tried(topic, budget, {AUTHORS: authors})
            found = backtest(self._read, asked, SPAN_DAYS, reach=WARM, rows=ROWS)
        except NoPast:
            return failed(TrialState.NO_PAST)
        except TooMuch:
            return failed(TrialState.TOO_MUCH)
        except Unavailable:
            return failed(TrialState.UNAVAILABLE)
        finally:
            self._one.release()
        return _trial(found, authors)


@dataclass(frozen=True, slots=True)
class House:
    """The service, and what may be tried on these pages."""

    service: Service
    trials: Trials
    proposing: Proposing
    queries: QueryTrials


def route(api: APIRouter, service: Service, queries: QueryTrials) -> None:
    """Add the page and the regions that a trial refreshes."""
    read = service.store.read
    house = House(service, Trials(read), Proposing(service), queries)

    # Plain functions: they run in the server's threads, and its loop goes on meanwhile.
    @api.get("/topics/{id}/settings")
    def settings(request: Request, id: str, budget: str = "", authors: str = "") -> Response:
        return _page(house, request, id, budget, authors, part=False)

    @api.get("/topics/{id}/settings/trial")
    def trial(request: Request, id: str, budget: str = "", authors: str = "") -> Response:
        return _page(house, request, id, budget, authors, part=True)

    def show(
        request: Request, id: str, status: int, wrong: str, given: Mapping[str, str]
    ) -> Response:
        return _page(house, request, id, said=(status, wrong, given))

    def tried(request: Request, id: str, query: QueryPart | None, status: int) -> Response:
        topic = service.topics.get(id)
        if topic is None or query is None or request.headers.get("hx-request") != "true":
            return _page(house, request, id, said=(status, "", {}), query=query)
        view = settings_view(_chrome(service, request, id, topic), topic, None)
        return html(request, render.query_trial(replace(view, query=query)), status)

    page_calibration.route(api, service, house.proposing, show)
    page_queries.route(api, service, queries, tried)


def _page(
    house: House,
    request: Request,
    id: str,
    budget: str = "",
    authors: str = "",
    *,
    part: bool = False,
    said: tuple[int, str, Mapping[str, str]] = (200, "", {}),
    query: QueryPart | None = None,
) -> Response:
    service = house.service
    topic = service.topics.get(id)
    chrome = _chrome(service, request, id, topic)
    if topic is None:
        return html(request, render.missing(chrome), 404)
    configured, read = topic, service.store.read
    topic = moved(configured, read.calibrations(id))
    found = None
    if budget or authors or part:
        limits = _limits(topic)
        days = _number(budget, topic.alarm_budget_days)
        found = house.trials.of(topic, days, _number(authors, limits[AUTHORS]))
    status = STATUS.get(found.state, 200) if found else said[0]
    kin = [t.name for t in service.topics.values() if t.brand == topic.brand and t.id != id]
    view = settings_view(chrome, topic, found, kin)
    if not part:
        now, here = chrome.now, chrome.here
        kept = house.proposing.of(read, id)
        asked = night_view(service.settings, read)
        view = replace(
            view,
            planned=planned_part(read, topic, now, here),
            night=night_part(service, now),
            health=health_part(read, topic, service.topics, now, here),
            calibration=calibration_part(read, configured, now, kept, *said[1:]),
            query=query or page_queries.query_part(house.queries, topic),
            night_asked=asked if asked.asked else None,
        )
    return html(request, render.settings(view, part=part), status)


def night_part(service: Service, now: datetime) -> NightPart | None:
    """Return whom the nights of a month called; None where there is nobody who could be called."""
    people = service.book.people
    if not people:
        return None
    found = night_calls(service.store.read.sent(now - MONTH, now), service.book.night)
    named = (
        NightCaller(people[c.person].name if c.person in people else c.person, c.at, c.over_budget)
        for c in found
    )
    return NightPart(MONTH.days, BUDGET, tuple(named))


def _chrome(service: Service, request: Request, id: str, topic: Topic | None) -> Chrome:
    zone = topic.timezone if topic else service.settings.timezone
    sight = Sight.of(service, service.clock.now())
    here = f"/topics/{quote(id)}/settings"
    return chrome_of(service, request, here, "situation", zone, sight)


def _number(text: str, otherwise: float) -> float:
    """Return the number given, ``otherwise`` without one; NaN, which nothing takes, for no number."""
    try:
        return float(text) if text else otherwise
    except ValueError:
        return math.nan


def _limits(topic: Topic) -> dict[str, float]:
    from detectors.thresholds import THRESHOLDS

    return {name: t.value for name, t in THRESHOLDS.items()} | topic.thresholds


def settings_view(
    chrome: Chrome, topic: Topic, trial: Trial | None, kin: Sequence[str] = ()
) -> TopicSettings:
    """Return a topic's settings as the page shows them; ``kin``: its brand's other topics."""
    from detectors.thresholds import THRESHOLDS

    usual = {name: THRESHOLDS[name].value for name in topic.thresholds if name in THRESHOLDS}
    own = tuple(
        OwnThreshold(name, value, usual.get(name))
        for name, value in sorted(topic.thresholds.items())
        if value != usual.get(name)
    )
    return TopicSettings(
        chrome=chrome,
        topic=topic.id,
        name=topic.name,
        brand=topic.brand,
        any=topic.query.any,
        all=topic.query.all,
        none=topic.query.none,
        languages=topic.languages,
        sources=topic.sources,
        budget=topic.alarm_budget_days,
        authors=_limits(topic)[AUTHORS],
        own=own,
        rivals=tuple((name, query.any) for name, query in topic.rivals.items()),
        kin=tuple(kin),
        trial=trial,
    )


def _trial(found: Backtest, authors: float) -> Trial:
    rehearsed = found.rehearsed
    return Trial(
        state=TrialState.DONE,
        budget=found.topic.alarm_budget_days,
        authors=authors,
        asked_days=SPAN_DAYS,
        days=rehearsed.days,
        since=rehearsed.since,
        until=rehearsed.until,
        warm_days=found.warm_days,
        short_days=found.short_days,
        young_days=found.young_days,
        blind_hours=rehearsed.without_rows / 12,
        pages=tuple(_called(page) for page in found.pages),
        lost=tuple(LostIncident(i.ref, i.opened_at, i.peak) for i in found.lost),
        then=len(found.then),
        real=sum(i.outcome is Outcome.REAL for i in found.then),
        peak=rehearsed.peak,
    )


def _called(page: Page) -> TrialPage:
    called, incident = page.called, page.incident
    return TrialPage(
        at=called.at,
        level=called.seen.level,
        peak=called.peak,
        reasons=called.seen.reasons,
        ref=incident.ref if incident else "",
        outcome=incident.outcome if incident else None,
    )
