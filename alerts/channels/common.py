"""What the settings of all channels have in common: language, class, and whom they can wake."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from alerts.channels.base import ChannelClass
from detectors.detection import Level


class Common(BaseModel):
    """Settings of any channel. Unknown keys are refused, so that a typing error is never silent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: Literal["de", "en"] = "de"

    @property
    def doubles(self) -> ChannelClass:
        """How doubles are kept away."""
        return ChannelClass.C

    @property
    def pierces_from(self) -> Level | None:
        """The lowest level whose message can ring through Do Not Disturb; None: none can.

        Whether it does is for the phone's owner to allow; `send-test` shows it.
        """
        return None
