"""Digesting: what is collected for receivers who only watch, and said once in a while."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from alerts.alert import Alert
from alerts.digest import USUAL, Entry, digest, due, entry
from alerts.errand import Errand, Kind
from detectors.shaped import shaped
from monitor.pipeline.errands import Handler
from monitor.ports import Transaction


class Collected(msgspec.Struct, frozen=True):
    """One entry that waits for a target's next digest."""

    target: str
    at: datetime
    line: tuple[str, str]


class Digesting:
    """Collects entries as rows with a due time, and says them. Holds no state of its own."""

    @property
    def handlers(self) -> Mapping[Kind, Handler]:
        """The kinds of errand that are done here, for `monitor.pipeline.errands`."""
        return {Kind.DIGEST: self.say}

    def collect(
        self,
        tx: Transaction,
        alert: Alert,
        targets: Sequence[str],
        every: timedelta | None,
        now: datetime,
    ) -> None:
        """Keep ``alert`` for the next digest of each target; the same alert again is one entry."""
        made = entry(alert)
        for target in targets:
            content = msgspec.to_builtins(Collected(target, made.at, made.line))
            key = f"digest/{target}/{alert.id}"
            tx.add_errand(Errand(key, Kind.DIGEST, "", due(now, every or USUAL), content))

    def say(self, tx: Transaction, errand: Errand, now: datetime) -> bool:
        """Say everything that is due for the target of ``errand``, in one message."""
        target = _collected(errand).target
        waiting = [
            one
            for one in tx.errands("")
            if one.kind is Kind.DIGEST and one.due_at <= now and _collected(one).target == target
        ]
        taken = [one for one in waiting if tx.move_errand(one, None, one.content)]
        if not taken:
            return False
        found = [_collected(one) for one in taken]
        tx.enqueue(digest([Entry(c.at, c.line) for c in found], target, now), [target], now)
        return True


def _collected(errand: Errand) -> Collected:
    return shaped(errand.content, Collected)
