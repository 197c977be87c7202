"""PostgreSQL: workers side by side lose, repeat and block nothing of each other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from detectors.window import BIN, Counts
from monitor.ports import CountKey
from monitor.store.postgres_store import PostgresStore
from tests import builders as b
from tests.laws.filing import counted, file_batch, file_in
from tests.servers import postgres
from tests.threads import together

MINUTE = int(b.T0.timestamp()) // 60
DAY = timedelta(days=1)


def test_of_the_same_ids_filed_by_two_each_is_counted_once(
    stores: tuple[PostgresStore, PostgresStore],
) -> None:
    flags: list[list[bool]] = []

    def work(store: PostgresStore, step: int) -> Callable[[], None]:
        def run() -> None:
            for start in range(0, 200, 20):
                batch = [b.filed(n) for n in range(start, start + 40)][::step]
                flags.append(file_batch(store, batch))

        return run

    together(work(stores[0], 1), work(stores[1], -1))
    assert sum(map(sum, flags)) == 220
    assert counted(stores[0]).mentions == 220
    totals = stores[0].read.totals()
    assert (totals["seen"], totals["mention"], totals["mention_topic"]) == (220, 220, 220)


def test_who_meets_an_id_that_another_has_in_hand_waits_for_its_end(
    stores: tuple[PostgresStore, PostgresStore],
) -> None:
    one, two = stores
    begun = threading.Event()
    flags: list[bool] = []

    def second() -> None:
        begun.wait()
        flags.extend(file_batch(two, [b.filed(1), b.filed(2)]))

    thread = threading.Thread(target=second)

    def give_up() -> None:
        with one.begin() as tx:
            file_in(tx, [b.filed(2), b.filed(1)])
            begun.set()
            thread.join(0.2)
            assert thread.is_alive(), "it cannot know yet whether these are new"
            raise KeyError("given up")

    thread.start()
    with pytest.raises(KeyError):
        give_up()
    thread.join()
    assert flags == [True, True]
    assert counted(one).mentions == 2


def test_counts_that_cross_do_not_deadlock(stores: tuple[PostgresStore, PostgresStore]) -> None:
    keys = [CountKey(topic, b.SOURCE, MINUTE + n) for n in range(20) for topic in ("x", "y")]
    one = Counts(mentions=1)

    def work(store: PostgresStore, order: list[CountKey]) -> Callable[[], None]:
        def run() -> None:
            for _ in range(30):
                with store.begin() as tx:
                    tx.add_counts(dict.fromkeys(order, one))

        return run

    together(work(stores[0], keys), work(stores[1], keys[::-1]))
    assert stores[0].read.counts("x", b.T0, b.T0 + DAY).mentions == 30 * 2 * 20


def test_facts_and_deliveries_of_two_workers_are_numbered_without_gaps(
    stores: tuple[PostgresStore, PostgresStore], database: str
) -> None:
    storm = b.incident()

    def work(store: PostgresStore, start: int) -> Callable[[], None]:
        def run() -> None:
            for n in range(start, start + 15):
                with store.begin() as tx:
                    tx.add_facts(storm.id, [b.fact(n=n)])
                    alert = b.alert(storm, at=b.after(n))
                    assert tx.enqueue(alert, ["pd"], b.T0) == 1

        return run

    together(work(stores[0], 0), work(stores[1], 100))
    assert len(stores[0].read.facts(storm.id)) == 30
    assert postgres.rows(database, "SELECT min(seq), max(seq), count(*) FROM delivery") == [
        (1, 30, 30)
    ]
    assert postgres.rows(database, "SELECT min(seq), max(seq) FROM fact") == [(1, 30)]


def test_of_two_workers_who_save_one_version_one_is_first(
    stores: tuple[PostgresStore, PostgresStore],
) -> None:
    storm = b.incident()
    won: list[int] = []

    def work(n: int) -> Callable[[], None]:
        def run() -> None:
            with stores[n].begin() as tx:
                if tx.save_incident(storm, 0):
                    won.append(n)

        return run

    together(work(0), work(1))
    assert len(won) == 1
    assert stores[0].read.totals()["incident"] == 1


def test_a_count_is_seen_by_the_judge_or_its_filer_sees_the_bin_closed(
    stores: tuple[PostgresStore, PostgresStore],
) -> None:
    filer, judge = stores
    topics = [f"topic-{n}" for n in range(40)]
    filed_open: dict[str, int] = dict.fromkeys(topics, 0)
    judged: dict[str, int] = {}
    stop = threading.Event()

    def file() -> None:
        while not stop.is_set():
            for topic in topics:
                with filer.begin() as tx:
                    closed = tx.closed_until([topic])[topic]
                    tx.add_counts({CountKey(topic, "s", MINUTE): Counts(mentions=1)})
                if closed is None:
                    filed_open[topic] += 1

    def close() -> None:
        for topic in topics:
            with judge.begin() as tx:
                tx.begin_closing([topic])
                judged[topic] = tx.bins(topic, b.T0, b.T0 + BIN).get(b.T0, Counts()).mentions
                tx.save_watch(b.watch(topic, until=b.T0 + BIN))
        stop.set()

    together(file, close)
    assert judged == filed_open


def test_who_closes_is_let_in_between_those_who_file(
    stores: tuple[PostgresStore, PostgresStore], database: str
) -> None:
    """Filers that always overlap would let a row lock starve."""
    third = PostgresStore.open(database)
    closed = threading.Event()
    turns = [threading.Event(), threading.Event()]

    def file(store: PostgresStore, mine: threading.Event, other: threading.Event) -> None:
        for _ in range(400):
            if closed.is_set():
                break
            with store.begin() as tx:
                tx.closed_until([b.TOPIC])
                mine.set()
                other.wait(0.05)
                other.clear()

    def close() -> None:
        turns[0].wait()
        with third.begin() as tx:
            tx.begin_closing([b.TOPIC])
        closed.set()

    together(
        lambda: file(stores[0], turns[0], turns[1]),
        lambda: file(stores[1], turns[1], turns[0]),
        close,
    )
    assert closed.is_set()
    third.close()


def test_a_source_is_changed_by_one_at_a_time(
    stores: tuple[PostgresStore, PostgresStore],
) -> None:
    def work(store: PostgresStore) -> Callable[[], None]:
        def run() -> None:
            for _ in range(20):
                with store.begin() as tx:
                    state = tx.sources([b.SOURCE]).get(b.SOURCE)
                    done = 0 if state is None else state.cursor["n"]
                    tx.save_source(b.source_state(cursor={"n": done + 1}))

        return run

    together(work(stores[0]), work(stores[1]))
    assert stores[0].read.sources()[b.SOURCE].cursor == {"n": 40}


def test_a_bin_reopened_while_others_are_taken_stays_waiting(
    stores: tuple[PostgresStore, PostgresStore],
) -> None:
    one, two = stores
    with one.begin() as tx:
        tx.reopen(b.TOPIC, [b.T0])
    with one.begin() as taking:
        assert len(taking.take_reopened([b.TOPIC])) == 1
        together(lambda: reopen(two))
    with one.begin() as tx:
        assert [r.start for r in tx.take_reopened([b.TOPIC])] == [b.T0 + BIN]


def reopen(store: PostgresStore) -> None:
    with store.begin() as tx:
        tx.reopen(b.TOPIC, [b.T0 + BIN])
