"""SqliteStore: the durable state in one file, with one writer at a time and many readers."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, make_url
from sqlalchemy.exc import ArgumentError

from monitor.ports import Alone, Fences, Unavailable
from monitor.store import housekeeping
from monitor.store.adding_sqlite import SqliteAdder
from monitor.store.answers import AnswersKept, sweep_answers
from monitor.store.calibration import CalibrationKept
from monitor.store.corrections import CorrectionKept
from monitor.store.counts import CountWrites
from monitor.store.duty import DutyKept
from monitor.store.engines import reading, translated, writing
from monitor.store.errands import ErrandKept
from monitor.store.incidents import IncidentWrites
from monitor.store.mentions import MentionWrites
from monitor.store.migrate import migrate
from monitor.store.outbox import SqlOutbox
from monitor.store.parked import ParkedWrites
from monitor.store.planned import PlannedKept
from monitor.store.posted import SqlPosted
from monitor.store.reader import SqlReader
from monitor.store.relevance import RelevanceKept
from monitor.store.secret import secret
from monitor.store.silences import SilenceKept
from monitor.store.sqlite import WrongFile, turns
from monitor.store.together import Together
from monitor.store.trials import TrialKept
from monitor.store.watching import BeatKept

if TYPE_CHECKING:
    from monitor.store.postgres_store import PostgresStore


ROOM: Final = 256 * 1024
"""Bytes with which the next batch may still be filed."""


def open_store(url: str, *, max_bytes: int = 0) -> SqliteStore | PostgresStore:
    """Open the store that ``url`` names: ``sqlite:///path`` or ``postgresql://user@host/name``.

    ``max_bytes`` bounds an SQLite file (0: the disk does); a server has quotas of its own.

    Raises `WrongFile` where the URL, the file or the database is not ours to use, and
    `Unavailable` where it cannot be had now. No message shows a password.
    """
    if url.startswith("sqlite"):
        return SqliteStore.open(url, max_bytes=max_bytes)
    if url.startswith("postgresql"):
        from monitor.store.postgres_store import PostgresStore

        return PostgresStore.open(url)
    kind = url.partition(":")[0] if "://" in url else "no URL"
    raise WrongFile(
        f"[store] url: {kind}; expected sqlite:///path/to/file.db"
        " or postgresql://user@host:5432/database"
    )


class SqliteTransaction(
    MentionWrites,
    CountWrites,
    IncidentWrites,
    ParkedWrites,
    PlannedKept,
    RelevanceKept,
    CalibrationKept,
    CorrectionKept,
    ErrandKept,
    SilenceKept,
    BeatKept,
    AnswersKept,
    DutyKept,
    TrialKept,
):
    """`monitor.ports.Transaction` on the one write connection."""


class SqliteStore:
    """`monitor.ports.Store` in an SQLite file: WAL, synchronous=FULL, one writer at a time.

    Open as many in one process as you like: those on one file take turns. A transaction that is
    open blocks every other writer of that file, the log's appends included; so score first.
    """

    def __init__(self, path: Path, *, max_bytes: int = 0, synchronous: str = "FULL") -> None:
        migrate(path)
        self.path = path
        self._max_bytes = max_bytes
        self._private: tempfile.TemporaryDirectory[str] | None = None
        self._closed = False
        self._turns = turns(path)
        self._writer = writing(path, max_bytes=max_bytes, synchronous=synchronous)
        self._readers = reading(path)
        self.read = SqlReader(self._snapshot)
        self.outbox = SqlOutbox(self._write, self._snapshot, Together(self._write))
        self.posted = SqlPosted(self._write, self._snapshot)
        self.leases = Alone()  # the lock of `monitor.app.only` sees to it

    @classmethod
    def open(cls, url: str, *, max_bytes: int = 0) -> SqliteStore:
        """Open ``sqlite:///relative/path`` or ``sqlite:////absolute/path`` at the newest schema.

        ``sqlite://`` is a private store in a temporary folder, gone with `close`; nothing in it
        must survive a power cut, so it does not wait for the disk. ``max_bytes`` bounds the file
        (0: the disk does); beyond it writes raise `Unavailable`.

        Raises `WrongFile` for a file that is not ours or newer than this program, and for a URL
        that names no SQLite file; `Unavailable` when the disk is full.
        """
        try:
            address = make_url(url)
        except ArgumentError as error:
            raise WrongFile(
                f"{url!r} is no store URL; expected sqlite:///path/to/file.db"
            ) from error
        if address.get_backend_name() != "sqlite":
            raise WrongFile(f"{address.drivername}: expected sqlite:///path/to/file.db")
        if address.database in (None, "", ":memory:"):
            return cls._open_private(max_bytes)
        return cls(Path(str(address.database)), max_bytes=max_bytes)

    @classmethod
    def _open_private(cls, max_bytes: int) -> SqliteStore:
        folder = tempfile.TemporaryDirectory(prefix="sturmglas-", ignore_cleanup_errors=True)
        try:
            store = cls(Path(folder.name) / "sturmglas.db", max_bytes=max_bytes, synchronous="OFF")
        except BaseException:
            folder.cleanup()
            raise
        store._private = folder
        return store

    @contextmanager
    def begin(self, fences: Fences | None = None) -> Iterator[SqliteTransaction]:
        """Open the one write transaction; commit on a clean exit, roll back on an exception.

        Waits for its turn among the threads of this process, and up to five seconds for another
        process. Raises `Unavailable` when it cannot be written now, at whatever point that is
        found out; nothing of it is stored then. RuntimeError: this thread is inside one already.
        ``fences`` are always held: nobody else works on a file.
        """
        with self._write() as connection:
            yield SqliteTransaction(connection, SqliteAdder())

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        self._check_open()
        with (
            self._turns,
            translated(self._writer, self.path),
            self._writer.connect() as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def _snapshot(self) -> Iterator[Connection]:
        self._check_open()
        with (
            translated(self._readers, self.path),
            self._readers.connect() as connection,
            connection.begin(),
        ):
            yield connection

    def secret(self, name: str) -> bytes:
        """Return this install's random secret of that name (32 bytes), made at first use."""
        return secret(name, self._snapshot, self._write)

    def housekeep(self, now: datetime, keep_days: int) -> int:
        """Delete what arrived more than ``keep_days`` before ``now``; returns how many mentions.

        0 keeps them all; answers from outside go after 30 days. A slice at a time, so that others get their turn in between; see
        `monitor.store.housekeeping` for what goes and what stays.
        """
        sweep_answers(self._write, now)
        if not keep_days:
            return 0
        before_us = housekeeping.horizon_us(now, keep_days)
        housekeeping.sweep_capped(self._write, before_us)
        housekeeping.sweep_taken_back(self._write, before_us)
        gone = housekeeping.sweep(self._write, before_us)
        if gone:  # who has not been seen since is the author of one of these
            housekeeping.sweep_authors(self._write, before_us)
        return gone

    def require_room(self) -> None:
        """Raise `Unavailable` with less than `ROOM` left, on the disk or below ``max_bytes``."""
        free = shutil.disk_usage(self.path.parent).free
        if self._max_bytes:
            with self._snapshot() as c:
                page: int = c.exec_driver_sql("PRAGMA page_size").scalar_one()
                used: int = c.exec_driver_sql("PRAGMA page_count").scalar_one()
                again: int = c.exec_driver_sql("PRAGMA freelist_count").scalar_one()
            free = min(free, self._max_bytes - (used - again) * page)
        if free < ROOM:
            left = max(0, free) // 1024
            raise Unavailable(f"{self.path.name}: {left} kB left on the disk or below max_bytes")

    def close(self) -> None:
        """Close every connection; a private store's files go with it. May be called twice."""
        self._closed = True
        self._writer.dispose()
        self._readers.dispose()
        if self._private is not None:
            self._private.cleanup()

    def _check_open(self) -> None:
        if self._closed:
            raise Unavailable(f"{self.path.name}: the store is closed")
