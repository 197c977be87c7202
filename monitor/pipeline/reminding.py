"""Reminding: what a route said once is said again while it blows and nobody has answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from alerts.alert import Alert, NotifyReason
from alerts.errand import Errand, Kind
from alerts.fact import MACHINE, Fact, FactKind
from alerts.incident import Incident
from detectors.detection import WATCH
from detectors.shaped import shaped
from monitor.pipeline.again import said_again
from monitor.pipeline.errands import Handler
from monitor.pipeline.silencing import Silencing
from monitor.ports import Signals, Transaction


class Reminder(msgspec.Struct, frozen=True):
    """What a reminder says again, to which targets, every so many seconds."""

    alert: str
    targets: tuple[str, ...]
    every_s: float

    @property
    def every(self) -> timedelta:
        return timedelta(seconds=self.every_s)


class Reminding:
    """Keeps and does reminders. Holds no state of its own; safe in several processes."""

    def __init__(self, silencing: Silencing, signals: Signals) -> None:
        self._silencing = silencing
        self._signals = signals

    @property
    def handlers(self) -> Mapping[Kind, Handler]:
        """The kinds of errand that are done here, for `monitor.pipeline.errands`."""
        return {Kind.REPEAT: self.repeat}

    def start(
        self,
        tx: Transaction,
        alert: Alert,
        targets: Sequence[str],
        every: timedelta | None,
        now: datetime,
    ) -> None:
        """Have ``alert`` said again; a reminder of an earlier alert of the incident gives way in any case."""
        tx.cancel_errands(alert.incident, kinds=[Kind.REPEAT])
        if every is None or not targets:
            return
        made = Reminder(alert.id, tuple(targets), every.total_seconds())
        key = f"repeat/{alert.incident}/{alert.id}"
        tx.add_errand(Errand(key, Kind.REPEAT, alert.incident, now + every, _content(made)))

    def repeat(self, tx: Transaction, errand: Errand, now: datetime) -> bool:
        """Say it again with the numbers of now, or end it where somebody has answered.

        Below level 3 nothing is said: the end is near, and a rise speaks for itself.
        """
        made = shaped(errand.content, Reminder)
        incident, alert = tx.incident(errand.incident), tx.alert(made.alert)
        over = incident is None or alert is None or _answered(incident, alert)
        if incident is None or alert is None or over:
            return tx.move_errand(errand, None, errand.content)
        if not tx.move_errand(errand, now + made.every, errand.content):
            return False
        if incident.level >= WATCH:
            self._say(tx, incident, alert, made, now)
        return True

    def _say(
        self, tx: Transaction, incident: Incident, alert: Alert, made: Reminder, now: datetime
    ) -> None:
        again = said_again(tx, incident, alert, NotifyReason.REPEATED, now)
        if self._silencing.held(tx, incident, again, made.targets, "", now) is not None:
            return
        again = self._silencing.breaking(tx, incident, again, now, again=True)
        tx.enqueue(again, made.targets, now)
        payload = {
            "reason": again.reason.value,
            "level": int(again.level),
            "channels": list(made.targets),
            "alert": again.id,
        }
        tx.add_facts(incident.id, [Fact(FactKind.ALERT_QUEUED, now, now, MACHINE, payload)])
        self._signals.publish("incident", incident.id, 0)


def _answered(incident: Incident, alert: Alert) -> bool:
    """Return whether nobody needs to be reminded any more."""
    if not incident.is_open or incident.key != alert.key:
        return True
    return incident.acked_level is not None and incident.acked_level >= incident.level


def _content(made: Reminder) -> Mapping[str, object]:
    content: dict[str, object] = msgspec.to_builtins(made)
    return content
