"""Night calls: who was called at night, and how often in a month. Pure.

Counted for the lead, so that a rota can be mended; nothing is held back by it, and no ranking is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.alert import Action, Delivery
from alerts.night import Night
from alerts.people import parted
from alerts.rest import REST_H, at_night, earliest_start
from detectors.detection import WAKE

BUDGET = 2
"""Night calls of one person in `MONTH` after which the lead is told."""
MONTH = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Called:
    """Somebody who was called at night, at these times, oldest first."""

    person: str
    at: tuple[datetime, ...]

    @property
    def over_budget(self) -> bool:
        """True once there were as many as a month should hold."""
        return len(self.at) >= BUDGET

    def since(self, at: datetime) -> Called:
        """Return only what was at ``at`` or later."""
        return Called(self.person, tuple(one for one in self.at if one >= at))

    @property
    def rests_until(self) -> datetime:
        """Return when work may start again after the last one; see `alerts.rest.earliest_start`."""
        return earliest_start(self.at[-1], REST_H)


def night_calls(sent: Iterable[Delivery], night: Night) -> Sequence[Called]:
    """Return whom accepted deliveries called at night, by name, over all topics.

    A call is an alert of an incident that wakes, to a person, in the night of its topic. By how many ways it came
    counts once; the next step of a chain is a call of its own.
    """
    found: dict[str, dict[str, datetime]] = {}
    for delivery in sent:
        at, (_, person) = delivery.sent_at, parted(delivery.channel)
        if at is None or not person or not _wakes(delivery):
            continue
        if at_night(at, delivery.alert.timezone, night):
            calls = found.setdefault(person, {})
            calls[delivery.alert.id] = min(at, calls.get(delivery.alert.id, at))
    return _by_name(found)


def _wakes(delivery: Delivery) -> bool:
    alert = delivery.alert
    return bool(alert.incident) and alert.action is Action.TRIGGER and alert.level >= WAKE


def _by_name(found: Mapping[str, Mapping[str, datetime]]) -> list[Called]:
    return [Called(who, tuple(sorted(found[who].values()))) for who in sorted(found)]
