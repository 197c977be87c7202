"""PagerDuty's way back: what people do there with a page of ours. Signed, so it needs no login."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from alerts.channels.pagerduty import PagerDutySettings
from detectors.shaped import decoded
from monitor.desk.errors import NotFound
from monitor.desk.pagers import HEARD, PagerEvent, hear, named
from monitor.server.errors import Problem
from monitor.server.schemas import HeardOut
from monitor.service import Service

LIMIT = 256 * 1024
"""Bytes of a webhook; PagerDuty drops larger ones itself."""
SIGNATURES = 16
"""Signatures of one request that are looked at: one for each secret while they change."""


class Reference(msgspec.Struct, frozen=True):
    """Something of theirs: ``summary`` is its name."""

    id: str = ""
    type: str = ""
    summary: str | None = ""


class About(msgspec.Struct, frozen=True):
    """The incident an event is about, as far as we read it."""

    incident_key: str | None = None
    assignees: tuple[Reference, ...] | None = None


class Event(msgspec.Struct, frozen=True):
    """One event of a V3 webhook, as far as we read it."""

    id: str
    event_type: str
    occurred_at: str
    agent: Reference | None = None
    data: msgspec.Raw = msgspec.Raw(b"null")


class Posted(msgspec.Struct, frozen=True):
    """The body of a V3 webhook."""

    event: Event


def router(service: Service) -> APIRouter:
    """Return the route that PagerDuty posts to."""
    api = APIRouter(prefix="/api/v1", tags=["channels"])

    @api.post("/pagerduty/{channel}", status_code=202)
    async def pagerduty(request: Request, channel: str) -> HeardOut:
        """Hear of an acknowledgement or an end in PagerDuty; V3 webhooks, signed. `effect` says what came of it."""
        settings = service.settings.channels.get(channel)
        if not isinstance(settings, PagerDutySettings) or settings.webhook_secret is None:
            raise NotFound(f"a pagerduty channel {channel[:80]!a} with a webhook_secret")
        body = await _body(request)
        secrets = settings.webhook_secret.get_secret_value().split()
        if not signed_by(secrets, request.headers.get("x-pagerduty-signature", ""), body):
            raise Problem(
                401, "bad-signature", "x-pagerduty-signature: not ours; check the secret."
            )
        event = _read(body, settings.users, service)
        now = service.clock.now()
        effect, changed = await run_in_threadpool(
            hear, service.store, channel, event, now, service.settings.language
        )
        if changed is not None:
            service.signals.publish("incident", changed.id, changed.version)
            service.wake()
        return HeardOut(effect=effect)

    return api


def signed_by(secrets: Sequence[str], header: str, body: bytes) -> bool:
    """Return whether one of ``secrets`` signed ``body``: ``v1=`` and hex of HMAC-SHA256, several by commas.

    Every signature is compared with every secret, in constant time.
    """
    given = [part.strip() for part in header.split(",")[:SIGNATURES]]
    right = [f"v1={hmac.digest(s.encode(), body, 'sha256').hex()}" for s in secrets]
    matches = [
        hmac.compare_digest(ours.encode(), one.encode("utf-8", "surrogateescape"))
        for ours in right
        for one in given
    ]
    return any(matches)


async def _body(request: Request) -> bytes:
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > LIMIT:
            raise Problem(413, "too-large", f"The body is larger than {LIMIT} bytes.")
    return bytes(raw)


def _read(body: bytes, users: Mapping[str, str], service: Service) -> PagerEvent:
    """Return the event in our words. Other kinds have data of other shapes, of which nothing is read."""
    try:
        event = decoded(body, Posted).event
        at = _instant(event.occurred_at)
        heard = event.event_type in HEARD
        said = bytes(event.data) if heard else b"null"
        data = About() if said == b"null" else decoded(said, About)
    except (msgspec.DecodeError, ValueError) as error:
        raise Problem(400, "bad-event", f"The body is no event of a V3 webhook: {error}") from None
    agent = event.agent
    return PagerEvent(
        id=event.id[:200],
        kind=event.event_type,
        at=at,
        key=data.incident_key or "",
        agent=_person(agent, users, service) if agent and "user" in agent.type else "",
        names=named([a.summary or a.id for a in (data.assignees or ())[:20]]),
    )


def _person(agent: Reference, users: Mapping[str, str], service: Service) -> str:
    """Return who acts: whom the settings say, the person of that name, else the name there."""
    if agent.id in users:
        return users[agent.id]
    name = next(iter(named([agent.summary or agent.id])), "")
    person = service.book.person_of(name)
    return person.id if person else name


def _instant(text: str) -> datetime:
    at: Any = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("occurred_at has no zone")
    found: datetime = at.astimezone(UTC)
    return found
