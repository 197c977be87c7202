"""Bring a file to the newest schema, or say clearly why not.

Alembic and SQLAlchemy cost most of a second to import; a file that is current is recognised without
them.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from monitor.store.sqlite import WrongFile, connect, turns, unavailable
from monitor.store.version import APPLICATION_ID, HEAD

_SCRIPTS = Path(__file__).parent / "migrations"


def migrate(path: Path) -> None:
    """Make the file at ``path`` ours and current; does nothing where it is.

    All of it is one transaction under the write lock: of two processes that start together one
    migrates and the other finds it done; a kill in the middle leaves the old schema.

    Raises `WrongFile` when the file is somebody else's, newer than this program, or cannot be
    made, and `Unavailable` when the disk is full or another process holds the file.
    """
    if not path.parent.is_dir():
        raise WrongFile(f"{path}: its folder does not exist; create {path.parent} first")
    if path.is_dir():
        raise WrongFile(f"{path}: a folder; name a file in it in [store] url")
    try:
        with turns(path):
            _migrate(path)
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_NOTADB:
            raise WrongFile(f"{path}: not an SQLite file; name another in [store] url") from error
        later = unavailable(error, path)
        if later is None:
            raise
        raise later from error


def require(path: Path) -> None:
    """Raise `WrongFile` unless the file at ``path`` is ours and current; changes nothing."""
    try:
        connection = connect(path, read_only=True)
        try:
            revision = _revision(connection, path)
        finally:
            connection.close()
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_NOTADB:
            raise WrongFile(f"{path}: not an SQLite file; name another in [store] url") from error
        later = unavailable(error, path)
        if later is None:
            raise
        raise later from error
    if revision is None:
        raise WrongFile(f"{path}: holds nothing yet; `sturmglas serve` fills it")
    if revision != HEAD:
        raise WrongFile(
            f"{path}: of an older Sturmglas (schema {revision}, this program reads {HEAD});"
            " the next start of `sturmglas serve` brings it up. Make a backup first"
        )


def _migrate(path: Path) -> None:
    connection = connect(path)
    try:
        if _revision(connection, path) == HEAD:
            return
        # Must stand before the transaction; it is kept in the file.
        connection.execute("PRAGMA journal_mode=WAL")
        _upgrade(connection, path)
    finally:
        connection.close()


def _revision(connection: sqlite3.Connection, path: Path) -> str | None:
    """Return the schema of an open file, None for an empty one; `WrongFile` if it is not ours."""
    if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        return None
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise WrongFile(
            f"{path}: an SQLite file of another program; name another file in [store] url"
        )
    revision = str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])
    if revision > HEAD:
        raise WrongFile(
            f"{path}: written by a newer Sturmglas (schema {revision}, this program knows {HEAD});"
            " install that version again, or restore the backup from before the upgrade"
        )
    return revision


def _upgrade(connection: sqlite3.Connection, path: Path) -> None:
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import Connection, create_engine, event
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.pool import StaticPool

    engine = create_engine("sqlite+pysqlite://", creator=lambda: connection, poolclass=StaticPool)

    @event.listens_for(engine, "begin")
    def begin(bound: Connection) -> None:
        bound.exec_driver_sql("BEGIN IMMEDIATE")

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    try:
        with engine.begin() as bound:
            if _revision(connection, path) == HEAD:
                return  # another process was first
            config.attributes["connection"] = bound
            command.upgrade(config, "head")
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            connection.execute(
                "INSERT OR IGNORE INTO setting (name, value) VALUES ('owner', 'sturmglas')"
            )
    except DBAPIError as error:
        if isinstance(error.orig, sqlite3.Error):
            raise error.orig from error  # what it means is told by `migrate`
        raise
