"""Staleness: who has it is asked whether they are still on it; without an answer the chain starts again.

Each look is one transaction of a due errand: the row by compare-and-set, what is queued, and its fact.
What is decided stands in `alerts.stale`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec

from alerts import stale
from alerts.alert import Alert, NotifyReason
from alerts.book import Book
from alerts.errand import Errand, Kind
from alerts.fact import MACHINE, Fact, FactKind
from alerts.incident import Incident
from alerts.moves import lapse
from alerts.stale import Ack, Next
from detectors.shaped import shaped
from monitor.pipeline.again import said_again
from monitor.pipeline.errands import Overtaken
from monitor.ports import Signals, Transaction

Say = Callable[[Transaction, Incident, Alert, Sequence[str], str, datetime], tuple[str, ...] | None]
"""`monitor.pipeline.waking.Waking.say`."""


@dataclass(frozen=True, slots=True)
class Staleness:
    """Looks after acknowledgements. ``say``: says an alert and starts a chain."""

    book: Book
    say: Say
    signals: Signals

    def do(self, tx: Transaction, errand: Errand, now: datetime) -> bool:
        """Do what is due about one acknowledgement; False where somebody else was first."""
        ack = shaped(errand.content, Ack)
        incident, alert = tx.incident(errand.incident), tx.alert(ack.alert)
        chain = self.book.chains.get(ack.chain)
        found = stale.step(
            ack,
            incident,
            tx.last_act(errand.incident),
            now,
            after=self.book.stale_after,
            wait=chain.steps[0].wait if chain else stale.WAIT,
            calling=any(e.kind is Kind.STEP for e in tx.errands(errand.incident)),
        )
        if incident is None or alert is None:
            return tx.move_errand(errand, None, errand.content)
        if found.next is Next.ASK and (morning := self._held(incident, alert, now)):
            found = stale.Step(Next.WAIT, ack, morning)
        if not tx.move_errand(errand, found.due_at, _content(found.ack)):
            return False
        if found.next is Next.ASK:
            self._ask(tx, incident, alert, ack, now)
        elif found.next is Next.LAPSE:
            self._lapse(tx, incident, alert, ack, now)
        if found.next in (Next.ASK, Next.LAPSE):
            self.signals.publish("incident", incident.id, 0)
        return True

    def _held(self, incident: Incident, alert: Alert, now: datetime) -> datetime | None:
        """Return until when nobody may be woken by the question, None where somebody may."""
        return self.book.night.held_until(replace(alert, level=incident.level), now)

    def _ask(
        self, tx: Transaction, incident: Incident, alert: Alert, ack: Ack, now: datetime
    ) -> None:
        """Ask whoever has it, and tell the lead; where neither can be told, all who heard of it."""
        known = [self.book.person_of(name) for name in (incident.acked_by, incident.owner) if name]
        targets = tuple(dict.fromkeys(t for person in known if person for t in person.targets))
        asking = _again(tx, incident, alert, NotifyReason.STILL, now)
        targets = targets or ack.told
        tx.enqueue(asking, targets, now)
        payload = {
            "who": incident.acked_by,
            "targets": list(targets),
            "level": int(incident.level),
            "alert": asking.id,
        }
        tx.add_facts(incident.id, [Fact(FactKind.ASKED, now, now, MACHINE, payload)])

    def _lapse(
        self, tx: Transaction, incident: Incident, alert: Alert, ack: Ack, now: datetime
    ) -> None:
        """Nobody has it any more: the chain starts from its first step, else all who heard are told."""
        after, facts = lapse(incident, now)
        if not tx.save_incident(after, incident.version):
            raise Overtaken
        tx.add_facts(incident.id, facts)
        again = _again(tx, after, alert, NotifyReason.STALE, now)
        told = () if ack.chain in self.book.chains else ack.told
        called = self.say(tx, after, again, told, ack.chain, now)
        if called is None:
            return  # a silence holds it back, and says so
        payload = {
            "reason": again.reason.value,
            "level": int(again.level),
            "channels": list(called),
            "alert": again.id,
        }
        tx.add_facts(incident.id, [Fact(FactKind.ALERT_QUEUED, now, now, MACHINE, payload)])


def _again(
    tx: Transaction, incident: Incident, alert: Alert, reason: NotifyReason, now: datetime
) -> Alert:
    """Return the alert as it is said now, under a key that rings."""
    again = said_again(tx, incident, alert, reason, now)
    return replace(again, rung=(incident.ring_again,))


def _content(ack: Ack) -> Mapping[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(ack)
    return found
