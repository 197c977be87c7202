"""Where the laws are tried: each home makes one kind of log or store that can be opened again.

A new implementation is one class and one row in `LOGS` or `STORES`; the laws stay as they are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from monitor.ports import Log, Store
from monitor.store import database
from monitor.stream.embedded import EmbeddedLog
from monitor.stream.redis_streams import RedisLog
from tests.servers import postgres, redis


class LogHome(Protocol):
    """One log's place. ``spec`` names it for `open_log` in another process."""

    spec: str

    def __init__(self, folder: Path) -> None: ...

    def open(self) -> Log: ...


class StoreHome(Protocol):
    """One store's place. ``spec`` names it for `open_store` in another process."""

    spec: str

    def __init__(self, folder: Path) -> None: ...

    def open(self) -> Store: ...

    def drop(self) -> None:
        """Remove what the folder does not hold; every store of it is closed or killed."""
        ...


class EmbeddedHome:
    def __init__(self, folder: Path) -> None:
        self.spec = f"embedded:{folder / 'log.db'}"

    def open(self) -> Log:
        return open_log(self.spec)


class RedisHome:
    """A key prefix of its own on this process's server."""

    kind = "redis"

    def __init__(self, folder: Path) -> None:
        self.spec = f"{self.kind}:{redis.fresh_prefix()}@{self.url()}"

    def url(self) -> str:
        return redis.shared_server().url

    def open(self) -> Log:
        return open_log(self.spec)


class RedisClusterHome(RedisHome):
    kind = "redis-cluster"

    def url(self) -> str:
        return redis.shared_cluster().url


class SqliteHome:
    def __init__(self, folder: Path) -> None:
        self.spec = f"sqlite:///{folder / 'store.db'}"

    def open(self) -> Store:
        return open_store(self.spec)

    def drop(self) -> None:
        return None


class PostgresHome:
    """A database of its own on this process's server; the folder stays empty."""

    def __init__(self, folder: Path) -> None:
        self.spec = postgres.fresh_database()

    def open(self) -> Store:
        return open_store(self.spec)

    def drop(self) -> None:
        postgres.drop_database(self.spec)


LOGS: dict[str, type[LogHome]] = {
    "embedded": EmbeddedHome,
    "redis": RedisHome,
    "redis-cluster": RedisClusterHome,
}
STORES: dict[str, type[StoreHome]] = {"sqlite": SqliteHome, "postgres": PostgresHome}


def open_log(spec: str) -> Log:
    kind, _, where = spec.partition(":")
    if kind == "embedded":
        return EmbeddedLog.open(where)
    if kind.startswith("redis"):
        prefix, _, url = where.partition("@")
        return RedisLog.open(url, prefix=prefix)
    raise ValueError(f"no log is called {kind!r}")


def open_store(spec: str) -> Store:
    return database.open_store(spec)
