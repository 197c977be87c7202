"""Answering from a message: what a link in it may do, and who makes such links. Pure."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from alerts.alert import Action, Delivery


class May(StrEnum):
    """What one link may do, once."""

    ACKNOWLEDGE = "acknowledge"
    ALL_CLEAR = "all_clear"  # it was a false alarm: the incident ends


Signer = Callable[[Delivery], tuple[tuple[str, str], ...]]
"""Delivery -> name (`May`) and address of each link that answers it; none where nothing can be."""


def unsigned(delivery: Delivery) -> tuple[tuple[str, str], ...]:
    """Return no links: for installs without an address that people reach."""
    return ()


def answerable(delivery: Delivery) -> bool:
    """True where somebody can answer: an alarm about an incident, no test and no end of one."""
    alert = delivery.alert
    return alert.action is Action.TRIGGER and bool(alert.incident) and not alert.test
