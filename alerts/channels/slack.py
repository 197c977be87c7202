"""Slack: one message per alert, through an incoming webhook or a bot token (chat.postMessage)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Self

from pydantic import AliasChoices, Field, SecretStr, model_validator

from alerts.alert import Delivery, message_id
from alerts.channels import http
from alerts.channels.base import ChannelClass, ChannelError, Receipt
from alerts.channels.common import Worded, one_of
from alerts.render import slack

if TYPE_CHECKING:  # settings are read by processes that send nothing
    import httpx

EVENT_TYPE = "sturmglas_delivery"
LOOK_BACK = 100
"""Messages looked through for our own: more than a crisis channel gets between two attempts."""
HISTORY_LIMIT = 16 * 1024 * 1024
"""Bytes of that look: so many messages with blocks and metadata are far longer than the one line that others
answer, and half of them is no JSON."""
CLOCKS_APART_S = 300.0
"""How far Slack's clock and ours may differ."""
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


class SlackSettings(Worded):
    """Either ``webhook_url``, or ``token`` with ``channel``.

    The token (scope ``chat:write``, for looking before a re-send also ``channels:history`` or
    ``groups:history``) is the better choice: only with it a double can be avoided.
    """

    type: Literal["slack"]
    webhook_url: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("webhook_url", "url"),
        description="https://hooks.slack.com/services/...",
    )
    token: SecretStr | None = Field(default=None, description="bot token, xoxb-...")
    channel: str = Field(default="", description="channel id (C0123...), needed with a token")
    api_url: str = "https://slack.com/api"
    timeout_s: float = Field(default=10.0, gt=0, le=60)

    @model_validator(mode="after")
    def _one_way_in(self) -> SlackSettings:
        if (self.webhook_url is None) == (self.token is None):
            raise ValueError("slack: set exactly one of webhook_url and token")
        if self.token is not None and not self.channel:
            raise ValueError("slack: token needs channel, the id of the channel to post in")
        return self

    @property
    def doubles(self) -> ChannelClass:
        return ChannelClass.C if self.token is None else ChannelClass.B

    def sent_to(self, addresses: Sequence[str]) -> Self:
        if self.token is None:
            raise ValueError("slack: webhook_url leads to one channel; another needs a token")
        return self._changed(channel=one_of(addresses))


class Slack:
    """Class B with a bot token: an unknown outcome is looked up in the channel before a re-send.

    With an incoming webhook there is nothing to look at: class C, a repeat is marked.
    """

    def __init__(self, name: str, settings: SlackSettings, client: httpx.AsyncClient) -> None:
        self._name = name
        self._settings = settings
        self._client = client

    @property
    def name(self) -> str:
        return self._name

    @property
    def doubles(self) -> ChannelClass:
        return self._settings.doubles

    async def send(self, delivery: Delivery) -> Receipt:
        own = self._settings.words(delivery)
        body = slack.body(delivery, self._settings.language, own)
        if self._settings.webhook_url is not None:
            url = self._settings.webhook_url.get_secret_value()
            answer = await self._send(self._client.build_request("POST", url, json=body))
            return Receipt(http.told(answer, self._secrets()), own.fault)
        if delivery.may_repeat and await self._is_there(delivery):
            return Receipt("already there")
        return Receipt(await self._post_message(delivery, body), own.fault)

    async def _post_message(self, delivery: Delivery, body: dict[str, object]) -> str:
        """Post by chat.postMessage, with the delivery's id as metadata to be found again by."""
        metadata = {
            "event_type": EVENT_TYPE,
            "event_payload": {"id": message_id(delivery)},
        }
        body = {"channel": self._settings.channel, "metadata": metadata, **body}
        said = await self._call("chat.postMessage", body)
        return f"answered 200: message {said.get('ts', '')}"

    async def _is_there(self, delivery: Delivery) -> bool:
        """Look for this very delivery among the channel's messages since it was queued.

        A look-up that fails for good (a missing scope) is no reason to keep silent: the message
        goes out, marked as a possible repeat.
        """
        oldest = delivery.created_at.timestamp() - CLOCKS_APART_S
        query = {
            "channel": self._settings.channel,
            "oldest": f"{oldest:.6f}",
            "limit": str(LOOK_BACK),
            "include_all_metadata": "true",
        }
        try:
            said = await self._call("conversations.history", query=query)
        except ChannelError as error:
            if error.permanent:
                return False
            raise ChannelError(str(error), retry_after_s=error.retry_after_s) from None
        messages = said.get("messages")
        return any(
            _delivery_of(message) == message_id(delivery)
            for message in (messages if isinstance(messages, list) else [])
        )

    async def _call(
        self,
        method: str,
        body: dict[str, object] | None = None,
        query: dict[str, str] | None = None,
    ) -> dict[str, object]:
        """Call a Web API method; Slack says 200 with ``ok: false`` for most refusals."""
        url = f"{self._settings.api_url.rstrip('/')}/{method}"
        token = self._settings.token.get_secret_value() if self._settings.token else ""
        headers = {"authorization": f"Bearer {token}"}
        if body is None:
            request = self._client.build_request("GET", url, params=query, headers=headers)
        else:
            request = self._client.build_request("POST", url, json=body, headers=headers)
        answer = await self._send(request, HISTORY_LIMIT if body is None else http.ANSWER_LIMIT)
        try:
            said = json.loads(answer.body)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            raise ChannelError(f"{self._receiver}: an answer that is not JSON", ambiguous=True)
        if said.get("ok") is not True:
            error = http.excerpt(str(said.get("error", "unknown")).encode(), self._secrets())
            raise ChannelError(
                f"{self._receiver}: {method} refused: {error}",
                permanent=error not in PASSING,
                ambiguous=error in UNSURE,
            )
        return said

    async def _send(self, request: httpx.Request, limit: int = http.ANSWER_LIMIT) -> http.Answer:
        return await http.send(
            self._client,
            request,
            receiver=self._receiver,
            timeout_s=self._settings.timeout_s,
            secrets=self._secrets(),
            limit=limit,
        )

    @property
    def _receiver(self) -> str:
        return f"slack ({self._name})"

    def _secrets(self) -> tuple[str, ...]:
        held = (self._settings.token, self._settings.webhook_url)
        return tuple(secret.get_secret_value() for secret in held if secret is not None)


def _delivery_of(message: object) -> str:
    """Return the id that a message of ours carries in its metadata, else ""."""
    metadata = message.get("metadata") if isinstance(message, dict) else None
    payload = metadata.get("event_payload") if isinstance(metadata, dict) else None
    return str(payload.get("id", "")) if isinstance(payload, dict) else ""
