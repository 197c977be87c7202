"""A whole pipeline over a real store, on a set clock, with the shipped model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from alerts.book import Book
from alerts.routing import Route
from detectors.detection import WAKE
from detectors.matcher import Matcher
from detectors.mention import Mention
from detectors.score.linear import LinearScorer
from detectors.topic import Query, Topic
from detectors.tripwires import Tripwires
from monitor.pipeline import Line, Pipeline, Taken
from monitor.pipeline.work import Parts
from monitor.ports import Entry, EntryKind, NoSignals
from monitor.store.database import SqliteStore
from playbooks.load import load_library

TOPIC = Topic("acme", "Acme Bahn", Query(any=("acme bahn", "@acmebahn")), brand="Acme")


@pytest.fixture(scope="session")
def scorer() -> LinearScorer:
    return LinearScorer.load()


PAGER = (Route("route 1", min_level=WAKE, inform=("channel.pager",)),)
BOOK = Book(channels=frozenset({"pager"}))


@dataclass
class Flow:
    """A pipeline and its store, with short verbs."""

    path: Path
    store: SqliteStore
    pipeline: Pipeline
    parts: Parts
    live: bool
    position: int = 0

    def take(self, mentions: Sequence[Mention], observed: datetime) -> Taken:
        """File mentions that were seen at ``observed``, as one entry of the log."""
        return self.pipeline.take([self.entry(mentions, observed)])

    def entry(self, mentions: Sequence[Mention], observed: datetime) -> Entry:
        self.position += 1
        payload = msgspec.json.encode(mentions)
        source = mentions[0].source if mentions else "none"
        return Entry(str(self.position), EntryKind.CREATED, source, observed, payload)

    def tick(self, now: datetime) -> list[Line]:
        """Close what may be closed; a partition that cannot be judged fails the test."""
        lines = self.pipeline.tick(now)
        assert self.pipeline.trouble == ""
        return lines

    def restart(self) -> None:
        """Forget everything in memory, as a new process would."""
        self.store.close()
        self.store = SqliteStore.open(f"sqlite:///{self.path}")
        self.pipeline = Pipeline(self.store, self.parts, NoSignals(), live=self.live)

    def counted(self) -> tuple[int, int]:
        """Return (rows filed under the topic, sum of their counts)."""
        rows = self.store.read.totals()["mention_topic"]
        everything = self.store.read.counts(
            TOPIC.id,
            datetime.fromisoformat("1990-01-01T00:00:00+00:00"),
            datetime.fromisoformat("2100-01-01T00:00:00+00:00"),
        )
        return rows, everything.mentions


@pytest.fixture
def flow(tmp_path: Path, scorer: LinearScorer) -> Iterator[Callable[..., Flow]]:
    opened: list[Flow] = []

    def make(*, live: bool = True, topics: Sequence[Topic] = (TOPIC,)) -> Flow:
        path = tmp_path / f"flow{len(opened)}.db"
        parts = Parts(
            topics={t.id: t for t in topics},
            matcher=Matcher(topics),
            scorer=scorer,
            tripwires=Tripwires.load(),
            playbooks=load_library(),
            routes=PAGER,
            book=BOOK,
        )
        store = SqliteStore.open(f"sqlite:///{path}")
        made = Flow(path, store, Pipeline(store, parts, NoSignals(), live=live), parts, live)
        opened.append(made)
        return made

    yield make
    for made in opened:
        made.store.close()
