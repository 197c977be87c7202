"""Speaking: what becomes of an alert. It is held back, or it is queued: some are told, some are called.

Part of the transaction that brought the alert about, so that nothing is lost between a level and its first
page.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from alerts.alert import Alert, NotifyReason
from alerts.errand import Kind
from alerts.fact import MACHINE, Fact, FactKind
from alerts.incident import Incident
from alerts.routing import AGAIN, Plan
from alerts.silences import Silence
from monitor.pipeline import inhibiting
from monitor.pipeline.digesting import Digesting
from monitor.pipeline.lines import Line, stamp
from monitor.pipeline.reminding import Reminding
from monitor.pipeline.response import Response
from monitor.pipeline.waking import Waking
from monitor.ports import Signals, Transaction


class Speaking:
    """Queues alerts by the routes. Holds no state of its own."""

    def __init__(self, response: Response, waking: Waking, signals: Signals) -> None:
        self._response = response
        self._waking = waking
        self._reminding = Reminding(waking.silencing, signals)
        self._digesting = Digesting()

    def queue(
        self, tx: Transaction, incident: Incident, alert: Alert, at: datetime, now: datetime
    ) -> Line:
        """Queue ``alert`` of the bin that ended at ``at``, or hold it back; return the line that tells it."""
        if alert.reason is NotifyReason.REOPENED:  # also where it is held back: that storm is over
            tx.cancel_errands(incident.id, kinds=[Kind.STEP])
        planned = self._response.plan(alert, now)
        informed = self._informed(tx, alert, planned, now)
        bigger = inhibiting.held(tx, incident, alert, informed, planned.wake, now)
        if bigger is not None:
            return _inhibited_line(incident, alert, bigger, at)
        silencing = self._waking.silencing
        silence = silencing.held(tx, incident, alert, informed, planned.wake, now)
        if silence is not None:
            return _held_line(incident, alert, silence, at)
        alert = silencing.breaking(tx, incident, alert, now)
        called = self._waking.start(tx, incident, alert, planned.wake, now)
        alert = self._waking.with_call(tx, alert)
        channels = tuple(dict.fromkeys((*informed, *called)))
        tx.enqueue(alert, channels, now)
        self._reminding.start(tx, alert, informed, planned.repeat, now)
        self._collect(tx, alert, planned, channels, now)
        payload: dict[str, Any] = {
            "reason": alert.reason.value,
            "level": int(alert.level),
            "channels": list(channels),
            "informed": list(informed),
            "routes": list(planned.by),
            "alert": alert.id,
        }
        if alert.blind_until is not None:
            payload["blind_until"] = stamp(alert.blind_until)
        fact = Fact(FactKind.ALERT_QUEUED, at, now, MACHINE, payload)
        tx.add_facts(incident.id, [fact])
        data = {"incident": incident.ref, "key": alert.key, **payload}
        return Line("alert", at, alert.topic, data)

    def watched(self, tx: Transaction, alert: Alert, now: datetime) -> None:
        """Keep ``alert`` for the digests of those who watch; it interrupts nobody."""
        self._collect(tx, alert, self._response.plan(alert, now), (), now)

    def _collect(
        self, tx: Transaction, alert: Alert, planned: Plan, told: Sequence[str], now: datetime
    ) -> None:
        targets = [t for t in self._waking.calm(planned.watch, now) if t not in told]
        self._digesting.collect(tx, alert, targets, planned.digest, now)

    def _informed(
        self, tx: Transaction, alert: Alert, planned: Plan, now: datetime
    ) -> tuple[str, ...]:
        """Return the targets told at once: those of the routes, and at a rise or a new episode also whoever
        was told before, so that nobody is left with an old number."""
        before = _told(tx.facts(alert.incident)) if alert.reason in AGAIN else ()
        return tuple(dict.fromkeys((*self._waking.targets(planned.inform, now), *before)))


def _told(facts: Sequence[Fact]) -> tuple[str, ...]:
    """Return the targets that routes have told of an incident so far, in all its episodes."""
    queued = (f for f in facts if f.kind is FactKind.ALERT_QUEUED)
    return tuple(dict.fromkeys(t for f in queued for t in f.payload.get("informed", ())))


def _inhibited_line(incident: Incident, alert: Alert, bigger: Incident, at: datetime) -> Line:
    data = {"incident": incident.ref, "alert": alert.id, "level": int(alert.level)}
    return Line("inhibited", at, alert.topic, data | {"bigger": bigger.ref})


def _held_line(incident: Incident, alert: Alert, silence: Silence, at: datetime) -> Line:
    data = {"incident": incident.ref, "alert": alert.id, "level": int(alert.level)}
    data |= {"author": silence.author, "until": stamp(silence.until)}
    return Line("silenced", at, alert.topic, data)
