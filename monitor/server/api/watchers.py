"""Watchers: heartbeats of those who are expected to speak, and what looks after us ourselves."""

from __future__ import annotations

from datetime import datetime, timedelta

from fastapi import APIRouter, Request

from alerts.night_calls import BUDGET, MONTH, Called, night_calls
from monitor.desk.watchers import AUDITOR, Heard, expected, hear
from monitor.pipeline.awake import RUNNING, blind_spans
from monitor.server.auth import Watched
from monitor.server.errors import Problem
from monitor.server.schemas import Out
from monitor.service import Service


class HeartbeatOut(Out):
    """What we heard, and until when we wait for the next word."""

    name: str
    at: datetime
    next_before: datetime


class ExpectedOut(Out):
    """Somebody who is expected to speak; ``sort``: watch (heartbeats) or source (mentions)."""

    sort: str
    name: str
    every_min: float
    heard_at: datetime | None
    missing_since: datetime | None

    @classmethod
    def of(cls, one: Heard) -> ExpectedOut:
        return cls(
            sort=one.sort,
            name=one.name,
            every_min=one.every / timedelta(minutes=1),
            heard_at=one.heard_at,
            missing_since=one.missing_since,
        )


class SpanOut(Out):
    since: datetime
    until: datetime


class NightCallsOut(Out):
    """Night calls of one person within 30 days, over all topics; ``over_budget``: look at the rota."""

    person: str
    calls: list[datetime]
    over_budget: bool

    @classmethod
    def of(cls, called: Called) -> NightCallsOut:
        return cls(person=called.person, calls=list(called.at), over_budget=called.over_budget)


class WatchersOut(Out):
    """``audited_at``: when the auditor last looked, null: never; ``findings``: what it found, in words.
    ``blind``: spans in which this install did not run."""

    audited_at: datetime | None
    findings: list[str]
    heartbeat_set: bool
    expected: list[ExpectedOut]
    blind: list[SpanOut]
    night_budget: int
    night_calls: list[NightCallsOut]


def router(service: Service) -> APIRouter:
    """Return the routes of watchers."""
    api = APIRouter(prefix="/api/v1", tags=["watchers"])
    watched = Watched.of(service.settings)

    # Plain functions: they run in the server's threads, and its loop goes on meanwhile.
    @api.post("/heartbeats/{name}", responses={401: {"description": "not the token of this name"}})
    def heartbeat(name: str, request: Request) -> HeartbeatOut:
        """Say that ``name`` is alive, by the token of ``[watch.NAME]``. A body is not read."""
        if not watched.may(name, request.headers.get("authorization", "")):
            detail = "Give the token of [watch.NAME] as bearer token."
            raise Problem(401, "unauthorised", detail, headers=(("www-authenticate", "Bearer"),))
        now = service.clock.now()
        with service.store.begin() as tx:
            hear(tx, name, now)
        every = timedelta(minutes=service.settings.watches[name].every_min)
        return HeartbeatOut(name=name, at=now, next_before=now + every)

    @api.get("/watchers")
    def watchers() -> WatchersOut:
        """Who watches: the auditor, heartbeats in and out, our own blind spans, night calls of 30 days."""
        read, now = service.store.read, service.clock.now()
        audit = read.beat(AUDITOR)
        calls = night_calls(read.sent(now - MONTH, now), service.book.night)
        return WatchersOut(
            audited_at=audit.at if audit else None,
            findings=list(audit.content.get("findings", ())) if audit else [],
            heartbeat_set=service.settings.heartbeat.url is not None,
            expected=[
                ExpectedOut.of(one) for one in expected(read, service.settings.to_expected())
            ],
            blind=[
                SpanOut(since=span.since, until=span.until)
                for span in blind_spans(read.beat(RUNNING))
            ],
            night_budget=BUDGET,
            night_calls=[NightCallsOut.of(called) for called in calls],
        )

    return api
