"""SQLite in particular: no room, a lock held elsewhere, whose turn it is."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from msgspec.structs import replace as change

from monitor.ports import Unavailable
from monitor.store import sqlite
from monitor.store.database import SqliteStore
from monitor.store.sqlite import Turns
from monitor.stream.embedded import EmbeddedLog
from tests import builders as b
from tests.laws.filing import file_batch
from tests.monitor.querying import query
from tests.threads import together

ROOT = Path(__file__).resolve().parents[2]


# --- no room --------------------------------------------------------------------------------


def fill(store: SqliteStore, start: int = 0) -> int:
    """File batches of 4 until there is no room; return how many mentions were taken."""
    n = start
    while n < 10_000:
        try:
            file_batch(store, [b.filed(k, text="x" * 9000) for k in range(n, n + 4)])
        except Unavailable:
            return n
        n += 4
    raise AssertionError("the bound was never reached")


def test_a_full_file_takes_nothing_of_a_batch_and_goes_on_when_there_is_room(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path}/sturmglas.db"
    store = SqliteStore.open(url, max_bytes=1_000_000)
    taken = fill(store)
    assert taken > 8
    totals = store.read.totals()
    assert totals["mention"] == totals["seen"] == taken
    assert store.read.counts(b.TOPIC, b.T0, b.after(60)).mentions == taken
    with store.begin() as tx:
        assert tx.mark_deleted(b.filed(0).id, b.T0), "what needs no room still works"
        assert tx.mark_deleted(b.filed(1).id, b.T0)
    assert file_batch(store, [b.filed("late", text="x" * 9000)]) == [True]
    store.close()
    roomy = SqliteStore.open(url)
    assert file_batch(roomy, [b.filed(k) for k in range(taken, taken + 100)]) == [True] * 100
    roomy.close()


def test_a_full_log_takes_nothing_of_an_append_and_goes_on_when_trimmed(tmp_path: Path) -> None:
    log = EmbeddedLog.open(tmp_path / "log.db", max_bytes=1_000_000)
    taken = 0
    with pytest.raises(Unavailable, match="max_bytes"):  # noqa: PT012 - until it is full
        while taken < 10_000:
            log.append([b.entry(b"%d" % taken + b"x" * 20_000), b.entry(b"y" * 20_000)])
            taken += 2
    assert log.backlog("g").entries == taken
    log.ack("g", [e.position for e in log.read("g", "c", 100)])
    assert log.trim() == taken
    assert log.append([b.entry(b"z" * 20_000)])
    log.close()


def test_one_append_too_large_spoils_no_other(tmp_path: Path) -> None:
    log = EmbeddedLog.open(tmp_path / "log.db", max_bytes=1_000_000)
    refused: list[int] = []
    start = threading.Barrier(6)

    def work(who: int) -> None:
        start.wait()
        for n in range(5):
            try:
                log.append([b.entry(b"%d" % who if who else b"x" * 3_000_000)])
            except Unavailable:
                refused.append(who)
            del n

    together(*(lambda who=who: work(who) for who in range(6)))
    assert refused == [0] * 5
    assert log.backlog("g").entries == 25
    log.close()


LIMITED = """
import resource, sys
from monitor.ports import Unavailable
from monitor.store.database import SqliteStore
from monitor.stream.embedded import EmbeddedLog
from tests import builders as b
from tests.laws.filing import file_batch

where = sys.argv[1]
store, log = SqliteStore.open(f"sqlite:///{where}"), EmbeddedLog.open(where)
free = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, free[1]))
said = {}
for name, write in (
    ("store", lambda n: file_batch(store, [b.filed(n, text="x" * 9000), b.filed(-n, text="y")])),
    ("log", lambda n: log.append([b.entry(b"x" * 9000), b.entry(b"y")])),
):
    for n in range(1, 1000):
        try:
            write(n)
        except Unavailable as error:
            said[name] = n - 1
            assert "nothing was stored" in str(error), error
            break
