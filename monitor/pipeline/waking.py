"""Waking: an alert starts a chain; whoever runs what is due takes its next steps until somebody answers.

A start is part of the transaction that queues the alert. Each later step is one transaction: the row by
compare-and-set, its deliveries, its fact. So a kill at any instant leaves a row that is due.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from alerts.alert import Action, Alert, NotifyReason, acked_by, alert_id
from alerts.book import Book, calm
from alerts.errand import Errand, Kind
from alerts.escalation import Escalation, State, Taken, take
from alerts.fact import MACHINE, Fact, FactKind
from alerts.incident import Incident
from detectors.detection import WAKE, Level
from detectors.shaped import shaped
from monitor.desk.escalations import call_of
from monitor.pipeline import inhibiting
from monitor.pipeline.errands import Handler
from monitor.pipeline.lines import stamp
from monitor.pipeline.silencing import Silencing
from monitor.pipeline.staleness import Staleness
from monitor.ports import Signals, Transaction

log = logging.getLogger("sturmglas.waking")


class Waking:
    """Starts chains and takes their due steps. Holds no state of its own; safe in several processes."""

    def __init__(self, book: Book, signals: Signals) -> None:
        self._book = book
        self._signals = signals
        self.silencing = Silencing(book.mutes)

    def targets(self, receivers: Sequence[str], now: datetime) -> tuple[str, ...]:
        """Return what deliveries to these receivers go to right now, each once."""
        reach = self._book.reach(now)
        return tuple(dict.fromkeys(target for name in receivers for target in reach(name)))

    def calm(self, receivers: Sequence[str], now: datetime) -> tuple[str, ...]:
        """Return the targets of these receivers where what is not urgent may go."""
        return calm(self.targets(receivers, now), self._book)

    def start(
        self, tx: Transaction, incident: Incident, alert: Alert, chain: str, now: datetime
    ) -> tuple[str, ...]:
        """Start ``chain`` for an alert that wakes, and take its first step; return whom it told.

        A chain that still runs gives way. The same alert starts one once. What the night
        holds back starts in the morning, unless somebody has answered by then. A second wave at a level that
        somebody has acknowledged calls the first step alone.
        """
        known = self._book.chains.get(chain)
        if known is None or alert.action is not Action.TRIGGER or alert.level < WAKE:
            return ()
        held = self._book.night.held_until(alert, now)
        due = held or now
        begun = Escalation(incident.id, incident.episode, alert.level, chain, alert.id, due)
        after, taken = take(begun, known, self._book.reach(now), now)
        errand = Errand(begun.key, Kind.STEP, incident.id, after.due_at, _content(after))
        if not tx.add_errand(errand):
            return ()
        if after.state is not State.RUNNING or _has_it(incident, alert.level):
            tx.cancel_errands(incident.id, kinds=[Kind.STEP])
        else:
            tx.cancel_errands(incident.id, but=errand.key, kinds=[Kind.STEP])
        if taken is None and _has_it(incident, alert.level):
            return ()
        if taken is None:
            until = stamp(held) if held else ""
            payload = {"chain": chain, "level": int(alert.level), "until": until}
            tx.add_facts(incident.id, [Fact(FactKind.HELD, now, now, MACHINE, payload)])
            return ()
        self._told(tx, alert, after, taken, now)
        return taken.targets

    def with_call(self, tx: Transaction, alert: Alert) -> Alert:
        """Return the alert with whom a chain calls next, as it stands in this transaction."""
        return replace(alert, call=call_of(tx, self._book, alert.incident))

    @property
    def handlers(self) -> Mapping[Kind, Handler]:
        """The kinds of errand that are done here, for `monitor.pipeline.errands`."""
        return {
            Kind.STEP: self.step,
            Kind.SILENCED: self.silenced,
            Kind.INHIBITED: self.inhibited,
            Kind.STALE: self.stale,
        }

    def stale(self, tx: Transaction, errand: Errand, now: datetime) -> bool:
        """Ask whoever has it whether they are still on it, or let it lapse."""
        return Staleness(self._book, self.say, self._signals).do(tx, errand, now)

    def inhibited(self, tx: Transaction, errand: Errand, now: datetime) -> bool:
        """Say what a bigger storm spoke for, once it does no more."""
        return inhibiting.look(tx, errand, self.say, now)

    def say(
        self,
        tx: Transaction,
        incident: Incident,
        alert: Alert,
        targets: Sequence[str],
        chain: str,
        now: datetime,
    ) -> tuple[str, ...] | None:
        """Say an alert to ``targets``, start ``chain``, return whom it told; None where a silence holds it back."""
        if self.silencing.held(tx, incident, alert, targets, chain, now) is not None:
            return None
        alert = self.silencing.breaking(tx, incident, alert, now)
        called = self.start(tx, incident, alert, chain, now)
        told = tuple(dict.fromkeys((*targets, *called)))
        tx.enqueue(self.with_call(tx, alert), told, now)
        return told

    def silenced(self, tx: Transaction, errand: Errand, now: datetime) -> bool:
        """Say what a silence held back, now that it is over."""
        return self.silencing.over(tx, errand, self.say, now)

    def step(self, tx: Transaction, errand: Errand, now: datetime) -> bool:
        """Take the next step of a chain, or end it where somebody has answered."""
        before = _escalation(errand.content)
        incident = tx.incident(errand.incident)
        chain = self._book.chains.get(before.chain)
        if incident is None or not incident.is_open or incident.episode != before.episode:
            return tx.move_errand(errand, None, _content(replace(before, state=State.ENDED)))
        if _has_it(incident, before.level):
            return tx.move_errand(errand, None, _content(replace(before, state=State.ANSWERED)))
        alert = tx.alert(before.alert)
        if chain is None or alert is None:
            return tx.move_errand(errand, None, _content(replace(before, state=State.ENDED)))
        if self.silencing.held(tx, incident, alert, (), before.chain, now) is not None:
            return tx.move_errand(errand, None, _content(replace(before, state=State.ENDED)))
        alert = self.silencing.breaking(tx, incident, alert, now, again=True)
        after, taken = take(before, chain, self._book.reach(now), now)
        due = after.due_at if after.state is State.RUNNING else None
        if taken is None or not tx.move_errand(errand, due, _content(after)):
            return False
        reason = NotifyReason.UNANSWERED if before.begun else NotifyReason.HELD
        id = alert_id(incident.id, incident.episode, reason, alert.level, now)
        again = replace(alert, id=id, reason=reason, at=now)
        again = replace(again, acked_by=acked_by(incident), owner=incident.owner)
        again = self.with_call(tx, again)
        if taken.targets:
            tx.enqueue(again, taken.targets, now)
        self._told(tx, again, after, taken, now)
        return True

    def _told(
        self, tx: Transaction, alert: Alert, after: Escalation, taken: Taken, now: datetime
    ) -> None:
        payload: dict[str, Any] = {
            "chain": after.chain,
            "level": int(after.level),
            "step": taken.step,
            "round": taken.round,
            "targets": list(taken.targets),
            "skipped": list(taken.skipped),
            "exhausted": taken.exhausted,
            "alert": alert.id,
        }
        fact = Fact(FactKind.ESCALATION, now, now, MACHINE, payload)
        tx.add_facts(after.incident, [fact])
        if taken.exhausted:
            log.error("%s: nobody has answered, and chain %s is at its end", alert.ref, after.chain)
        self._signals.publish("incident", after.incident, 0)


def _has_it(incident: Incident, level: Level) -> bool:
    """True when somebody has acknowledged this level or one above it."""
    return incident.acked_level is not None and incident.acked_level >= level


def _content(escalation: Escalation) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(escalation)
    return found


def _escalation(content: Mapping[str, Any]) -> Escalation:
    return shaped(content, Escalation)
