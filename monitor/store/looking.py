"""Looking: a store that somebody else works on, opened to read and for nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, make_url
from sqlalchemy.exc import ArgumentError

from monitor.ports import Reader
from monitor.store import migrate, migrate_postgres
from monitor.store.engines import reading, translated
from monitor.store.postgres import address, engine_for, shown, transaction
from monitor.store.postgres import translated as server_translated
from monitor.store.reader import SqlReader
from monitor.store.sqlite import WrongFile


@contextmanager
def looking(url: str) -> Iterator[Reader]:
    """Give what reads of the store at ``url``, while others write to it; nothing is ever made,
    migrated or changed.

    Raises `WrongFile` where there is no store of ours, or one of another schema than this program
    knows, and `Unavailable` where it cannot be had now. No message shows a password.
    """
    if url.startswith("postgresql"):
        yield from _on_server(url)
    else:
        yield from _on_file(url)


def _on_file(url: str) -> Iterator[Reader]:
    try:
        found = make_url(url)
    except ArgumentError:
        raise WrongFile("[store] url: expected sqlite:///path/to/file.db") from None
    if found.get_backend_name() != "sqlite":
        raise WrongFile(f"[store] url: {found.drivername}; expected sqlite:///path/to/file.db")
    if found.database in (None, "", ":memory:"):
        raise WrongFile(f"[store] url: {url} keeps nothing, so there is no past in it")
    path = Path(str(found.database))
    if not path.is_file():
        raise WrongFile(f"{path}: no such file; nothing has been stored there yet")
    migrate.require(path)
    engine = reading(path)

    @contextmanager
    def snapshot() -> Iterator[Connection]:
        with translated(engine, path), engine.connect() as connection, connection.begin():
            yield connection

    try:
        yield SqlReader(snapshot)
    finally:
        engine.dispose()


def _on_server(url: str) -> Iterator[Reader]:
    parsed = address(url)
    where = shown(parsed)
    engine = engine_for(parsed, connections=2)
    snapshots = engine.execution_options(
        isolation_level="REPEATABLE READ", postgresql_readonly=True
    )

    @contextmanager
    def snapshot() -> Iterator[Connection]:
        with server_translated(where), transaction(snapshots) as connection:
            yield connection

    try:
        with snapshot() as connection:
            migrate_postgres.require(connection, where)
        yield SqlReader(snapshot)
    finally:
        engine.dispose()
