"""``[mute.NAME]``: recurring mute windows, as people write them."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from alerts.matching import Field as Of
from alerts.matching import parse
from alerts.mutes import MuteWindow
from monitor.settings.rota import Hours, hours_of
from monitor.settings.sections import Strict, Zone


def _matching(text: str) -> str:
    """Return ``text`` where it means something; a window says when by its hours."""
    found = parse(text)
    if not found:
        raise ValueError('expected such as "topic=acme-bahn level<=4", or "topic=*" for everything')
    if any(m.field is Of.HOUR for m in found):
        raise ValueError("expected no hour=, hours say when")
    return text


class MuteSettings(Strict):
    """What is muted again and again. See `alerts.mutes`."""

    match: Annotated[str, AfterValidator(_matching)] = Field(
        description='which alerts: "topic=acme-bahn level<=4"'
    )
    hours: list[Hours] = Field(min_length=1, description='when: ["mon-fri 22:00-06:00"]')
    timezone: Zone | None = Field(default=None, description="of the hours; unset: the install's")
    reason: str = Field(min_length=1, max_length=300, description="why nobody need be told")

    def window(self, id: str, default_zone: str) -> MuteWindow:
        """Return the window as `alerts.mutes` knows it."""
        hours = tuple(hours_of(text) for text in self.hours)
        return MuteWindow(id, parse(self.match), hours, self.timezone or default_zone, self.reason)
