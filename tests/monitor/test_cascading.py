"""The cascade between filing and a second model: who is asked, in which order, and what comes of it.

The model is a stand-in here; `tests/flow/test_cascade.py` runs the same with a real one.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from detectors.mention import MentionRef, Metrics, MetricsUpdate
from monitor import metrics
from monitor.pipeline.cascading import FAILURES
from monitor.ports import EntryKind
from monitor.store.database import SqliteStore
from tests import builders as b
from tests.flow.installed import soon
from tests.monitor.cascade_line import TOPIC, Broken, Harmful, Line, Positive, counted, said, stored

# --- what is asked, and in which order ------------------------------------------------------


def test_the_open_and_far_reaching_are_read_first_and_the_sure_never(store: SqliteStore) -> None:
    head = Positive()
    line = Line(store, head, batch=2)
    line.loaded()
    line.file(
        said(1, "sure", views=10**6), said(2, views=10), said(3, views=10**6), said(4, "half")
    )
    with line.reading():
        assert line.settled(3)
    assert head.asked == [["open acme 3", "half acme 4"], ["open acme 2"]]
    assert line.tones() == [-1, 1, 1, 1]


def test_a_full_queue_keeps_those_that_matter_most(store: SqliteStore) -> None:
    head = Positive()
    line = Line(store, head, queue=2)
    line.loaded()
    before = counted("dropped")
    line.file(*(said(n, views=10**n) for n in range(1, 6)))
    assert counted("dropped") - before == 3
    with line.reading():
        assert line.settled(2)
    assert head.asked == [["open acme 5", "open acme 4"]]


def test_what_waited_too_long_is_left_as_it_is(store: SqliteStore) -> None:
    head = Positive()
    line = Line(store, head, deadline=timedelta(minutes=5))
    line.loaded()
    line.file(said(1, views=10**6))
    line.file(said(2), at=b.after(minutes=1))
    line.clock.set(b.after(minutes=5))
    before = counted("expired")
    with line.reading():
        assert line.settled(1)
    assert head.asked == [["open acme 2"]]
    assert counted("expired") - before == 1
    assert line.tones() == [-1, 1]


def test_only_what_a_topic_matched_and_a_head_speaks_is_read(store: SqliteStore) -> None:
    head = Positive("de")
    line = Line(store, head)
    line.loaded()
    other = b.mention(1, text="open nothing of ours", lang="de")
    french = b.mention(2, text="open acme", lang="fr")
    line.file(other, french, said(3))
    with line.reading():
        assert line.settled(1)
    assert head.asked == [["open acme 3"]]


def test_while_load_is_shed_nothing_is_taken_in(store: SqliteStore) -> None:
    head = Positive()
    line = Line(store, head)
    line.loaded()
    line.cascade.shed = True
    line.file(said(1))
    line.cascade.shed = False
    line.file(said(2))
    with line.reading():
        assert line.settled(1)
    assert head.asked == [["open acme 2"]]


# --- what comes of it -----------------------------------------------------------------------


def test_an_answer_replaces_scores_counts_and_rows_and_keeps_the_first(
    store: SqliteStore, tmp_path: Path
) -> None:
    line = Line(store, Positive(), Harmful())
    line.loaded()
    line.file(said(1, "sure"), said(2))
    assert line.counts() == (2, 2, 0, 97 + 34)
    with line.reading():
        assert line.settled(1)
    assert line.tones() == [-1, 1]
    assert line.counts() == (2, 1, 1, 97 + 5)
    model, extra = stored(store, tmp_path / "sturmglas.db", 2)
    assert model == "cheap-1; sentiment: second-1; offensive: harm-1"
    assert extra is not None
    assert msgspec.json.decode(extra) == {
        "cheap": {"model": "cheap-1", "p": [0.34, 0.33, 0.33], "offensive": 0.01}
    }
    assert stored(store, tmp_path / "sturmglas.db", 1) == ("cheap-1", None)


def test_what_was_edited_deleted_or_counted_anew_meanwhile_is_not_undone(
    store: SqliteStore,
) -> None:
    head = Positive()
    line = Line(store, head)

    def meanwhile() -> None:
        if len(head.asked) > 1:
            return
        line.take(EntryKind.UPDATED, [b.mention(1, text="sure acme, edited", lang="de")])
        line.take(EntryKind.DELETED, [MentionRef(b.SOURCE, "2")])
        line.take(EntryKind.METRICS, [MetricsUpdate(b.SOURCE, "3", Metrics(views=5000))])

    head.before = meanwhile
    line.loaded()
    line.file(said(1), said(2), said(3))
    before = counted("stale")
    with line.reading():
        assert line.settled(1)
    assert counted("stale") - before == 2
    assert line.tones() == [-1, -1, 1]
    window = store.read.window(TOPIC.id, b.after(days=-1), b.after(days=1))
    assert window.reach[2] == 5000
    assert [post.text for post in store.read.posts(window.num[:1])] == ["sure acme, edited"]
    found = store.read.counts(TOPIC.id, b.after(days=-1), b.after(days=1))
    assert (found.negatives, found.positives, found.deleted) == (2, 1, 1)
    assert found.reach == sum(window.reach)


def test_an_edit_is_read_again_in_its_new_words(store: SqliteStore) -> None:
    head = Positive()
    line = Line(store, head)
    line.loaded()
    line.file(said(1))
    line.take(EntryKind.UPDATED, [b.mention(1, text="open acme, edited", lang="de")])
    with line.reading():
        assert line.settled(1)
    assert head.asked == [["open acme, edited"]]
    assert line.counts()[1:3] == (0, 1)


def test_a_repeat_is_neither_counted_nor_read_again(store: SqliteStore) -> None:
    head = Positive()
    line = Line(store, head)
    line.loaded()
    line.file(said(1))
    with line.reading():
        assert line.settled(1)
        line.file(said(1))
        line.file(said(2))
        assert line.settled(1)
    assert head.asked == [["open acme 1"], ["open acme 2"]]
    assert line.counts()[:3] == (2, 0, 2)


def test_a_worker_whose_shards_changed_forgets_what_waits_and_what_is_being_read(
    store: SqliteStore,
) -> None:
    head = Positive()
    line = Line(store, head, batch=1)
    held = dict.fromkeys(line.pipeline.topics, 1)
    line.pipeline.own({**held, "shard/0": 1, "shard/1": 1})
    head.before = lambda: line.pipeline.own({**held, "shard/0": 1})
    line.loaded()
    line.file(said(1), said(2))
    before = counted("dropped")
    with line.reading():
        assert soon(lambda: counted("dropped") - before == 2)
        head.before = lambda: line.pipeline.own({"shard/0": 1})  # topics only: nothing to forget
        line.file(said(3))
        assert line.settled(1)
    assert line.tones() == [-1, -1, 1]


# --- without the model ----------------------------------------------------------------------


def test_a_model_that_is_missing_is_told_once_and_everything_else_goes_on(
    store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    line = Line(store, missing=["sentiment"])
    with caplog.at_level(logging.INFO, "sturmglas.cascade"), line.reading():
        line.file(said(1))
        line.pipeline.settle()
    assert line.told == ["missing; the built-in scorer goes on alone. sentiment: no such folder"]
    assert [record.getMessage() for record in caplog.records] == [f"transformer: {line.told[0]}"]
    assert line.counts()[:2] == (1, 1)
    assert metrics.REGISTRY.get_sample_value("sturmglas_cascade_heads") == 0


def test_one_missing_model_does_not_cost_the_other(store: SqliteStore) -> None:
    line = Line(store, Positive(), missing=["offensive"])
    line.loaded()
    line.file(said(1))
    with line.reading():
        assert line.settled(1)
    assert line.told[0].endswith("offensive: no such folder")
    assert line.tones() == [1]


def test_a_model_that_is_lost_is_given_up_after_a_few_failures(store: SqliteStore) -> None:
    head = Broken()
    line = Line(store, head, batch=1)
    line.loaded()
    line.file(*(said(n) for n in range(FAILURES + 2)))
    failed = counted("failed")
    with line.reading():
        assert soon(lambda: len(line.told) == 3)
    assert line.told[-1].startswith(f"lost after {FAILURES} failures in a row (RuntimeError);")
    assert len(head.asked) == FAILURES
    assert counted("failed") - failed == FAILURES
    line.file(said(99))
    assert line.counts()[:2] == (FAILURES + 3, FAILURES + 3)
    assert metrics.REGISTRY.get_sample_value("sturmglas_cascade_waiting") == 0


def test_single_failures_do_not_add_up_to_a_loss(store: SqliteStore) -> None:
    head = Positive()
    line = Line(store, head, batch=1)

    def every_second() -> None:
        if len(head.asked) % 2:
            raise RuntimeError("once")

    head.before = every_second
    line.loaded()
    line.file(*(said(n) for n in range(2 * FAILURES)))
    with line.reading():
        assert line.settled(FAILURES)
    assert line.told[-1] == ""
