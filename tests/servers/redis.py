"""Redis for tests: started when first asked for, shared by the session, ended with it.

Tests never share keys: each takes a prefix of its own.
"""

from __future__ import annotations

import atexit
import itertools
from functools import cache

import pytest

from monitor.bench.redis_servers import RedisCluster, RedisServer, installed

_numbers = itertools.count()


def fresh_prefix() -> str:
    """Return a key prefix that nobody used before."""
    return f"t{next(_numbers)}"


@cache
def shared_server() -> RedisServer:
    """Return the session's single server; skips where redis-server is not installed."""
    if not installed():
        pytest.skip("redis-server is not installed")
    server = RedisServer().start()
    atexit.register(server.stop)
    return server


@cache
def shared_cluster() -> RedisCluster:
    """Return the session's cluster of six; skips where redis-server is not installed."""
    if not installed():
        pytest.skip("redis-server is not installed")
    cluster = RedisCluster()
    atexit.register(cluster.stop)
    return cluster.start()
