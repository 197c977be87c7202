"""Webhook: signed JSON to an address of your own, by the Standard Webhooks rules."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class WebhookSettings(BaseModel):
    """``signing_secret``: ``whsec_`` and base64 of 24 to 64 bytes; the receiver verifies with it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["webhook"]
    url: str
    signing_secret: SecretStr
    timeout_s: float = Field(default=10.0, gt=0, le=60)
    language: Literal["de", "en"] = "de"
