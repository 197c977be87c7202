"""A pipeline with a cascade whose models are stand-ins: how doubtful a text is, its first word says."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.matcher import Matcher
from detectors.mention import Mention, Metrics
from detectors.score.base import Scores, Tone
from detectors.score.heads import FAMILIES, MORE, NO_CLAIM, Family
from detectors.topic import Query, Topic
from detectors.tripwires import Tripwires
from monitor import metrics
from monitor.clock import ManualClock
from monitor.pipeline import Pipeline
from monitor.pipeline.cascading import Cascade, Head, Limits
from monitor.pipeline.work import Parts
from monitor.ports import Entry, EntryKind, NoSignals
from monitor.store.database import SqliteStore
from tests import builders as b
from tests.flow.installed import soon

TOPIC = Topic(b.TOPIC, "Acme Bahn", Query(any=("acme",)), brand="Acme")
P = {"sure": (0.97, 0.02, 0.01), "half": (0.5, 0.45, 0.05), "open": (0.34, 0.33, 0.33)}


class Cheap:
    """A scorer that is as sure as the first word of a text says; everything reads as negative."""

    version = "cheap-1"

    def score(self, texts: Sequence[str], langs: Sequence[str]) -> Scores:
        n = len(texts)
        p = np.array([P[text.split()[0]] for text in texts], dtype=np.float32).reshape(n, 3)
        return Scores(
            [lang or "de" for lang in langs],
            np.full(n, Tone.NEGATIVE, dtype=np.int8),
            p,
            np.full(n, 0.01, dtype=np.float32),
            np.full((n, len(MORE)), NO_CLAIM, dtype=np.float32),
        )

    def reasons(self, text: str, lang: str = "", limit: int = 3) -> list[tuple[str, float]]:
        return []


class Positive:
    """A model that finds every text positive, and remembers what it was asked."""

    name = "second-1"
    family: Family = FAMILIES["sentiment"]

    def __init__(self, *langs: str, before: Callable[[], None] = lambda: None) -> None:
        self.langs = langs or ("de",)
        self.asked: list[list[str]] = []
        self.before = before

    def speaks(self, lang: str) -> bool:
        return lang in self.langs

    def answer(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked.append(list(texts))
        self.before()
        return np.tile(np.array([0.05, 0.15, 0.8], dtype=np.float32), (len(texts), 1))


class Harmful(Positive):
    """A model that finds every text offensive."""

    name = "harm-1"
    family = FAMILIES["offensive"]

    def answer(self, texts: Sequence[str]) -> NDArray[np.float32]:
        super().answer(texts)
        return np.tile(np.array([0.1, 0.9], dtype=np.float32), (len(texts), 1))


class Broken(Positive):
    """A model that was lost after it had been loaded."""

    def answer(self, texts: Sequence[str]) -> NDArray[np.float32]:
        super().answer(texts)
        raise RuntimeError("weights are gone")


class Line:
    """A pipeline over a store, the cascade's thread on it, and short verbs."""

    def __init__(
        self, store: SqliteStore, *heads: Head, missing: Sequence[str] = (), **limits: object
    ) -> None:
        self.store = store
        self.clock = ManualClock(b.T0)
        load: dict[str, Callable[[], Head]] = dict.fromkeys(missing, self._missing)
        load |= {head.family.name: (lambda head=head: head) for head in heads}  # type: ignore[misc]
        self.cascade = Cascade(load, Limits(**limits))  # type: ignore[arg-type]
        parts = Parts(
            topics={TOPIC.id: TOPIC},
            matcher=Matcher([TOPIC]),
            scorer=Cheap(),
            tripwires=Tripwires.load(),
            playbooks={},
            routes=(),
        )
        self.pipeline = Pipeline(store, parts, NoSignals(), cascade=self.cascade)
        self.told: list[str] = []
        self._n = 0

    @staticmethod
    def _missing() -> Head:
        raise OSError("no such folder")

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Run the cascade's thread, once it has loaded what there is."""
        stop = threading.Event()
        thread = threading.Thread(
            target=self.cascade.run, args=(self.clock, stop, self.told.append)
        )
        thread.start()
        try:
            assert soon(lambda: bool(self.told))
            yield
        finally:
            stop.set()
            thread.join(10)
        assert not thread.is_alive()

    def loaded(self) -> None:
        """Load the models and start no thread, so that what is offered waits."""
        with self.reading():
            pass

    def take(self, kind: EntryKind, items: Sequence[msgspec.Struct], at: datetime = b.T0) -> None:
        self._n += 1
        payload = msgspec.json.encode(items)
        self.pipeline.take([Entry(str(self._n), kind, b.SOURCE, at, payload)])

    def file(self, *mentions: Mention, at: datetime = b.T0) -> None:
        self.take(EntryKind.CREATED, mentions, at)

    def settled(self, replaced: int) -> bool:
        """Write answers until so many mentions were replaced."""
        start = counted("replaced")

        def look() -> bool:
            self.pipeline.settle()
            return counted("replaced") - start >= replaced

        return soon(look)

    def tones(self) -> list[int]:
        return self.store.read.window(TOPIC.id, b.after(days=-1), b.after(days=1)).tone

    def counts(self) -> tuple[int, int, int, int]:
        """Return mentions, negatives, positives and the sum of p(negative), as counted."""
        found = self.store.read.counts(TOPIC.id, b.after(days=-1), b.after(days=1))
        return found.mentions, found.negatives, found.positives, found.negativity


def counted(outcome: str) -> float:
    value = metrics.REGISTRY.get_sample_value(
        "sturmglas_cascade_mentions_total", {"outcome": outcome}
    )
    return value or 0.0


def said(n: int, first: str = "open", *, views: int = 100, **fields: object) -> Mention:
    return b.mention(n, text=f"{first} acme {n}", metrics=Metrics(views=views), lang="de", **fields)


def stored(store: SqliteStore, path: Path, n: int) -> tuple[str, str | None]:
    """Return model and extra of a stored mention."""
    with closing(sqlite3.connect(path)) as db:
        row = db.execute("SELECT model, extra FROM mention WHERE source_id = ?", (str(n),))
        found: tuple[str, str | None] = row.fetchone()
    return found
