"""Line: a connection of the embedded log to its file."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from monitor.ports import Unavailable
from monitor.store.sqlite import connect, unavailable


class Line:
    """One connection, opened when needed, used by one thread at a time."""

    def __init__(self, path: Path, max_bytes: int, synchronous: str) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._synchronous = synchronous
        self._guard = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._closed = False

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection inside BEGIN IMMEDIATE; all or nothing. The caller has its turn."""
        yield from self._in("BEGIN IMMEDIATE")

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection inside a read transaction."""
        yield from self._in("BEGIN")

    def _in(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self._guard:
            try:
                c = self._open()
                c.execute(begin)
                try:
                    yield c
                    c.execute("COMMIT")
                except BaseException:
                    if c.in_transaction:
                        c.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                later = unavailable(error, self._path)
                if later is None:
                    raise
                self._drop()
                raise later from error

    def _open(self) -> sqlite3.Connection:
        if self._closed:
            raise Unavailable(f"{self._path.name}: the log is closed")
        if self._connection is None:
            self._connection = connect(
                self._path, max_bytes=self._max_bytes, synchronous=self._synchronous
            )
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def close(self) -> None:
        with self._guard:
            self._closed = True
            self._drop()
