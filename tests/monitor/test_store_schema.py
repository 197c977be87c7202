"""The schema: one history of migrations, refused when it is not ours, and what columns mean."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine

from detectors.detection import Assessment
from detectors.window import COUNT_FIELDS
from monitor.ports import Unavailable
from monitor.store import migrate as migrate_module
from monitor.store import sqlite
from monitor.store.codec import instant, micros, pack, seconds, unpack
from monitor.store.database import SqliteStore
from monitor.store.migrate import migrate
from monitor.store.schema import COUNT_COLUMNS, metadata
from monitor.store.sqlite import WrongFile
from monitor.store.version import HEAD
from tests import builders as b

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "sturmglas.db"


def test_migrations_lead_to_the_metadata(file: Path) -> None:
    migrate(file)
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), metadata)
    engine.dispose()
    assert found == []


def test_sqlite_keeps_narrow_tables_without_rowid_and_wide_ones_with(file: Path) -> None:
    migrate(file)
    connection = sqlite3.connect(file)
    ddl = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
    indices = {
        name
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'")
    }
    connection.close()
    for name in ("seen", "mention_topic", "author_first", "count", "bin_result", "log_pending"):
        assert "WITHOUT ROWID" in ddl[name]
    for name in ("mention", "log_entry", "delivery"):
        assert "PRIMARY KEY AUTOINCREMENT" in ddl[name]
    # A table whose key is not the row number pays for a second tree; the hot ones must not.
    for name in ("mention", "author", "log_entry"):
        assert not {i for i in indices if i.startswith(f"sqlite_autoindex_{name}_")}


def test_head_is_what_alembic_thinks() -> None:
    config = Config()
    config.set_main_option(
        "script_location", str(Path(migrate_module.__file__).parent / "migrations")
    )
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_a_current_file_is_recognised_without_alembic_and_sqlalchemy(file: Path) -> None:
    migrate(file)
    script = (
        "import sys\nfrom pathlib import Path\nfrom monitor.store.migrate import migrate\n"
        f"migrate(Path({str(file)!r}))\n"
        "print([name for name in ('alembic', 'sqlalchemy') if name in sys.modules])"
    )
    out = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert out.stdout == "[]\n"


def test_a_migration_that_fails_leaves_nothing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The last statement of the upgrade fails; what went before it must be gone.
    monkeypatch.setattr(migrate_module, "APPLICATION_ID", "no number (")
    with pytest.raises(sqlite3.OperationalError):
        migrate(file)
    monkeypatch.undo()
    connection = sqlite3.connect(file)
    assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    connection.close()
    migrate(file)


def test_a_file_of_another_program_is_left_alone(file: Path) -> None:
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(WrongFile, match=r"another program; name another file in \[store\] url"):
        migrate(file)


def test_a_file_that_is_no_database_is_left_alone(file: Path) -> None:
    file.write_bytes(b"Dear diary, " * 1000)
    with pytest.raises(WrongFile, match="not an SQLite file"):
        migrate(file)
    assert file.read_bytes().startswith(b"Dear diary")


def test_a_file_of_a_newer_program_is_left_alone(file: Path) -> None:
    migrate(file)
    connection = sqlite3.connect(file)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    with pytest.raises(WrongFile, match=f"newer Sturmglas .schema 9999, this program knows {HEAD}"):
        migrate(file)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(WrongFile, match=r"create .*nowhere first"):
        SqliteStore.open(f"sqlite:///{tmp_path}/nowhere/sturmglas.db")


@pytest.mark.parametrize("url", ["postgresql://host/db", "sturmglas.db", "", "mysql+x://"])
def test_a_url_that_names_no_sqlite_file_is_refused(url: str) -> None:
    with pytest.raises(WrongFile, match=r"expected sqlite:///path/to/file\.db"):
        SqliteStore.open(url)


def test_a_url_never_shows_its_password() -> None:
    with pytest.raises(WrongFile) as caught:
        SqliteStore.open("postgresql://user:hunter2@host/db")
    assert "hunter2" not in str(caught.value)


def test_a_lock_in_the_way_of_the_schema_is_said(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_S", 0.05)
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="another process"):
        migrate(file)
    connection.close()


def test_count_columns_are_the_fields_of_counts() -> None:
    assert COUNT_COLUMNS == COUNT_FIELDS


moments = st.datetimes(
    min_value=datetime(1, 1, 2),  # noqa: DTZ001 - the strategy adds the zone
    max_value=datetime(9999, 12, 30),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45))]),
)


@given(moments)
def test_an_instant_comes_back_to_the_microsecond(at: datetime) -> None:
    assert instant(micros(at)) == at
    assert instant(micros(at)).tzinfo is UTC
    assert seconds(at) == micros(at) // 1_000_000


def test_an_infinite_return_period_comes_back() -> None:
    endless = b.assessment(return_period_days=float("inf"))
    assert unpack(pack(endless), Assessment) == endless
