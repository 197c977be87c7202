"""doctor on PostgreSQL and Redis: what it finds there, with real servers, and what it never says."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from monitor.bench.redis_servers import RedisServer
from monitor.cli.doctor import Finding, State, examine
from monitor.ports import EntryKind, NewEntry
from monitor.settings import read
from monitor.store.database import SqliteStore
from monitor.store.postgres_store import PostgresStore
from monitor.store.version import HEAD
from monitor.stream.redis_streams import RedisLog
from tests.flow.installed import soon
from tests.servers import postgres, redis

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NOBODY = 1
"""A port on which nobody listens."""


@dataclass
class Doctor:
    """Asks the doctor about settings that are written down first."""

    folder: Path

    def __call__(self, *, store: str = "", stream: str = "") -> dict[str, Finding]:
        config = self.folder / "s.toml"
        config.write_text(
            f"[server]\nport = 0\n[store]\n{store or self.here()}\n[stream]\n{stream or 'shards = 8'}\n"
        )
        reading = read(config, {})
        assert reading.settings is not None, reading.complaints
        found = list(examine(reading, NOW, reach=False))
        assert "hunter2" not in str(found)
        return {f.name: f for f in found}

    def here(self) -> str:
        return f'url = "sqlite:///{self.folder}/s.db"'


@pytest.fixture
def doctor(tmp_path: Path) -> Doctor:
    return Doctor(tmp_path)


def database(url: str, **more: str) -> dict[str, str]:
    """Return settings of a store, with a log beside it as they must have."""
    lines = [f'url = "{url}"', *(f'{k} = "{v}"' for k, v in more.items())]
    return {"store": "\n".join(lines), "stream": f'url = "redis://127.0.0.1:{NOBODY}/0"'}


# --- PostgreSQL -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def durable() -> Iterator[str]:
    """Yield the address of our schema on a server that waits for its disk; the shared one does not."""
    postgres.server()  # skips where there is none
    from monitor.bench.servers import PostgresServer

    with PostgresServer() as server:
        url = server.url(server.make_database())
        PostgresStore.open(url).close()
        yield url


def test_a_good_database_is_content(doctor: Doctor, durable: str) -> None:
    found = doctor(**database(durable))
    names = ["store", "schema", "durability", "connections", "server clock"]
    assert [found[n].state for n in names] == [State.OK] * 5
    assert found["store"].text.startswith("PostgreSQL 1")
    assert found["schema"].text == f"{HEAD}, the newest"
    assert "fsync on, synchronous_commit on" in found["durability"].text
    assert "disk" not in found, "its disk is elsewhere"


def test_an_empty_database_is_fine_and_one_of_another_program_is_not(doctor: Doctor) -> None:
    url = postgres.empty_database()
    assert doctor(**database(url))["schema"].text == "empty; it will be made at the first start"
    with psycopg.connect(url) as server:
        assert server.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        ).fetchone() == (0,)
        server.execute("CREATE TABLE theirs (a int)")
    found = doctor(**database(url))["schema"]
    assert found.state is State.FAIL
    assert "tables of another program" in found.text


@pytest.mark.parametrize(
    ("revision", "state", "text"),
    [("0000", State.WARN, f"brings it to {HEAD}"), ("9999", State.FAIL, "newer Sturmglas")],
)
def test_an_older_schema_is_told_and_a_newer_one_fails(
    doctor: Doctor, revision: str, state: State, text: str
) -> None:
    url = postgres.fresh_database()
    with psycopg.connect(url) as server:
        server.execute("UPDATE alembic_version SET version_num = %s", (revision,))
    found = doctor(**database(url))["schema"]
    assert found.state is state
    assert text in found.text


def set_for(url: str, name: str, value: str) -> None:
    with psycopg.connect(url, autocommit=True) as server:
        base = url.rpartition("/")[2]
        server.execute(f'ALTER DATABASE "{base}" SET {name} = {value}'.encode())


def test_a_server_that_does_not_wait_for_its_disk_is_warned_of(
    doctor: Doctor, durable: str
) -> None:
    set_for(durable, "synchronous_commit", "off")
    found = doctor(**database(durable))["durability"]
    set_for(durable, "synchronous_commit", "on")
    assert found.state is State.WARN
    assert "synchronous_commit is off" in found.text


@pytest.fixture
def careless() -> Iterator[str]:
    """Yield the address of a server that never waits for its disk, with few connections."""
    postgres.server()  # skips where there is none
    from monitor.bench.servers import PostgresServer

    with PostgresServer(fsync=False, settings={"max_connections": "20"}) as server:
        yield server.url()


def test_a_server_without_fsync_fails_and_few_connections_are_warned_of(
    doctor: Doctor, careless: str
) -> None:
    found = doctor(**database(careless))
    assert found["durability"].state is State.FAIL
    assert "fsync off" in found["durability"].text
    assert found["connections"].state is State.WARN
    assert "raise max_connections" in found["connections"].text


def test_a_database_that_keeps_another_encoding_fails(doctor: Doctor) -> None:
    server = postgres.server()
    server.execute("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    try:
        found = doctor(**database(server.url("latin")))["store"]
    finally:
        server.drop_database("latin")
    assert found.state is State.FAIL
    assert "LATIN1" in found.text


def test_a_clock_that_is_apart_is_told(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    from monitor.clock import SystemClock

    real = SystemClock.now
    url = postgres.fresh_database()
    for apart, state in ((10, State.WARN), (600, State.FAIL)):
        monkeypatch.setattr(SystemClock, "now", lambda s, a=apart: real(s) - timedelta(seconds=a))
        found = doctor(**database(url))["server clock"]
        assert found.state is state
        assert f"{apart}.0 s apart" in found.text


def test_a_server_that_is_gone_and_a_wrong_database_fail_without_a_password(doctor: Doctor) -> None:
    gone = f"postgresql://me@127.0.0.1:{NOBODY}/s"
    found = doctor(**database(gone, password="hunter2"))["store"]
    assert found.state is State.FAIL
    assert "Connection refused" in found.text
    nowhere = f"{postgres.server().url()}_nowhere"
    found = doctor(**database(nowhere, password="hunter2"))["store"]
    assert found.state is State.FAIL
    assert "does not exist" in found.text


def test_a_missing_driver_names_the_extra(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    for name in ("psycopg", "monitor.stream.redis_link"):
        monkeypatch.setitem(sys.modules, name, None)
    found = doctor(**database("postgresql://me@127.0.0.1/s"))
    assert found["store"].text.endswith("pip install 'sturmglas[postgres]'")
    assert found["log"].text.endswith("pip install 'sturmglas[redis]'")
    assert {found["store"].state, found["log"].state} == {State.FAIL}


# --- Redis ------------------------------------------------------------------------------------


def log_at(url: str, *more: str) -> dict[str, str]:
    return {"stream": "\n".join((f'url = "{url}"', *more))}


@pytest.fixture
def started() -> Iterator[Callable[..., RedisServer]]:
    """Yield what starts a Redis with settings of the test's own; they end with it."""
    redis.shared_server()  # skips where there is none
    servers: list[RedisServer] = []

    def start(**settings: str) -> RedisServer:
        servers.append(RedisServer({k.replace("_", "-"): v for k, v in settings.items()}).start())
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def test_a_good_redis_is_content_and_its_backlog_is_told(
    doctor: Doctor, started: Callable[..., RedisServer]
) -> None:
    server = started(maxmemory="100mb", requirepass="hunter2")
    url = server.url.replace("//", "//:hunter2@")
    password = 'password = "hunter2"'
    found = doctor(**log_at(server.url, password))
    assert found["shards"].text == "8; nobody has used this log yet"
    with closing(RedisLog.open(url)) as log:
        log.append([NewEntry(EntryKind.CREATED, "feed", NOW, b"[1]", shard=3)])
    found = doctor(**log_at(server.url, password))
    names = ["log", f"memory of 127.0.0.1:{server.port}", "replicas", "shards", "backlog"]
    assert [found[n].state for n in names] == [State.OK] * 5
    assert "appendfsync always" in found["log"].text
    assert found["backlog"].text == (
        "1 entries (3 bytes) wait to be filed, the oldest since 2026-11-22 12:00:00 UTC"
    )
    other = doctor(**log_at(server.url, password, "shards = 4"))["shards"]
    assert (other.state, "the log has 8" in other.text) == (State.WARN, True)


