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

    async def upload(self, name: str, data: bytes, alt: str) -> str:
        """Hand Slack the bytes of a file, which nobody sees before `share`; return the file's id.

        The address is Slack's to choose, so it goes through the same guarded client, and without the token.
        """
        fields = {"filename": name, "length": str(len(data)), "alt_txt": alt}
        said = await self._aside("files.getUploadURLExternal", data=fields)
        url, file = said.get("upload_url"), said.get("file_id")
        if not isinstance(url, str) or not isinstance(file, str) or not self._may_take(url):
            why = f"{self._receiver}: files.getUploadURLExternal gave no address that we upload to"
            raise ChannelError(why, permanent=True)
        headers = {"content-type": "application/octet-stream"}
        await self._kept_open(
            self._client.build_request("POST", url, content=data, headers=headers)
        )
        return file

    async def share(self, file: str, title: str, place: str, thread: str) -> None:
        """Show an uploaded file in a thread."""
        files = [{"id": file, "title": title}]
        body = {"files": files, "channel_id": place, "thread_ts": thread}
        await self._aside("files.completeUploadExternal", json=body)

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
        self._obey()
        try:
            return await self._sent(request)
        except ChannelError as error:
            if error.retry_after_s:
                self._place.close(error.retry_after_s)
            raise

    def _obey(self) -> None:
        closed = self._place.closed_s()
        if closed > 0:
            why = f"{self._receiver}: asked us to wait, {closed:.0f} s are left"
            raise ChannelError(why, retry_after_s=closed)

    async def _aside(
        self, method: str, *, data: dict[str, str] | None = None, json: object = None
    ) -> dict[str, object]:
        """Call a method whose own limits must not hold up messages: it waits for the place, and closes nothing."""
        headers = self._auth()
        request = self._client.build_request(
            "POST", self._url(method), data=data, json=json, headers=headers
        )
        return self._said(method, await self._kept_open(request), closes=False)

    async def _kept_open(self, request: httpx.Request) -> http.Answer:
        self._obey()
        return await self._sent(request)

    def _may_take(self, url: str) -> bool:
        """True for https; in the clear only where the API itself is spoken to so, on a test's own machine."""
        return url.startswith("https://") or self._settings.api_url.startswith("http://")

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

    def _said(self, method: str, answer: http.Answer, *, closes: bool = True) -> dict[str, object]:
        """Slack says 200 with ``ok: false`` for most refusals."""
        try:
            said = json.loads(answer.body)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            raise ChannelError(f"{self._receiver}: an answer that is not JSON", ambiguous=True)
        if said.get("ok") is not True:
            raise self._refused(method, said, closes=closes)
        return said

    def _refused(self, method: str, said: dict[str, object], *, closes: bool) -> ChannelError:
        error = http.excerpt(str(said.get("error", "unknown")).encode(), self.secrets())
        text = f"{self._receiver}: {method} refused: {error}"
        if error in GONE:
            return Gone(text, permanent=True)
        if error == "missing_scope" and said.get("needed"):
            needed = http.excerpt(str(said["needed"]).encode(), self.secrets())
            text += f"; give the app the scope {needed} and install it again"
        limited = error in ("ratelimited", "rate_limited")
        if limited and closes:
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
