"""Backups: whole or not there, of one moment, and the way back; on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from alerts.alert import DeliveryState
from alerts.fact import FactKind
from monitor.app.keeping import HELD, CannotKeep, back_up, hold, restore
from monitor.ports import EntryKind, NewEntry
from monitor.store.database import open_store
from monitor.stream.embedded import EmbeddedLog
from tests import builders as b
from tests.flow.installed import ROOT, installed, soon
from tests.laws.filing import file_batch
from tests.monitor.kept import NOW, Place, called, fill, settings_for
from tests.servers import postgres, redis


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
