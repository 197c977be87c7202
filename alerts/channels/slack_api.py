"""Slack's Web API: one call, its outcome as `ChannelError`, and the wait that Slack asks for."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING

from alerts.channels import http
from alerts.channels.base import ChannelError
from alerts.channels.pace import Place
from alerts.channels.slack_settings import SlackSettings

if TYPE_CHECKING:  # settings are read by processes that send nothing
    import httpx

PASSING = frozenset(
    {
        "ratelimited",
        "rate_limited",
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
        "accesslimited",
    }
)
"""Errors of the Web API that pass by themselves (docs.slack.dev/reference/methods)."""
UNSURE = frozenset({"internal_error", "fatal_error"})
"""Of these Slack says that the operation may have succeeded in part."""
GONE = frozenset(
    {
        "message_not_found",
        "thread_not_found",
        "cant_update_message",
        "edit_window_closed",
        "cannot_reply_to_message",
    }
)
"""The message is not there any more, or can no longer be changed."""
PAGE = 100
PAGES = 5
"""Messages that are looked through for our own, at most: five pages of 100."""
LIST_LIMIT = 4 * 1024 * 1024
"""Bytes of one page that are read: a hundred messages of ours, with blocks, are half a megabyte."""
LIMITED_S = 5.0
"""Wait where Slack says "ratelimited" without saying for how long."""


class Gone(ChannelError):
    """The message to change or to answer is not there."""


class SlackApi:
    """Calls methods with the bot's token; a place that is closed for a while gets no request."""

    def __init__(
        self, name: str, settings: SlackSettings, client: httpx.AsyncClient, place: Place
    ) -> None:
        self._receiver = f"slack ({name})"
        self._settings = settings
        self._client = client
        self._place = place

    async def post(self, method: str, body: Mapping[str, object]) -> dict[str, object]:
        """Call a method that does something."""
        url, headers = self._url(method), self._auth()
        request = self._client.build_request("POST", url, json=body, headers=headers)
        return self._said(method, await self.send(request))

    async def get(self, method: str, query: dict[str, str]) -> dict[str, object]:
        """Call a method that tells something; its limits are its own, so it neither waits nor closes."""
        url, headers = self._url(method), self._auth()
        request = self._client.build_request("GET", url, params=query, headers=headers)
        return self._said(method, await self._sent(request, LIST_LIMIT))

    async def messages(self, method: str, query: dict[str, str]) -> AsyncIterator[object]:
        """Yield what conversations.history or .replies list, page by page, at most `PAGES`."""
        query = {**query, "limit": str(PAGE), "include_all_metadata": "true"}
        for _ in range(PAGES):
            said = await self.get(method, query)
            listed = said.get("messages")
            for message in listed if isinstance(listed, list) else []:
                yield message
            more = said.get("response_metadata")
            cursor = str(more.get("next_cursor", "")) if isinstance(more, dict) else ""
            if not cursor:
                return
            query = {**query, "cursor": cursor}

    async def send(self, request: httpx.Request) -> http.Answer:
        """Send any request of this channel's; obeys and remembers a ``Retry-After``."""
        closed = self._place.closed_s()
        if closed > 0:
            why = f"{self._receiver}: asked us to wait, {closed:.0f} s are left"
            raise ChannelError(why, retry_after_s=closed)
        try:
            return await self._sent(request)
        except ChannelError as error:
            if error.retry_after_s:
                self._place.close(error.retry_after_s)
            raise

    async def _sent(
        self, request: httpx.Request, answer_limit: int = http.ANSWER_LIMIT
    ) -> http.Answer:
        return await http.send(
            self._client,
            request,
            receiver=self._receiver,
            timeout_s=self._settings.timeout_s,
            secrets=self.secrets(),
            answer_limit=answer_limit,
        )

    def _said(self, method: str, answer: http.Answer) -> dict[str, object]:
        """Slack says 200 with ``ok: false`` for most refusals."""
        try:
            said = json.loads(answer.body)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            raise ChannelError(f"{self._receiver}: an answer that is not JSON", ambiguous=True)
        if said.get("ok") is not True:
            raise self._refused(method, said)
        return said

    def _refused(self, method: str, said: dict[str, object]) -> ChannelError:
        error = http.excerpt(str(said.get("error", "unknown")).encode(), self.secrets())
        text = f"{self._receiver}: {method} refused: {error}"
        if error in GONE:
            return Gone(text, permanent=True)
        if error == "missing_scope" and said.get("needed"):
            needed = http.excerpt(str(said["needed"]).encode(), self.secrets())
            text += f"; give the app the scope {needed} and install it again"
        limited = error in ("ratelimited", "rate_limited")
        if limited:
            self._place.close(LIMITED_S)
        return ChannelError(
            text,
            permanent=error not in PASSING,
            ambiguous=error in UNSURE,
            retry_after_s=LIMITED_S if limited else None,
        )

    def _url(self, method: str) -> str:
        return f"{self._settings.api_url.rstrip('/')}/{method}"

    def _auth(self) -> dict[str, str]:
        token = self._settings.token.get_secret_value() if self._settings.token else ""
        return {"authorization": f"Bearer {token}"}

    def secrets(self) -> tuple[str, ...]:
        """Return what no answer may show."""
        held = (
            self._settings.token,
            self._settings.webhook_url,
            self._settings.signing_secret,
            self._settings.app_token,
        )
        return tuple(secret.get_secret_value() for secret in held if secret is not None)
