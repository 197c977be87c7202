"""What the settings of all channels have in common: language, class, and whom they can wake."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, Self

from pydantic import BaseModel, ConfigDict, field_validator

from alerts.alert import Delivery
from alerts.channels.base import ChannelClass
from alerts.render.message import NO_WORDS, OwnWords
from detectors.detection import Level

if TYPE_CHECKING:
    from alerts.render.own import Own


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


class TemplateSettings(BaseModel):
    """An operator's own words, as templates; "" stands for the built-in ones (docs/alerting.md)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = ""
    text: str = ""

    @field_validator("title", "text")
    @classmethod
    def _can_be_used(cls, source: str) -> str:
        if source:
            from alerts.render.own import complaint  # late: few have one, and Jinja2 is large

            if said := complaint(source):
                raise ValueError(f"cannot be used: {said}")
        return source


class Worded(Common):
    """Settings of a channel whose messages an operator may write."""

    template: TemplateSettings = TemplateSettings()

    def words(self, delivery: Delivery) -> OwnWords:
        """Return what the templates say of ``delivery``; a fault is told in it, never raised."""
        if not self.template.title and not self.template.text:
            return NO_WORDS
        return _own(self.template.title, self.template.text).words(delivery, self.language)


@lru_cache(maxsize=64)
def _own(title: str, text: str) -> Own:
    from alerts.render.own import Own

    return Own(title, text)


def one_of(addresses: Sequence[str]) -> str:
    """Return the only one; `ValueError` where there are more."""
    if len(addresses) != 1:
        raise ValueError(f"{len(addresses)} addresses; this channel takes one")
    return addresses[0]
