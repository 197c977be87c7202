"""Backups: whole or not there, of one moment, and the way back; on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from alerts.alert import DeliveryState, NotifyReason
from alerts.incident import FactKind
from detectors.detection import Level
from monitor.app.keeping import HELD, CannotKeep, back_up, hold, restore
from monitor.app.keeping.postgres import tool
from monitor.app.only import InUse, only
from monitor.cli import app
from monitor.ports import EntryKind, NewEntry, Store
from monitor.settings import Settings, StoreSettings
from monitor.store import schema
from monitor.store.database import open_store
from monitor.stream.embedded import EmbeddedLog
from tests import builders as b
from tests.flow.installed import ROOT, installed, soon
from tests.laws.filing import file_batch
from tests.servers import postgres, redis

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
Rows = dict[str, list[tuple[object, ...]]]


@dataclass
class Place:
    """A kind of store, and where tests may put the first one and the one to restore into."""

    url: str
    empty: str

    @property
    def settings(self) -> Settings:
        return settings_for(self.url)

    @property
    def elsewhere(self) -> Settings:
        return settings_for(self.empty)

    def rows(self, url: str) -> Rows:
        """Return every row of every table, in one order."""
        if url.startswith("sqlite"):
            with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as db:
                return {t: sorted(db.execute(f'SELECT * FROM "{t}"'), key=repr) for t in TABLES}
        with psycopg.connect(url) as server:
            return {t: sorted(server.execute(f'SELECT * FROM "{t}"'), key=repr) for t in TABLES}


TABLES = sorted(schema.metadata.tables)


def settings_for(url: str, **more: object) -> Settings:
    return Settings.model_validate({"store": StoreSettings(url=url), **more})


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "sqlite":
        yield Place(f"sqlite:///{tmp_path}/a.db", f"sqlite:///{tmp_path}/b.db")
        return
    urls = postgres.fresh_database(), postgres.empty_database()
    yield Place(*urls)
    for url in urls:
        postgres.drop_database(url)


@pytest.fixture
def on_file(tmp_path: Path) -> Place:
    return Place(f"sqlite:///{tmp_path}/a.db", f"sqlite:///{tmp_path}/b.db")


def fill(store: Store, *, at: datetime = NOW) -> None:
    """File two posts and open an incident with two waiting alerts, the second behind the first."""
    file_batch(store, [b.filed(n, at=at, handle=f"kim{n}") for n in range(2)])
    storm = b.incident(onset=at)
    with store.begin() as tx:
        tx.save_incident(storm, 0)
        tx.add_facts(storm.id, [b.fact(at=at)])
        tx.save_run(b.run(storm), 0)
        for level in (Level.STRONG_WIND, Level.STORM):
            tx.enqueue(b.alert(storm, reason=NotifyReason.ESCALATED, level=level), ["pd"], at)
    store.secret("authors")


@pytest.fixture
def filled(place: Place) -> Place:
    with closing(open_store(place.url)) as store:
        fill(store)
    return place


# --- there and back ---------------------------------------------------------------------------


def test_every_row_of_every_table_comes_back(filled: Place, tmp_path: Path) -> None:
    out = tmp_path / "kept"
    kept = back_up(filled.settings, out, force=False, now=NOW)
    restored = restore(filled.elsewhere, out, force=False, now=NOW)
    before, after = filled.rows(filled.url), filled.rows(filled.empty)
    assert before == after
    assert kept.contents.rows == restored.contents.rows == {t: len(r) for t, r in before.items()}
    assert kept.contents.rows["mention"] == 2
    assert kept.bytes == out.stat().st_size > 1000


def test_a_restored_store_takes_up_its_work(filled: Place, tmp_path: Path) -> None:
    back_up(filled.settings, tmp_path / "kept", force=False, now=NOW)
    restore(filled.elsewhere, tmp_path / "kept", force=False, now=NOW)
    with closing(open_store(filled.empty)) as store:
        assert file_batch(store, [b.filed(1), b.filed(2)]) == [False, True]
        assert len(store.outbox.due(NOW, 10)) == 1
    if filled.empty.startswith("sqlite"):
        with closing(sqlite3.connect(filled.empty.removeprefix("sqlite:///"))) as db:
            assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_backup_taken_while_others_file_is_of_one_moment(place: Place, tmp_path: Path) -> None:
    stop, filed = threading.Event(), [0]
    with closing(open_store(place.url)) as store:

        def keep_filing() -> None:
            while not stop.is_set():
                file_batch(store, [b.filed(filed[0] + i) for i in range(10)])
                filed[0] += 10

        writer = threading.Thread(target=keep_filing)
        writer.start()
        try:
            moved = []
            for n in range(3):
                assert soon(lambda: filed[0] >= 50)
                before = filed[0]
                back_up(place.settings, tmp_path / f"kept{n}", force=False, now=NOW)
                moved.append(filed[0] - before)
        finally:
            stop.set()
            writer.join()
    assert sum(moved) > 0, "nobody wrote meanwhile, so this shows nothing"
    restore(place.elsewhere, tmp_path / "kept2", force=False, now=NOW)
    rows = place.rows(place.empty)
    counted = sum(row[4] for row in rows["count"] if isinstance(row[4], int))
    assert len(rows["seen"]) == len(rows["mention"]) == len(rows["mention_topic"]) == counted
    assert counted % 10 == 0
    assert 0 < counted <= filed[0]


def test_a_running_service_is_backed_up_and_its_twin_goes_on(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with installed(tmp_path / "a") as first:
        assert first.send("1", "2", "3").status_code == 202
        assert soon(lambda: first.waiting() == 0)
        done = called("backup", str(tmp_path), "-c", str(first.folder / "sturmglas.toml"), "--json")
        assert done.exit_code == 0, done.output
        kept = json.loads(done.stdout)
        assert (kept["rows"]["mention"], kept["log_waiting"]) == (3, 0)
        assert first.send("4").status_code == 202
    with installed(tmp_path / "b", max_bytes=0) as second:
        second.stop()
        config = str(second.folder / "sturmglas.toml")
        refused = called("restore", kept["file"], "-c", config)
        assert (refused.exit_code, "exists already" in refused.stderr) == (1, True)
        done = called("restore", kept["file"], "-c", config, "--force")
        assert done.exit_code == 0, done.output
        assert "3 mentions" in done.stdout
        second.close()
        second.start()
        assert second.send("3", "4").status_code == 202  # 3 is known, 4 is not
        assert soon(lambda: second.stored() == ["1", "2", "3", "4"])


# --- what a backup is -------------------------------------------------------------------------


def test_only_its_owner_can_read_a_backup_and_nothing_else_is_left(
    filled: Place, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    kept = back_up(filled.settings, folder, force=False, now=NOW)
    kind = "db" if filled.url.startswith("sqlite") else "dump"
    assert [f.name for f in folder.iterdir()] == [f"sturmglas-20261122T120000Z.{kind}"]
    assert stat.S_IMODE(kept.path.stat().st_mode) == 0o600


def test_nothing_is_overwritten_unless_asked(filled: Place, tmp_path: Path) -> None:
    out = tmp_path / "kept"
    out.write_text("a letter")
    with pytest.raises(CannotKeep, match=r"kept: exists already; .*--force"):
        back_up(filled.settings, out, force=False, now=NOW)
    assert out.read_text() == "a letter"
    with pytest.raises(CannotKeep, match="no store"):
        back_up(filled.elsewhere, out, force=True, now=NOW)
    assert out.read_text() == "a letter", "what fails takes nothing away"
    back_up(filled.settings, out, force=True, now=NOW)
    assert out.stat().st_size > 1000


def test_a_backup_that_fails_leaves_nothing(place: Place, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    with pytest.raises(CannotKeep, match="no store"):
        back_up(place.elsewhere, folder / "kept", force=False, now=NOW)
    with pytest.raises(CannotKeep, match="its folder does not exist"):
        back_up(place.elsewhere, tmp_path / "gone" / "kept", force=False, now=NOW)
    assert list(folder.iterdir()) == []


def test_a_backup_that_is_told_to_stop_leaves_nothing(tmp_path: Path) -> None:
    url = postgres.fresh_database()
    (tmp_path / "s.toml").write_text(
        f'[store]\nurl = "{url}"\n[stream]\nurl = "sqlite:///{tmp_path}/log.db"\n'
    )
    folder = tmp_path / "backups"
    folder.mkdir()
    command = [
        sys.executable,
        "-m",
        "monitor",
        "backup",
        str(folder),
        "-c",
        str(tmp_path / "s.toml"),
    ]
    with psycopg.connect(url) as other:
        other.execute("LOCK TABLE run IN ACCESS EXCLUSIVE MODE")  # so that it has to wait
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        try:
            assert soon(lambda: any(folder.iterdir()))
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 128 + signal.SIGTERM
        finally:
            process.kill()
            process.wait()
    assert list(folder.iterdir()) == []


def test_tables_that_somebody_locks_are_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.app.keeping.postgres._LOCK_MS", 50)
    url = postgres.fresh_database()
    with psycopg.connect(url) as other:
        other.execute("LOCK TABLE run IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(CannotKeep, match="lock timeout"):
            back_up(settings_for(url), tmp_path / "kept", force=False, now=NOW)
    assert list(tmp_path.iterdir()) == []


def test_the_store_is_never_its_own_backup(on_file: Place, tmp_path: Path) -> None:
    with closing(open_store(on_file.url)) as store:
        fill(store)
        for name in ("a.db", "a.db-wal"):
            with pytest.raises(CannotKeep, match="the store itself"):
                back_up(on_file.settings, tmp_path / name, force=True, now=NOW)
        assert store.read.totals()["mention"] == 2
    with pytest.raises(CannotKeep, match="the store itself"):
        restore(on_file.settings, tmp_path / "a.db", force=True, now=NOW)


def test_what_was_erased_is_not_in_a_backup(on_file: Place, tmp_path: Path) -> None:
    with closing(open_store(on_file.url)) as store:
        rows = [b.filed(n, text=f"Geheimsatz Nummer {n} " * 40) for n in range(50)]
        file_batch(store, rows)
        with store.begin() as tx:
            for row in rows:
                tx.mark_deleted(row.id, NOW)
    back_up(on_file.settings, tmp_path / "kept", force=False, now=NOW)
    assert b"Geheimsatz" not in (tmp_path / "kept").read_bytes()


def test_entries_in_a_log_of_its_own_are_told_as_not_in_it(tmp_path: Path) -> None:
    settings = settings_for(
        f"sqlite:///{tmp_path}/a.db", stream={"url": f"sqlite:///{tmp_path}/l.db"}
    )
    open_store(settings.store.url).close()
    with closing(EmbeddedLog.open(tmp_path / "l.db")) as log:
        log.append([b.entry(), b.entry(b"[2]")])
    assert back_up(settings, tmp_path / "kept", force=False, now=NOW).waiting == 2


def test_entries_in_redis_are_told_as_not_in_it_and_a_lost_redis_hinders_no_backup(
    tmp_path: Path,
) -> None:
    from monitor.stream.redis_streams import RedisLog

    url, prefix = redis.shared_server().url, redis.fresh_prefix()
    with closing(RedisLog.open(url, shards=2, prefix=prefix)) as log:
        log.append([NewEntry(EntryKind.CREATED, "feed", NOW, b"[]", shard=n) for n in (0, 1)])
    config = tmp_path / "s.toml"
    text = (
        f'[store]\nurl = "sqlite:///{tmp_path}/a.db"\n[stream]\nshards = 2\nprefix = "{prefix}"\n'
    )
    open_store(f"sqlite:///{tmp_path}/a.db").close()
    config.write_text(f'{text}url = "{url}"\n')
    done = called("backup", str(tmp_path / "one"), "-c", str(config))
    assert done.exit_code == 0, done.output
    assert "not in it: 2 entries that waited in the log" in done.stdout
    config.write_text(f'{text}url = "redis://127.0.0.1:1/0"\n')
    done = called("backup", str(tmp_path / "two"), "-c", str(config))
    assert done.exit_code == 0, done.output
    assert "how much is unknown (redis at 127.0.0.1:1 cannot be reached)" in done.stdout


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


# --- alerts of yesterday ----------------------------------------------------------------------


def test_waiting_alerts_are_told_and_left_alone(filled: Place, tmp_path: Path) -> None:
    back_up(filled.settings, tmp_path / "kept", force=False, now=NOW)
    later = NOW + timedelta(days=7)
    restored = restore(filled.elsewhere, tmp_path / "kept", force=False, now=later)
    assert (restored.pending, restored.since) == (2, NOW)
    with closing(open_store(filled.empty)) as store:
        assert [d.state for d in store.outbox.due(later, 10)] == [DeliveryState.PENDING]


def test_old_alerts_are_given_up_on_demand_and_can_be_sent_by_hand(
    filled: Place, tmp_path: Path
) -> None:
    later = NOW + timedelta(days=7)
    storm, fresh = b.incident(onset=NOW), b.incident(onset=later, counter=2)
    with closing(open_store(filled.url)) as store, store.begin() as tx:
        tx.save_incident(fresh, 0)
        tx.enqueue(b.alert(fresh), ["pd"], later)
    assert hold(filled.settings, timedelta(hours=1), later) == 2
    with closing(open_store(filled.url)) as store:
        assert [d.alert.incident for d in store.outbox.due(later, 10)] == [fresh.id]
        held = store.read.deliveries(storm.id)
        assert [(d.state, d.error) for d in held] == [(DeliveryState.DEAD, HELD)] * 2
        kinds = [fact.kind for fact in store.read.facts(storm.id)]
        assert kinds.count(FactKind.ALERT_FAILED) == 2
        assert store.outbox.resend(held[0].id, "kim", later)


def test_the_command_tells_how_many_alerts_wait_and_holds_them(
    on_file: Place, tmp_path: Path
) -> None:
    with closing(open_store(on_file.url)) as store:
        fill(store)
    (tmp_path / "s.toml").write_text(f'[store]\nurl = "{on_file.url}"\n')
    arguments = ("-c", str(tmp_path / "s.toml"))
    out = str(tmp_path / "kept")
    assert "checked" in called("backup", out, *arguments).stdout
    done = called("restore", out, *arguments, "--force")
    assert "2 deliveries, the oldest of 2026-11-22 12:00 UTC, go out as soon as" in done.stdout
    again = tmp_path / "again.toml"
    again.write_text(f'[store]\nurl = "{on_file.empty}"\n')
    done = called("restore", out, "-c", str(again), "--hold", "0")
    assert "2 old deliveries are given up" in done.stdout
    assert "go out" not in done.stdout


def called(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))
