"""Errands: one that fails rests and costs no other; the store's own trouble rests nothing."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from alerts.errand import Errand, Kind
from monitor.pipeline.errands import PAUSE, Due, run_due
from monitor.ports import Transaction, Unavailable
from monitor.store.database import SqliteStore
from tests import builders as b

BAD = Errand("bad", Kind.STEP, "a", b.T0, {"n": 1})
GOOD = Errand("good", Kind.REPEAT, "b", b.T0 + timedelta(seconds=1))


@pytest.fixture
def store() -> Iterator[SqliteStore]:
    opened = SqliteStore.open("sqlite://")
    with opened.begin() as tx:
        assert tx.add_errand(BAD)
        assert tx.add_errand(GOOD)
    yield opened
    opened.close()


def fails(tx: Transaction, errand: Errand, now: datetime) -> bool:
    tx.move_errand(errand, None, errand.content)  # what it did is taken back
    raise LookupError("a bug of ours")


def lacks_a_store(tx: Transaction, errand: Errand, now: datetime) -> bool:
    raise Unavailable("disk full")


def done(tx: Transaction, errand: Errand, now: datetime) -> bool:
    return tx.move_errand(errand, None, errand.content)


def test_one_that_fails_rests_and_the_others_are_done(
    store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    now = b.after(seconds=2)
    with caplog.at_level(logging.ERROR):
        assert run_due(store, {Kind.STEP: fails, Kind.REPEAT: done}, now) == 1
    assert "errand bad failed" in caplog.text
    [waits] = store.read.errands("a")
    assert (waits.due_at, waits.content) == (now + PAUSE, BAD.content)
    caplog.clear()
    assert run_due(store, {Kind.STEP: fails}, now) == 0
    assert caplog.text == ""
    assert run_due(store, {Kind.STEP: done}, now + PAUSE) == 1


def test_where_the_store_fails_nothing_rests(store: SqliteStore) -> None:
    assert run_due(store, {Kind.STEP: lacks_a_store, Kind.REPEAT: done}, b.after(seconds=2)) == 1
    [waits] = store.read.errands("a")
    assert waits.due_at == b.T0


def test_a_kind_that_nothing_here_does_waits_for_a_version_that_can(store: SqliteStore) -> None:
    due = Due(store, {Kind.REPEAT: done})
    assert due.run(b.after(seconds=2)) == 1
    found = due.next_due()
    assert found is not None
    assert found > b.after(minutes=59)
