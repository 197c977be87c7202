"""Sight: which sources of a topic gave only a part, or nothing, when a bin ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol

from detectors.window import Window
from monitor.pipeline.hours import HOUR
from monitor.ports import Capped, SourceState

WEEK = timedelta(days=7)
CARRIED = 400
"""Newest posts by which a topic's sources are known, as the pages know them."""
OUT = timedelta(minutes=10)
"""A source that cannot be reached for so long is out; before that it is a hiccup."""


class Seen(Protocol):
    """Whoever knows rows, sources and what they left out: a transaction."""

    def window(
        self, topic: str, since: datetime, until: datetime, limit: int = 50_000
    ) -> Window: ...

    def sources(self) -> dict[str, SourceState]: ...

    def capped(self, since: datetime, until: datetime) -> list[Capped]: ...


class Sight:
    """What was seen of the sources when bins up to ``until`` ended; for one transaction.

    ``live`` False: a recording's sources were never silent for us, because their clocks stand where
    the file has been read to. Costs one or two small reads, and one more a topic only where anything
    was capped or out.
    """

    def __init__(self, seen: Seen, since: datetime, until: datetime, *, live: bool) -> None:
        self._seen = seen
        self._until = until
        self._capped = seen.capped(since - HOUR, until)
        self._states: Mapping[str, SourceState] = seen.sources() if live else {}
        self._carriers: dict[str, frozenset[str]] = {}

    def capped(self, topic: str, end: datetime) -> tuple[str, ...]:
        """Return sources of ``topic`` that left out some of the hour before ``end``, by name."""
        names = {s.source for s in self._capped if s.since < end and s.until > end - HOUR}
        return self._of(topic, names)

    def down(self, topic: str, end: datetime) -> tuple[str, ...]:
        """Return sources of ``topic`` that were silent or out of reach at ``end``, by name.

        None where all of them were: then nobody can be said to write elsewhere.
        """
        names = {name for name, state in self._states.items() if out(state, end)}
        found = self._of(topic, names)
        return found if len(found) < len(self._carriers.get(topic, ())) else ()

    def _of(self, topic: str, names: set[str]) -> tuple[str, ...]:
        if not names:
            return ()
        if topic not in self._carriers:
            rows = self._seen.window(topic, self._until - WEEK, self._until, CARRIED)
            self._carriers[topic] = frozenset(rows.source)
        return tuple(sorted(names & self._carriers[topic]))


def out(state: SourceState, at: datetime) -> bool:
    """Return whether a source was silent at ``at``, or had failed for `OUT` without a success."""
    if state.clock.seen_at is None:
        return False
    failing = state.error_at is not None and (state.ok_at is None or state.error_at >= state.ok_at)
    reached = state.ok_at or state.clock.seen_at
    return state.clock.silent(at) or (failing and at - reached > OUT)
