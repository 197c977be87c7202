"""What the log does on a Redis Cluster: shards on several nodes, and a node that is lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from monitor.bench.redis_servers import RedisCluster, RedisServer, until
from monitor.clock import SystemClock, stopwatch
from monitor.ports import Entry, NewEntry, Unavailable
from monitor.stream import WrongServer
from monitor.stream.redis_streams import RedisLog
from tests import builders as b
from tests.monitor.redis_appending import Appending
from tests.servers.redis import fresh_prefix, shared_cluster

SHARDS = 8
OUTAGE_S = 6.0
"""What we aim at with a node timeout of 2 s; asserted with tenfold slack, printed as measured."""


@pytest.fixture
def cluster() -> RedisCluster:
    return shared_cluster()


@pytest.fixture
def prefix() -> str:
    return fresh_prefix()


@pytest.fixture
def log(cluster: RedisCluster, prefix: str) -> Iterator[RedisLog]:
    opened = RedisLog.open(cluster.url, prefix=prefix, shards=SHARDS)
    yield opened
    opened.close()


def everywhere(*numbers: int) -> list[NewEntry]:
    """Return one entry for each shard and number."""
    return [replace(b.entry(b"%d" % n), shard=s) for n in numbers for s in range(SHARDS)]


def numbers(found: list[Entry], shard: int) -> list[int]:
    return [int(e.payload.split()[0]) for e in found if e.shard == shard]


def home(cluster: RedisCluster, prefix: str, shard: int) -> RedisServer:
    return cluster.primary_of(f"{{{prefix}:{shard}}}:log")


def test_shards_live_on_all_nodes_and_each_keeps_its_order(
    log: RedisLog, cluster: RedisCluster, prefix: str
) -> None:
    assert len({home(cluster, prefix, shard).port for shard in range(SHARDS)}) == 3
    positions = log.append(everywhere(1, 2, 3))
    assert [int(p.split(":")[0]) for p in positions] == [*range(SHARDS)] * 3
    found = log.read("g", "c", 1000)
    assert sorted(e.position for e in found) == sorted(positions)
    for shard in range(SHARDS):
        assert numbers(found, shard) == [1, 2, 3]
    assert (log.backlog("g").entries, log.backlog("g").bytes) == (3 * SHARDS, 3 * SHARDS)
    assert len(log.claim("g", "d", SystemClock().now(), 5)) == 5
    log.ack("g", positions + positions)
    assert log.backlog("g").entries == 0
    assert log.trim() == 3 * SHARDS


def test_a_node_that_handed_over_its_shards_costs_no_append(
    log: RedisLog, cluster: RedisCluster, prefix: str
) -> None:
    log.append(everywhere(1))
    old = home(cluster, prefix, 0)
    with old.client() as client:
        port = client.execute_command("ROLE")[2][0][1]
    [replica] = [node for node in cluster.nodes if node.port == int(port)]
    with replica.client() as client:
        client.execute_command("CLUSTER FAILOVER")
        until(lambda: client.execute_command("ROLE")[0] == b"master", "the replica took over")
    log.append(everywhere(2))
    found = log.read("g", "c", 1000)
    for shard in range(SHARDS):
        assert numbers(found, shard) == [1, 2]
    cluster.settled()


def test_a_killed_primary_costs_nothing_that_was_accepted(
    log: RedisLog,
    cluster: RedisCluster,
    prefix: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    appending = Appending(cluster.url, prefix, SHARDS)
    appending.says(50)
    victim = home(cluster, prefix, 0)
    elsewhere = [s for s in range(SHARDS) if home(cluster, prefix, s) is not victim]
    log.read("g", "c", SHARDS)  # connections to all nodes
    victim.kill()
    others = log.read("g", "c", 1000)
    assert {e.shard for e in others} == set(elsewhere), "the other nodes' shards are read"
    with pytest.raises(Unavailable):  # not "nothing", although the others have nothing
        log.claim("h", "c", SystemClock().now(), 9)
    with pytest.raises(Unavailable, match=rf"redis at 127\.0\.0\.1:{victim.port}"):
        log.append(everywhere(-1))
    appending.says_after(stopwatch(), 50)
    appending.end()
    victim.start()
    cluster.settled()
    found: list[Entry] = []
    while got := log.claim("g", "c", SystemClock().now(), 10_000):
        log.ack("g", [e.position for e in got])
        found += got
    while got := log.read("g", "c", 1000):
        found += got
    for shard in range(SHARDS):
        read = [n for n in numbers(found, shard) if n >= 0]
        assert set(read) >= {n for n, _ in appending.said}
        first_seen = list(dict.fromkeys(read))
        assert first_seen == sorted(first_seen)
    with capsys.disabled():
        print(f" [failover: {appending.outage_s:.1f} s without an accepted append]", end="")
    assert appending.outage_s < 10 * OUTAGE_S


def test_an_append_may_wait_for_replicas(cluster: RedisCluster, prefix: str) -> None:
    one = RedisLog.open(cluster.url, prefix=prefix, shards=SHARDS, replicas=1)
    assert len(one.append(everywhere(1))) == SHARDS
    one.close()
    two = RedisLog.open(cluster.url, prefix=prefix, shards=SHARDS, replicas=2, timeout_s=0.4)
    with pytest.raises(Unavailable, match="1 of 2 replicas have what was appended"):
        two.append(everywhere(2))
    two.close()


def test_a_node_of_a_cluster_is_not_taken_for_a_server(cluster: RedisCluster) -> None:
    with pytest.raises(WrongServer, match="node of a cluster"):
        RedisLog.open(cluster.nodes[0].url)
    with pytest.raises(WrongServer, match="no numbered databases"):
        RedisLog.open(cluster.url + "3")


def test_a_replica_that_would_lose_what_it_takes_over_is_refused(cluster: RedisCluster) -> None:
    with cluster.nodes[4].client() as client:
        client.config_set("appendfsync", "everysec")
        try:
            with pytest.raises(WrongServer, match=rf"{cluster.nodes[4].port}.*set appendfsync"):
                RedisLog.open(cluster.url)
        finally:
            client.config_set("appendfsync", "always")
