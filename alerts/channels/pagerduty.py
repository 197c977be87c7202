"""PagerDuty: Events API v2. The receiver dedups by key, so that a repeat is no second page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from alerts.alert import Delivery
from alerts.channels import http
from alerts.channels.base import ChannelClass, Receipt
from alerts.render import pagerduty

if TYPE_CHECKING:  # settings are read by processes that send nothing
    import httpx


class PagerDutySettings(BaseModel):
    """``routing_key``: the integration key (32 characters) of an Events API v2 integration."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["pagerduty"]
    routing_key: SecretStr
    url: str = "https://events.pagerduty.com/v2/enqueue"
    timeout_s: float = Field(default=10.0, gt=0, le=60)
    language: Literal["de", "en"] = "de"


class PagerDuty:
    """Class A: the same ``dedup_key`` again is the same alert there, not a second page."""

    doubles = ChannelClass.A

    def __init__(
        self, name: str, settings: PagerDutySettings, client: httpx.AsyncClient, *, page_url: str
    ) -> None:
        self._name = name
        self._settings = settings
        self._client = client
        self._page_url = page_url

    @property
    def name(self) -> str:
        return self._name

    async def send(self, delivery: Delivery) -> Receipt:
        key = self._settings.routing_key.get_secret_value()
        event = pagerduty.event(delivery, self._settings.language, self._page_url)
        request = self._client.build_request(
            "POST", self._settings.url, json={"routing_key": key, **event}
        )
        answer = await http.send(
            self._client,
            request,
            receiver=f"pagerduty ({self._name})",
            timeout_s=self._settings.timeout_s,
            secrets=(key,),
        )
        return Receipt(http.excerpt(answer.body, (key,)))
