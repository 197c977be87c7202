"""The sink's HTTP side: receivers with faults, and the page."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from monitor.server.sink import page, receivers
from monitor.server.sink.faults import Fault, FaultPlan
from monitor.server.sink.kept import Json, Kept
from monitor.server.sink.receivers import Verdict
from monitor.server.sink.slack import Workspace

TRANSPORT = "sturmglas.transport"
Check = Callable[[bytes, Mapping[str, str]], Verdict]


class AbortableProtocol(H11Protocol):
    """Hands the connection to the application, so that it can be cut off in the middle."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # uvicorn's own, passed through
        super().__init__(*args, **kwargs)
        self.app = partial(self._with_transport, self.app)

    async def _with_transport(
        self, app: ASGIApp, scope: Scope, receive: Receive, send: Send
    ) -> None:
        scope[TRANSPORT] = self.transport
        await app(scope, receive, send)


def build_app(kept: Kept, faults: FaultPlan, secret: str, slack: Workspace) -> Starlette:
    """Return the application; it keeps what it takes in ``kept``, and Slack's messages as they stand."""
    door = _Door(kept, faults)

    def webhook(raw: bytes, headers: Mapping[str, str]) -> Verdict:
        return receivers.webhook(raw, headers, secret)

    def take(path: str, channel: str, check: Check) -> Route:
        async def endpoint(request: Request) -> Response:
            return await door.take(request, channel, check)

        return Route(path, endpoint, methods=["POST"])

    def tell(path: str, look: Callable[[Mapping[str, str]], Json]) -> Route:
        async def endpoint(request: Request) -> Response:
            return door.tell(look(request.query_params))

        return Route(path, endpoint)

    async def connect(request: Request) -> Response:
        verdict = slack.connect(request.headers)
        return Response(verdict.body, verdict.status)

    return Starlette(
        routes=[
            take(
                "/slack/services/{path:path}", "slack", lambda raw, _: receivers.slack_webhook(raw)
            ),
            take("/slack/api/chat.postMessage", "slack", slack.post),
            take("/slack/api/chat.update", "slack edit", slack.update),
            take("/slack/api/chat.postEphemeral", "slack whisper", slack.whisper),
            take("/slack/api/conversations.open", "slack", slack.open),
            tell("/slack/api/conversations.history", slack.history),
            tell("/slack/api/conversations.replies", slack.replies),
            Route("/slack/api/apps.connections.open", connect, methods=["POST"]),
            take("/pagerduty/v2/enqueue", "pagerduty", lambda raw, _: receivers.pagerduty(raw)),
            take("/webhook", "webhook", webhook),
            take("/teams/{path:path}", "teams", lambda raw, _: receivers.teams(raw)),
            take("/ntfy", "ntfy", lambda raw, _: receivers.ntfy(raw)),
            take("/apprise", "apprise", lambda raw, _: receivers.apprise(raw)),
            *page.routes(kept),
        ]
    )


class _Door:
    """What every receiver has in common: the fault plan, and keeping what was taken."""

    def __init__(self, kept: Kept, faults: FaultPlan) -> None:
        self._kept = kept
        self._faults = faults

    async def take(self, request: Request, channel: str, check: Check) -> Response:
        try:
            raw = await request.body()
        except ClientDisconnect:  # killed while it sent: nobody waits for an answer
            return Response(status_code=400)
        fault = self._faults.next()
        early = self._refusal(fault)
        if early is not None:
            return early
        if fault is Fault.RESET_BEFORE:
            return await _reset(request)
        headers = dict(request.headers)
        verdict = check(raw, headers)
        if verdict.parsed is not None:
            self._kept.add(channel, headers, raw, verdict.parsed, verdict.key)
        if fault is Fault.RESET_AFTER:
            return await _reset(request)
        if fault is Fault.HANG_AFTER:
            await _hang(request, self._faults.hang_s)
        return Response(verdict.body, verdict.status)

    def tell(self, said: Json) -> Response:
        """Answer a look-up, or with a fault of the plan."""
        early = self._refusal(self._faults.next())
        return early if early is not None else JSONResponse(said)

    def _refusal(self, fault: Fault) -> Response | None:
        if fault is Fault.ERROR:
            return Response("internal error, on purpose", 500)
        if fault is Fault.BUSY:
            wait = {"retry-after": str(self._faults.retry_after_s)}
            return Response("slow down, on purpose", 429, headers=wait)
        if fault is Fault.REFUSE:
            return Response("bad request, on purpose", 400)
        if fault is Fault.MISSING:
            return Response("no such receiver, on purpose", 404)
        return None


async def _reset(request: Request) -> Response:
    """Cut the connection with a TCP reset; the response returned reaches nobody."""
    transport = request.scope[TRANSPORT]
    raw = transport.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    while not await request.is_disconnected():
        await asyncio.sleep(0.005)
    return Response()


async def _hang(request: Request, seconds: float) -> None:
    """Say nothing until the sender has had enough, or for ``seconds``."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while loop.time() < until and not await request.is_disconnected():
        await asyncio.sleep(0.02)
