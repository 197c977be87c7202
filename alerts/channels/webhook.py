"""Webhook: signed JSON to an address of your own, by the Standard Webhooks rules."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from pydantic import Field, SecretStr, field_validator
from standardwebhooks import Webhook as Signer

from alerts.alert import Delivery, message_id
from alerts.channels import http
from alerts.channels.base import ChannelClass, Receipt
from alerts.channels.common import Common
from alerts.render import webhook

if TYPE_CHECKING:  # settings are read by processes that send nothing
    import httpx

PREFIX = "whsec_"


class WebhookSettings(Common):
    """``signing_secret``: ``whsec_`` and base64 of 24 to 64 bytes; the receiver verifies with it."""

    type: Literal["webhook"]
    url: str
    signing_secret: SecretStr
    timeout_s: float = Field(default=10.0, gt=0, le=60)

    @field_validator("signing_secret")
    @classmethod
    def _is_a_secret(cls, secret: SecretStr) -> SecretStr:
        text = secret.get_secret_value()
        try:
            raw = base64.b64decode(text.removeprefix(PREFIX), validate=True)
        except binascii.Error:
            raw = b""
        if not text.startswith(PREFIX) or not 24 <= len(raw) <= 64:
            raise ValueError(f"webhook: expected {PREFIX} and base64 of 24 to 64 bytes")
        return secret


class Webhook:
    """Class C: a repeat after an unknown outcome has the same ``webhook-id`` and says so."""

    def __init__(
        self,
        name: str,
        settings: WebhookSettings,
        client: httpx.AsyncClient,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._name = name
        self._settings = settings
        self._client = client
        self._now = now
        self._signer = Signer(settings.signing_secret.get_secret_value())

    @property
    def name(self) -> str:
        return self._name

    @property
    def doubles(self) -> ChannelClass:
        return self._settings.doubles

    async def send(self, delivery: Delivery) -> Receipt:
        body = webhook.body(delivery, self._settings.language)
        request = self._client.build_request(
            "POST",
            self._settings.url,
            content=body.encode(),
            headers={"content-type": "application/json", **self._signed(delivery, body)},
        )
        secret = self._settings.signing_secret.get_secret_value()
        secrets = (secret, secret.removeprefix(PREFIX))
        answer = await http.send(
            self._client,
            request,
            receiver=f"webhook ({self._name})",
            timeout_s=self._settings.timeout_s,
            secrets=secrets,
        )
        return Receipt(http.told(answer, secrets))

    def _signed(self, delivery: Delivery, body: str) -> dict[str, str]:
        """Return the headers of Standard Webhooks; ``sturmglas-may-repeat`` is ours."""
        now = self._now().astimezone(UTC)
        id = f"msg_{message_id(delivery)}"
        headers = {
            "webhook-id": id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(id, now, body),
        }
        if delivery.may_repeat:
            headers["sturmglas-may-repeat"] = "true"
        return headers
