"""Alerts of one storm in an outbox, and deliveries taken to their end."""

from __future__ import annotations

from datetime import datetime, timedelta

from alerts.alert import Alert, AttemptOutcome, Delivery, DeliveryState, NotifyReason
from alerts.incident import Incident
from alerts.outbox import Attempt, Outbox
from monitor.ports import Store
from tests import builders as b

STORM = b.incident()
FIRST = b.alert(STORM)
WORSE = b.alert(STORM, reason=NotifyReason.ESCALATED)
OVER = b.alert(STORM, reason=NotifyReason.RESOLVED)
NOW = b.T0
LATER = b.T0 + timedelta(minutes=5)
SENT, DEAD, PENDING = DeliveryState.SENT, DeliveryState.DEAD, DeliveryState.PENDING
ACCEPTED, REFUSED = AttemptOutcome.ACCEPTED, AttemptOutcome.REFUSED
RETRY, UNKNOWN = AttemptOutcome.RETRY, AttemptOutcome.UNKNOWN


def enqueue(
    store: Store, *alerts: Alert, channels: tuple[str, ...] = ("pd",), at: datetime = NOW
) -> int:
    with store.begin() as tx:
        return sum(tx.enqueue(alert, channels, at) for alert in alerts)


def head(outbox: Outbox, now: datetime = NOW) -> Delivery:
    [delivery] = outbox.due(now, 10)
    return delivery


def begun(outbox: Outbox, now: datetime = NOW) -> Attempt:
    attempt = outbox.begin(head(outbox, now), now)
    assert attempt is not None
    return attempt


def end(outbox: Outbox, state: DeliveryState, now: datetime = NOW) -> int:
    """Take the only due delivery to its end; return its id."""
    attempt = begun(outbox, now)
    outbox.finish(
        attempt,
        ACCEPTED if state is SENT else REFUSED,
        state,
        now,
        error="" if state is SENT else "400",
    )
    return attempt.delivery


def reasons(outbox: Outbox, now: datetime = NOW) -> list[NotifyReason]:
    return [d.alert.reason for d in outbox.due(now, 10)]


def stored(store: Store, incident: Incident = STORM) -> list[Delivery]:
    return store.read.deliveries(incident.id)
