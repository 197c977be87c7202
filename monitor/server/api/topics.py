"""Topics: what is watched, how it stands with it, its curve and its posts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime

from detectors.topic import Topic
from detectors.window import BIN, silent_sources
from monitor.desk.corrections import unreliable
from monitor.desk.coverage import hushed
from monitor.desk.errors import NotFound
from monitor.ports import BinResult, SourceState
from monitor.server.errors import Problem
from monitor.server.post_filter import HarmName, KindName, Wanted, some_posts
from monitor.server.post_schemas import PostOut, PostsOut
from monitor.server.schemas import (
    CurveOut,
    PointOut,
    ReasonOut,
    TopicOut,
    WeatherOut,
    numbers,
)
from monitor.service import Service

STALE = timedelta(minutes=15)
"""A topic whose newest bin ended longer ago than this is not known to be calm."""
POINTS = 2016
"""Most points of a curve: a week in 5-minute steps."""
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


def router(service: Service) -> APIRouter:
    """Return the routes of topics."""
    api = APIRouter(prefix="/api/v1/topics", tags=["topics"])

    @api.get("")
    def topics() -> list[TopicOut]:
        """All topics, in the order of the configuration."""
        return [_topic(topic) for topic in service.topics.values()]

    @api.get("/{id}/weather")
    def weather(id: str) -> WeatherOut:
        """Level, its reasons, and whether it can be known at all."""
        _known(service.topics, id)
        return _weather(service, id)

    @api.get("/{id}/curve")
    def curve(
        id: str,
        since: AwareDatetime | None = None,
        until: AwareDatetime | None = None,
        step_s: Annotated[int, Query(ge=300, le=86_400, multiple_of=300)] = 300,
    ) -> CurveOut:
        """Mentions, negatives, what was expected, and the level; the last 24 hours by default."""
        _known(service.topics, id)
        start, end = _span(since, until, service.clock.now(), timedelta(days=1))
        if (end - start).total_seconds() / step_s > POINTS:
            raise Problem(422, "invalid", f"since, step_s: at most {POINTS} points at once")
        points = service.store.read.curve(id, start, end, step_s)
        shown = [PointOut.of(point) for point in points]
        return CurveOut(topic=id, since=start, until=end, step_s=step_s, points=shown)

    @api.get("/{id}/posts")
    def posts(
        request: Request,
        id: str,
        since: AwareDatetime | None = None,
        until: AwareDatetime | None = None,
        tone: Annotated[int | None, Query(ge=-1, le=2)] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        before: Annotated[int | None, Query(ge=0, lt=2**63)] = None,
        kind: KindName | None = None,
        harm: HarmName | None = None,
    ) -> PostsOut:
        """Posts of a topic, newest first; the last seven days by default. With kind or harm, 5,000 posts
        are looked at for each page: go on with ``before`` even where few or none came."""
        _known(service.topics, id)
        start, end = _span(since, until, service.clock.now(), timedelta(days=7))
        read = service.store.read
        if kind or harm:
            wanted = Wanted(kind, harm, tone)
            found, more = some_posts(read, id, start, end, wanted, limit=limit, before=before)
        else:
            found = read.post_list(id, start, end, tone=tone, limit=limit, before=before)
            more = found[-1].num if len(found) == limit else None
        return PostsOut(posts=[PostOut.of(post) for post in found], before=more)

    return api


def _topic(topic: Topic) -> TopicOut:
    query = topic.query
    return TopicOut(
        id=topic.id,
        name=topic.name,
        brand=topic.brand,
        languages=list(topic.languages),
        sources=list(topic.sources),
        timezone=topic.timezone,
        any=list(query.any),
        all=list(query.all),
        none=list(query.none),
        alarm_budget_days=topic.alarm_budget_days,
    )


def _known(topics: Mapping[str, Topic], id: str) -> None:
    if id not in topics:
        raise NotFound(f"topic {id[:80]!a}")


def _span(
    since: datetime | None, until: datetime | None, now: datetime, usual: timedelta
) -> tuple[datetime, datetime]:
    """Return [since, until) in UTC; bounds that no calendar can convert are refused."""
    try:
        end = until.astimezone(UTC) if until else now + timedelta(seconds=1)
        start = since.astimezone(UTC) if since else max(end - usual, EARLIEST)
    except OverflowError:
        raise Problem(422, "invalid", "since, until: out of range") from None
    if start < EARLIEST or end > now + timedelta(days=366):
        detail = "since, until: expected times between 1990 and a year from now"
        raise Problem(422, "invalid", detail)
    if start >= end:
        raise Problem(422, "invalid", "since: must be before until")
    return start, end


def _weather(service: Service, id: str) -> WeatherOut:
    read, now = service.store.read, service.clock.now()
    latest, assessment = read.latest(id), read.latest_assessment(id)
    why = unknown_because(latest, read.sources(), now)
    observed, expected = numbers(latest) if latest else (None, None)
    level = latest.level if latest else None
    if latest is not None and level == 0:
        assessment = latest.assessment  # an older one has passed; its reasons are history
    incident = next((i for i in read.incidents(open_only=True) if id in i.topics), None)
    return WeatherOut(
        topic=id,
        unknown=bool(why),
        why=why,
        at=latest.start + BIN if latest else None,
        level=level,
        social=assessment.social if assessment else level,
        media=assessment.media if assessment else 0,
        since=assessment.onset if assessment else None,
        observed=observed,
        expected=expected,
        return_period_days=assessment.return_period_days if assessment else None,
        reasons=[ReasonOut.of(r) for r in assessment.reasons] if assessment else [],
        incident=incident.ref if incident else None,
        tone_unreliable=unreliable(read, id, now) is not None,
    )


def unknown_because(
    latest: BinResult | None, sources: Mapping[str, SourceState], now: datetime
) -> list[str]:
    """Return why nobody can say how it stands; empty when it can be said.

    One silent source among several is a gap (see `/api/v1/sources`), all of them are blindness.
    """
    if latest is None:
        return ["nothing has been judged yet: no bin of this topic is closed"]
    why = []
    behind = now - (latest.start + BIN)
    if behind > STALE:
        why.append(f"judging is behind: the newest bin ended {_minutes(behind)} min ago")
    clocks = {name: state.clock for name, state in sources.items()}
    silent = silent_sources(clocks, now)
    if clocks and len(silent) == len(clocks):
        why.append(f"every source is silent: {', '.join(silent)}")
    silence = hushed(latest)
    if silence is not None:
        rare = f"such a silence is expected once in {silence.value:.0f} days"
        why.append(f"the topic is silent though it should speak: {rare}")
    return why


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)
