"""Queries: trying one on what is stored of the last 24 hours; nothing is changed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter
from pydantic import Field

from monitor.desk.errors import NotFound
from monitor.server.errors import Problem
from monitor.server.post_schemas import PostOut
from monitor.server.query_trials import Busy, QueryTrials, Refused
from monitor.server.schemas import In, Line, Out
from monitor.service import Service

if TYPE_CHECKING:
    from monitor.desk.query_trial import QueryTrial, Tally

Lines = Annotated[list[Line], Field(max_length=1000)]


class QueryIn(In):
    """A query in the language of docs/queries.md; ``any`` or ``all`` is required."""

    any: Lines = Field(default=[], description="at least one of these must stand in a text")
    all: Lines = Field(default=[], description="every one of these must stand in a text")
    none: Lines = Field(default=[], description="none of these may stand in a text")
    languages: Lines = Field(default=[], description="BCP 47 tags; empty: every language")
    sources: Lines = Field(default=[], description="names of sources; empty: every source")


class ExampleOut(Out):
    """A post; ``copies`` of those counted say the same, itself among them."""

    post: PostOut
    copies: int


class TallyOut(Out):
    """Posts counted; ``private`` of them are messages and mail, which are never among the examples."""

    posts: int
    private: int
    sources: dict[str, int]
    languages: dict[str, int]
    examples: list[ExampleOut]

    @classmethod
    def of(cls, tally: Tally) -> TallyOut:
        return cls(
            posts=tally.posts,
            private=tally.private,
            sources=dict(tally.sources),
            languages=dict(tally.langs),
            examples=[
                ExampleOut(post=PostOut.of(one.post), copies=one.copies) for one in tally.examples
            ],
        )


class QueryTrialOut(Out):
    """What a query finds of ``looked_at`` posts, and against the topic's query of now: ``new`` is found
    by this one only, ``gone`` by that one only. ``complete`` false: there were more posts than are
    looked at, and ``since`` is how far back it went."""

    topic: str
    looked_at: int
    since: datetime
    until: datetime
    complete: bool
    found: TallyOut
    new: TallyOut
    gone: TallyOut

    @classmethod
    def of(cls, topic: str, trial: QueryTrial) -> QueryTrialOut:
        return cls(
            topic=topic,
            looked_at=trial.looked_at,
            since=trial.since,
            until=trial.until,
            complete=trial.complete,
            found=TallyOut.of(trial.found),
            new=TallyOut.of(trial.new),
            gone=TallyOut.of(trial.gone),
        )


def router(service: Service, trials: QueryTrials) -> APIRouter:
    """Return the route that tries a query."""
    api = APIRouter(prefix="/api/v1/topics", tags=["topics"])

    # A plain function: it runs in the server's threads, and its loop goes on meanwhile.
    @api.post("/{id}/query/test", responses={429: {"description": "another one is being tried"}})
    def test(id: str, body: QueryIn) -> QueryTrialOut:
        """What another query would have found in the last 24 hours; changes nothing."""
        from monitor.desk.query_trial import Asked

        topic = service.topics.get(id)
        if topic is None:
            raise NotFound(f"topic {id[:80]!a}")
        asked = Asked(**{name: tuple(found) for name, found in body.model_dump().items()})
        try:
            return QueryTrialOut.of(id, trials.of(topic, asked))
        except Refused as error:
            raise _refused(error) from None
        except Busy:
            detail = "Another query is being tried, and only one at a time can be; ask again."
            raise Problem(429, "busy", detail, retry_after_s=1.0) from None

    return api


def _refused(error: Refused) -> Problem:
    found = [
        {"field": f"{one.field}.{one.place}" if one.entry else one.field, "error": one.text}
        for one in error.faults
    ]
    detail = "; ".join(f"{one['field']}: {one['error']}" for one in found[:5])
    return Problem(422, "invalid", detail, extra={"errors": found})
