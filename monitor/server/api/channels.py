"""Channels: the ways out, how the last delivery over each ended, and a test of one."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request
from pydantic import Field

from alerts.alert import AttemptOutcome, Delivery, DeliveryState
from alerts.channels import ChannelSettings
from alerts.channels.base import ChannelClass
from alerts.people import parted
from detectors.detection import Level
from monitor.desk.errors import Conflict, NotFound
from monitor.ports import Reader
from monitor.server.guard import ACTOR
from monitor.server.schemas import Act, Out
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
    """``level``: as an alert of this level, which decides whether it can ring."""

    level: int = Field(default=4, ge=0, le=6)


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

        409 while another test of this channel is under way.
        """
        if name not in known or service.send_test is None:
            raise NotFound(f"channel {name[:80]!a}")
        if name in under_way:
            raise Conflict(f"a test of {name} is under way")
        by = str(request.scope.get(ACTOR, "")) or body.by.strip() or NOBODY
        under_way.add(name)
        try:
            found = await service.send_test(name, Level(body.level), by)
        finally:
            under_way.discard(name)
        return TrialOut(
            channel=name,
            accepted=found.accepted,
            outcome=found.outcome,
            answer=found.answer,
            latency_ms=round(found.latency_ms, 1),
            warning=found.warning,
        )

    return api


def _last(read: Reader) -> dict[str, Delivery]:
    """Return the newest delivery by channel, also where it went to a person on it."""
    found: dict[str, Delivery] = {}
    for incident in read.incidents(limit=LOOKED_AT):
        for delivery in read.deliveries(incident.id):
            channel, _ = parted(delivery.channel)
            if channel not in found or found[channel].created_at < delivery.created_at:
                found[channel] = delivery
    return found
