"""A look into a store's file past the store."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from monitor.store.database import SqliteStore


def query(store: SqliteStore, sql: str) -> list[tuple[object, ...]]:
    """Return what one statement finds of all that is committed."""
    with closing(sqlite3.connect(store.path)) as connection:
        return connection.execute(sql).fetchall()