def test_looking_writes_nothing(doctor: Doctor, started: Callable[..., RedisServer]) -> None:
    server = started()
    doctor(**log_at(server.url))
    with server.client() as client:
        assert client.dbsize() == 0


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"appendonly": "no"}, "appendonly yes (it is no)"),
        ({"appendfsync": "everysec"}, "appendfsync always (it is everysec)"),
        ({"maxmemory_policy": "allkeys-lru"}, "maxmemory-policy noeviction (it is allkeys-lru)"),
    ],
)
def test_a_redis_that_would_lose_what_was_accepted_fails(
    doctor: Doctor,
    started: Callable[..., RedisServer],
    settings: dict[str, str],
    complaint: str,
) -> None:
    found = doctor(**log_at(started(**settings).url))["log"]
    assert found.state is State.FAIL
    assert complaint in found.text


def test_a_redis_without_a_bound_is_warned_of(
    doctor: Doctor, started: Callable[..., RedisServer]
) -> None:
    server = started(maxmemory="0")
    found = doctor(**log_at(server.url))[f"memory of 127.0.0.1:{server.port}"]
    assert found.state is State.WARN
    assert "no maxmemory" in found.text


def test_replicas_that_are_waited_for_and_not_there_fail(
    doctor: Doctor, started: Callable[..., RedisServer]
) -> None:
    found = doctor(**log_at(started().url, "replicas = 1"))["replicas"]
    assert found.state is State.FAIL
    assert (
        found.text
        == "0 of each primary; stream.replicas waits for 1: every append would be refused"
    )


