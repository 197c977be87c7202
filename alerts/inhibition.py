"""Inhibition: a bigger storm of the same brand, about the same thing, speaks for a smaller one. Pure."""

from __future__ import annotations

from alerts.alert import Action, Alert
from alerts.incident import Incident, Status
from alerts.silences import is_new
from detectors.detection import ReasonCode


def inhibits(bigger: Incident, its: Alert, smaller: Incident, alert: Alert) -> bool:
    """Return whether ``bigger`` speaks for ``smaller``, whose ``alert`` would go out now.

    ``its``: the newest alert of the bigger. Never across different words: each word of the smaller burst must
    be one of the bigger's, and a burst without words is never spoken for. Nor is danger, nor what somebody has
    acknowledged and now rises.
    """
    if bigger.id == smaller.id or not bigger.is_open or bigger.status is Status.WATCH:
        return False
    if alert.action is not Action.TRIGGER or bigger.level <= smaller.level:
        return False
    if not alert.brand or alert.brand != its.brand or smaller.acked_level is not None:
        return False
    if any(r.code is ReasonCode.TRIPWIRE and r.met for r in alert.reasons):
        return False
    return bool(alert.terms and its.terms) and not is_new(alert.terms, its.terms)
