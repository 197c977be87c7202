"""Wind by hand: levels said instead of measured, and all that follows from them by the real parts.

What stands between a level and a page is the service's own: `Acting` with its `Response`, the moves of an
incident, chains, outbox, store. Only detectors and mentions are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from alerts.routing import Route
from detectors.detection import WAKE, WATCH, Assessment, Level
from detectors.topic import Query, Topic
from detectors.window import BIN, bin_start
from monitor.pipeline.acting import Acting, Closing
from monitor.pipeline.lines import Line
from monitor.pipeline.response import Response
from monitor.pipeline.waking import Waking
from monitor.ports import BinResult, NoSignals, Store

HOUR = timedelta(hours=1)


def topic(id: str, brand: str = "", name: str = "") -> Topic:
    """Return an invented topic."""
    return Topic(id, name or f"Acme {id}", Query(any=(id,)), brand=brand)


class Blowing:
    """Says levels to a store as if bins were closed. ``topics`` may grow meanwhile."""

    def __init__(
        self, store: Store, topics: dict[str, Topic], waking: Waking, routes: Sequence[Route]
    ) -> None:
        self.store = store
        self.waking = waking
        response = Response(store.read, topics, {}, routes, "", "de")
        self._acting = Acting(topics, response, waking, NoSignals(), live=True)
        self._last: dict[str, tuple[datetime, Level]] = {}
        self._since: dict[str, datetime] = {}

    def closed_until(self, topic: str) -> datetime | None:
        """Return the end of the last bin that was said of ``topic``; an earlier one cannot be said."""
        found = self._last.get(topic)
        return found[0] if found else None

    def say(
        self,
        levels: Mapping[str, Level],
        now: datetime,
        *,
        interrupt: bool = True,
        revision: int = 0,
    ) -> list[Line]:
        """Close the bin that ended last before ``now`` with these levels; return what happened.

        The bins since the last saying are taken to have been as it said. ``revision`` above 0: late
        mentions have re-opened the bin, which raises nothing.
        """
        end = bin_start(now)
        seen = {t: self._seen(t, level, end, interrupt, revision) for t, level in levels.items()}
        closing = Closing(end, now, seen=seen, expected=dict.fromkeys(levels, 1.0))
        with self.store.begin() as tx:
            self._acting.look(tx)
            for one in levels:
                tx.add_results(self._results(one, levels[one], end, revision))
            lines = self._acting.decide(tx, closing)
        if not revision:
            self._last.update({t: (end, level) for t, level in levels.items()})
        return lines

    def _seen(
        self, topic: str, level: Level, end: datetime, interrupt: bool, revision: int
    ) -> Assessment:
        if level < WATCH:
            self._since.pop(topic, None)
        else:
            self._since.setdefault(topic, end - BIN)
        onset = self._since.get(topic)
        rare = interrupt and level >= WAKE
        return Assessment(topic, end, level, level, Level.CALM, rare, 90.0, (), onset, revision)

    def _results(self, topic: str, level: Level, end: datetime, revision: int) -> list[BinResult]:
        """Return the bins from the last saying to ``end``, at most an hour of them."""
        was_end, was = self._last.get(topic, (end - HOUR, Level.CALM))
        start, found = max(was_end, end - HOUR), []
        while start < end - BIN:
            found.append(_result(topic, start, was, 0))
            start += BIN
        return [*found, _result(topic, end - BIN, level, revision)]


def _result(topic: str, start: datetime, level: Level, revision: int) -> BinResult:
    return BinResult(topic, start, revision, 60, 40, 4.0, 1.0, int(level), None)
