"""Files that are there whole or not at all: written beside, checked, and only then given their name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class CannotKeep(Exception):
    """A backup or a restore cannot be made; says why and what to do. Nothing was changed."""


@contextmanager
def arriving(out: Path, *, force: bool) -> Iterator[Path]:
    """Give an empty file beside ``out`` to be filled; on a clean exit it is on disk, named ``out``.

    Only its owner may read it: a store holds secrets and what people wrote. On an exception it is
    removed. Raises `CannotKeep` where ``out`` exists and ``force`` is not given, and where the
    folder cannot be written to.
    """
    _refuse_existing(out, force)
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise CannotKeep(f"{part}: cannot be written ({error.strerror})") from error
    try:
        yield part
        _sync(part)
        _refuse_existing(out, force)  # somebody else may have been quicker
        part.replace(out)
        _sync(out.parent)
    except OSError as error:
        raise CannotKeep(f"{out}: cannot be written ({error.strerror})") from error
    finally:
        for left in (part, *beside(part)):
            with suppress(FileNotFoundError):
                left.unlink()


def beside(store: Path) -> tuple[Path, Path]:
    """Return the files that SQLite keeps beside ``store``: its write-ahead log, and its index."""
    return store.with_name(f"{store.name}-wal"), store.with_name(f"{store.name}-shm")


def _refuse_existing(out: Path, force: bool) -> None:
    if out.is_dir():
        raise CannotKeep(f"{out}: a folder; expected the name of a file")
    if out.exists() and not force:
        raise CannotKeep(f"{out}: exists already; name another file, or overwrite it with --force")


def _sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
