"""SQLAlchemy engines over an SQLite file: one that writes, one that reads."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

from monitor.ports import Unavailable
from monitor.store.sqlite import BUSY_S, CACHE_KIB, connect, unavailable


def writing(path: Path, *, max_bytes: int, synchronous: str) -> Engine:
    """Return an engine of one connection, every transaction of which takes the write lock."""
    engine = create_engine(
        "sqlite+pysqlite://",
        hide_parameters=True,  # an error must not carry what people wrote
        creator=lambda: connect(
            path, max_bytes=max_bytes, synchronous=synchronous, cache_kib=CACHE_KIB
        ),
        poolclass=QueuePool,
        pool_size=1,
        max_overflow=0,
    )

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def reading(path: Path) -> Engine:
    """Return an engine of many connections, every transaction of which is one snapshot."""
    engine = create_engine(
        "sqlite+pysqlite://",
        hide_parameters=True,  # an error must not carry what people wrote
        creator=lambda: connect(path, read_only=True),
        poolclass=QueuePool,
        pool_size=8,
        max_overflow=56,  # more than the threads of any server of ours
        pool_timeout=BUSY_S,
    )

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


@contextmanager
def translated(engine: Engine, path: Path) -> Iterator[None]:
    """Turn SQLite's "not now" into `Unavailable`; every other error stays what it is.

    The pool is emptied then: a connection that met an I/O error may keep a half-read WAL in
    mind, and a fresh one finds out by itself when there is room again.
    """
    try:
        yield
    except PoolTimeout as error:
        raise Unavailable(
            f"{path.name}: all read connections are in use; try again later"
        ) from error
    except (DBAPIError, sqlite3.Error) as error:
        later = unavailable(error.orig if isinstance(error, DBAPIError) else error, path)
        if later is None:
            raise
        engine.dispose()
        raise later from error
