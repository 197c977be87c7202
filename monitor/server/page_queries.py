"""Trying another query on a topic's settings page: the form, and what came of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from dashboards.web.query_views import (
    QueryFault,
    QueryPart,
    QueryResult,
    QueryState,
    QueryTally,
)
from dashboards.web.views import Share
from detectors.topic import Topic
from monitor.desk.query_trial import Asked
from monitor.ports import Unavailable
from monitor.server.page_posts import post_view
from monitor.server.query_trials import Busy, QueryTrials, Refused
from monitor.service import Service

if TYPE_CHECKING:
    from monitor.desk.query_trial import QueryTrial, Tally

STATUS = {QueryState.INVALID: 422, QueryState.BUSY: 429, QueryState.UNAVAILABLE: 503}
SHOWN = 8
"""Sources and languages that are named."""
FAULTS = 20

Text = Annotated[str, Form()]
Show = Callable[[Request, str, QueryPart | None, int], Response]
"""Shows a topic's page, or for htmx its part: request, topic, part, status."""


def route(api: APIRouter, service: Service, trials: QueryTrials, show: Show) -> None:
    """Add what the form sends."""

    # A plain function: it runs in the server's threads, and its loop goes on meanwhile.
    @api.post("/topics/{id}/settings/query")
    def ask(
        request: Request,
        id: str,
        any: Text = "",
        all: Text = "",
        none: Text = "",
        languages: Text = "",
        sources: Annotated[list[str] | None, Form()] = None,
    ) -> Response:
        topic = service.topics.get(id)
        if topic is None:
            return show(request, id, None, 404)
        asked = Asked(
            any=_lines(any),
            all=_lines(all),
            none=_lines(none),
            languages=tuple(re.split(r"[\s,;]+", languages.strip())) if languages.strip() else (),
            sources=tuple(sources or ()),
        )
        result = result_of(trials, topic, asked)
        part = query_part(trials, topic, asked, result)
        return show(request, id, part, STATUS.get(result.state, 200))

    @api.get("/topics/{id}/settings/query")
    def back(id: str) -> Response:
        """Lead whoever asks for the form's address, by reload or by hand, to the form."""
        return RedirectResponse(f"/topics/{quote(id)}/settings#query", 303)


def query_part(
    trials: QueryTrials, topic: Topic, asked: Asked | None = None, result: QueryResult | None = None
) -> QueryPart:
    """Return the form as it was sent, or with the topic's query of now."""
    shown = asked or Asked.of(topic)
    return QueryPart(
        topic=topic.id,
        any="\n".join(shown.any),
        all="\n".join(shown.all),
        none="\n".join(shown.none),
        languages=", ".join(shown.languages),
        sources=tuple(trials.sources),
        chosen=frozenset(shown.sources),
        result=result,
    )


def result_of(trials: QueryTrials, topic: Topic, asked: Asked) -> QueryResult:
    try:
        return _result(trials.of(topic, asked))
    except Refused as error:
        faults = tuple(QueryFault(one.field, one.entry, one.why) for one in error.faults[:FAULTS])
        return QueryResult(QueryState.INVALID, faults=faults)
    except Busy:
        return QueryResult(QueryState.BUSY)
    except Unavailable:
        return QueryResult(QueryState.UNAVAILABLE)


def _result(trial: QueryTrial) -> QueryResult:
    return QueryResult(
        state=QueryState.DONE,
        looked_at=trial.looked_at,
        since=trial.since,
        complete=trial.complete,
        found=_tally(trial.found),
        new=_tally(trial.new),
        gone=_tally(trial.gone),
    )


def _tally(tally: Tally) -> QueryTally:
    return QueryTally(
        posts=tally.posts,
        private=tally.private,
        sources=_shares(tally.sources, tally.posts),
        langs=_shares(tally.langs, tally.posts),
        examples=tuple(post_view(one.post, one.copies) for one in tally.examples),
    )


def _shares(counts: Iterable[tuple[str, int]], total: int) -> tuple[Share, ...]:
    return tuple(Share(name, n / total, n) for name, n in list(counts)[:SHOWN])


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())
