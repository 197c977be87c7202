"""Only: one process at a time on one store; a second one would judge and page everything again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from monitor.settings import Settings

try:
    import fcntl
except ImportError:  # no such locks on this system: there it is up to the user
    fcntl = None  # type: ignore[assignment]  # a module or nothing


class InUse(Exception):
    """Another process works on this store, or that cannot be found out; says what to do."""


class OneProcess(Exception):
    """What was asked for needs several processes on one store, which a file cannot have; says why."""


def refuse_alone(settings: Settings, asked: str) -> None:
    """Raise `OneProcess` where store or log is a file; ``asked`` begins the sentence."""
    if settings.store.url.startswith("sqlite"):
        raise OneProcess(
            f"{asked}: everything is kept in one SQLite file, which takes one writing process, and that"
            " is `sturmglas serve`. For workers set [store] url to PostgreSQL and [stream] url to"
            " Redis (docs/operations.md)."
        )
    if not settings.stream.url or settings.stream.url.startswith("sqlite"):
        raise OneProcess(
            f"{asked}: the log is a file of one machine, read by `sturmglas serve` alone. For workers"
            " set [stream] url to Redis (docs/operations.md)."
        )


@contextmanager
def only(store: Path) -> Iterator[None]:
    """Hold ``store`` for this process; the system lets go of it however the process ends.

    The lock is on a file beside it, because SQLite has locks of its own on the store. Raises
    `InUse`.
    """
    beside = store.with_name(f"{store.name}.lock")
    try:
        file = beside.open("a+")
    except OSError as error:
        raise InUse(f"{beside}: cannot be written ({error.strerror})") from error
    with file:
        _lock(store, file)
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def _lock(store: Path, file: TextIO) -> None:
    if fcntl is None:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        by = file.read(20).strip()
        raise InUse(
            f"{store}: in use by another sturmglas{f' (process {by})' if by else ''}; stop it first,"
            " or name another file in [store] url"
        ) from None
