"""Channels: the ways out, how the last delivery over each ended, and a test of one."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request
from pydantic import AwareDatetime, Field

from alerts.alert import AttemptOutcome, Delivery, DeliveryState
from alerts.channels import ChannelSettings
from alerts.channels.base import ChannelClass
from alerts.people import parted, target
from alerts.trial_call import Tested, tested
from detectors.detection import Level
from monitor.desk import trials
from monitor.desk.errors import Conflict, NotFound
from monitor.desk.trials import Way
from monitor.ports import Reader
from monitor.server.guard import ACTOR
from monitor.server.schemas import Act, Line, Out
from monitor.server.test_calls import sent_test, ways_of
from monitor.service import Service

NOBODY = "api"
LOOKED_AT = 20
"""Newest incidents whose deliveries are looked through for the last one of each channel."""


class LastOut(Out):
    """How the last delivery stands, among those about the newest incidents."""

    state: DeliveryState
    at: datetime = Field(description="when it was accepted, else when it was queued")
    attempts: int
    error: str

    @classmethod
    def of(cls, delivery: Delivery) -> LastOut:
        return cls(
            state=delivery.state,
            at=delivery.sent_at or delivery.created_at,
            attempts=delivery.attempts,
            error=delivery.error,
        )


class ChannelOut(Out):
    """One way out. No address and no secret is shown."""

    name: str
    type: str
    class_: ChannelClass = Field(
        serialization_alias="class", description="how doubles are kept away"
    )
    language: str
    pierces_from: int | None = Field(
        description="lowest level that can ring through Do Not Disturb; null: none"
    )
    last: LastOut | None

    @classmethod
    def of(cls, name: str, given: ChannelSettings, last: Delivery | None) -> ChannelOut:
        return cls(
            name=name,
            type=given.type,
            class_=given.doubles,
            language=given.language,
            pierces_from=given.pierces_from,
            last=LastOut.of(last) if last else None,
        )


class TrialIn(Act):
    """``level``: as an alert of this level, which decides whether it can ring. ``person``: sent to
    that person's address on the channel, and kept as their last test call."""

    level: int = Field(default=4, ge=0, le=6)
    person: Line = Field(default="", max_length=80)


class RangIn(Act):
    """Whether a test call rang. ``at``: when it was made, left out: the last one."""

    rang: bool
    at: AwareDatetime | None = None


class CallOut(Out):
    """The last test call to a person over a channel; ``state``: how far the way can be relied on."""

    channel: str
    person: str
    state: Tested
    at: datetime | None = Field(description="when it was made; null: never")
    outcome: AttemptOutcome | None
    by: str
    rang: bool | None = Field(description="null: nobody has said")
    said_by: str
    said_at: datetime | None

    @classmethod
    def of(cls, way: Way) -> CallOut:
        call = way.call
        return cls(
            channel=way.method.channel,
            person=way.person.id,
            state=way.state,
            at=call.at if call else None,
            outcome=call.outcome if call else None,
            by=call.by if call else "",
            rang=call.rang if call else None,
            said_by=call.said_by if call else "",
            said_at=call.said_at if call else None,
        )


class TrialOut(Out):
    """What the receiver said. ``answer``: status and start of its answer, without secrets."""

    channel: str
    accepted: bool
    outcome: AttemptOutcome
    answer: str
    latency_ms: float
    warning: str = Field(description="what to mend although it arrived")


def router(service: Service) -> APIRouter:
    """Return the routes of channels."""
    api = APIRouter(prefix="/api/v1/channels", tags=["channels"])
    known, under_way = service.settings.channels, set[str]()

    @api.get("")
    def channels() -> list[ChannelOut]:
        """All channels, in the order of the settings."""
        last = _last(service.store.read)
        return [ChannelOut.of(name, given, last.get(name)) for name, given in known.items()]

    @api.post("/{name}/test")
    async def test(request: Request, name: str, body: TrialIn) -> TrialOut:
        """Send a test alert at once, in no outbox; the answer is 200 whatever the receiver said.

        409 while another test of this channel, or to this person on it, is under way.
        """
        if name not in known or service.send_test is None:
            raise NotFound(f"channel {name[:80]!a}")
        to = target(name, body.person)
        if body.person and to not in ways_of(service):
            raise NotFound(f"person {body.person[:80]!a} on channel {name}")
        if to in under_way:
            raise Conflict(f"a test of {to} is under way")
        under_way.add(to)
        try:
            found = await sent_test(service, to, Level(body.level), _by(request, body))
        finally:
            under_way.discard(to)
        return TrialOut(
            channel=name,
            accepted=found.accepted,
            outcome=found.outcome,
            answer=found.answer,
            latency_ms=round(found.latency_ms, 1),
            warning=found.warning,
        )

    @api.get("/tests")
    def tests() -> list[CallOut]:
        """The last test call of each person and channel, those never tried among them."""
        people, now = service.settings.to_people(service.book.night.level), service.clock.now()
        return [CallOut.of(way) for way in trials.ways(service.store.read, people, now)]

    @api.post("/{name}/test/{person}/rang")
    def rang(request: Request, name: str, person: str, body: RangIn) -> CallOut:
        """Say whether the last test call to a person rang; 409 where another was made meanwhile."""
        ways, now = ways_of(service), service.clock.now()
        to = target(name, person)
        if to not in ways:
            raise NotFound(f"person {person[:80]!a} on channel {name[:80]!a}")
        by = _by(request, body)
        call = trials.say(service.store, name, person, body.rang, by, now, body.at)
        return CallOut.of(trials.Way(*ways[to], call, tested(call, now)))

    return api


def _by(request: Request, body: Act) -> str:
    """Return who does it: the name of the one who logged in, else the one stated."""
    return str(request.scope.get(ACTOR, "")) or body.by.strip() or NOBODY


def _last(read: Reader) -> dict[str, Delivery]:
    """Return the newest delivery by channel, also where it went to a person on it."""
    found: dict[str, Delivery] = {}
    for incident in read.incidents(limit=LOOKED_AT):
        for delivery in read.deliveries(incident.id):
            channel, _ = parted(delivery.channel)
            if channel not in found or found[channel].created_at < delivery.created_at:
                found[channel] = delivery
    return found
