"""PostgreSQL: a server that goes away or gives nothing more, and what is refused."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from detectors.window import BIN
from monitor.bench.servers import PostgresServer
from monitor.ports import Unavailable
from monitor.store.database import open_store
from monitor.store.postgres import WrongDatabase
from monitor.store.postgres_store import PostgresStore
from monitor.store.sqlite import WrongFile
from tests import builders as b
from tests.laws.filing import file_batch, file_in
from tests.servers import postgres
from tests.threads import together


@pytest.fixture
def store(stores: tuple[PostgresStore, PostgresStore]) -> PostgresStore:
    return stores[0]


# --- a server that goes away ----------------------------------------------------------------


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    postgres.server()  # skips where there is none
    with PostgresServer(settings={"max_connections": "12", "shared_buffers": "'16MB'"}) as server:
        yield server


def test_what_was_committed_survives_a_killed_server_and_the_store_recovers(
    own_server: PostgresServer,
) -> None:
    store = PostgresStore.open(own_server.url(own_server.make_database()))
    assert file_batch(store, [b.filed(1)]) == [True]

    def kill_inside() -> None:
        with store.begin() as tx:
            file_in(tx, [b.filed(2)])
            own_server.kill()

    with pytest.raises(Unavailable, match=r"connection was lost|shut down|crashed") as lost:
        kill_inside()
    assert lost.value.retry_after_s > 0
    with pytest.raises(Unavailable):
        file_batch(store, [b.filed(2)])
    own_server.start()
    assert file_batch(store, [b.filed(2), b.filed(1)]) == [True, False]
    own_server.restart()
    # Which of its connections the pool hands out first, an old one or a new one, is its affair.
    told: list[int | None] = []
    for _ in range(3):
        try:
            told.append(store.read.totals()["mention"])
        except Unavailable:
            told.append(None)
    assert set(told) <= {2, None}
    assert told.count(None) <= 1
    assert told[-1] == 2
    store.close()


def test_no_connection_left_on_the_server_is_unavailable(own_server: PostgresServer) -> None:
    url = own_server.url(own_server.make_database())
    store = PostgresStore.open(url)
    held = [psycopg.connect(url) for _ in range(11)]  # and the one that the store keeps
    with (
        store.begin(),
        pytest.raises(Unavailable, match=r"no connection left \(raise max_connections"),
    ):
        store.read.totals()
    for connection in held:
        connection.close()
    assert file_batch(store, [b.filed(1)]) == [True]
    store.close()


def test_no_connection_left_in_the_pool_is_unavailable(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.store.postgres.CONNECT_S", 0.1)
    store = PostgresStore(database, connections=1)
    with store.begin(), pytest.raises(Unavailable, match="all connections are in use"):
        store.read.totals()
    store.close()


def test_a_full_disk_is_unavailable_until_there_is_room(own_server: PostgresServer) -> None:
    # A temp file limit raises what a full disk does (53400 and 53100 are one class); the real
    # thing would need a file system of its own.
    url = own_server.url(own_server.make_database())
    store = PostgresStore.open(url)
    file_batch(store, [b.filed(n) for n in range(200)])
    own_server.execute("ALTER ROLE sturmglas SET temp_file_limit = '64kB'")
    own_server.execute("ALTER ROLE sturmglas SET work_mem = '64kB'")
    small = PostgresStore.open(url)

    def sort() -> None:
        with small.begin() as tx:
            sql = "SELECT n, repeat('x', 100) FROM generate_series(1, 100000) n ORDER BY 2, 1 DESC"
            tx._c.exec_driver_sql(sql)

    with pytest.raises(Unavailable, match="limit of its configuration"):
        sort()
    assert file_batch(small, [b.filed(999)]) == [True]
    small.close()
    store.close()


def test_a_server_set_to_read_only_is_unavailable_for_writing_and_can_be_read(
    database: str,
) -> None:
    name = database.rpartition("/")[2]
    store = PostgresStore.open(database)
    file_batch(store, [b.filed(1)])
    store.close()
    postgres.rows(database, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    store = PostgresStore.open(database)
    with pytest.raises(Unavailable, match="read-only"):
        file_batch(store, [b.filed(2)])
    assert store.read.totals()["mention"] == 1
    store.close()


def test_a_lock_that_is_held_for_too_long_is_unavailable(
    stores: tuple[PostgresStore, PostgresStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = stores

    def wait() -> None:
        with two.begin() as tx:
            tx._c.exec_driver_sql("SET LOCAL lock_timeout = '100ms'")
            tx.begin_closing([b.TOPIC])

    with one.begin() as tx:
        tx.closed_until([b.TOPIC])
        with pytest.raises(Unavailable, match="another worker has held") as held:
            together(wait)
    assert held.value.retry_after_s == 1.0


def test_every_commit_waits_for_the_disk_whatever_the_server_was_told(database: str) -> None:
    name = database.rpartition("/")[2]
    postgres.rows(database, f"ALTER DATABASE {name} SET synchronous_commit = off")
    store = PostgresStore.open(database)
    with store.begin() as tx:
        assert tx._c.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
    store.close()


# --- what is refused ------------------------------------------------------------------------


def test_a_null_character_is_left_out_and_the_rest_is_kept(store: PostgresStore) -> None:
    row = b.filed(1, text="Zug\x00 weg", title="\x00", handle="k\x00im", url="https://x.de/\x00")
    assert file_batch(store, [row, b.filed(2)]) == [True, True]
    assert file_batch(store, [row]) == [False]
    post = store.read.post_list(b.TOPIC, b.T0, b.T0 + BIN, tone=None, limit=9, before=None)[-1]
    assert (post.text, post.title, post.url, post.handle) == (
        "Zug weg",
        "",
        "https://x.de/",
        "kim",
    )
    with store.begin() as tx:
        tx.rewrite(b.filed(1, text="\x00neu"))
        tx.add_facts("storm", [b.fact(actor="k\x00im")])
    assert store.read.facts("storm")[0].actor == "kim"


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    url = postgres.empty_database()
    postgres.rows(url, "CREATE TABLE theirs (x int)")
    with pytest.raises(WrongDatabase, match="another program; name an empty database"):
        PostgresStore.open(url)
    assert postgres.rows(url, "SELECT count(*) FROM pg_class WHERE relname = 'mention'") == [(0,)]
    postgres.drop_database(url)


def test_a_newer_schema_is_left_alone(database: str) -> None:
    postgres.rows(database, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(WrongDatabase, match=r"newer Sturmglas .schema 9999"):
        PostgresStore.open(database)


def test_a_database_that_is_not_there_is_named() -> None:
    url = postgres.server().url("nowhere")
    with pytest.raises(WrongFile, match="nowhere: there is no such database; create it first"):
        open_store(url)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://kim:hunter2@127.0.0.1:1/x", "connection was lost"),
        ("postgresql+asyncpg://kim:hunter2@127.0.0.1/x", r"expected postgresql://"),
        ("postgresql://kim:hunter2@127.0.0.1", "names no database"),
        ("mysql://kim:hunter2@127.0.0.1/x", r"mysql; expected sqlite:///"),
        ("hunter2", "no URL; expected sqlite:///"),
    ],
)
def test_an_address_that_leads_nowhere_is_told_without_its_password(
    url: str, says: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises((WrongFile, Unavailable), match=says) as e:
        open_store(url)
    assert "hunter2" not in f"{e.value!r} {e.value.__cause__!r} {caplog.text}"


def test_errors_show_no_text(store: PostgresStore) -> None:
    with pytest.raises(Exception, match="out of range") as raised, store.begin() as tx:
        tx.set_media(b.TOPIC, 2**80, "a secret actor", b.T0)
    assert "secret actor" not in str(raised.value)


def test_a_transaction_inside_another_is_an_error_and_not_a_standstill(
    store: PostgresStore,
) -> None:
    with store.begin(), pytest.raises(RuntimeError, match="already open in this thread"):
        store.begin().__enter__()
    assert file_batch(store, [b.filed(1)]) == [True]


def test_what_is_closed_is_unavailable(store: PostgresStore) -> None:
    store.close()
    with pytest.raises(Unavailable, match="closed"):
        store.read.totals()
    with pytest.raises(Unavailable, match="closed"):
        file_batch(store, [b.filed(1)])
