"""Slack: one message per alert, through an incoming webhook or a bot token (chat.postMessage)."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator


class SlackSettings(BaseModel):
    """Either ``webhook_url``, or ``token`` with ``channel``.

    The token (scope ``chat:write``, for looking before a re-send also ``channels:history`` or
    ``groups:history``) is the better choice: only with it a double can be avoided.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["slack"]
    webhook_url: SecretStr | None = Field(
        default=None, description="https://hooks.slack.com/services/..."
    )
    token: SecretStr | None = Field(default=None, description="bot token, xoxb-...")
    channel: str = Field(default="", description="channel id (C0123...), needed with a token")
    api_url: str = "https://slack.com/api"
    timeout_s: float = Field(default=10.0, gt=0, le=60)
    language: Literal["de", "en"] = "de"

    @model_validator(mode="after")
    def _one_way_in(self) -> SlackSettings:
        if (self.webhook_url is None) == (self.token is None):
            raise ValueError("slack: set exactly one of webhook_url and token")
        if self.token is not None and not self.channel:
            raise ValueError("slack: token needs channel, the id of the channel to post in")
        return self
