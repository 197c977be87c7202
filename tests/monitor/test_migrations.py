"""Migrations on both databases: from every released schema, for processes that start at once."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, LargeBinary, MetaData, create_engine, event, select

from alerts.alert import DeliveryState
from detectors.window import BIN
from monitor.store import migrate as migrate_module
from monitor.store import migrate_postgres
from monitor.store.database import open_store
from monitor.store.postgres import address, engine_for
from monitor.store.postgres_store import PostgresStore
from monitor.store.schema import metadata
from monitor.store.version import APPLICATION_ID, HEAD
from tests import builders as b
from tests.laws.filing import file_batch
from tests.servers import postgres

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RELEASED = ["0001", "0002", "0003"]
SEQUENCES = {
    "mention_num_seq": "SELECT max(num) FROM mention",
    "delivery_id_seq": "SELECT max(id) FROM delivery",
    "parked_number_seq": "SELECT max(number) FROM parked",
    "log_entry_position_seq": "SELECT max(position) FROM log_entry",
}

Rows = dict[str, list[dict[str, Any]]]


def rows_of(revision: str) -> Rows:
    """Return what a database of a released schema held: at least one row in every table."""
    text = (HERE / f"rows_of_schema_{revision}.json").read_text()
    return json.loads(text, object_hook=lambda d: bytes.fromhex(d["hex"]) if "hex" in d else d)


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/sturmglas.db"
        return
    made = postgres.empty_database()
    yield made
    postgres.drop_database(made)


def engine_of(url: str) -> Engine:
    if url.startswith("postgresql"):
        return engine_for(address(url), connections=2)
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def plain(connection: Any, record: object) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


def build(url: str, revision: str) -> Rows:
    """Make a database as that release left it; return its rows."""
    rows = rows_of(revision)
    engine = engine_of(url)
    with engine.begin() as c:
        config = Config()
        scripts = Path(migrate_module.__file__).parent / "migrations"
        config.set_main_option("script_location", str(scripts))
        config.attributes["connection"] = c
        command.upgrade(config, revision)
        then = MetaData()
        then.reflect(c)
        assert {*then.tables} - {"alembic_version", "mention_early"} == {*rows}, (
            "no table may be left out"
        )
        for table in then.sorted_tables:
            if rows.get(table.name):
                c.execute(table.insert(), [_fit(table, row) for row in rows[table.name]])
        if c.dialect.name == "postgresql":
            for name, last in SEQUENCES.items():
                c.exec_driver_sql(f"SELECT setval('{name}', ({last}))")
        else:
            c.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")
    engine.dispose()
    return rows


def _fit(table: Any, row: dict[str, Any]) -> dict[str, Any]:
    """SQLite says 0 and 1 where PostgreSQL has booleans."""
    return {
        name: bool(value) if value is not None and table.c[name].type.python_type is bool else value
        for name, value in row.items()
    }


def stored(url: str, before: Rows) -> Rows:
    """Return the rows now, of those columns that were there before."""
    engine = engine_of(url)
    with engine.begin() as c:
        now = MetaData()
        now.reflect(c)
        found: Rows = {}
        for name, rows in before.items():
            table = now.tables[name]
            columns = [table.c[column] for column in rows[0] if column in table.c]
            found[name] = [
                {
                    k: bytes(v) if isinstance(table.c[k].type, LargeBinary) else v
                    for k, v in row.items()
                }
                for row in c.execute(select(*columns)).mappings()
            ]
    engine.dispose()
    return found


def key(row: dict[str, Any]) -> list[str]:
    return [str(value) for value in row.values()]


@pytest.mark.parametrize("revision", RELEASED)
def test_every_row_of_a_released_schema_is_still_there(url: str, revision: str) -> None:
    before = build(url, revision)
    open_store(url).close()
    after = stored(url, before)
    for name, rows in before.items():
        assert sorted(after[name], key=key) == sorted(rows, key=key), name


@pytest.mark.parametrize("revision", RELEASED)
def test_work_goes_on_with_what_a_released_schema_left(url: str, revision: str) -> None:
    build(url, revision)
    store = open_store(url)
    known = [b.filed(1), b.filed(2), b.filed(3)]
    assert file_batch(store, [*known, b.filed(4, at=b.after(90))]) == [False] * 3 + [True]
    window = store.read.window(b.TOPIC, b.T0, b.T0 + BIN)
    assert len(window) == 3
    assert len(set(window.num)) == 3
    posts = {post.text for post in store.read.posts(window.num)}
    assert "Danke für den Bus" in posts
    storm = b.incident()
    with store.begin() as tx:
        assert tx.mark_deleted(known[0].id, b.T0)
        found = tx.incident(storm.id)
        assert found is not None
        assert tx.save_incident(found, found.version)
        tx.add_facts(storm.id, [b.fact(n=3)])
        assert tx.enqueue(b.alert(storm), ["pd"], b.T0) == 0
        assert tx.enqueue(b.alert(storm, at=b.after(60)), ["pd"], b.T0) == 1
        assert tx.watch(b.TOPIC).closed_until == b.after(300)
        assert [r.start for r in tx.take_reopened([b.TOPIC])] == [b.T0]
        assert tx.unpark(store.read.parked(1)[0].number)
    assert [fact.payload["n"] for fact in store.read.facts(storm.id)] == [1, 2, 3]
    assert store.outbox.recover(b.after(60), b.after(60)) == 1
    states = [delivery.state for delivery in store.read.deliveries(storm.id)]
    assert states == [DeliveryState.PENDING] * 3
    assert store.secret("author") == bytes(range(32))
    store.close()


@pytest.mark.parametrize("revision", RELEASED)
def test_posts_from_before_are_as_critical_as_their_label(url: str, revision: str) -> None:
    build(url, revision)
    store = open_store(url)
    window = store.read.window(b.TOPIC, b.T0, b.T0 + BIN)
    assert -1 in window.tone
    assert window.negative == [100 * (tone == -1) for tone in window.tone]
    counts = store.read.counts(b.TOPIC, b.T0, b.T0 + BIN)
    assert counts.negatives > 0
    assert (counts.negativity, counts.negativity_squares) == (
        100 * counts.negatives,
        10_000 * counts.negatives,
    )
    store.close()


@pytest.mark.parametrize("revision", RELEASED)
def test_what_a_released_schema_left_is_dropped_when_it_is_old(url: str, revision: str) -> None:
    build(url, revision)
    store = open_store(url)
    file_batch(store, [b.filed(9, observed_at=b.T0 + timedelta(days=20))])
    assert store.housekeep(b.T0 + timedelta(days=20), 7) == 3
    totals = store.read.totals()
    assert (totals["mention"], totals["seen"], totals["mention_topic"]) == (1, 1, 1)
    store.close()


def test_processes_that_start_together_all_get_a_store(url: str) -> None:
    script = (
        "from monitor.store.database import open_store\n"
        f"store = open_store({url!r})\n"
        "print(store.secret('author').hex())\n"
        "store.close()"
    )
    children = [
        subprocess.Popen(
            [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    said = {child.communicate(timeout=120)[0] for child in children}
    assert [child.returncode for child in children] == [0, 0, 0]
    assert len(said) == 1


# --- PostgreSQL; for SQLite see test_store_schema.py ----------------------------------------


@pytest.fixture
def empty() -> Iterator[str]:
    made = postgres.empty_database()
    yield made
    postgres.drop_database(made)


def ours(name: str | None, kind: str, parents: object) -> bool:
    """Leave out the days: they are made as they come."""
    return not (kind == "table" and re.fullmatch(r"mention_(d\d+|early)", name or ""))


def test_migrations_lead_to_the_metadata_on_postgresql(empty: str) -> None:
    PostgresStore.open(empty).close()
    engine = engine_of(empty)
    with engine.connect() as c:
        wanted = {"compare_server_default": False, "include_name": ours}
        found = compare_metadata(MigrationContext.configure(c, opts=wanted), metadata)
    engine.dispose()
    assert found == []


def test_a_migration_that_fails_leaves_nothing(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    build_then_fail = migrate_postgres._upgrade

    def fail(c: Connection) -> None:
        build_then_fail(c)
        raise KeyError("after the last statement")

    monkeypatch.setattr(migrate_postgres, "_upgrade", fail)
    with pytest.raises(KeyError):
        PostgresStore.open(empty)
    monkeypatch.undo()
    count = "SELECT count(*) FROM pg_class WHERE relname IN ('mention', 'alembic_version')"
    assert postgres.rows(empty, count) == [(0,)]
    PostgresStore.open(empty).close()
    assert postgres.rows(empty, "SELECT version_num FROM alembic_version") == [(HEAD,)]


def test_a_current_database_is_recognised_without_alembic(empty: str) -> None:
    PostgresStore.open(empty).close()
    script = (
        "import sys\nfrom monitor.store.database import open_store\n"
        f"open_store({empty!r}).close()\nprint('alembic' in sys.modules)"
    )
    out = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert out.stdout == "False\n"


def test_sqlite_needs_no_driver_of_a_server(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom monitor.store.database import open_store\n"
        f"open_store('sqlite:///{tmp_path}/s.db').close()\nprint('psycopg' in sys.modules)"
    )
    out = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert out.stdout == "False\n"


def test_a_missing_driver_is_named_with_what_to_install() -> None:
    script = (
        "import sys\nsys.modules['psycopg'] = None\n"
        "from monitor.store.database import open_store\nfrom monitor.store.sqlite import WrongFile\n"
        "try:\n    open_store('postgresql://kim:hunter2@127.0.0.1/x')\n"
        "except WrongFile as error:\n    print(error)"
    )
    out = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert out.stdout == (
        "postgresql://127.0.0.1/x: PostgreSQL needs the driver psycopg 3;"
        " pip install 'sturmglas[postgres]'\n"
    )
