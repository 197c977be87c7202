"""A query's health on a topic's pages: the sample of the month, and what people say of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Path, Request
from starlette.responses import RedirectResponse, Response

from dashboards.web.health_views import HealthPart, Missing, Ours, SampledPost
from detectors.query_health import SAMPLE
from detectors.topic import Topic
from monitor.desk import query_health as desk
from monitor.desk.errors import Invalid
from monitor.ports import Reader
from monitor.server.page_frame import actor_of, local
from monitor.server.page_posts import post_view
from monitor.service import Service

NOBODY = "anonym"


def route(api: APIRouter, service: Service) -> None:
    """Add what the sample's buttons send."""

    # A plain function: it runs in the server's threads, and its loop goes on meanwhile.
    @api.post("/topics/{id}/sample/{num}")
    def say(
        request: Request,
        id: str,
        num: Annotated[int, Path(ge=0, lt=2**63)],
        ours: Annotated[str, Form()] = "",
        back: Annotated[str, Form()] = "",
    ) -> Response:
        if ours not in ("0", "1"):
            raise Invalid('ours: expected "1" or "0"')
        actor, now = actor_of(request) or NOBODY, service.clock.now()
        desk.mark(service.store, service.topics, id, num, ours == "1", actor, now)
        there = back or f"/topics/{quote(id)}/settings"
        return RedirectResponse(f"{local(there)}#qh-{num}", 303)


def health_part(
    read: Reader, topic: Topic, topics: Mapping[str, Topic], now: datetime, back: str
) -> HealthPart:
    """Return how a topic's query does, for a page at the address ``back``; some 50 ms."""
    found = desk.health(read, topic, topics, now)
    return HealthPart(
        topic=topic.id,
        month=found.month,
        found=found.found,
        least=SAMPLE,
        posts=tuple(
            SampledPost(
                one.post.num,
                post_view(one.post),
                one.mark.ours if one.mark else None,
                one.mark.actor if one.mark else "",
            )
            for one in found.sample
        ),
        precision=_ours(found.standing),
        suggestions=tuple(
            Missing(s.term, s.sort.value, s.share, s.elsewhere) for s in found.suggestions
        ),
        looked_at=found.looked_at,
        compared=found.compared,
        back=back,
    )


def _ours(standing: desk.Standing) -> Ours | None:
    p = standing.precision
    if p is None:
        return None
    return Ours(p.ours, p.marked, p.share, p.low, p.high, standing.month, p.too_low)
