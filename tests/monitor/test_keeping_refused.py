"""Backups that cannot be: wrong files, wrong places, missing tools; each told, and nothing changed."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from monitor.app.keeping import CannotKeep, back_up, restore
from monitor.app.keeping.postgres import tool
from monitor.app.only import InUse, only
from monitor.settings import StoreSettings
from monitor.store.database import open_store
from tests import builders as b
from tests.laws.filing import file_batch
from tests.monitor.kept import NOW, Place, fill, settings_for
from tests.servers import postgres


@pytest.fixture
def on_file(tmp_path: Path) -> Place:
    return Place(f"sqlite:///{tmp_path}/a.db", f"sqlite:///{tmp_path}/b.db")


# --- what is no backup ------------------------------------------------------------------------


def theirs(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE theirs (a)")


def newer(path: Path) -> None:
    open_store(f"sqlite:///{path}").close()
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")


def torn(path: Path) -> None:
    with closing(open_store(f"sqlite:///{path}")) as store:
        fill(store)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def letter(path: Path) -> None:
    path.write_text("this is a letter, not a database; and long enough to be told apart from one")


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda path: None, "no such file"),
        (letter, "no SQLite file"),
        (theirs, "no store of Sturmglas"),
        (newer, "newer Sturmglas"),
        (torn, "damaged"),
    ],
)
def test_a_wrong_file_is_refused_and_the_store_stays(
    on_file: Place, tmp_path: Path, make: object, complaint: str
) -> None:
    with closing(open_store(on_file.url)) as store:
        fill(store)
    before = on_file.rows(on_file.url)
    assert callable(make)
    make(tmp_path / "wrong")
    with pytest.raises(CannotKeep, match=complaint):
        restore(on_file.settings, tmp_path / "wrong", force=True, now=NOW)
    assert on_file.rows(on_file.url) == before
    assert not list(tmp_path.glob(".*.part"))


def test_a_wrong_dump_is_refused_and_the_database_stays_empty(tmp_path: Path) -> None:
    source, target = postgres.fresh_database(), postgres.empty_database()
    letter(tmp_path / "letter")
    with pytest.raises(CannotKeep, match="no whole dump"):
        restore(settings_for(target), tmp_path / "letter", force=False, now=NOW)
    with closing(open_store(source)) as store:
        fill(store)
    back_up(settings_for(source), tmp_path / "good", force=False, now=NOW)
    kept = (tmp_path / "good").read_bytes()
    (tmp_path / "torn").write_bytes(kept[: len(kept) * 2 // 3])
    with pytest.raises(CannotKeep):
        restore(settings_for(target), tmp_path / "torn", force=False, now=NOW)
    with psycopg.connect(target) as server:
        query = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        assert server.execute(query).fetchone() == (0,)
    restore(settings_for(target), tmp_path / "good", force=False, now=NOW)


def test_a_database_that_is_not_empty_or_not_ours_is_left_alone(tmp_path: Path) -> None:
    url = postgres.fresh_database()
    with closing(open_store(url)) as store:
        fill(store)
    back_up(settings_for(url), tmp_path / "kept", force=False, now=NOW)
    with pytest.raises(CannotKeep, match="not empty; make an empty database"):
        restore(settings_for(url), tmp_path / "kept", force=True, now=NOW)
    other = postgres.empty_database()
    with psycopg.connect(other) as server:
        server.execute("CREATE TABLE theirs (a int)")
    with pytest.raises(CannotKeep, match="no store of Sturmglas"):
        back_up(settings_for(other), tmp_path / "theirs", force=False, now=NOW)


def test_a_newer_dump_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = postgres.fresh_database()
    open_store(url).close()
    back_up(settings_for(url), tmp_path / "kept", force=False, now=NOW)
    monkeypatch.setattr("monitor.app.keeping.postgres.HEAD", "0000")  # as an older program has it
    with pytest.raises(CannotKeep, match="newer Sturmglas"):
        restore(settings_for(postgres.empty_database()), tmp_path / "kept", force=False, now=NOW)


def test_a_missing_and_an_old_tool_are_told_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("monitor.app.keeping.postgres._PLACES", (tmp_path,) * 3)
    with pytest.raises(CannotKeep, match=r"not installed here; .*postgresql-client-15"):
        tool("pg_dump", 15)
    old = tmp_path / "pg_dump"
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 14.9 (Debian 14.9-1)'\n")
    old.chmod(0o755)
    with pytest.raises(CannotKeep, match=r"server is PostgreSQL 15, and pg_dump is older: .*14\.9"):
        tool("pg_dump", 15)
    (tmp_path / "16" / "bin").mkdir(parents=True)
    new = tmp_path / "16" / "bin" / "pg_dump"
    new.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 16.1'\n")
    new.chmod(0o755)
    assert tool("pg_dump", 15) == str(new)


def test_a_password_reaches_the_tools_and_nobody_else(tmp_path: Path) -> None:
    server, database = postgres.server(), postgres.fresh_database()
    server.execute("CREATE ROLE guarded LOGIN PASSWORD 'hunter2' SUPERUSER")
    rules = server.data / "pg_hba.conf"
    before = rules.read_text()
    try:
        rules.write_text(f"host all guarded 127.0.0.1/32 scram-sha-256\n{before}")
        server.execute("SELECT pg_reload_conf()")
        url = database.replace("sturmglas@", "guarded@")
        right = settings_for(url).model_copy(
            update={"store": StoreSettings(url=url, password="hunter2")}
        )
        wrong = settings_for(url).model_copy(
            update={"store": StoreSettings(url=url, password="hunter3")}
        )
        open_store(database).close()
        assert back_up(right, tmp_path / "kept", force=False, now=NOW).bytes > 0
        with pytest.raises(CannotKeep, match="password authentication failed") as refused:
            back_up(wrong, tmp_path / "other", force=False, now=NOW)
        assert "hunter" not in str(refused.value)
    finally:
        rules.write_text(before)
        server.execute("SELECT pg_reload_conf()")
        server.execute("DROP ROLE guarded")


# --- the place --------------------------------------------------------------------------------


def test_a_store_in_use_is_not_restored_over(on_file: Place, tmp_path: Path) -> None:
    with closing(open_store(on_file.url)) as store:
        fill(store)
    back_up(on_file.settings, tmp_path / "kept", force=False, now=NOW)
    with only(tmp_path / "a.db"), pytest.raises(InUse, match="in use by another sturmglas"):
        restore(on_file.settings, tmp_path / "kept", force=True, now=NOW)


def test_the_present_store_is_moved_aside_with_what_belongs_to_it(
    on_file: Place, tmp_path: Path
) -> None:
    with closing(open_store(on_file.url)) as store:
        fill(store)
        back_up(on_file.settings, tmp_path / "kept", force=False, now=NOW)
        file_batch(store, [b.filed(77)])
        # As a crash leaves it: the newest commits stand in the write-ahead log only.
        for name in ("a.db", "a.db-wal"):
            (tmp_path / name.replace("a.db", "c.db")).write_bytes((tmp_path / name).read_bytes())
    crashed = settings_for(f"sqlite:///{tmp_path}/c.db")
    restored = restore(crashed, tmp_path / "kept", force=True, now=NOW)
    assert restored.aside == tmp_path / "c.db.before-20261122T120000Z"
    place = Place("", "")
    assert len(place.rows(f"sqlite:///{tmp_path}/c.db")["mention"]) == 2
    assert len(place.rows(f"sqlite:///{restored.aside}")["mention"]) == 3
    assert not [f for f in os.listdir(tmp_path) if f.startswith("c.db-")]


def test_the_log_of_a_lost_store_is_not_written_into_the_restored_one(
    on_file: Place, tmp_path: Path
) -> None:
    with closing(open_store(on_file.url)) as store:
        fill(store)
        back_up(on_file.settings, tmp_path / "kept", force=False, now=NOW)
        file_batch(store, [b.filed(77)])
        (tmp_path / "b.db-wal").write_bytes((tmp_path / "a.db-wal").read_bytes())
    restore(on_file.elsewhere, tmp_path / "kept", force=False, now=NOW)
    assert len(on_file.rows(on_file.empty)["mention"]) == 2


def test_a_store_that_keeps_nothing_cannot_be_kept(tmp_path: Path) -> None:
    with pytest.raises(CannotKeep, match="keeps nothing"):
        back_up(settings_for("sqlite://"), tmp_path / "kept", force=False, now=NOW)
