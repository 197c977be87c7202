"""Backup and restore of a store in an SQLite file, also while it is written to.

The copy is made by ``VACUUM INTO``: one snapshot, however long it takes and whoever writes
meanwhile; writers do not wait, and pages that were freed (what was erased, the trimmed log) are
not in it. The online backup interface would begin anew at every commit of another process
(sqlite.org/backup.html).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from monitor.app.keeping.files import CannotKeep, arriving, beside
from monitor.store.sqlite import BUSY_S
from monitor.store.version import APPLICATION_ID, HEAD

_STEPS = 1_000_000
"""Instructions of SQLite between two looks whether we are told to stop."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a store holds: rows by table, and its schema's revision."""

    rows: dict[str, int]
    revision: str


def back_up(store: Path, out: Path, *, force: bool) -> Contents:
    """Write a checked copy of ``store`` to ``out``. Raises `CannotKeep`."""
    if not store.is_file():
        raise CannotKeep(f"{store}: there is no store yet; [store] url names it")
    if out.resolve() in {store.resolve(), *(f.resolve() for f in beside(store))}:
        raise CannotKeep(f"{out}: the store itself; name another file")
    with arriving(out, force=force) as part:
        return _copy(store, part)


def restore(file: Path, store: Path, *, force: bool, now: datetime) -> tuple[Contents, Path | None]:
    """Make ``store`` from the backup ``file``; hold the lock of `monitor.app.only` meanwhile.

    Where ``store`` exists it is moved aside with ``force``, and the second of what is returned is
    its new name. Raises `CannotKeep`, and then ``store`` is as it was.
    """
    if not file.is_file():
        raise CannotKeep(f"{file}: no such file")
    if store.exists() and file.samefile(store):
        raise CannotKeep(f"{file}: the store itself; name a backup of it")
    if store.exists() and not force:
        raise CannotKeep(
            f"{store}: exists already; move it away, name another file in [store] url, or give --force"
            " (the present file is kept under a dated name)"
        )
    with arriving(store, force=force) as part:
        contents = _copy(file, part)
        aside = _set_aside(store, now)
    return contents, aside


def pending(store: Path) -> tuple[int, int | None]:
    """Return how many deliveries wait to be sent, and when the oldest was made (microseconds)."""
    with _opened(store) as c:
        row = c.execute(
            "SELECT count(*), min(created_us) FROM delivery WHERE state IN ('pending', 'sending')"
        ).fetchone()
    return row[0], row[1]


def _copy(source: Path, part: Path) -> Contents:
    """Copy one snapshot of ``source`` into the empty file ``part``, and look whether it is whole."""
    with _opened(source) as c:
        _revision(c, source)
        c.set_progress_handler(lambda: 0, _STEPS)
        c.execute("VACUUM INTO ?", (str(part),))
    with _opened(part) as c:
        # As stores are, so that the copy put in place by hand is one as well; kept in the file.
        c.execute("PRAGMA journal_mode=WAL")
        found = c.execute("PRAGMA quick_check").fetchone()[0]
        if found != "ok":
            raise CannotKeep(f"{source}: the copy is damaged ({found}); nothing was written")
        tables = _tables(c) - {"alembic_version"}
        count = "SELECT count(*) FROM "
        rows = {t: c.execute(f'{count}"{t}"').fetchone()[0] for t in sorted(tables)}
        return Contents(rows, _revision(c, source))


def _revision(c: sqlite3.Connection, path: Path) -> str:
    """Return the schema of an open store; `CannotKeep` where it is none that we can use."""
    owner = c.execute("PRAGMA application_id").fetchone()[0]
    if owner != APPLICATION_ID or "alembic_version" not in _tables(c):
        raise CannotKeep(f"{path}: no store of Sturmglas; expected one, or a backup of one")
    revision = str(c.execute("SELECT version_num FROM alembic_version").fetchone()[0])
    if revision > HEAD:
        raise CannotKeep(
            f"{path}: written by a newer Sturmglas (schema {revision}, this program knows {HEAD});"
            " use that version"
        )
    return revision


def _tables(c: sqlite3.Connection) -> set[str]:
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    return {str(row[0]) for row in c.execute(query)}


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open an existing file; every error of SQLite inside becomes `CannotKeep`.

    Where files cannot be made beside it (a medium that is read-only) it is taken as unchanging.
    """
    how = "mode=rw" if os.access(path.parent, os.W_OK) else "mode=ro&immutable=1"
    try:
        with closing(
            sqlite3.connect(f"{path.resolve().as_uri()}?{how}", uri=True, timeout=BUSY_S)
        ) as connection:
            connection.isolation_level = None
            yield connection
    except sqlite3.Error as error:
        raise CannotKeep(_why(error, path)) from error


def _why(error: sqlite3.Error, path: Path) -> str:
    code = getattr(error, "sqlite_errorcode", 0)
    if code == sqlite3.SQLITE_NOTADB:
        return f"{path}: no SQLite file; expected a store of Sturmglas, or a backup of one"
    if code == sqlite3.SQLITE_INTERRUPT:
        return f"{path}: interrupted; nothing was written"
    if code & 0xFF == sqlite3.SQLITE_CORRUPT:
        return f"{path}: damaged ({error}); nothing was written. Is there an older backup?"
    return f"{path}: {error} ({getattr(error, 'sqlite_errorname', '')}); nothing was written"


def _set_aside(store: Path, now: datetime) -> Path | None:
    """Move the present store away, with what belongs to it; None where there is none."""
    aside = store.with_name(f"{store.name}.before-{now:%Y%m%dT%H%M%SZ}")
    if aside.exists():
        raise CannotKeep(f"{aside}: exists already; wait a second, and try again")
    if store.exists():
        # Its write-ahead log goes into it where that can be; a damaged one is moved as it is.
        with suppress(sqlite3.Error), closing(sqlite3.connect(store)) as c:
            c.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    moved = False
    # The log of the old file beside the new one would be written into it: it must go as well.
    for old, new in zip((store, *beside(store)), (aside, *beside(aside)), strict=True):
        if old.exists():
            old.rename(new)
            moved = True
    return aside if moved else None
