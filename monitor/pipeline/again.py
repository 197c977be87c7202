"""Again: an alert said once more, for another reason, with the level and the numbers of now."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from alerts.alert import Alert, NotifyReason, alert_id
from alerts.incident import Incident
from detectors.window import Counts, bin_start
from monitor.pipeline.hours import HOUR
from monitor.ports import Transaction


def said_again(
    tx: Transaction, incident: Incident, alert: Alert, reason: NotifyReason, now: datetime
) -> Alert:
    """Return ``alert`` as it is said at ``now``; its numbers are of the last twelve whole bins."""
    until = bin_start(now)
    hour = sum(tx.bins(alert.topic, until - HOUR, until).values(), Counts())
    return replace(
        alert,
        id=alert_id(incident.id, incident.episode, reason, incident.level, now),
        reason=reason,
        level=incident.level,
        reasons=incident.reasons,
        at=now,
        mentions=hour.mentions,
        negatives=hour.negatives,
    )
