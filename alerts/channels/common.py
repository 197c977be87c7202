"""What the settings of all channels have in common: language, class, and whom they can wake."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Self

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

    def sent_to(self, addresses: Sequence[str]) -> Self:
        """Return these settings with other addresses in place of their own, for a test.

        Raises `ValueError` where there is none to choose, or where one does not fit.
        """
        raise ValueError("this channel's address cannot be chosen")

    def _changed(self, **changes: object) -> Self:
        """Return a copy that is checked like settings from a file."""
        kept = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self).model_validate(kept | changes)


def one_of(addresses: Sequence[str]) -> str:
    """Return the only one; `ValueError` where there are more."""
    if len(addresses) != 1:
        raise ValueError(f"{len(addresses)} addresses; this channel takes one")
    return addresses[0]
