"""Expecting: who should have spoken by now, and one message when they have not.

Each of them has one errand, which is never done: when it is due we look when they were last heard, and it
is set to when they are missing next. Nothing is written while they speak but their beat.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from alerts.alert import NotifyReason
from alerts.book import Book
from alerts.errand import Errand, Kind
from alerts.notices import Pair, notice
from alerts.words import Language, clock
from monitor.desk.watchers import WATCH, beat_name, errand_key
from monitor.pipeline.awake import RUNNING, awake_since
from monitor.pipeline.errands import Handler
from monitor.ports import BeatReads, SourceState, Store, Transaction

AGAIN = timedelta(minutes=1)
"""How often we look whether somebody who is missing is back."""
SourcesOf = Callable[[], Mapping[str, SourceState]]
IDLE = timedelta(days=1)
"""When the errand of somebody who is no longer expected is looked at again."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Somebody who should speak at least ``every``; ``sort``: by heartbeats (watch), or by mentions (source)."""

    sort: str
    name: str
    every: timedelta
    tell: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return errand_key(self.sort, self.name)


def missing_from(expected: Expected, heard: datetime | None, *others: datetime | None) -> datetime:
    """Return when somebody counts as missing: ``every`` after they were heard, or after we came back or
    began to expect them."""
    since = [at for at in (heard, *others) if at is not None]
    return max(since) + expected.every


class Expecting:
    """Plants and does these errands. Holds no state of its own; safe in several processes."""

    def __init__(self, expected: Iterable[Expected], book: Book, timezone: str) -> None:
        self._expected = {one.key: one for one in expected}
        self._book = book
        self._timezone = timezone

    @property
    def handlers(self) -> Mapping[Kind, Handler]:
        return {Kind.HEARTBEAT: self.look}

    def plant(self, store: Store, now: datetime) -> None:
        """See that everybody who is expected has an errand."""
        with store.begin() as tx:
            kept = {one.key: one for one in tx.errands("")}
            for key, expected in self._expected.items():
                due = now + expected.every
                if key not in kept:
                    content = {"from": now.isoformat()}
                    tx.add_errand(Errand(key, Kind.HEARTBEAT, "", due, content))
                elif kept[key].due_at > due:
                    tx.move_errand(kept[key], due, {**kept[key].content, "from": now.isoformat()})

    def look(self, tx: Transaction, errand: Errand, now: datetime) -> bool:
        """Say that somebody is missing, or back; once each."""
        expected = self._expected.get(errand.key)
        if expected is None:
            return tx.move_errand(errand, now + IDLE, {"from": now.isoformat()})
        heard = last_heard(tx, expected, tx.sources)
        content = dict(errand.content)
        began = datetime.fromisoformat(content["from"])
        due = missing_from(expected, heard, began, awake_since(tx.beat(RUNNING), now))
        if due > now:
            return self._there(tx, errand, expected, content, due, now)
        again = now + min(AGAIN, expected.every)
        if "missing" in content:
            return tx.move_errand(errand, again, content)
        content["missing"] = (heard or began).isoformat()
        content["told"] = list(self._targets(expected, now))
        if not tx.move_errand(errand, again, content):
            return False
        self._say(tx, expected, content, NotifyReason.TROUBLE, now)
        return True

    def _there(
        self,
        tx: Transaction,
        errand: Errand,
        expected: Expected,
        content: dict[str, Any],
        due: datetime,
        now: datetime,
    ) -> bool:
        after = {key: value for key, value in content.items() if key not in ("missing", "told")}
        if not tx.move_errand(errand, due, after):
            return False
        if "missing" in content:
            self._say(tx, expected, content, NotifyReason.RECOVERED, now)
        return True

    def _targets(self, expected: Expected, now: datetime) -> tuple[str, ...]:
        reach = self._book.reach(now)
        return tuple(dict.fromkeys(target for one in expected.tell for target in reach(one)))

    def _say(
        self,
        tx: Transaction,
        expected: Expected,
        content: Mapping[str, Any],
        reason: NotifyReason,
        now: datetime,
    ) -> None:
        since = datetime.fromisoformat(content["missing"])
        title = _title(expected, reason, since, now, self._timezone)
        subject = f"{expected.sort}-{expected.name}"
        made = notice(reason, subject, now, title, since=since, timezone=self._timezone)
        tx.enqueue(made, content["told"], now)


def last_heard(beats: BeatReads, expected: Expected, sources: SourcesOf) -> datetime | None:
    """Return when somebody was last heard, None for never."""
    if expected.sort == WATCH:
        beat = beats.beat(beat_name(expected.name))
        return beat.at if beat else None
    state = sources().get(expected.name)
    return state.clock.seen_at if state else None


def _title(
    expected: Expected, reason: NotifyReason, since: datetime, now: datetime, zone: str
) -> Pair:
    def at(lang: Language) -> str:
        return clock(since, zone, lang, near=now)

    name = expected.name
    if reason is NotifyReason.RECOVERED:
        return f"{name} meldet sich wieder", f"{name} is heard again"
    return f"{name}: nichts gehört seit {at('de')}", f"{name}: nothing heard since {at('en')}"
