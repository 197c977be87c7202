"""PagerDuty: Events API v2. The receiver dedups by key, so that a repeat is no second page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field, SecretStr

from alerts.alert import Delivery
from alerts.channels import http
from alerts.channels.base import ChannelClass, Receipt
from alerts.channels.common import Worded
from alerts.render import pagerduty
from alerts.render.message import OwnWords
from detectors.detection import Level

if TYPE_CHECKING:  # settings are read by processes that send nothing
    import httpx


class PagerDutySettings(Worded):
    """``routing_key``: the integration key (32 characters) of an Events API v2 integration."""

    type: Literal["pagerduty"]
    routing_key: SecretStr
    webhook_secret: SecretStr | None = Field(
        default=None, description="of a V3 webhook subscription; several while it changes"
    )
    users: dict[str, str] = Field(
        default={}, description="ids of users there, and whom of [person.NAME] each is"
    )
    url: str = "https://events.pagerduty.com/v2/enqueue"
    timeout_s: float = Field(default=10.0, gt=0, le=60)

    @property
    def doubles(self) -> ChannelClass:
        return ChannelClass.A

    @property
    def pierces_from(self) -> Level | None:
        """Any: what rings is set there, by urgency and by each person's rules."""
        return Level.CALM


class PagerDuty:
    """Class A: the same ``dedup_key`` again is the same alert there, not a second page.

    An alert that is acknowledged there does not ring again, so that a rise above the acknowledged level
    has a key of its own (`alerts.incident.Incident.ring`); acknowledgement and end go to all of them.
    """

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

    @property
    def doubles(self) -> ChannelClass:
        return self._settings.doubles

    async def send(self, delivery: Delivery) -> Receipt:
        """Send one event for each of the alert's keys, in order; each is harmless to repeat."""
        own = self._settings.words(delivery)
        notes = [await self._event(delivery, own, key) for key in delivery.alert.dedup_keys]
        return Receipt("; ".join(dict.fromkeys(notes)), own.fault)

    async def _event(self, delivery: Delivery, own: OwnWords, dedup_key: str) -> str:
        key = self._settings.routing_key.get_secret_value()
        event = pagerduty.event(
            delivery, self._settings.language, self._page_url, own, key=dedup_key
        )
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
        return http.told(answer, (key,))
