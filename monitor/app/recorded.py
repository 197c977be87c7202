"""Recorded: a file of mentions through the pipeline, for `replay`."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from pathlib import Path

from detectors.matcher import Matcher
from detectors.term import BadTerm, read
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


def watching(settings: Settings, terms: Sequence[str] = (), budget_days: float = 30.0) -> Parts:
    """Return what a replay decides with: the settings' topics, or one topic of ``terms``.

    Without either, the whole file is one topic, as an export of one search is. Raises ValueError
    for a term by which nothing can be found.
    """
    for term in terms:
        try:
            read(term)
        except BadTerm as error:
            raise ValueError(f'found "{term}"; {error}') from None
    found = parts(settings)
    if found.topics and not terms:
        return found
    query = Query(any=tuple(terms) or (EVERYTHING,))
    topic = Topic(
        EVERYTHING,
        ", ".join(terms) or EVERYTHING,
        query,
        timezone=settings.timezone,
        alarm_budget_days=budget_days,
    )
    matcher = Matcher([topic]) if terms else _Everything()
    return replace(found, topics={topic.id: topic}, matcher=matcher)


def replay_file(
    path: Path, watched: Parts, *, on_bad: Callable[[str], None] = lambda complaint: None
) -> Generator[Line]:
    """Yield the timeline of a file, last its summary. Raises `SourceError` as `read_mentions` does."""
    store = SqliteStore.open("sqlite://")
    try:
        yield from replay(read_mentions(path, on_bad), watched, store)
    finally:
        store.close()


class _Everything:
    """Matches every text to the one topic."""

    def match(
        self, text: str, lang: str = "", tags: Sequence[str] = (), source: str = ""
    ) -> tuple[str, ...]:
        return (EVERYTHING,)