assert set(said) == {"store", "log"}, said
assert store.read.totals()["mention"] == 2 * said["store"], "reading still works"
assert log.backlog("g").entries == 2 * said["log"]
resource.setrlimit(resource.RLIMIT_FSIZE, free)
assert file_batch(store, [b.filed("late")]) == [True]
assert log.append([b.entry(b"late")])
print(2 * said["store"] + 1, 2 * said["log"] + 1)
"""


def test_a_disk_that_is_really_full_is_unavailable_until_there_is_room(tmp_path: Path) -> None:
    where = tmp_path / "sturmglas.db"
    out = subprocess.run(
        [sys.executable, "-c", LIMITED, str(where)], cwd=ROOT, capture_output=True, text=True
    )
    assert out.returncode == 0, out.stderr
    mentions, entries = map(int, out.stdout.split())
    store, log = SqliteStore.open(f"sqlite:///{where}"), EmbeddedLog.open(where)
    assert store.read.totals()["mention"] == mentions
    assert log.backlog("g").entries == entries
    assert query(store, "PRAGMA integrity_check") == [("ok",)]
    store.close()
    log.close()


# --- what is in the way ---------------------------------------------------------------------


def test_a_lock_held_by_another_process_is_unavailable(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_S", 0.05)
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="another process"):
        file_batch(store, [b.filed(1)])
    assert store.read.totals()["mention"] == 0, "readers do not wait"
    other.execute("ROLLBACK")
    other.close()
    assert file_batch(store, [b.filed(1)]) == [True]


def test_other_errors_stay_errors_and_show_no_text(store: SqliteStore) -> None:
    wrong = change(b.filed(1, text="very private"), model=None)
    with pytest.raises(sqlite3.IntegrityError) as caught:
        file_batch(store, [wrong])
    assert "very private" not in str(caught.value)
    assert store.read.totals()["mention"] == 0


def test_what_is_closed_is_unavailable(store: SqliteStore, tmp_path: Path) -> None:
    log = EmbeddedLog.open(tmp_path / "log.db")
    for thing in (store, store, log, log):
        thing.close()
    with pytest.raises(Unavailable, match="closed"):
        store.read.totals()
    with pytest.raises(Unavailable, match="closed"):
        file_batch(store, [b.filed(1)])
    with pytest.raises(Unavailable, match="closed"):
        log.append([b.entry()])
    assert log.wait(60) is False


# --- taking turns ---------------------------------------------------------------------------


def test_a_transaction_inside_another_is_an_error_and_not_a_standstill(store: SqliteStore) -> None:
    with pytest.raises(RuntimeError, match="already open in this thread"), store.begin():
        store.outbox.recover(b.T0, b.T0)
    assert file_batch(store, [b.filed(1)]) == [True]


def test_two_stores_on_one_file_take_turns_as_well(store: SqliteStore) -> None:
    twin = SqliteStore.open(f"sqlite:///{store.path}")
    with pytest.raises(RuntimeError, match="already open"), store.begin():
        file_batch(twin, [b.filed(1)])
    assert file_batch(twin, [b.filed(1)]) == [True]
    assert file_batch(store, [b.filed(1)]) == [False]
    twin.close()


def test_turns_go_to_whoever_waits_longest() -> None:
    turns, order = Turns(), []
    arrived = [threading.Event() for _ in range(5)]

    def work(n: int) -> None:
        arrived[n].set()
        with turns:
            order.append(n)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(5)]
    with turns:
        for n, thread in enumerate(threads):
            thread.start()
            arrived[n].wait()
            while len(turns._waiting) <= n:
                time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]


def test_a_busy_pipeline_does_not_starve_the_door(store: SqliteStore) -> None:
    log = EmbeddedLog.open(store.path)
    stop = threading.Event()
    rounds: list[int] = []

    def pipeline() -> None:
        n = 0
        while not stop.is_set():
            file_batch(store, [b.filed(k) for k in range(n, n + 20)])
            n += 20
            rounds.append(n)

    thread = threading.Thread(target=pipeline)
    thread.start()
    appended = []
    for _ in range(20):
        before = len(rounds)
        log.append([b.entry()])
        appended.append(len(rounds) - before)
    stop.set()
    thread.join()
    # At most the transaction under way and one that was asked for before; some slack for threads.
    assert sorted(appended)[10] <= 3
    log.close()


def test_commits_are_shared_by_threads_that_append_together(tmp_path: Path) -> None:
    log = EmbeddedLog.open(tmp_path / "log.db")
    groups: list[int] = []
    store = log._store

    def counting(group: list[object]) -> None:
        groups.append(len(group))
        time.sleep(0.01)  # a disk that takes its time
        store(group)  # type: ignore[arg-type]

    log._store = counting  # type: ignore[assignment,method-assign]
    together(*[lambda: [log.append([b.entry()]) for _ in range(5)]] * 8)
    assert sum(groups) == 40
    assert len(groups) < 20
    log.close()
