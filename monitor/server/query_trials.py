"""Trials of queries: the one door to them, for pages and API alike."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from detectors.topic import Topic
from monitor.service import Service

if TYPE_CHECKING:
    from monitor.desk.query_trial import Asked, Fault, QueryTrial


class Busy(Exception):
    """Another query is being tried; one at a time, because each costs a second of this process."""


class Refused(Exception):
    """The query cannot be tried; ``faults`` holds everything that is wrong with it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = tuple(faults)


class QueryTrials:
    """Tries queries, one at a time; never waits for another. Safe to use from several threads."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._one = threading.Lock()

    @property
    def sources(self) -> Collection[str]:
        """The names that a query may be limited to."""
        return self._service.settings.sources.keys()

    def of(self, topic: Topic, asked: Asked) -> QueryTrial:
        """Return what a query finds; raises `Refused`, `Busy`, and `Unavailable` without a store."""
        # Late: a server that only takes mentions in tries no query.
        from monitor.desk.query_trial import faults, try_query

        wrong = faults(asked, self.sources)
        if wrong:
            raise Refused(wrong)
        if not self._one.acquire(blocking=False):
            raise Busy
        try:
            return try_query(self._service.store.read, topic, asked, self._service.clock.now())
        finally:
            self._one.release()
