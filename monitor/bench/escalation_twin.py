"""The naive twin of `bench escalation`: timers in memory, and nobody asks again before the call.

It starts chains as the service does and keeps what comes next in a list. A stop loses the list; an answer takes
its timers out of it, but not out of a look that is under way; two nodes that look both call.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from alerts.alert import Alert, NotifyReason, alert_id
from alerts.escalation import Escalation, State, take
from alerts.incident import Incident
from monitor.bench.escalation_play import OwnTimers
from monitor.ports import Store, Transaction


@dataclass(frozen=True, slots=True)
class Timer:
    """A step to come, with the alert that it repeats."""

    escalation: Escalation
    alert: Alert


class TimersInMemory(OwnTimers):
    """Chains without rows."""

    timers: tuple[Timer, ...] = ()

    def start(
        self, tx: Transaction, incident: Incident, alert: Alert, chain: str, now: datetime
    ) -> tuple[str, ...]:
        known = self._book.chains[chain]
        due = self._book.night.held_until(alert, now) or now
        begun = Escalation(incident.id, incident.episode, alert.level, chain, alert.id, due)
        after, taken = take(begun, known, self._book.reach(now), now)
        self.forget(incident.id)
        if after.state is State.RUNNING:
            self.timers = (*self.timers, Timer(after, alert))
        if taken is None:
            return ()
        self._told(tx, alert, after, taken, now)
        return taken.targets

    def run(self, store: Store, now: datetime) -> int:
        due = [t for t in self.timers if t.escalation.due_at <= now]
        store.read.due_errands(now, 1)  # where a bench lets others in between
        for timer in due:
            self._call(store, timer, now)
        return len(due)

    def _call(self, store: Store, timer: Timer, now: datetime) -> None:
        before = timer.escalation
        chain = self._book.chains[before.chain]
        after, taken = take(before, chain, self._book.reach(now), now)
        self.timers = tuple(t for t in self.timers if t.escalation != before)
        if after.state is State.RUNNING:
            self.timers = (*self.timers, Timer(after, timer.alert))
        if taken is None:
            return
        reason = NotifyReason.UNANSWERED
        id = alert_id(before.incident, before.episode, reason, before.level, now)
        again = replace(timer.alert, id=id, reason=reason, at=now)
        with store.begin() as tx:
            tx.enqueue(again, taken.targets, now)
            self._told(tx, again, after, taken, now)

    def next_due(self) -> datetime | None:
        return min((t.escalation.due_at for t in self.timers), default=None)

    def due_incidents(self, now: datetime) -> list[str]:
        return [t.escalation.incident for t in self.timers if t.escalation.due_at <= now]

    def forget(self, incident: str) -> None:
        self.timers = tuple(t for t in self.timers if t.escalation.incident != incident)

    def stop(self) -> None:
        self.timers = ()
