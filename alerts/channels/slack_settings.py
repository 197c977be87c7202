"""What can be set of a Slack channel."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import Literal, Self

from pydantic import AliasChoices, Field, SecretStr, model_validator

from alerts.channels.base import ChannelClass
from alerts.channels.common import Worded, one_of

MISSING = "app_token needs the extra: pip install 'sturmglas[slack]'"


class SlackSettings(Worded):
    """Either ``webhook_url``, or ``token`` with ``channel``.

    The token (scope ``chat:write``, for looking before a re-send also ``channels:history`` or
    ``groups:history``) is the better choice: only with it an incident is one message that changes, and a
    double can be avoided. Buttons need a way back: ``signing_secret`` or ``app_token``.
    """

    type: Literal["slack"]
    webhook_url: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("webhook_url", "url"),
        description="https://hooks.slack.com/services/...",
    )
    token: SecretStr | None = Field(default=None, description="bot token, xoxb-...")
    channel: str = Field(default="", description="channel id (C0123...), needed with a token")
    signing_secret: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="of the app; turns the buttons on, their presses come to /slack/interactions",
    )
    app_token: SecretStr | None = Field(
        default=None,
        description="xapp-...; turns the buttons on, their presses come by Socket Mode",
    )
    api_url: str = "https://slack.com/api"
    timeout_s: float = Field(default=10.0, gt=0, le=60)

    @model_validator(mode="after")
    def _one_way_in(self) -> SlackSettings:
        if (self.webhook_url is None) == (self.token is None):
            raise ValueError("slack: set exactly one of webhook_url and token")
        if self.token is not None and not self.channel:
            raise ValueError("slack: token needs channel, the id of the channel to post in")
        if self.token is None and self.has_buttons:
            raise ValueError("slack: signing_secret and app_token need token: a press is answered")
        return self

    @property
    def doubles(self) -> ChannelClass:
        return ChannelClass.C if self.token is None else ChannelClass.B

    @property
    def has_buttons(self) -> bool:
        """True where a press of a button would reach us."""
        return self.signing_secret is not None or self.app_token is not None

    def sent_to(self, addresses: Sequence[str]) -> Self:
        if self.token is None:
            raise ValueError("slack: webhook_url leads to one channel; another needs a token")
        return self._changed(channel=one_of(addresses))


def can_connect() -> bool:
    """Return whether what Socket Mode needs is installed."""
    return importlib.util.find_spec("slack_sdk") is not None
