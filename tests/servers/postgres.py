"""One PostgreSQL for a test run, and an empty database for whoever asks."""

from __future__ import annotations

import atexit
from functools import cache

import pytest

from monitor.bench.servers import NotInstalled, PostgresServer


@cache
def server() -> PostgresServer:
    """Return this process's server, started at the first call and stopped at its end.

    Skips where PostgreSQL is not installed; ``REQUIRE_SERVERS=1`` makes that a failure.
    """
    try:
        started = PostgresServer()
    except NotInstalled as error:
        pytest.skip(str(error))
    atexit.register(started.stop)
    started.start()
    return started


def fresh_database() -> str:
    """Return the URL of a new, empty database."""
    own = server()
    return own.url(own.make_database())
