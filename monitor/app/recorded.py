"""Recorded: a file of mentions through the pipeline, for `replay`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from detectors.matcher import Matcher
from detectors.topic import Query, Topic
from monitor.app.replaying import replay
from monitor.app.wiring import parts
from monitor.pipeline import Line
from monitor.pipeline.work import Parts
from monitor.settings import Settings
from monitor.sources.replay import read_mentions
from monitor.store.database import SqliteStore

EVERYTHING = "everything"
"""The topic of a replay without topics: all that is in the file."""


def replay_file(
    path: Path,
    settings: Settings,
    *,
    terms: Sequence[str] = (),
    budget_days: float = 30.0,
    on_bad: Callable[[str], None] = lambda complaint: None,
) -> Iterator[Line]:
    """Yield the timeline of a file. Without ``terms`` the settings' topics are watched; without
    either, the whole file is one topic, as an export of one search is.
    """
    found = parts(settings)
    if terms:
        found = _watching(found, Query(any=tuple(terms)), budget_days)
    elif not found.topics:
        found = replace(
            _watching(found, Query(any=(EVERYTHING,)), budget_days), matcher=_Everything()
        )
    store = SqliteStore.open("sqlite://")
    try:
        yield from replay(read_mentions(path, on_bad), found, store)
    finally:
        store.close()


def _watching(found: Parts, query: Query, budget_days: float) -> Parts:
    topic = Topic(EVERYTHING, ", ".join(query.any), query, alarm_budget_days=budget_days)
    return replace(found, topics={topic.id: topic}, matcher=Matcher([topic]))


class _Everything:
    """Matches every text to the one topic."""

    def match(self, text: str, lang: str = "", tags: Sequence[str] = ()) -> tuple[str, ...]:
        return (EVERYTHING,)
