"""Where the laws are tried: each home makes one kind of log or store that can be opened again.

A new implementation is one class and one row in `LOGS` or `STORES`; the laws stay as they are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from monitor.ports import Log, Store
from monitor.store.database import SqliteStore
from monitor.stream.embedded import EmbeddedLog


class LogHome(Protocol):
    """One log's place. ``spec`` names it for `open_log` in another process."""

    spec: str

    def open(self) -> Log: ...


class StoreHome(Protocol):
    """One store's place. ``spec`` names it for `open_store` in another process."""

    spec: str

    def open(self) -> Store: ...


class EmbeddedHome:
    def __init__(self, folder: Path) -> None:
        self.spec = f"embedded:{folder / 'log.db'}"

    def open(self) -> Log:
        return open_log(self.spec)


class SqliteHome:
    def __init__(self, folder: Path) -> None:
        self.spec = f"sqlite:///{folder / 'store.db'}"

    def open(self) -> Store:
        return open_store(self.spec)


LOGS: dict[str, type[EmbeddedHome]] = {"embedded": EmbeddedHome}
STORES: dict[str, type[SqliteHome]] = {"sqlite": SqliteHome}


def open_log(spec: str) -> Log:
    kind, _, where = spec.partition(":")
    if kind == "embedded":
        return EmbeddedLog.open(where)
    raise ValueError(f"no log is called {kind!r}")


def open_store(spec: str) -> Store:
    if spec.startswith("sqlite:"):
        return SqliteStore.open(spec)
    raise ValueError(f"no store is called {spec.partition(':')[0]!r}")
