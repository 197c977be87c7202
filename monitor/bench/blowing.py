"""Wind by hand: levels said instead of measured, and all that follows from them by the real parts.

What stands between a level and a page is the service's own: `Acting` with its `Response`, the moves of an
incident, chains, outbox, store. Only detectors and mentions are left out.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from alerts.routing import Route
from detectors.detection import WAKE, WATCH, Assessment, Level
from detectors.mention import Author, Mention
from detectors.score.base import Score, Tone
from detectors.topic import Query, Topic
from detectors.window import BIN, Dated, bin_start
from monitor.pipeline.acting import Acting, Closing
from monitor.pipeline.lines import Line
from monitor.pipeline.response import Response
from monitor.pipeline.waking import Waking
from monitor.ports import BinResult, Filed, NoSignals, Store

HOUR = timedelta(hours=1)


def topic(id: str, brand: str = "", name: str = "") -> Topic:
    """Return an invented topic."""
    return Topic(id, name or f"Acme {id}", Query(any=(id,)), brand=brand)


class Failures(logging.Filter):
    """Keeps the log of chains at their end quiet, and counts what went wrong inside."""

    count = 0

    def filter(self, record: logging.LogRecord) -> bool:
        self.count += record.exc_info is not None
        return record.exc_info is not None


@contextmanager
def hushed() -> Iterator[Failures]:
    """Hush the log of chains, which speaks where nobody answers: here that is every minute."""
    failures, log = Failures(), logging.getLogger("sturmglas.waking")
    log.addFilter(failures)
    try:
        yield failures
    finally:
        log.removeFilter(failures)


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
        self, levels: Mapping[str, Level], now: datetime, *, interrupt: bool = True
    ) -> list[Line]:
        """Close the bin that ended last before ``now`` with these levels; return what happened.

        The bins since the last saying are taken to have been as it said.
        """
        end = bin_start(now)
        seen = {t: self._seen(t, level, end, interrupt) for t, level in levels.items()}
        closing = Closing(end, now, seen=seen, expected=dict.fromkeys(levels, 1.0))
        with self.store.begin() as tx:
            self._acting.look(tx)
            for one in levels:
                tx.add_results(self._results(one, levels[one], end))
            lines = self._acting.decide(tx, closing)
        self._last.update({t: (end, level) for t, level in levels.items()})
        return lines

    def revise(self, topic: str, level: Level, revision: int) -> None:
        """Give the last bin of ``topic`` another result, as late mentions do that re-open it."""
        end = self._last[topic][0]
        with self.store.begin() as tx:
            tx.add_result(_result(topic, end - BIN, level, revision))

    def _seen(self, topic: str, level: Level, end: datetime, interrupt: bool) -> Assessment:
        if level < WATCH:
            self._since.pop(topic, None)
        else:
            self._since.setdefault(topic, end - BIN)
        onset = self._since.get(topic)
        rare = interrupt and level >= WAKE
        return Assessment(topic, end, level, level, Level.CALM, rare, 90.0, (), onset)

    def _results(self, topic: str, level: Level, end: datetime) -> list[BinResult]:
        """Return the bins from the last saying to ``end``, at most an hour of them."""
        was_end, was = self._last.get(topic, (end - HOUR, Level.CALM))
        start, found = max(was_end, end - HOUR), []
        while start < end - BIN:
            found.append(_result(topic, start, was, 0))
            start += BIN
        return [*found, _result(topic, end - BIN, level, 0)]


def _result(topic: str, start: datetime, level: Level, revision: int) -> BinResult:
    return BinResult(topic, start, revision, 60, 40, 4.0, 1.0, int(level), None)


def post(id: str, topics: tuple[str, ...], at: datetime) -> Filed:
    """Return an angry post that belongs to ``topics``."""
    made = Mention(
        source="forum",
        source_id=id,
        text=f"Der Zug faellt schon wieder aus, das ist unertraeglich ({id})",
        published_at=at,
        author=Author(handle=id, name="", followers=10),
    )
    score = Score(lang="de", tone=Tone.NEGATIVE, score=-0.75, p=(0.8, 0.15, 0.05), offensive=0.1)
    author = int.from_bytes(made.id[:7], "big")
    return Filed(
        id=made.id, mention=made, at=at, observed_at=at, dated=Dated.PUBLISHED, author=author,
        thread=0, cluster=0, topics=topics, score=score, model="bench",
    )  # fmt: skip
