"""Doctor's look at Redis: reachable, new enough, safe, whole, with room, and what waits in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from monitor.cli.finding import Finding, State
from monitor.ports import GROUP, Unavailable
from monitor.settings.sections import StreamSettings
from monitor.stream import WrongServer

if TYPE_CHECKING:
    import redis

    from monitor.stream.redis_link import Link

FULL = 0.7
"""Share of maxmemory from which a person should know; the door refuses from 0.85."""
_TIMEOUT_S = 3.0


def examine_redis(stream: StreamSettings, url: str) -> Iterator[Finding]:
    """Look at the log's server or cluster; ``url`` with its password. Writes nothing there."""
    try:
        from monitor.stream.redis_link import Link
    except ModuleNotFoundError:
        text = "the driver redis-py is missing; pip install 'sturmglas[redis]'"
        yield Finding("log", State.FAIL, text)
        return
    try:
        link = Link(url, _TIMEOUT_S)
    except (WrongServer, Unavailable) as error:
        yield Finding("log", State.FAIL, str(error))
        return
    try:
        yield from _examined(link, stream)
    finally:
        link.close()


def _examined(link: Link, stream: StreamSettings) -> Iterator[Finding]:
    import redis

    try:
        notes = link.check()
        nodes = link.clients()
        versions = sorted({str(c.info("server")["redis_version"]) for _, c in nodes})
    except (WrongServer, Unavailable) as error:
        yield Finding("log", State.FAIL, str(error))
        return
    except (redis.RedisError, OSError) as error:
        yield Finding("log", State.FAIL, f"redis at {link.place}: {type(error).__name__}")
        return
    told = f"Redis {', '.join(versions)} at {link.place} answers"
    yield Finding("log", State.OK, told if notes else f"{told}; appendonly, appendfsync always")
    for note in notes:
        yield Finding("log settings", State.WARN, note)
    try:
        if link.clustered:
            yield _cluster(nodes)
        for place, client in nodes:
            yield _memory(place, client)
        yield _replicas(nodes, stream.replicas, clustered=link.clustered)
        yield _shards(link, stream)
        yield _waiting(link, stream)
    except (redis.RedisError, OSError, Unavailable) as error:
        text = f"redis at {link.place} stopped answering: {type(error).__name__}"
        yield Finding("log", State.FAIL, text)


def _cluster(nodes: list[tuple[str, redis.Redis]]) -> Finding:
    """Say whether every part of the cluster has a primary, as its first node sees it."""
    client: Any = nodes[0][1]  # its execute_command carries no types
    info = client.execute_command("CLUSTER INFO")
    lines = info.decode() if isinstance(info, bytes) else str(info)
    found = dict(line.split(":", 1) for line in lines.split("\r\n") if ":" in line)
    if isinstance(info, dict):  # as some versions of the client parse it
        found = {str(k): str(v) for k, v in info.items()}
    text = (
        f"{found.get('cluster_state')}, {found.get('cluster_size')} primaries, {len(nodes)} nodes"
    )
    if found.get("cluster_state") != "ok":
        return Finding("cluster", State.FAIL, f"{text}; see CLUSTER INFO on any node")
    if len(nodes) < 2 * int(found.get("cluster_size", 0)):
        text = f"{text}; a primary without a replica is a part of the log that can be lost"
        return Finding("cluster", State.WARN, text)
    return Finding("cluster", State.OK, text)


def _memory(place: str, client: redis.Redis) -> Finding:
    memory: Any = client.info("memory")
    most, used = int(memory.get("maxmemory", 0)), int(memory["used_memory"])
    name = f"memory of {place}"
    if not most:
        text = f"{used:,} bytes used and no maxmemory: the system may end it; set maxmemory"
        return Finding(name, State.WARN, text)
    text = f"{used:,} of {most:,} bytes used"
    if used > FULL * most:
        text = f"{text}; senders are refused from 85 %: are the workers running?"
        return Finding(name, State.WARN, text)
    return Finding(name, State.OK, text)


def _replicas(nodes: list[tuple[str, redis.Redis]], wanted: int, *, clustered: bool) -> Finding:
    """Compare the replicas that each primary has with those that appends wait for."""
    counts = []
    for _, client in nodes:
        found: Any = client.info("replication")
        if found.get("role") == "master":
            counts.append(int(found.get("connected_slaves", 0)))
    least = min(counts, default=0)
    text = f"{least} of each primary; stream.replicas waits for {wanted}"
    if least < wanted:
        return Finding("replicas", State.FAIL, f"{text}: every append would be refused")
    if least and not wanted:
        text = f"{text}; set it to 1, or a failover loses what was not copied yet"
        return Finding("replicas", State.WARN, text)
    return Finding("replicas", State.OK, text)


def _shards(link: Link, stream: StreamSettings) -> Finding:
    """Compare the number of shards with the one that those who use the log agreed on."""
    from monitor.stream.redis_link import Call

    key = f"{{{stream.prefix}}}:shards"
    found = link.one(Call(key, ("GET", key)))
    if found is None:
        return Finding("shards", State.OK, f"{stream.shards}; nobody has used this log yet")
    if int(found) != stream.shards:
        text = f"the log has {int(found)}, stream.shards is {stream.shards}"
        return Finding("shards", State.WARN, f"{text}: refused unless the log is empty")
    return Finding("shards", State.OK, f"{stream.shards}, as agreed")


def _waiting(link: Link, stream: StreamSettings) -> Finding:
    from monitor.stream.redis_streams import RedisLog

    log = RedisLog(link, shards=stream.shards, prefix=stream.prefix, replicas=0, clock=None)
    backlog = log.backlog(GROUP)
    text = f"{backlog.entries:,} entries ({backlog.bytes:,} bytes) wait to be filed"
    if backlog.oldest is not None:
        text = f"{text}, the oldest since {backlog.oldest:%Y-%m-%d %H:%M:%S} UTC"
    return Finding("backlog", State.OK, text)
