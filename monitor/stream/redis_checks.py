"""Whether a Redis server is as the log needs it: its settings, its version, its memory."""

from __future__ import annotations

import re
from typing import Any

import redis
from redis import exceptions as errors

from monitor.stream import WrongServer
from monitor.stream.redis_errors import TROUBLE, code

FULL = 0.85
"""Share of maxmemory above which nothing is appended."""

OLDEST = (6, 2)
"""Redis before 6.2 cannot list pending entries by idle time, nor trim by position."""


def crowded(client: redis.Redis, place: str) -> str:
    """Return a sentence where memory is nearly used up, else ""."""
    try:
        memory = client.info("memory")
    except TROUBLE:
        return ""  # the call itself will say so
    most = int(memory.get("maxmemory", 0))
    used = int(memory["used_memory"]) - int(memory.get("mem_not_counted_for_evict", 0))
    if not most or used <= FULL * most:
        return ""
    return f"redis at {place} has {100 * used // most} % of its maxmemory in use: too much waits"


def checked(client: redis.Redis, place: str, *, clustered: bool) -> list[str]:
    server = client.info("server")
    version = str(server.get("redis_version", "0"))
    if tuple(int(part) for part in re.findall(r"\d+", version)[:2]) < OLDEST:
        raise WrongServer(f"redis at {place} is version {version}; 6.2 or newer is needed")
    if not clustered and server.get("redis_mode") == "cluster":
        raise WrongServer(
            f"redis at {place} is a node of a cluster; write redis+cluster:// instead"
        )
    try:
        found: dict[str, str] = {}
        for name in ("appendonly", "appendfsync", "maxmemory-policy"):
            found |= {str(k): str(v) for k, v in _texts(client.config_get(name)).items()}
    except errors.ResponseError as error:
        if code(error) in {"NOAUTH", "WRONGPASS", "LOADING"}:
            raise
        return [
            f"redis at {place} does not let us read its settings; make sure of appendonly yes,"
            " appendfsync always, maxmemory-policy noeviction"
        ]
    wanted = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}
    wrong = [f"{k} {v} (it is {found[k]})" for k, v in wanted.items() if found.get(k, v) != v]
    if wrong:
        raise WrongServer(
            f"redis at {place} would lose what was accepted: set {', '.join(wrong)} in redis.conf"
        )
    return []


def _texts(found: Any) -> dict[str, str]:
    def text(value: Any) -> str:
        return value.decode() if isinstance(value, bytes) else str(value)

    return {text(k): text(v) for k, v in dict(found).items()}
