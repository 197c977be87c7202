"""Reading: saying the tone of a post, and how well the tones of a topic are read."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import Field

from detectors.score.base import Tone
from monitor.desk import corrections as desk
from monitor.desk import teaching
from monitor.desk.errors import NotFound
from monitor.ports import Correction
from monitor.server.guard import ACTOR
from monitor.server.schemas import Act, Out
from monitor.service import Service

NOBODY = "api"

Num = Annotated[int, Path(ge=0, lt=2**63)]


class ToneName(StrEnum):
    """What a person may say of a post."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"

    @property
    def tone(self) -> Tone:
        return Tone[self.name]


class ToneIn(Act):
    """The tone of a post, as a person reads it."""

    tone: ToneName
    drawn: bool = Field(
        default=False, description="the post is one of the week's (`asked`), not picked by hand"
    )


class CorrectionOut(Out):
    """A word on a post: ``was`` as it had been read, ``tone`` as it was said. -1 negative, 0 neutral,
    1 positive, 2 unread."""

    post: int
    topic: str
    was: int
    tone: int
    drawn: bool
    by: str
    at: datetime

    @classmethod
    def of(cls, one: Correction) -> CorrectionOut:
        return cls(
            post=one.num,
            topic=one.topic,
            was=int(one.was),
            tone=int(one.label),
            drawn=one.drawn,
            by=one.actor,
            at=one.at,
        )


class PartOut(Out):
    """``right`` of ``n``; ``low`` to ``high``: Wilson interval of 95 %."""

    right: int
    n: int
    low: float
    high: float

    @classmethod
    def of(cls, part: desk.Part) -> PartOut:
        low, high = part.ends
        return cls(right=part.right, n=part.n, low=low, high=high)


class ReadingOut(Out):
    """How the tones of a topic are read, by posts drawn at random in the last 90 days.

    ``recall``: of negative posts, those read so. ``unreliable``: it is below 0.6 of at least ten.
    ``lessons`` of ``needed`` words, of all topics, stand; ``weights`` are heard now. ``asked``: this week's
    posts that nobody has said anything of yet.
    """

    topic: str
    right: PartOut
    recall: PartOut
    precision: PartOut
    unreliable: bool
    week: str
    asked: list[int]
    lessons: int
    needed: int
    weights: str


def router(service: Service) -> APIRouter:
    """Return the routes of reading."""
    api = APIRouter(prefix="/api/v1/topics", tags=["reading"])
    store, clock = service.store, service.clock

    @api.get("/{id}/reading")
    def reading(id: str) -> ReadingOut:
        """How well tones are read, and which posts people are asked about."""
        if id not in service.topics:
            raise NotFound(f"topic {id[:80]!a}")
        now = clock.now()
        told = desk.honesty(store.read, id, now)
        found = teaching.standing(store.read, teaching.shipped())
        asked = desk.asked(store.read, id, now)
        return ReadingOut(
            topic=id,
            right=PartOut.of(told.all),
            recall=PartOut.of(told.recall),
            precision=PartOut.of(told.precision),
            unreliable=told.unreliable,
            week=desk.week_of(now),
            asked=[one.post.num for one in asked if one.said is None],
            lessons=found.lessons,
            needed=teaching.NEEDED,
            weights=found.speaks.name if found.speaks else found.base,
        )

    @api.put("/{id}/posts/{num}/tone")
    def say(request: Request, id: str, num: Num, body: ToneIn) -> CorrectionOut:
        """Say the tone of a post: its row and all counts follow at once, and it teaches."""
        by = str(request.scope.get(ACTOR, "")) or body.by.strip() or NOBODY
        said = desk.correct(
            store, service.topics, id, num, body.tone.tone, by, clock.now(), drawn=body.drawn
        )
        service.signals.publish("topic", id, 0)
        return CorrectionOut.of(said)

    @api.delete("/{id}/posts/{num}/tone", status_code=204)
    def take_back(id: str, num: Num) -> None:
        """Let the machine's word on a post stand again."""
        desk.take_back(store, service.topics, id, num, clock.now())
        service.signals.publish("topic", id, 0)

    return api
