"""Auditing: what should be out by now and is not, from one snapshot of the store. Pure.

What waits for a receiver's `Retry-After` or for its next try is waiting and no alarm, until every
attempt has failed for too long.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby
from typing import TypeVar

from alerts.people import parted
from monitor.ports import Dead, Late, Outstanding, Waiting

DEAD_FOR = timedelta(hours=1)
"""How long a delivery that was given up is an alarm; then it is on the pages only."""


Row = TypeVar("Row", Late, Waiting, Dead)


class Ailment(StrEnum):
    """What can be wrong with us."""

    UNSENT = "unsent"  # due, behind nothing, and not out
    OVERDUE = "overdue"  # an errand whose time has come is not done
    FAILING = "failing"  # every attempt at a target fails
    DEAD = "dead"  # given up: a person has to look
    PIPELINE = "pipeline"  # nothing is filed or judged here
    BEHIND = "behind"  # what was accepted waits to be filed
    DELIVERER = "deliverer"  # the loop that sends stands still
    STORE = "store"  # it cannot be written


@dataclass(frozen=True, slots=True)
class Limits:
    """How late is too late."""

    unsent: timedelta = timedelta(seconds=60)
    failing: timedelta = timedelta(minutes=10)
    failing_page: timedelta = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. ``subject``: the target it is about, "" for the whole house."""

    what: Ailment
    subject: str
    since: datetime
    number: int = 1
    detail: str = ""

    @property
    def key(self) -> str:
        return f"{self.what}/{self.subject}" if self.subject else self.what.value

    @property
    def channel(self) -> str:
        """The channel that it is about, "" for none."""
        return parted(self.subject)[0]

    def words(self, now: datetime) -> tuple[str, str]:
        """Return it as a sentence in German and English."""
        de, en = _WORDS[self.what]
        given = {"to": self.subject, "n": self.number, "for": _lasting(now - self.since)}
        tail = f": {self.detail}" if self.detail else ""
        return de.format(**given) + tail, en.format(**given) + tail


_WORDS: dict[Ailment, tuple[str, str]] = {
    Ailment.UNSENT: (
        "{to}: {n} Meldung(en) seit {for} nicht hinaus",
        "{to}: {n} alert(s) unsent for {for}",
    ),
    Ailment.OVERDUE: (
        "{n} Schritt(e) seit {for} überfällig",
        "{n} due step(s) not done for {for}",
    ),
    Ailment.FAILING: (
        "{to}: seit {for} misslingt jeder Versuch",
        "{to}: every attempt has failed for {for}",
    ),
    Ailment.DEAD: (
        "{to}: {n} Meldung(en) aufgegeben, vor {for}",
        "{to}: {n} alert(s) given up, {for} ago",
    ),
    Ailment.PIPELINE: (
        "seit {for} wird nichts abgelegt und beurteilt",
        "nothing is filed or judged for {for}",
    ),
    Ailment.BEHIND: (
        "Beiträge warten seit {for} darauf, abgelegt zu werden",
        "mentions have waited for {for} to be filed",
    ),
    Ailment.DELIVERER: (
        "seit {for} wird nichts zugestellt",
        "nothing is sent for {for}",
    ),
    Ailment.STORE: (
        "der Speicher lässt sich nicht beschreiben",
        "the store cannot be written",
    ),
}


def findings(seen: Outstanding, limits: Limits, now: datetime) -> list[Finding]:
    """Return what is wrong at ``now``, of each kind and target once, in the order of `Ailment`."""
    found = [*_late(seen.late, limits, now)]
    if seen.errand_at is not None and now - seen.errand_at > limits.unsent:
        found.append(Finding(Ailment.OVERDUE, "", seen.errand_at, seen.errands))
    found += _failing(seen, limits, now)
    for target, dead in _by_target(d for d in seen.dead if now - d.at <= DEAD_FOR):
        newest = max(dead, key=lambda d: d.at)
        found.append(Finding(Ailment.DEAD, target, newest.at, len(dead), newest.error))
    return found


def _late(late: Iterable[Late], limits: Limits, now: datetime) -> Iterator[Finding]:
    overdue = [one for one in late if now - one.since > limits.unsent]
    for target, ones in _by_target(overdue):
        yield Finding(Ailment.UNSENT, target, min(one.since for one in ones), len(ones))


def _failing(seen: Outstanding, limits: Limits, now: datetime) -> Iterator[Finding]:
    for target, waiting in _by_target(seen.waiting):
        heard = seen.heard.get(target)
        vain = [one for one in waiting if heard is None or heard < one.first]
        long = [one for one in vain if now - one.first > _patience(one, limits)]
        if long:
            first = min(long, key=lambda one: one.first)
            yield Finding(Ailment.FAILING, target, first.first, len(vain), first.error)


def _patience(one: Waiting, limits: Limits) -> timedelta:
    return limits.failing_page if one.page else limits.failing


def _by_target(rows: Iterable[Row]) -> Iterator[tuple[str, list[Row]]]:
    ordered = sorted(rows, key=lambda row: row.target)
    for target, ones in groupby(ordered, key=lambda row: row.target):
        yield target, list(ones)


def _lasting(span: timedelta) -> str:
    seconds = max(0, int(span.total_seconds()))
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"
