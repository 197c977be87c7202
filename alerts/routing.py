"""Routing: who hears of an alert, who is woken, how often it is said again. Pure.

A tree of `Route`s. Every root that fits is used. Below it the first child that fits speaks instead of its
parent, and further ones where it says `go_on`; what it leaves open its parent says. No child fits: the parent
speaks itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from alerts.alert import Alert, NotifyReason
from alerts.matching import Matcher
from detectors.detection import Level

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Route:
    """One node of the tree. None of a field: what the parent says, at a root nothing.

    ``watch``: receivers of a digest, every ``digest``; ``inform``: receivers told at once, and again every
    ``repeat`` until somebody answers; ``wake``: the chain that starts. Receivers are ``channel.NAME``,
    ``person.NAME`` or ``rota.NAME``. ``topics`` empty: every topic.
    """

    name: str
    min_level: Level | None = None
    topics: tuple[str, ...] = ()
    matchers: tuple[Matcher, ...] = ()
    watch: tuple[str, ...] | None = None
    inform: tuple[str, ...] | None = None
    wake: str | None = None
    repeat: timedelta | None = None
    digest: timedelta | None = None
    go_on: bool = False
    children: tuple[Route, ...] = ()

    def fits(self, alert: Alert, at: datetime) -> bool:
        """Return whether an alert of now is this route's, its children left aside."""
        if self.min_level is not None and alert.level < self.min_level:
            return False
        if self.topics and alert.topic not in self.topics:
            return False
        return all(m.fits(alert, at) for m in self.matchers)

    def below(self, parent: Route) -> Route:
        """Return this route with what it leaves open said by ``parent``."""
        return replace(
            self,
            watch=_else(self.watch, parent.watch),
            inform=_else(self.inform, parent.inform),
            wake=_else(self.wake, parent.wake),
            repeat=_else(self.repeat, parent.repeat),
            digest=_else(self.digest, parent.digest),
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """What the tree says of one alert: receivers in order, each once. ``by``: the routes that spoke.

    ``wake`` "": nobody is woken; ``repeat`` None: nothing is said again.
    """

    watch: tuple[str, ...] = ()
    inform: tuple[str, ...] = ()
    wake: str = ""
    repeat: timedelta | None = None
    digest: timedelta | None = None
    by: tuple[str, ...] = ()


NOBODY = Plan()
"""No route fits."""
AGAIN = frozenset({NotifyReason.ESCALATED, NotifyReason.REOPENED})
"""Reasons that also reach whoever was told before, so that nobody is left with an old number."""


def plan(alert: Alert, routes: Sequence[Route], at: datetime) -> Plan:
    """Return who hears of a trigger, by every root that fits; of several chains the first, of several
    intervals the shortest."""
    spoke = [route for root in routes for route in _speaking(root, alert, at)]
    if not spoke:
        return NOBODY
    return Plan(
        watch=_receivers(r.watch for r in spoke),
        inform=_receivers(r.inform for r in spoke),
        wake=next((r.wake for r in spoke if r.wake), ""),
        repeat=min((r.repeat for r in spoke if r.repeat), default=None),
        digest=min((r.digest for r in spoke if r.digest), default=None),
        by=tuple(r.name for r in spoke),
    )


def _speaking(route: Route, alert: Alert, at: datetime) -> Iterator[Route]:
    """Yield the routes of one tree that speak for an alert, complete with what they inherit."""
    if not route.fits(alert, at):
        return
    heard = False
    for child in route.children:
        found = list(_speaking(child.below(route), alert, at))
        yield from found
        heard = heard or bool(found)
        if found and not child.go_on:
            return
    if not heard:
        yield route


def _receivers(lists: Iterator[tuple[str, ...] | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for names in lists for name in names or ()))


def _else(own: T | None, parents: T | None) -> T | None:
    return parents if own is None else own
