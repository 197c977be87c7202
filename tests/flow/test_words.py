"""Word lists and doubt through the pipeline as it is wired: filed, counted, edited, taught, replayed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from detectors.mention import Mention
from detectors.window import BIN
from monitor.app.recorded import watching
from monitor.app.replaying import replay
from monitor.app.wiring import parts
from monitor.pipeline import Pipeline
from monitor.pipeline.work import Parts
from monitor.ports import NoSignals, Post, Store
from monitor.settings import Settings
from monitor.store.database import SqliteStore
from tests.builders import T0, TOPIC, mention

TEXTS = (
    "Acme Bahn war heute pünktlich, danke",
    "Acme Bahn: das ist Abzocke, ich gehe zum Anwalt",
    'Wer bei Acme Bahn "Idiot" sagt, fliegt raus',
)


def settings(**words: list[str]) -> Settings:
    topic = {"name": "Acme Bahn", "any": ["acme bahn"]}
    return Settings.model_validate({"topic": {TOPIC: topic}, "words": words})


LISTS = settings(banned=["abzock*", "lang:en crook"], suspect=["anwalt"])


@pytest.fixture(scope="module")
def wired() -> Parts:
    return parts(LISTS)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = SqliteStore.open(f"sqlite:///{tmp_path / 'words.db'}")
    yield found
    found.close()


def mentions(texts: Sequence[str] = TEXTS) -> list[Mention]:
    return [mention(n, text=text, at=T0 + timedelta(seconds=n)) for n, text in enumerate(texts)]


def posts(store: Store) -> list[Post]:
    return store.read.posts(store.read.window(TOPIC, T0 - BIN, T0 + BIN).num)


def test_what_a_list_names_is_stored_counted_and_told(store: Store, wired: Parts) -> None:
    pipeline = Pipeline(store, wired, NoSignals())
    pipeline.filing.create([(m, T0) for m in mentions()])
    fine, banned, quoted = posts(store)
    assert (fine.offensive < 0.5, dict(fine.marks)) == (True, {})
    assert (banned.offensive, banned.marks) == (1.0, {"banned": "abzock*", "suspect": "anwalt"})
    assert (quoted.offensive > 0.5, quoted.marks) == (True, {"unsure": "quoted"})
    assert sum(store.read.window(TOPIC, T0 - BIN, T0 + BIN).offensive) == 2
    assert store.read.counts(TOPIC, T0 - BIN, T0 + BIN).offensive == 2


def test_an_edit_is_read_by_the_lists_again(store: Store, wired: Parts) -> None:
    pipeline = Pipeline(store, wired, NoSignals())
    [fine] = mentions(TEXTS[:1])
    pipeline.filing.create([(fine, T0)])
    pipeline.filing._update([(mention(0, text=TEXTS[1], at=T0), T0)])
    [post] = posts(store)
    assert (post.offensive, post.marks["banned"]) == (1.0, "abzock*")
    assert store.read.counts(TOPIC, T0 - BIN, T0 + BIN).offensive == 1


def test_a_replay_reads_with_the_lists_of_its_settings(store: Store) -> None:
    for _ in replay(mentions(), watching(LISTS), store):
        pass
    assert [bool(post.marks) for post in posts(store)] == [False, True, True]


def test_weights_that_were_taught_are_heard_under_the_same_lists(wired: Parts) -> None:
    class Untaught:
        """An addition that adds nothing."""

        def onto(self, weights: object) -> object:
            return weights

    assert wired.taught is not None
    scorer = wired.taught(Untaught())  # type: ignore[arg-type]  # a stand-in
    [score] = scorer.score([TEXTS[1]], ["de"]).rows()
    assert score.marks.banned == "abzock*"
