"""Route: which channels hear of what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from alerts.alert import Action, Alert, NotifyReason
from detectors.detection import Level


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the routing table. ``topics`` empty: every topic; ``wake``: the chain that starts, "" for none."""

    min_level: Level
    topics: tuple[str, ...]
    channels: tuple[str, ...]
    wake: str = ""

    def fits(self, alert: Alert) -> bool:
        return alert.level >= self.min_level and (not self.topics or alert.topic in self.topics)


def route(alert: Alert, routes: Sequence[Route], previous: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the channels for ``alert``: every fitting route, in order, each channel once.

    ``previous`` are the channels that got the incident's trigger. An acknowledgement or an end
    goes to exactly those, whatever the level is by now; an escalation or a new episode goes to
    them as well, so that nobody who was told is left with an old number.
    """
    if alert.action is not Action.TRIGGER:
        return tuple(dict.fromkeys(previous))
    fitting = [name for r in routes if r.fits(alert) for name in r.channels]
    if alert.reason in (NotifyReason.ESCALATED, NotifyReason.REOPENED):
        fitting += previous
    return tuple(dict.fromkeys(fitting))


def chain_of(alert: Alert, routes: Sequence[Route]) -> str:
    """Return the chain that an alert starts: that of the first fitting route which names one; "" for none."""
    return next((r.wake for r in routes if r.wake and r.fits(alert)), "")
