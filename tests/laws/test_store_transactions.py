"""Transactions of a store: all or nothing, one writer after the other, whole after a kill."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

import pytest

from detectors.window import BIN
from monitor.ports import Store
from tests import builders as b
from tests.laws.children import killed_after, start
from tests.laws.failing import Broken, write_everything_and_fail
from tests.laws.filing import counted, file_batch, file_in
from tests.laws.homes import StoreHome
from tests.threads import together


def test_an_exception_inside_leaves_nothing(store: Store) -> None:
    file_batch(store, [b.filed(0)])
    before = store.read.totals()
    with pytest.raises(Broken):
        write_everything_and_fail(store)
    assert store.read.totals() == before
    assert counted(store).mentions == 1


def test_the_store_goes_on_after_a_transaction_failed(store: Store) -> None:
    with pytest.raises(Broken), store.begin():
        raise Broken
    assert file_batch(store, [b.filed(1)]) == [True]


def test_nobody_reads_what_is_not_committed(store: Store) -> None:
    with store.begin() as tx:
        file_in(tx, [b.filed(1)])
        assert len(tx.window(b.TOPIC, b.T0, b.T0 + BIN)) == 1
        assert len(store.read.window(b.TOPIC, b.T0, b.T0 + BIN)) == 0
    assert len(store.read.window(b.TOPIC, b.T0, b.T0 + BIN)) == 1


def test_writers_in_many_threads_take_turns(store: Store) -> None:
    def work(start: int) -> Callable[[], None]:
        def run() -> None:
            for n in range(start, start + 10):
                file_batch(store, [b.filed(n)])

        return run

    together(*(work(start) for start in (0, 5, 10, 15)))
    assert counted(store).mentions == 25


def test_readers_never_see_half_a_transaction(store: Store) -> None:
    stop = threading.Event()
    seen: list[tuple[int, int]] = []

    def write() -> None:
        for n in range(40):
            file_batch(store, [b.filed(2 * n), b.filed(2 * n + 1)])
        stop.set()

    def look() -> None:
        while not stop.is_set():
            totals = store.read.totals()
            seen.append((totals["mention"], totals["mention_topic"]))

    together(write, look, look)
    assert all(mentions == narrow and mentions % 2 == 0 for mentions, narrow in seen)


@pytest.mark.parametrize("seed", range(4))
def test_a_killed_writer_leaves_whole_batches(store_home: StoreHome, seed: int) -> None:
    said = killed_after(start("write", store_home.spec, str(seed)), 5 + 9 * seed)
    store = store_home.open()
    totals = store.read.totals()
    assert totals["mention"] == totals["seen"] == totals["mention_topic"]
    assert counted(store).mentions == totals["mention"]
    # What was said to be committed is there: replay the same batches, and see how many were new.
    rng = random.Random(seed)
    batches = [
        [b.filed(rng.randrange(n + 40), at=b.after(n)) for _ in range(20)]
        for n in range(len(said) + 1)
    ]
    for batch in batches[: len(said)]:
        assert file_batch(store, batch) == [False] * 20
    assert store.read.totals()["mention"] == totals["mention"]
    ids = {row.id for batch in batches for row in batch}
    assert totals["mention"] <= len(ids)
    store.close()
