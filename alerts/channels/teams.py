"""Teams: one Adaptive Card per alert, posted to the webhook of a Power Automate workflow.

The flow is made from the template "Post to a channel when a webhook request is received"
(learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using). It
answers 202 before anything is posted: accepted means taken by the flow, not shown in the channel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field, SecretStr

from alerts.alert import Delivery
from alerts.channels import http
from alerts.channels.base import ChannelClass, Receipt
from alerts.channels.common import Worded
from alerts.render import teams

if TYPE_CHECKING:  # settings are read by processes that send nothing
    import httpx


class TeamsSettings(Worded):
    """``webhook_url``: the whole address is the secret; whoever has it can post."""

    type: Literal["teams"]
    webhook_url: SecretStr = Field(description="address of the workflow's webhook, with its sig=")
    timeout_s: float = Field(default=10.0, gt=0, le=60)


class Teams:
    """Class C: nothing there knows a repeat; one after an unknown outcome says so."""

    def __init__(self, name: str, settings: TeamsSettings, client: httpx.AsyncClient) -> None:
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
        url = self._settings.webhook_url.get_secret_value()
        own = self._settings.words(delivery)
        answer = await http.send(
            self._client,
            self._client.build_request(
                "POST", url, json=teams.body(delivery, self._settings.language, own)
            ),
            receiver=f"teams ({self._name})",
            timeout_s=self._settings.timeout_s,
            secrets=(url,),
        )
        return Receipt(http.told(answer, (url,)), own.fault)
