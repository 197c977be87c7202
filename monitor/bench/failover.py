"""`bench failover`: a primary of a Redis Cluster is killed while mentions are accepted.

Three primaries with a replica each, node timeout 2 s. Four writers append to all shards without
pause; after a while the primary of one shard is killed. The outage is the longest time between two
accepted appends to a shard of the dead node. At the end everything that was accepted is read.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import ExitStack

from monitor.bench.actor import Actor
from monitor.bench.figures import spread, versions
from monitor.bench.redis_servers import RedisCluster
from monitor.clock import SystemClock
from monitor.ports import EntryKind, NewEntry, Unavailable
from monitor.stream.redis_streams import RedisLog

SHARDS = 8
WRITERS = 4
BEFORE_S = 2.0
AFTER_S = 10.0


class Writer(Actor):
    """Appends numbered entries to its shards without pause; remembers what was accepted."""

    def __init__(self, log: RedisLog, number: int) -> None:
        super().__init__(0.0)
        self._log = log
        self._number = number
        self._next = 0
        self.accepted: list[tuple[float, int, bytes]] = []
        """(when, shard, payload)"""
        self.refused = 0

    def act(self) -> None:
        shard = (self._next + self._number) % SHARDS
        payload = b"%d-%d" % (self._number, self._next)
        entry = NewEntry(EntryKind.CREATED, "s", SystemClock().now(), payload, shard)
        try:
            self._log.append([entry])
        except Unavailable:
            self.refused += 1
            time.sleep(0.02)
        else:
            self.accepted.append((time.monotonic(), shard, payload))
        self._next += 1


def run(repeats: int, seed: int, say: Callable[[str], None]) -> dict[str, object]:
    """Kill a primary ``repeats`` times; return the record with every outage."""
    rng = random.Random(seed)
    outages: list[float] = []
    accepted = lost = refused = 0
    cluster = RedisCluster().start()
    try:
        for n in range(repeats):
            outage, took, missing, turned = _once(cluster, f"failover{n}", rng)
            outages.append(outage)
            accepted, lost, refused = accepted + took, lost + missing, refused + turned
            say(f"run {n + 1}: {outage:.1f} s without an accepted append, {missing} of {took} lost")
    finally:
        cluster.stop()
    found = spread(outages)
    return {
        "bench": "failover",
        "runs": repeats,
        "outage_s": f"{found.median:.1f} ({found.least:.1f}-{found.most:.1f})",
        "outage_most_s": round(found.most, 2),
        "accepted": accepted,
        "lost": lost,
        "refused_appends": refused,
        "node_timeout_s": 2,
        "seed": seed,
        "versions": versions(("sturmglas", "redis", "hiredis")),
    }


def _once(cluster: RedisCluster, prefix: str, rng: random.Random) -> tuple[float, int, int, int]:
    log = RedisLog.open(cluster.url, prefix=prefix, shards=SHARDS)
    writers = [Writer(log, n) for n in range(WRITERS)]
    try:
        with ExitStack() as stack:
            for writer in writers:
                stack.enter_context(writer)
            time.sleep(BEFORE_S + rng.random())
            victim = cluster.primary_of(f"{{{prefix}:{rng.randrange(SHARDS)}}}:log")
            hit = [
                s for s in range(SHARDS) if cluster.primary_of(f"{{{prefix}:{s}}}:log") is victim
            ]
            victim.kill()
            killed = time.monotonic()
            time.sleep(AFTER_S)
        victim.start()
        cluster.settled()
        done = [one for writer in writers for one in writer.accepted]
        outage = max(_gap([at for at, shard, _ in done if shard == s], killed) for s in hit)
        found: set[bytes] = set()
        while entries := log.read("audit", "audit", 1000):
            found.update(entry.payload for entry in entries)
        lost = len({payload for _, _, payload in done} - found)
        return outage, len(done), lost, sum(writer.refused for writer in writers)
    finally:
        log.close()


def _gap(times: list[float], killed: float) -> float:
    """Return the time from the last accepted append before the kill to the first after it."""
    before = [at for at in times if at <= killed]
    after = [at for at in times if at > killed]
    return min(after, default=killed + AFTER_S) - max(before, default=killed)
