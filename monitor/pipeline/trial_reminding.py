"""Reminding of test calls: a ring that nobody has tried for a quarter may be none.

One errand, never done: each morning it looks whether a way that wakes somebody is not known to ring, and says so,
once in `AGAIN` at most. A new install has `GRACE` to try its ways unasked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from alerts.alert import Alert
from alerts.book import Book, calm
from alerts.errand import Errand, Kind
from alerts.morning import Times
from alerts.trial_call import Tested
from alerts.trial_reminder import Due, reminder
from monitor.desk.trials import Way, ways
from monitor.pipeline.errands import Handler
from monitor.ports import Store, Transaction

AGAIN = timedelta(days=30)
GRACE = timedelta(days=7)
KEY = Kind.TESTS.value


class TrialReminding:
    """Plants and does the reminder. ``called``: ids of those whom a rota or a chain may call; ``tell``: receivers who
    hear of it beside them. Holds no state of its own; safe in several processes."""

    def __init__(
        self,
        book: Book,
        times: Times,
        called: Sequence[str],
        tell: Sequence[str],
        page_url: str = "",
    ) -> None:
        self._book = book
        self._times = times
        self._called = frozenset(called)
        self._tell = tell
        self._page_url = page_url

    @property
    def handlers(self) -> Mapping[Kind, Handler]:
        return {Kind.TESTS: self.look}

    def plant(self, store: Store, now: datetime) -> None:
        """See that the errand waits, where anybody may be called at all."""
        if not self._called:
            return
        with store.begin() as tx:
            if all(one.kind is not Kind.TESTS for one in tx.errands("")):
                tx.add_errand(Errand(KEY, Kind.TESTS, "", self._next(now + GRACE)))

    def look(self, tx: Transaction, errand: Errand, now: datetime) -> bool:
        """Say which ways are to be tried, unless that was said lately."""
        said = errand.content.get("said")
        rests = said is not None and now < datetime.fromisoformat(said) + AGAIN
        found = [] if rests else self._due(ways(tx, self._book.people, now))
        content = {"said": now.isoformat()} if found else errand.content
        if not tx.move_errand(errand, self._next(now), content):
            return False
        if found:
            targets = self._targets(found, now)
            if targets:
                tx.enqueue(self._said(found, now), targets, now)
        return True

    def _due(self, known: Sequence[Way]) -> list[Way]:
        return [
            way
            for way in known
            if way.method.pierces and way.person.id in self._called and way.state is not Tested.RANG
        ]

    def _said(self, found: Sequence[Way], now: datetime) -> Alert:
        due = [Due(way.person.name, way.method.channel, way.state, way.call) for way in found]
        return reminder(due, now, self._times.timezone, self._page_url)

    def _targets(self, found: Sequence[Way], now: datetime) -> tuple[str, ...]:
        """Return where it is said: to those who are to try, and to ``tell``; never by a ring."""
        reach = self._book.reach(now)
        theirs = (target for way in found for target in way.person.targets)
        others = (target for one in self._tell for target in reach(one))
        return calm(tuple(dict.fromkeys((*theirs, *others))), self._book)

    def _next(self, after: datetime) -> datetime:
        return self._times.of(self._times.next(after))
