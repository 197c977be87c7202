"""PostgresStore: the durable state on a server, for any number of workers at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection, Engine

from monitor.ports import LEASE_S, Fences, Unavailable
from monitor.store import housekeeping, migrate_postgres
from monitor.store.adding_postgres import PostgresAdder
from monitor.store.answers import AnswersKept, sweep_answers
from monitor.store.calibration import CalibrationKept
from monitor.store.corrections import CorrectionKept
from monitor.store.counts import CountWrites
from monitor.store.duty import DutyKept
from monitor.store.errands import ErrandKept
from monitor.store.incidents import IncidentWrites
from monitor.store.leases import SqlLeases, renew
from monitor.store.mentions import MentionWrites
from monitor.store.outbox import SqlOutbox
from monitor.store.parked import ParkedWrites
from monitor.store.partitions import Partitions, first_num
from monitor.store.planned import PlannedKept
from monitor.store.posted import SqlPosted
from monitor.store.postgres import address, engine_for, shown, transaction, translated
from monitor.store.reader import SqlReader
from monitor.store.relevance import RelevanceKept
from monitor.store.secret import secret
from monitor.store.silences import SilenceKept
from monitor.store.trials import TrialKept
from monitor.store.watching import BeatKept

CONNECTIONS = 32
"""At most, of one process; a server has 100 unless it was told otherwise."""


class PostgresTransaction(
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
    """`monitor.ports.Transaction` on a connection of its own, in READ COMMITTED."""


class PostgresStore:
    """`monitor.ports.Store` in a PostgreSQL database, which any number of processes may open.

    Every commit waits for the server's disk (``synchronous_commit=on`` is set per session).
    Transactions run side by side; where two must not, one waits (`monitor.store.dialects.hold`).
    """

    def __init__(
        self, url: str, *, lease_s: float = LEASE_S, connections: int = CONNECTIONS
    ) -> None:
        parsed = address(url)
        self.where = shown(parsed)
        self._closed = False
        self._inside = threading.local()
        self._lease_s = lease_s
        self._engine: Engine = engine_for(parsed, connections=connections)
        self._snapshots = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        self._partitions = Partitions(self._engine)
        try:
            with translated(self.where):
                migrate_postgres.migrate(self._engine, self.where)
                self._partitions.ahead()
        except BaseException:
            self._engine.dispose()
            raise
        self.read = SqlReader(self._snapshot)
        self.outbox = SqlOutbox(self._write, self._snapshot)
        self.posted = SqlPosted(self._write, self._snapshot)
        self.leases = SqlLeases(self._write, self._snapshot, lease_s)

    @classmethod
    def open(cls, url: str, *, lease_s: float = LEASE_S) -> PostgresStore:
        """Open ``postgresql://user:password@host:port/database`` at the newest schema.

        Raises `WrongDatabase` for a database that is not ours, is newer than this program, or
        does not let us in, and where the driver is missing; `Unavailable` when the server is.
        """
        return cls(url, lease_s=lease_s)

    @contextmanager
    def begin(self, fences: Fences | None = None) -> Iterator[PostgresTransaction]:
        """Open a write transaction; commit on a clean exit, roll back on an exception.

        ``fences`` are checked, renewed and locked first: nobody takes them before it ends.
        Raises `Fenced` when one is lost, `Unavailable` when the server is or two workers stood
        in each other's way; nothing is stored then. RuntimeError: this thread is inside one
        already.
        """
        with self._write() as connection:
            if fences:
                renew(connection, fences, self._lease_s)
            yield PostgresTransaction(connection, PostgresAdder(self._partitions))

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        if getattr(self._inside, "now", False):
            raise RuntimeError(
                "a write transaction is already open in this thread; finish it before the next"
            )
        self._inside.now = True
        try:
            with self._connected(self._engine) as connection:
                yield connection
        finally:
            self._inside.now = False

    @contextmanager
    def _snapshot(self) -> Iterator[Connection]:
        with self._connected(self._snapshots) as connection:
            yield connection

    @contextmanager
    def _connected(self, engine: Engine) -> Iterator[Connection]:
        if self._closed:
            raise Unavailable(f"{self.where}: the store is closed")
        with translated(self.where), transaction(engine) as c:
            yield c

    def secret(self, name: str) -> bytes:
        """Return this install's random secret of that name (32 bytes), made at first use."""
        return secret(name, self._snapshot, self._write)

    def housekeep(self, now: datetime, keep_days: int) -> int:
        """Make days ahead; drop those more than ``keep_days`` before ``now``. Returns how many
        mentions went.

        0 keeps them all; answers from outside go after 30 days. `monitor.store.housekeeping` says what goes and what stays. Several
        workers may call it at once. Raises `Unavailable` where a day could not be dropped at once
        because somebody reads or writes; the next call goes on.
        """
        with translated(self.where):
            self._partitions.ahead()
        sweep_answers(self._write, now)
        if not keep_days:
            return 0
        before_us = housekeeping.horizon_us(now, keep_days)
        housekeeping.sweep_capped(self._write, before_us)
        housekeeping.sweep_taken_back(self._write, before_us)
        gone = housekeeping.sweep(self._write, before_us, below=first_num(1))
        gone += housekeeping.sweep_days(self._write, self._partitions, before_us)
        if gone:  # who has not been seen since is the author of one of these
            housekeeping.sweep_authors(self._write, before_us)
        return gone

    def require_room(self) -> None:
        """A server's disk is its own to watch: whether it can be written shows when we write."""

    def close(self) -> None:
        """Close every connection. May be called twice."""
        self._closed = True
        self._engine.dispose()
