"""How we talk to SQLite: connections, whose turn it is to write, and what an error means.

Without SQLAlchemy, which costs 13 MiB and a third of a second to import: the log and the check of a
current file need none of it. Engines are in `monitor.store.engines`.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from pathlib import Path
from types import TracebackType
from weakref import WeakValueDictionary

from monitor.ports import Unavailable

BUSY_S = 5.0
"""How long a writer of another process is waited for before we say that we are unavailable."""

CHECKPOINT_PAGES = 20_000
"""80 MB of WAL before it is written back: 2.3x the insert rate of SQLite's 1,000 pages at a
million rows (measured; docs/decisions/0002-one-sqlite-file.md)."""

CACHE_KIB = 64 * 1024
"""Pages that the one writer of rows keeps: ids and authors are looked up at random."""

SMALL_CACHE_KIB = 4 * 1024
"""Pages that every other connection keeps. There may be dozens, one for each thread that reads; each of
them fills up in time, and the system's own cache is behind them."""


class WrongFile(Exception):
    """The file is not ours, or is newer than this program. Says what to do."""


class Turns:
    """A lock that is handed over in the order of asking.

    `threading.Lock` may be taken again by whoever just let go; a pipeline with a long backlog
    would then starve the door, which only wants to append. Not re-entrant: asking twice from
    one thread raises instead of waiting for ever.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._owner: int | None = None
        self._taken = False

    def __enter__(self) -> None:
        me = threading.get_ident()
        with self._guard:
            if self._owner == me:
                raise RuntimeError(
                    "a write transaction is already open in this thread; finish it before the next"
                )
            if not self._taken:
                self._taken, self._owner = True, me
                return
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
        mine.acquire()
        self._owner = me

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._guard:
            self._owner = None
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False


_turns: WeakValueDictionary[str, Turns] = WeakValueDictionary()
_turns_guard = threading.Lock()


def turns(path: Path) -> Turns:
    """Return the one lock of this process for writing to the file at ``path``.

    SQLite would sort it out as well, by sleeping and trying again; a lock hands over at once.
    """
    name = str(path.resolve())
    with _turns_guard:
        return _turns.setdefault(name, Turns())


def connect(
    path: Path,
    *,
    read_only: bool = False,
    max_bytes: int = 0,
    synchronous: str = "FULL",
    cache_kib: int = SMALL_CACHE_KIB,
) -> sqlite3.Connection:
    """Return a connection with our pragmas; transactions begin only where we say so."""
    connection = sqlite3.connect(
        path,
        timeout=BUSY_S,
        isolation_level=None,  # the driver begins nothing by itself
        check_same_thread=False,  # one thread at a time is kept by Turns and by the pool
        cached_statements=512,
    )
    connection.execute(f"PRAGMA synchronous={synchronous}")
    connection.execute(f"PRAGMA cache_size={-cache_kib}")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA temp_store=MEMORY")
    if read_only:
        connection.execute("PRAGMA query_only=ON")
        return connection
    connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
    connection.execute(f"PRAGMA journal_size_limit={2 * CHECKPOINT_PAGES * 4096}")
    # Debian builds SQLite so that everything freed is overwritten; for a log that is trimmed all
    # day that doubles the writing. FAST overwrites where the page is written anyway.
    connection.execute("PRAGMA secure_delete=FAST")
    if max_bytes:
        page = connection.execute("PRAGMA page_size").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={max(1, max_bytes // page)}")
    return connection


_WHY = {
    sqlite3.SQLITE_FULL: "the disk is full, or the file has reached max_bytes",
    sqlite3.SQLITE_IOERR: "the disk does not take it (full, over a size limit, or failing)",
    sqlite3.SQLITE_READONLY: "the file or its folder is read-only",
    sqlite3.SQLITE_CANTOPEN: "the file or its write-ahead log cannot be opened",
    sqlite3.SQLITE_BUSY: "another process has been writing to it for too long",
    sqlite3.SQLITE_LOCKED: "another connection has been writing to it for too long",
    sqlite3.SQLITE_PROTOCOL: "its lock could not be had",
    sqlite3.SQLITE_NOMEM: "there is no memory left",
}


def unavailable(error: BaseException | None, path: Path) -> Unavailable | None:
    """Return what ``error`` means to a sender, None where it is no matter of availability."""
    if not isinstance(error, sqlite3.Error):
        return None
    code = getattr(error, "sqlite_errorcode", 0)
    why = _WHY.get(code & 0xFF)
    if why is None:
        return None
    name = getattr(error, "sqlite_errorname", "")
    return Unavailable(f"{path.name}: {why} ({name}); nothing was stored, try again later")
