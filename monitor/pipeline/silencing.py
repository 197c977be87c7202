"""Silencing: what a silence holds back, what breaks one, and what speaks when one is over.

Decided in the transaction that queues the alert. What is held back becomes a row with a due time, so that
it goes out when its silence ends and still nobody has it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec

from alerts.alert import Alert, NotifyReason
from alerts.errand import Errand, Kind
from alerts.fact import MACHINE, Fact, FactKind
from alerts.incident import Incident
from alerts.mutes import MuteWindow, open_at
from alerts.silences import Held, Silence, SilenceKind, broken, holding
from detectors.detection import WAKE
from detectors.shaped import shaped
from detectors.window import BIN
from monitor.desk.silences import release
from monitor.pipeline.again import said_again
from monitor.pipeline.lines import stamp
from monitor.ports import Transaction

log = logging.getLogger("sturmglas.silencing")

Say = Callable[[Transaction, Incident, Alert, Sequence[str], str, datetime], tuple[str, ...] | None]
"""Says an alert to targets, starts a chain, and returns whom it told; None where a silence holds it back."""


@dataclass(frozen=True, slots=True)
class Silencing:
    """Rules over alerts by the silences in the store and the ``windows`` of the settings."""

    windows: Sequence[MuteWindow] = ()

    def held(
        self,
        tx: Transaction,
        incident: Incident,
        alert: Alert,
        targets: Sequence[str],
        chain: str,
        now: datetime,
    ) -> Silence | None:
        """Return the silence that holds ``alert`` back; then it is kept, told, and due at its end.

        ``targets`` and ``chain``: who would have been told, and which chain would have started.
        """
        silence = holding(self._standing(tx, now), alert, now)
        if silence is None:
            return None
        silence = self._kept(tx, silence)
        tx.enqueue(alert, (), now)
        content = Held(silence.key, alert.id, incident.episode, tuple(targets), chain)
        key = f"silenced/{incident.id}/{alert.id}/{silence.key}"
        row = Errand(key, Kind.SILENCED, incident.id, silence.until, msgspec.to_builtins(content))
        tx.add_errand(row)
        payload = {**_told(silence), "level": int(alert.level), "alert": alert.id}
        payload |= {"channels": list(targets), "chain": chain}
        tx.add_facts(incident.id, [Fact(FactKind.SILENCED, now, now, MACHINE, payload)])
        return silence

    def breaking(
        self,
        tx: Transaction,
        incident: Incident,
        alert: Alert,
        now: datetime,
        *,
        again: bool = False,
    ) -> Alert:
        """Return ``alert`` with the silences that it breaks, which end here.

        A coming of a mute window goes on for everything else, and is not told of once more where the alert
        is said ``again``. What was held back before an alert that goes out needs no word of its own.
        """
        found = broken(self._standing(tx, now), alert, now)
        found = [(s, by) for s, by in found if not again or s.kind is not SilenceKind.WINDOW]
        for silence, by in found:
            if silence.kind is not SilenceKind.WINDOW:
                ended = replace(silence, ended_at=now, ended_by=MACHINE, broken=by)
                tx.save_silence(ended, silence.version)  # else a person was first: it is over too
                release(tx, silence.key, now)
            payload = {**_told(silence), "by": by.value, "level": int(alert.level)}
            tx.add_facts(incident.id, [Fact(FactKind.SILENCE_BROKEN, now, now, MACHINE, payload)])
        for errand in tx.errands(incident.id):
            if errand.kind is Kind.SILENCED:
                tx.move_errand(errand, None, errand.content)
        told = tuple(silence.broken_by(by) for silence, by in found)
        return replace(alert, broke=told) if told else alert

    def over(self, tx: Transaction, errand: Errand, say: Say, now: datetime) -> bool:
        """Say what was held back, now that its silence has ended, where it still blows unanswered."""
        held = shaped(errand.content, Held)
        incident, first = tx.incident(errand.incident), tx.alert(held.alert)
        if incident is None or first is None or not _waits(incident, held):
            return tx.move_errand(errand, None, errand.content)
        if incident.level < WAKE:  # a lull: it may come back without ever being new again
            return tx.move_errand(errand, now + BIN, errand.content)
        alert = said_again(tx, incident, first, NotifyReason.SILENCE_OVER, now)
        if not tx.move_errand(errand, None, errand.content):
            return False
        targets = say(tx, incident, alert, held.targets, held.chain, now)
        if targets is None:
            return True
        payload: dict[str, Any] = {"silence": held.silence, "level": int(alert.level)}
        payload |= {"channels": list(targets), "alert": alert.id}
        tx.add_facts(incident.id, [Fact(FactKind.SILENCE_OVER, now, now, MACHINE, payload)])
        log.warning("%s: its silence is over and nobody has answered", incident.ref)
        return True

    def _standing(self, tx: Transaction, now: datetime) -> list[Silence]:
        found = tx.silences(now)
        keys = {silence.key for silence in found}
        for coming in open_at(self.windows, now):
            kept = None if coming.key in keys else tx.silence_of(coming.key)
            if coming.key not in keys:
                found.append(coming if kept is None else kept)
        return found

    def _kept(self, tx: Transaction, silence: Silence) -> Silence:
        """Return it as it is in the store; a coming of a window gets there when it first holds something."""
        if silence.id:
            return silence
        return tx.add_silence(silence) or tx.silence_of(silence.key) or silence


def _waits(incident: Incident, held: Held) -> bool:
    """Return whether nobody has answered what was held back, and it is not over."""
    unanswered = incident.acked_level is None or incident.acked_level < incident.level
    same = incident.is_open and incident.episode == held.episode
    return same and unanswered and not incident.end_proposed


def _told(silence: Silence) -> dict[str, Any]:
    return {
        "silence": silence.id,
        "kind": silence.kind.value,
        "author": silence.author,
        "reason": silence.reason,
        "until": stamp(silence.until),
    }
