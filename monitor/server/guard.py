"""Guard: what every request but ingest passes first, and every answer passes last."""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitor.server.auth import Hosts, Visitors
from monitor.server.errors import ANSWERED, Problem, unexpected
from monitor.server.headers import Raw, encode, incoming

ACTOR: Final = "sturmglas.actor"
"""Key in the ASGI scope: the name a visitor gave, "" for none."""
OPEN = frozenset({"/healthz", "/readyz", "/slack/interactions"})
"""Answered without a token: a supervisor has none, and Slack signs."""
HEARTBEATS = "/api/v1/heartbeats/"
"""Whoever says there that they are alive has a token of their own (`monitor.server.api.watchers`)."""
BY_TOKEN = ("/answer/", "/api/v1/pagerduty/")
"""Answered without a login, from any page: what stands in the address, or a signature, is the authority."""
FILES = "/static/"
"""Style sheets and drawings, as they are shipped: the page behind a link has no login and needs them."""
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_CHALLENGE = (("www-authenticate", 'Basic realm="Sturmglas", charset="UTF-8"'),)


class Guard:
    """Checks Host, origin and visitor; adds the security headers; turns a crash into a 500."""

    def __init__(self, app: ASGIApp, hosts: Hosts, visitors: Visitors, security: Raw) -> None:
        self._app = app
        self._hosts = hosts
        self._visitors = visitors
        self._security = security

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def secured(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                own = {name.lower() for name, _ in message["headers"]}
                extra = [pair for pair in self._security if pair[0] not in own]
                message = {**message, "headers": [*message["headers"], *extra]}
            await send(message)

        try:
            self._admit(scope)
            await self._app(scope, receive, secured)
        except Problem as problem:
            await _answer(secured, problem)
        except Exception as error:  # the outermost loop: one request must not end the server
            if scope.get(ANSWERED):
                return
            if started:
                raise  # half an answer is out; only closing the connection tells the truth
            await _answer(secured, unexpected(error))

    def _admit(self, scope: Scope) -> None:
        headers = incoming(scope)
        if not self._hosts.answers(headers.get("host", "")):
            raise Problem(421, "wrong-host", "This Host is not ours; see server.public_url.")
        by_token = scope["path"].startswith(BY_TOKEN)
        if scope["method"] not in _SAFE and not by_token and not self._hosts.same_site(headers):
            detail = "This request comes from another site's page; it was not carried out."
            raise Problem(403, "foreign-origin", detail)
        shipped = scope["method"] in _SAFE and scope["path"].startswith(FILES)
        if scope["path"] in OPEN or by_token or shipped:
            return
        if scope["method"] == "POST" and scope["path"].startswith(HEARTBEATS):
            return
        name = self._visitors.name(headers.get("authorization", ""))
        if name is None:
            detail = "Give server.token as bearer token, or as password with your name as user."
            raise Problem(401, "unauthorised", detail, headers=_CHALLENGE)
        scope[ACTOR] = name


async def _answer(send: Send, problem: Problem) -> None:
    body = problem.body()
    length = ("content-length", str(len(body)))
    headers = encode([*problem.all_headers(), length])
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
