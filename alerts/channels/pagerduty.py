"""PagerDuty: Events API v2. The receiver dedups by key, so that a repeat is no second page."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class PagerDutySettings(BaseModel):
    """``routing_key``: the integration key (32 characters) of an Events API v2 integration."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["pagerduty"]
    routing_key: SecretStr
    url: str = "https://events.pagerduty.com/v2/enqueue"
    timeout_s: float = Field(default=10.0, gt=0, le=60)
    language: Literal["de", "en"] = "de"
