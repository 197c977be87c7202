"""Telling: what is wrong with us goes to a person, by a channel that works."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from alerts.alert import NotifyReason
from alerts.book import Book
from alerts.notices import notice
from alerts.people import parted
from detectors.shaped import shaped
from monitor.pipeline.auditing import Ailment, Finding
from monitor.ports import Beat, BeatReads, Store, Unavailable

log = logging.getLogger("sturmglas.audit")


TOLD = "told"
"""Beat under which is kept what was told and is not over: whoever sends next, after a restart too, says the end."""


@dataclass(frozen=True, slots=True)
class Told:
    """What was told of a finding: since when it stood, and to whom."""

    since: datetime
    targets: tuple[str, ...]


class Telling:
    """Tells each finding once, when it has stood for a while, and once that it is over.

    It goes to the first of the targets whose channel is not in trouble itself. What the outbox cannot carry,
    because nothing is sent or the store cannot be written, is told by the missing heartbeat alone.
    """

    def __init__(
        self,
        store: Store,
        book: Book,
        receivers: Sequence[str],
        after: timedelta,
        timezone: str,
        wake: Callable[[], None],
        page_url: str = "",
    ) -> None:
        self._store = store
        self._book = book
        self._receivers = receivers
        self._after = after
        self._timezone = timezone
        self._wake = wake
        self._page_url = page_url
        self._first: dict[str, datetime] = {}
        self._untold: set[str] = set()

    def turn(self, found: Iterable[Finding], now: datetime) -> None:
        """Tell what has stood long enough, and what is over. A store that cannot be written costs a turn."""
        standing = {one.key: one for one in found}
        self._first = {key: self._first.get(key, now) for key in standing}
        self._untold &= standing.keys()
        bad = frozenset(one.channel for one in standing.values() if one.channel)
        try:
            told = _kept(self._store.read)
            for key, finding in standing.items():
                silent = key not in told and key not in self._untold
                if silent and now - self._first[key] >= self._after:
                    self._say(finding, bad, now)
            for key in told.keys() - standing.keys():
                self._over(key, told[key], now)
        except Unavailable as error:
            log.error("cannot tell what is wrong: %s", error)

    def _say(self, finding: Finding, bad: frozenset[str], now: datetime) -> None:
        key, targets = finding.key, self._targets(bad, now)
        if finding.what in (Ailment.DELIVERER, Ailment.STORE) or not targets:
            log.error("%s: no channel is left to tell it by", key)
            self._untold.add(key)
            return
        told = Told(self._first[key], targets)
        self._send(NotifyReason.TROUBLE, key, finding.words(now), told, now)

    def _over(self, key: str, told: Told, now: datetime) -> None:
        words = (f"{key}: behoben", f"{key}: over")
        self._send(NotifyReason.RECOVERED, key, words, told, now)

    def _send(
        self,
        reason: NotifyReason,
        key: str,
        words: tuple[str, str],
        told: Told,
        now: datetime,
    ) -> None:
        made = notice(
            reason,
            key.replace("/", "-"),
            now,
            words,
            since=told.since,
            timezone=self._timezone,
            page_url=self._page_url,
        )
        with self._store.begin() as tx:
            kept = _kept(tx)
            if reason is NotifyReason.TROUBLE:
                kept[key] = told
            elif kept.pop(key, None) is None:
                return  # somebody else said it
            tx.save_beat(Beat(TOLD, now, msgspec.to_builtins(kept)))
            tx.enqueue(made, told.targets, now)
        self._wake()

    def _targets(self, bad: frozenset[str], now: datetime) -> tuple[str, ...]:
        """Return the first target that does not go by a channel in trouble; none where all do."""
        reach = self._book.reach(now)
        every = (target for one in self._receivers for target in reach(one))
        return next(((target,) for target in every if parted(target)[0] not in bad), ())


def _kept(read: BeatReads) -> dict[str, Told]:
    """Return what was told and is not over, by the finding's key."""
    beat = read.beat(TOLD)
    return shaped(beat.content, dict[str, Told]) if beat else {}
