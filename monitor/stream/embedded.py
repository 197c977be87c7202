"""EmbeddedLog: the log between sources and pipeline, in the store's own SQLite file.

Appends wait for the disk, together: threads that append at the same time share one commit.
Handing out and acknowledging do not wait; after a power cut an entry may therefore come again,
which at-least-once allows and the store's unique ids make harmless.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from monitor.clock import Clock, SystemClock, stopwatch
from monitor.ports import Backlog, Entry, EntryKind, NewEntry, Unavailable
from monitor.store.codec import instant, micros
from monitor.store.migrate import migrate
from monitor.store.sqlite import turns
from monitor.stream.embedded_line import Line

POLL_S = 0.25
"""How often `EmbeddedLog.wait` looks for what another process appended."""

GROUP_BYTES = 8 * 1024 * 1024
"""Bytes after which a commit is full, so that one append never waits for a whole flood."""

TRIM_ROWS = 1_000
"""Entries dropped in one transaction, so that trimming never holds up an append for long."""

_LAST = "SELECT seq FROM sqlite_sequence WHERE name = 'log_entry'"
_APPEND = (
    "INSERT INTO log_entry (position, kind, source, observed_us, payload) VALUES (?, ?, ?, ?, ?)"
)
_ADD_TOTAL = (
    "INSERT INTO log_total (id, entries, bytes) VALUES (1, ?, ?) ON CONFLICT (id) DO UPDATE"
    " SET entries = log_total.entries + excluded.entries, bytes = log_total.bytes + excluded.bytes"
)
_NEW = (
    "SELECT position, kind, source, observed_us, payload FROM log_entry"
    " WHERE position > ? ORDER BY position LIMIT ?"
)
_LOST = (
    "SELECT e.position, e.kind, e.source, e.observed_us, e.payload FROM log_pending p"
    ' JOIN log_entry e ON e.position = p.position WHERE p."group" = ?'
    " AND (p.handed_us <= ? OR p.handed_us > ?) ORDER BY p.position LIMIT ?"
)
_TOTAL = "SELECT coalesce(sum(entries), 0), coalesce(sum(bytes), 0) FROM log_total"
_STORED = "SELECT count(*), coalesce(sum(length(payload)), 0) FROM log_entry"
_PENDING = (
    'SELECT count(*), coalesce(sum(bytes), 0), min(position) FROM log_pending WHERE "group" = ?'
)
_DONE = (
    "SELECT min(coalesce((SELECT min(p.position) - 1 FROM log_pending p"
    ' WHERE p."group" = g.name), g.handed_out)) FROM log_group g'
)


class _Append:
    """What one thread wants appended, and how it went."""

    __slots__ = ("done", "entries", "error", "positions", "size")

    def __init__(self, entries: Sequence[NewEntry]) -> None:
        self.entries = entries
        self.size = sum(len(e.payload) for e in entries)
        self.positions: list[str] = []
        self.error: Exception | None = None
        self.done = False


class EmbeddedLog:
    """`monitor.ports.Log` over SQLite; any number of threads, and other processes if need be.

    A group begins with the oldest entry that is stored when it first reads. A group that never
    acknowledges keeps every entry from being trimmed.
    """

    def __init__(
        self, path: Path, *, max_bytes: int, synchronous: str, clock: Clock | None
    ) -> None:
        migrate(path)
        self._path = path
        self._clock = clock or SystemClock()
        self._turns = turns(path)
        # Appends wait for the disk; handing out and acknowledging write through without waiting.
        later = "OFF" if synchronous == "OFF" else "NORMAL"
        self._door = Line(path, max_bytes, synchronous)
        self._desk = Line(path, max_bytes, later)
        self._look = Line(path, 0, later)
        self._queue: list[_Append] = []
        self._queued = threading.Condition()
        self._led = False
        self._arrived = threading.Condition()
        self._last = 0
        self._noticed = threading.local()
        self._closed = False

    @classmethod
    def open(
        cls,
        path: Path | str,
        *,
        max_bytes: int = 0,
        synchronous: str = "FULL",
        clock: Clock | None = None,
    ) -> EmbeddedLog:
        """Open the log in the file at ``path``: the store's, or one of its own.

        ``max_bytes`` bounds the file (0: the disk does). ``synchronous="OFF"`` is for private
        stores that end with their process. ``clock`` says when entries are handed out; give the
        one that the caller of `claim` goes by. Raises as `monitor.store.migrate.migrate` does.
        """
        return cls(Path(path), max_bytes=max_bytes, synchronous=synchronous, clock=clock)

    # in

    def append(self, entries: Sequence[NewEntry]) -> list[str]:
        """Store entries durably in one commit and return their positions.

        Whoever comes while a commit runs is in the next one; the first of them leads it for all.
        """
        if not entries:
            return []
        mine = _Append(entries)
        with self._queued:
            self._queue.append(mine)
            while self._led and not mine.done:
                self._queued.wait()
            if not mine.done:
                self._led = True
        if not mine.done:
            self._lead(mine)
        if mine.error is not None:
            raise mine.error
        return mine.positions

    def _lead(self, mine: _Append) -> None:
        """Commit group after group until ``mine`` is in one, then leave the lead to another."""
        try:
            while not mine.done:
                self._commit(self._next_group())
        finally:
            with self._queued:
                self._led = False
                self._queued.notify_all()

    def _next_group(self) -> list[_Append]:
        with self._queued:
            size, n = 0, 0
            while n < len(self._queue) and (n == 0 or size < GROUP_BYTES):
                size += self._queue[n].size
                n += 1
            group, self._queue = self._queue[:n], self._queue[n:]
        return group

    def _commit(self, group: list[_Append]) -> None:
        try:
            self._store(group)
        except Exception as error:
            if len(group) > 1:
                # One of them may be too big for what is left; the others need not suffer.
                for one in group:
                    self._commit([one])
                return
            group[0].error = error
        except BaseException:
            with self._queued:  # an interrupted leader leaves the work to the next
                self._queue[:0] = group
            raise
        for one in group:
            one.done = True

    def _store(self, group: list[_Append]) -> None:
        with self._turns, self._door.transaction() as c:
            row = c.execute(_LAST).fetchone()
            position = row[0] if row else 0
            rows = []
            for one in group:
                one.positions = []
                for e in one.entries:
                    position += 1
                    rows.append((position, e.kind, e.source, micros(e.observed_at), e.payload))
                    one.positions.append(str(position))
            c.executemany(_APPEND, rows)
            c.execute(_ADD_TOTAL, (len(rows), sum(one.size for one in group)))
        with self._arrived:
            self._last = max(self._last, position)
            self._arrived.notify_all()

    # out

    @property
    def shards(self) -> int:
        return 1

    def read(
        self, group: str, consumer: str, limit: int, shards: Collection[int] | None = None
    ) -> list[Entry]:
        """Return up to ``limit`` entries not yet handed to anybody of ``group``, oldest first."""
        if shards is not None and 0 not in shards:
            return []
        with self._desk.snapshot() as c:
            row = c.execute("SELECT handed_out FROM log_group WHERE name = ?", (group,)).fetchone()
            if row is not None and not c.execute(_NEW, (row[0], 1)).fetchone():
                return []  # the usual answer costs no write
        with self._turns, self._desk.transaction() as c:
            handed_out = _group(c, group)
            rows = c.execute(_NEW, (handed_out, limit)).fetchall()
            if rows:
                now = micros(self._clock.now())
                c.executemany(
                    "INSERT INTO log_pending VALUES (?, ?, ?, ?, ?)",
                    [(group, row[0], consumer, now, len(row[4])) for row in rows],
                )
                c.execute(
                    "UPDATE log_group SET handed_out = ?, entries = entries + ?,"
                    " bytes = bytes + ? WHERE name = ?",
                    (rows[-1][0], len(rows), sum(len(row[4]) for row in rows), group),
                )
        return [_entry(row, redelivered=False) for row in rows]

    def claim(
        self,
        group: str,
        consumer: str,
        older_than: datetime,
        limit: int,
        shards: Collection[int] | None = None,
    ) -> list[Entry]:
        """Take over entries handed out until ``older_than`` and never acknowledged, oldest first.

        One handed out after the present is taken as well: the clock was set back since.
        """
        if shards is not None and 0 not in shards:
            return []
        with self._turns, self._desk.transaction() as c:
            now = micros(self._clock.now())
            rows = c.execute(_LOST, (group, micros(older_than), now, limit)).fetchall()
            c.executemany(
                'UPDATE log_pending SET consumer = ?, handed_us = ? WHERE "group" = ?'
                " AND position = ?",
                [(consumer, now, group, row[0]) for row in rows],
            )
        return [_entry(row, redelivered=True) for row in rows]

    def ack(self, group: str, positions: Sequence[str]) -> None:
        """Forget that entries are pending; unknown positions and a second time change nothing."""
        if not positions:
            return
        with self._turns, self._desk.transaction() as c:
            c.executemany(
                'DELETE FROM log_pending WHERE "group" = ? AND position = ?',
                [(group, int(position)) for position in positions],
            )

    def backlog(self, group: str) -> Backlog:
        """Return what ``group`` has not acknowledged; costs the same however long it is."""
        with self._desk.snapshot() as c:
            row = c.execute(
                "SELECT handed_out, entries, bytes FROM log_group WHERE name = ?", (group,)
            ).fetchone()
            if row is None:
                entries, size = c.execute(_STORED).fetchone()
                first = 0
            else:
                pending, held, lowest = c.execute(_PENDING, (group,)).fetchone()
                total, total_bytes = c.execute(_TOTAL).fetchone()
                entries, size = total - row[1] + pending, total_bytes - row[2] + held
                first = lowest or row[0] + 1
            oldest = c.execute(
                "SELECT observed_us FROM log_entry WHERE position >= ? ORDER BY position LIMIT 1",
                (first,),
            ).fetchone()
        return Backlog(
            entries=entries, bytes=size, oldest=instant(oldest[0]) if entries and oldest else None
        )

    def trim(self) -> int:
        """Drop entries that every group acknowledged; return how many. Freed pages are used again."""
        dropped = 0
        while True:
            with self._turns, self._desk.transaction() as c:
                done = c.execute(_DONE).fetchone()[0]
                n = c.execute(
                    "DELETE FROM log_entry WHERE position IN (SELECT position FROM log_entry"
                    " WHERE position <= ? ORDER BY position LIMIT ?)",
                    (done or 0, TRIM_ROWS),
                ).rowcount
            dropped += n
            if n < TRIM_ROWS:
                return dropped

    def wait(self, timeout_s: float) -> bool:
        """Block until something may have been appended, at most ``timeout_s``; False on time-out.

        True at once for whatever came since this thread's last `wait`; so read until nothing is
        left, then wait. Appends of other processes are noticed within `POLL_S`.
        """
        end = stopwatch() + timeout_s
        noticed: int = getattr(self._noticed, "position", 0)
        self._peek()
        with self._arrived:
            while self._last <= noticed and not self._closed:
                left = end - stopwatch()
                if left <= 0:
                    return False
                if not self._arrived.wait(min(left, POLL_S)):
                    self._peek()
            self._noticed.position = self._last
            return self._last > noticed

    def _peek(self) -> None:
        with suppress(Unavailable), self._look.snapshot() as c:
            row = c.execute(_LAST).fetchone()
            self._last = max(self._last, row[0] if row else 0)

    def close(self) -> None:
        """Wake whoever waits and close the connections. May be called twice."""
        with self._arrived:
            self._closed = True
            self._arrived.notify_all()
        for line in (self._door, self._desk, self._look):
            line.close()


def _group(c: sqlite3.Connection, name: str) -> int:
    """Return how far a group has been handed out; a new one begins with what is stored."""
    row = c.execute("SELECT handed_out FROM log_group WHERE name = ?", (name,)).fetchone()
    if row is not None:
        return int(row[0])
    total, total_bytes = c.execute(_TOTAL).fetchone()
    stored, stored_bytes = c.execute(_STORED).fetchone()
    c.execute(
        "INSERT INTO log_group (name, handed_out, entries, bytes) VALUES (?, 0, ?, ?)",
        (name, total - stored, total_bytes - stored_bytes),
    )
    return 0


def _entry(row: tuple[int, str, str, int, bytes], *, redelivered: bool) -> Entry:
    position, kind, source, observed_us, payload = row
    return Entry(
        position=str(position),
        kind=EntryKind(kind),
        source=source,
        observed_at=instant(observed_us),
        payload=payload,
        redelivered=redelivered,
    )
