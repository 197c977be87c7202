"""Inhibiting: what a bigger storm speaks for is held back, and speaks itself when that one is over.

Decided in the transaction that would queue the alert; what is held back is a row with a due time, looked at
every five minutes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from alerts.alert import Alert, NotifyReason
from alerts.errand import Errand, Kind
from alerts.fact import MACHINE, Fact, FactKind
from alerts.incident import Incident
from alerts.inhibition import inhibits
from detectors.detection import WAKE
from detectors.shaped import shaped
from detectors.window import BIN
from monitor.pipeline.again import said_again
from monitor.ports import Transaction

log = logging.getLogger("sturmglas.inhibiting")

Speak = Callable[
    [Transaction, Incident, Alert, Sequence[str], str, datetime], tuple[str, ...] | None
]
"""Says an alert to targets, starts a chain, and returns whom it told; None where a silence holds it back."""


class Kept(msgspec.Struct, frozen=True):
    """What is held back: the alert, its episode, who would have been told, which chain would have started."""

    bigger: str
    alert: str
    episode: int
    targets: tuple[str, ...]
    chain: str


def held(
    tx: Transaction,
    incident: Incident,
    alert: Alert,
    targets: Sequence[str],
    chain: str,
    now: datetime,
) -> Incident | None:
    """Return the bigger incident that speaks for this one; then ``alert`` is kept, told, and due again."""
    tx.cancel_errands(incident.id, kinds=[Kind.INHIBITED])
    bigger = _bigger(tx, incident, alert)
    if bigger is None:
        return None
    tx.enqueue(alert, (), now)
    kept = Kept(bigger.id, alert.id, incident.episode, tuple(targets), chain)
    key = f"inhibited/{incident.id}/{alert.id}"
    content = msgspec.to_builtins(kept)
    tx.add_errand(Errand(key, Kind.INHIBITED, incident.id, now + BIN, content))
    payload = {"bigger": bigger.ref, "level": int(alert.level), "alert": alert.id}
    tx.add_facts(incident.id, [Fact(FactKind.INHIBITED, now, now, MACHINE, payload)])
    return bigger


def look(tx: Transaction, errand: Errand, speak: Speak, now: datetime) -> bool:
    """Say what was held back where nothing bigger speaks for it any more and nobody has answered."""
    kept = shaped(errand.content, Kept)
    incident, first = tx.incident(errand.incident), tx.alert(kept.alert)
    if incident is None or first is None or not _waits(incident, kept):
        return tx.move_errand(errand, None, errand.content)
    alert = replace(first, level=incident.level, reasons=incident.reasons)
    if incident.level < WAKE or _bigger(tx, incident, alert) is not None:
        return tx.move_errand(errand, now + BIN, errand.content)
    if not tx.move_errand(errand, None, errand.content):
        return False
    alert = said_again(tx, incident, first, NotifyReason.INHIBITION_OVER, now)
    told = speak(tx, incident, alert, kept.targets, kept.chain, now)
    if told is None:
        return True
    payload: dict[str, Any] = {"level": int(alert.level), "channels": list(told), "alert": alert.id}
    tx.add_facts(incident.id, [Fact(FactKind.INHIBITION_OVER, now, now, MACHINE, payload)])
    log.warning("%s: nothing bigger speaks for it any more, and nobody has it", incident.ref)
    return True


def _bigger(tx: Transaction, incident: Incident, alert: Alert) -> Incident | None:
    """Return the highest open incident that speaks for this one, None where none does."""
    found = [i for i in tx.open_incidents() if i.id != incident.id and i.level > incident.level]
    for other in sorted(found, key=lambda i: -i.level):
        its = max(tx.alerts(other.id), key=lambda a: a.at, default=None)
        if its is not None and inhibits(other, its, incident, alert):
            return other
    return None


def _waits(incident: Incident, kept: Kept) -> bool:
    """Return whether nobody has answered, and it is not over."""
    same = incident.is_open and incident.episode == kept.episode
    return same and incident.acked_level is None and not incident.end_proposed
