"""Door: the raw ASGI answer to ``POST /api/v1/mentions``, in front of FastAPI.

Order of checks: is it us (Host), who is it (token or signature), how large, is it JSON, is each
mention good, is it on disk. The answer 202 is given after the last one and never before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from functools import cache, lru_cache
from http import HTTPStatus

import msgspec
from starlette.types import Receive, Scope, Send

from monitor import metrics
from monitor.clock import Clock, SystemClock, stopwatch
from monitor.ports import Unavailable
from monitor.server import body as bodies
from monitor.server import cloudevents, intake
from monitor.server.auth import Hosts, Refused, Signature, Speakers, signature_of
from monitor.server.commit import GroupCommit
from monitor.server.errors import Problem, unavailable, unexpected
from monitor.server.headers import Raw, encode, incoming, security
from monitor.server.intake import Intake
from monitor.service import Service

PATH = "/api/v1/mentions"
INLINE_BYTES = 64 * 1024
"""Bodies up to this size are decoded in the event loop: a thread would cost more than it saves."""
HELD_BYTES = 64 * 1024 * 1024
"""Most bytes of unfinished bodies at once."""

_JSON = ("application/json", "text/json")
_LINES = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonl")
_EVENT = "application/cloudevents+json"
_EVENTS = "application/cloudevents-batch+json"
CSP = "default-src 'none'; frame-ancestors 'none'"
"""Answers of the door are JSON; nothing in them may do anything."""
_CHALLENGE = (("www-authenticate", 'Bearer realm="mentions"'),)


class Door:
    """Takes mentions in. ``wall`` is what signatures are dated by, also where the demo's own
    clock runs faster."""

    def __init__(self, service: Service, commit: GroupCommit, wall: Clock | None = None) -> None:
        self._service = service
        self._commit = commit
        self._shards = service.log.shards
        self._wall = wall or SystemClock()
        self._speakers = Speakers.of(service.settings)
        self._hosts = Hosts.of(service.settings)
        self._limit = service.settings.server.max_body_bytes
        self._room = bodies.Room(max(HELD_BYTES, 4 * self._limit))
        self._security = security(CSP)
        self._headers = [*encode([("content-type", "application/json")]), *self._security]
        self._told = _Told()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Never raises: what is unexpected is logged and answered as 500."""
        try:
            taken = await self._take(scope, receive)
        except bodies.HungUp:
            return
        except Problem as problem:
            await self._refuse(send, problem)
        except Unavailable as error:
            await self._refuse(send, unavailable(error))
        except Exception as error:  # the outermost loop: one request must not end the server
            await self._refuse(send, unexpected(error))
        else:
            await self._answer(send, taken)

    async def _take(self, scope: Scope, receive: Receive) -> Intake:
        headers = incoming(scope)
        if not self._hosts.answers(headers.get("host", "")):
            raise Problem(421, "wrong-host", "This Host is not ours; see server.public_url.")
        if scope["method"] != "POST":
            detail = f"Only POST is possible at {PATH}."
            raise Problem(405, "method-not-allowed", detail, headers=(("allow", "POST"),))
        allowed, signature = self._who(headers)
        bodies.declared(headers, self._limit)
        raw = await bodies.read(receive, self._limit, self._room)
        started = stopwatch()
        if not allowed and signature is not None:
            allowed = self._speakers.by_signature(signature, raw)
        if not allowed:
            raise _stranger("This token or signature is not known here.")
        taken = await self._decode(headers, raw, allowed, self._service.clock.now())
        if taken.entries:
            await self._commit.append(taken.entries)
        self._told.taken(taken, allowed)
        metrics.INGEST_SECONDS.observe(stopwatch() - started)
        return taken

    def _who(self, headers: Mapping[str, str]) -> tuple[frozenset[str], Signature | None]:
        """Return the sources of a good token, else the signature to be checked with the body."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and (found := self._speakers.by_token(token.strip())):
            return found, None
        try:
            signature = signature_of(headers, self._wall.now())
        except Refused as refusal:
            raise _stranger(str(refusal)) from None
        if signature is None:
            if not self._speakers:
                raise _stranger("No source of type http is configured; nobody can send mentions.")
            given = "This token is not known here." if scheme else "Neither token nor signature."
            raise _stranger(given)
        return frozenset(), signature

    async def _decode(
        self, headers: Mapping[str, str], raw: bytes, allowed: frozenset[str], now: datetime
    ) -> Intake:
        encoding = headers.get("content-encoding", "")
        if len(raw) <= INLINE_BYTES and not encoding:
            return decode(headers, raw, allowed, now, self._shards)

        def inflate_and_decode() -> Intake:
            plain = bodies.inflate(raw, encoding, self._limit)
            return decode(headers, plain, allowed, now, self._shards)

        return await asyncio.to_thread(inflate_and_decode)

    async def _answer(self, send: Send, taken: Intake) -> None:
        if not taken.rejected:
            self._told.accepted.inc()
            body = b'{"accepted":%d,"duplicates":%d,"rejected":[]}' % (
                taken.accepted,
                taken.duplicates,
            )
            await _send(send, 202, self._headers, body)
            return
        record = {
            "accepted": taken.accepted,
            "duplicates": taken.duplicates,
            "rejected": [{"index": r.index, "error": r.error} for r in taken.rejected],
        }
        if not taken.accepted:
            first = taken.rejected[0].error
            detail = f"None of {len(taken.rejected)} was taken. The first: {first}"
            await self._refuse(send, Problem(422, "nothing-taken", detail, extra=record))
            return
        self._told.accepted.inc()
        await _send(send, 202, self._headers, msgspec.json.encode(record))

    async def _refuse(self, send: Send, problem: Problem) -> None:
        metrics.REQUESTS.labels(_outcome(problem.status)).inc()
        headers = [*encode(problem.all_headers()), *self._security]
        await _send(send, problem.status, headers, problem.body())


class _Told:
    """What the door counts. Children of a metric are looked up once: `labels` costs more than `inc`."""

    def __init__(self) -> None:
        self.accepted = metrics.REQUESTS.labels("accepted")
        self._ingested = cache(metrics.INGESTED.labels)  # bounded by the sources of the settings

    def taken(self, taken: Intake, allowed: frozenset[str]) -> None:
        """Count by source; what was refused counts for the sender, whose first source it is."""
        for entry, size in zip(taken.entries, taken.sizes, strict=True):
            self._ingested(entry.source, "accepted").inc(size)
        if taken.duplicates:
            self._ingested(min(allowed), "duplicate").inc(taken.duplicates)
        if taken.rejected:
            self._ingested(min(allowed), "rejected").inc(len(taken.rejected))


async def _send(send: Send, status: int, headers: Raw, body: bytes) -> None:
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})


def decode(
    headers: Mapping[str, str],
    raw: bytes,
    allowed: frozenset[str],
    now: datetime,
    shards: int = 1,
) -> Intake:
    """Judge a body by its content type; raises `Problem` 415 for one that we do not take."""
    media_type = _media_type(headers.get("content-type", _JSON[0]))
    if media_type in _JSON and "ce-specversion" not in headers:
        return intake.take_json(raw, allowed, now, shards)
    if media_type == _EVENT:
        return cloudevents.take_event(raw, allowed, now, shards)
    if media_type == _EVENTS:
        return cloudevents.take_events(raw, allowed, now, shards)
    if media_type in _JSON:
        attributes = {name[3:]: value for name, value in headers.items() if name.startswith("ce-")}
        return cloudevents.take_binary(raw, attributes, allowed, now, shards)
    if media_type in _LINES:
        return intake.take_lines(raw, allowed, now, shards)
    known = ", ".join((_JSON[0], *_LINES[:1], _EVENT, _EVENTS))
    detail = f"content-type: expected one of {known}; got {media_type[:80]!a}"
    raise Problem(415, "unsupported-type", detail, headers=(("accept-post", known),))


@lru_cache(maxsize=64)
def _media_type(given: str) -> str:
    """Return the media type of a content-type header; raises `Problem` 415 for another charset."""
    media_type, _, parameters = given.partition(";")
    charset = parameters.lower().partition("charset=")[2].split(";")[0].strip('" ')
    if charset not in ("", "utf-8", "utf8", "us-ascii"):
        raise Problem(415, "unsupported-charset", "content-type: send UTF-8")
    return media_type.strip().lower()


def _stranger(detail: str) -> Problem:
    return Problem(401, "unauthorised", detail, headers=_CHALLENGE)


def _outcome(status: int) -> str:
    if status == HTTPStatus.UNAUTHORIZED:
        return "unauthorised"
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        return "rejected"
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return "unavailable"
    return "failed" if status >= 500 else "refused"