def test_a_wrong_password_and_a_redis_that_is_gone_fail(
    doctor: Doctor, started: Callable[..., RedisServer]
) -> None:
    server = started(requirepass="hunter3")
    refused = doctor(**log_at(server.url, 'password = "hunter2"'))["log"]
    assert (refused.state, "refuses user or password" in refused.text) == (State.FAIL, True)
    gone = doctor(**log_at(f"redis://127.0.0.1:{NOBODY}/0", 'password = "hunter2"'))["log"]
    assert (gone.state, "cannot be reached" in gone.text) == (State.FAIL, True)


def test_a_cluster_tells_its_state_and_each_node(doctor: Doctor) -> None:
    cluster = redis.shared_cluster()
    found: dict[str, Finding] = {}

    def whole() -> bool:
        # A replica is shown once it has copied everything, and is not while a busy machine makes it late.
        found.update(doctor(**log_at(cluster.url)))
        return found["cluster"].text == "ok, 3 primaries, 6 nodes"

    assert soon(whole), found["cluster"].text
    assert found["cluster"].state is State.OK
    assert len([n for n in found if n.startswith("memory of")]) == 6
    assert found["replicas"].state is State.WARN  # there are some, and nobody waits for them
    assert found["backlog"].state is State.OK


def test_a_log_in_a_file_of_its_own_is_looked_at(doctor: Doctor) -> None:
    (doctor.folder / "log.db").write_text("this is a letter, not a database; long enough to tell")
    found = doctor(stream=f'url = "sqlite:///{doctor.folder}/log.db"')
    assert (found["log"].state, found["store"].state) == (State.FAIL, State.OK)


@pytest.mark.parametrize(
    ("revision", "state", "text"),
    [(HEAD, State.OK, "writable"), ("0000", State.WARN, "backup"), ("9999", State.FAIL, "newer")],
)
def test_the_schema_of_a_file_is_told_as_well(
    doctor: Doctor, revision: str, state: State, text: str
) -> None:
    SqliteStore(doctor.folder / "s.db").close()
    with closing(sqlite3.connect(doctor.folder / "s.db", isolation_level=None)) as base:
        base.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    found = doctor()["store"]
    assert found.state is state
    assert text in found.text
