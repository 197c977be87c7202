"""One PostgreSQL for a test run, and an empty database for whoever asks."""

from __future__ import annotations

import atexit
from functools import cache

import pytest

from monitor.bench.servers import NotInstalled, PostgresServer
from monitor.store.postgres_store import PostgresStore


@cache
def server() -> PostgresServer:
    """Return this process's server, started at the first call and stopped at its end.

    Skips where PostgreSQL is not installed; ``REQUIRE_SERVERS=1`` makes that a failure.
    """
    try:
        # Nobody kills this one; tests that do start their own, with fsync on.
        started = PostgresServer(fsync=False)
    except NotInstalled as error:
        pytest.skip(str(error))
    atexit.register(started.stop)
    started.start()
    return started


def empty_database() -> str:
    """Return the URL of a new, empty database."""
    own = server()
    return own.url(own.make_database())


def fresh_database() -> str:
    """Return the URL of a new database that has our newest schema and no rows."""
    own = server()
    return own.url(own.make_database(_template()))


@cache
def _template() -> str:
    """Return a database to copy: a copy takes a tenth of the time of migrating."""
    url = empty_database()
    PostgresStore.open(url).close()
    return url.rpartition("/")[2]


def drop_database(url: str) -> None:
    """Drop a database of this process's server, whoever still uses it."""
    server().drop_database(url.rpartition("/")[2])


def rows(url: str, sql: str) -> list[tuple[object, ...]]:
    """Run one statement in a database of this process's server; returns its rows."""
    return server().execute(sql, url.rpartition("/")[2])
