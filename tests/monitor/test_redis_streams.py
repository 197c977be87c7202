"""What the log on Redis does when the server dies, is full, is set up wrongly or is emptied."""

from __future__ import annotations

import logging
import os
import random
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from monitor.bench.redis_servers import RedisServer, installed, until
from monitor.clock import SystemClock, stopwatch
from monitor.ports import Backlog, Entry, NewEntry, Unavailable
from monitor.stream import WrongServer
from monitor.stream.redis_streams import RedisLog
from tests import builders as b
from tests.monitor.redis_appending import Appending
from tests.servers.redis import fresh_prefix, shared_server
from tests.threads import together

CLOCK = SystemClock()
SHARDS = 3
needs_redis = pytest.mark.skipif(not installed(), reason="redis-server is not installed")


@pytest.fixture
def prefix() -> str:
    return fresh_prefix()


@pytest.fixture
def log(prefix: str) -> Iterator[RedisLog]:
    opened = RedisLog.open(shared_server().url, prefix=prefix, shards=SHARDS)
    yield opened
    opened.close()


@pytest.fixture
def own() -> Iterator[Callable[..., RedisServer]]:
    """Start a server that a test may kill, with settings of its own."""
    started: list[RedisServer] = []

    def start(**settings: str) -> RedisServer:
        server = RedisServer({name.replace("_", "-"): value for name, value in settings.items()})
        started.append(server)
        return server.start()

    yield start
    for server in started:
        server.stop()


def entries(shard: int, *numbers: int) -> list[NewEntry]:
    return [replace(b.entry(b"%d" % n), shard=shard) for n in numbers]


def payloads(found: list[Entry], shard: int | None = None) -> list[int]:
    return [int(e.payload.split()[0]) for e in found if shard in (None, e.shard)]


def drained(log: RedisLog) -> list[Entry]:
    found: list[Entry] = []
    while got := log.read("g", "c", 500):
        log.ack("g", [e.position for e in got])
        found += got
    return found


# shards


def test_each_shard_keeps_its_order_and_is_read_by_who_asks_for_it(log: RedisLog) -> None:
    positions = log.append(entries(2, 1, 2) + entries(0, 3) + entries(2, 4))
    assert [p.split(":")[0] for p in positions] == ["2", "2", "0", "2"]
    assert log.read("g", "c", 9, [1]) == []
    assert log.read("g", "c", 9, []) == []
    mine = log.read("g", "c", 9, [2])
    assert [e.position for e in mine] == [positions[0], positions[1], positions[3]]
    assert payloads(mine) == [1, 2, 4]
    assert payloads(log.read("g", "d", 9)) == [3]
    log.ack("g", positions)
    assert log.backlog("g") == Backlog(0, 0, None)
    assert log.trim() == 4


def test_no_shard_starves_behind_a_long_one(log: RedisLog) -> None:
    log.append(entries(0, *range(50)) + entries(1, 100) + entries(2, 200))
    first = log.read("g", "c", 6)
    assert len(first) == 6
    assert {e.shard for e in first} == {0, 1, 2}
    first_asked = {log.read("other", "c", 1)[0].shard for _ in range(3)}
    assert first_asked == {0, 1, 2}


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 7, 100])
def test_no_more_comes_than_was_asked_for_and_all_in_the_end(log: RedisLog, limit: int) -> None:
    log.append(entries(0, *range(9)) + entries(1, 10) + entries(2, *range(20, 25)))
    found: list[Entry] = []
    while got := log.read("g", "c", limit):
        assert len(got) <= limit
        found += got
    assert payloads(found, 0) == list(range(9))
    assert payloads(found, 1) == [10]
    assert payloads(found, 2) == list(range(20, 25))
    assert log.read("late", "c", limit) != []
    again = [e for _ in range(20) for e in log.claim("g", "d", CLOCK.now(), limit)]
    assert all(e.redelivered for e in again)
    assert len(log.claim("g", "d", CLOCK.now(), 100)) == 15


def test_a_shard_that_there_is_not_is_refused(log: RedisLog) -> None:
    for shard in (-1, SHARDS):
        with pytest.raises(ValueError, match=r"not in \[0, 3\)"):
            log.append(entries(0, 1) + entries(shard, 2))
    assert log.read("g", "c", 9) == []


def test_another_number_of_shards_is_refused_while_entries_are_there(
    log: RedisLog, prefix: str
) -> None:
    url = shared_server().url
    log.append(entries(2, 1))
    with pytest.raises(WrongServer, match="3 shards and was asked for 8"):
        RedisLog.open(url, prefix=prefix, shards=8)
    drained(log)
    log.trim()
    RedisLog.open(url, prefix=prefix, shards=8).close()
    with RedisLog.open(url, prefix=prefix, shards=8)._link.clients()[0][1] as client:
        assert client.get(f"{{{prefix}}}:shards") == b"8"


# what others do to the server under us


def test_a_flushed_database_is_survived_and_told(
    own: Callable[..., RedisServer], caplog: pytest.LogCaptureFixture
) -> None:
    server = own()
    log = RedisLog.open(server.url, shards=2)
    log.append(entries(0, 1, 2))
    [first, _] = log.read("g", "c", 9)
    with server.client() as client:
        client.flushall()
    assert log.backlog("g") == Backlog(0, 0, None)
    log.ack("g", [first.position])
    log.append(entries(0, 3))
    with caplog.at_level(logging.WARNING):
        assert payloads(log.read("g", "c", 9)) == [3]
    assert "begins anew" in caplog.text
    assert log.backlog("g") == Backlog(1, 1, b.T0)
    assert payloads(log.claim("g", "c", CLOCK.now(), 9)) == [3]
    log.close()


def test_what_was_deleted_under_a_pending_list_is_passed_over(log: RedisLog, prefix: str) -> None:
    positions = log.append(entries(0, 1, 2, 3))
    log.read("g", "c", 9)
    with shared_server().client() as client:
        client.xdel(f"{{{prefix}:0}}:log", positions[1].split(":")[1])
    assert payloads(log.claim("g", "d", CLOCK.now(), 9)) == [1, 3]
    assert log.backlog("g").entries == 2
    log.ack("g", positions)
    assert log.backlog("g") == Backlog(0, 0, None)
    log.append(entries(0, 44))
    assert log.backlog("g") == Backlog(1, 2, b.T0)
    log.read("g", "c", 9)
    with shared_server().client() as client:
        client.xtrim(f"{{{prefix}:0}}:log", 0)
    assert log.claim("g", "d", CLOCK.now(), 9) == []
    assert log.backlog("g") == Backlog(0, 0, None)


def test_a_servers_clock_set_back_hides_no_entry(log: RedisLog, prefix: str) -> None:
    log.append(entries(0, 1))
    log.read("g", "c", 9)
    key, ahead = f"{{{prefix}:0}}:log", int(CLOCK.now().timestamp() * 1000) + 3_600_000
    with shared_server().client() as client:
        [row] = client.xpending_range(key, "g", "-", "+", 1)
        handed_out = ahead - 3_600_000 - row["time_since_delivered"]
        dumped = client.dump(key)
        # The instant of delivery is the only one of those bytes beside the consumer's last act.
        moved = _moved_ahead(dumped, handed_out, 3_600_000)
        client.execute_command("DEBUG SET-SKIP-CHECKSUM-VALIDATION", 1)
        client.restore(key, 0, moved, replace=True)
        client.execute_command("DEBUG SET-SKIP-CHECKSUM-VALIDATION", 0)
    recent = timedelta(milliseconds=20)
    assert log.claim("g", "d", CLOCK.now() - recent, 9) == []
    threading.Event().wait(0.05)
    assert payloads(log.claim("g", "d", CLOCK.now() - recent, 9)) == [1]


def _moved_ahead(dumped: bytes, near_ms: int, by_ms: int) -> bytes:
    """Return a dumped stream with every 8-byte instant within 5 s of ``near_ms`` moved ahead."""
    out = bytearray(dumped)
    changed, i = 0, 0
    while i < len(out) - 8:
        found = int.from_bytes(out[i : i + 8], "little")
        if abs(found - near_ms) < 5_000:
            out[i : i + 8] = (found + by_ms).to_bytes(8, "little")
            changed, i = changed + 1, i + 8
        else:
            i += 1
    assert changed, "no instant of delivery found"
    return bytes(out)


# kills


@needs_redis
def test_nothing_accepted_is_lost_when_the_server_is_killed(
    own: Callable[..., RedisServer], prefix: str
) -> None:
    server, rng = own(), random.Random(5)
    appending = Appending(server.url, prefix, shards=2)
    for _ in range(4):
        appending.says_after(stopwatch(), rng.randint(1, 60))
        server.kill()
        server.start()
    appending.says_after(stopwatch(), 20)
    appending.end()
    log = RedisLog.open(server.url, prefix=prefix, shards=2)
    assert log.backlog("g").entries == log.backlog("other").entries
    found = drained(log)
    for shard in range(2):
        numbers = payloads(found, shard)
        assert set(numbers) >= {number for number, _ in appending.said}
        assert numbers == sorted(numbers), "a repeat comes right after what it repeats"
        assert len(numbers) - len(set(numbers)) <= 4, "one repeat for a kill, at most"
    assert log.backlog("g") == Backlog(0, 0, None)
    log.close()


def test_a_lost_server_is_unavailable_until_it_is_back(own: Callable[..., RedisServer]) -> None:
    server = own(requirepass="geheim")
    log = RedisLog.open(server.url.replace("//", "//:geheim@"), shards=2)
    log.append(entries(0, 1, 2))
    [first, _] = log.read("g", "c", 9)
    server.kill()
    verbs: list[Callable[[], object]] = [
        lambda: log.append(entries(1, 9)),
        lambda: log.read("g", "c", 9),
        lambda: log.claim("g", "c", CLOCK.now(), 9),
        lambda: log.ack("g", [first.position]),
        lambda: log.backlog("g"),
        lambda: log.trim(),
    ]
    for verb in verbs:
        with pytest.raises(Unavailable, match=r"redis at 127\.0\.0\.1:\d+ cannot") as lost:
            verb()
        assert "geheim" not in str(lost.value)
    assert not log.wait(0.01) or not log.wait(0.01), "waiting goes on"
    server.start()
    assert payloads(log.claim("g", "c", CLOCK.now(), 9)) == [1, 2]
    log.ack("g", [first.position])
    assert log.trim() == 1
    log.append(entries(1, 3))
    assert payloads(log.read("g", "c", 9)) == [3]
    log.close()


def test_what_a_read_was_handed_and_never_heard_of_is_claimed(
    own: Callable[..., RedisServer],
) -> None:
    server = own()
    log = RedisLog.open(server.url, shards=2, timeout_s=0.3)
    log.read("g", "c", 1)
    log.append(entries(0, 1, 2) + entries(1, 3))
    os.kill(server.pid, signal.SIGSTOP)
    try:
        with pytest.raises(Unavailable, match="does not answer in time"):
            log.read("g", "c", 9)
    finally:
        os.kill(server.pid, signal.SIGCONT)
    claimed: list[Entry] = []

    def came() -> bool:
        claimed[:] = log.claim("g", "c", CLOCK.now(), 9)
        return len(claimed) == 3

    until(came, "what was handed to nobody is handed out again")
    assert (payloads(claimed, 0), payloads(claimed, 1)) == ([1, 2], [3])
    assert all(e.redelivered for e in claimed)
    assert log.read("g", "c", 9) == []
    log.close()


def test_after_close_everything_is_unavailable(log: RedisLog) -> None:
    positions = log.append(entries(0, 1))
    log.close()
    log.close()
    for verb in (
        lambda: log.append(entries(0, 2)),
        lambda: log.read("g", "c", 1),
        lambda: log.claim("g", "c", CLOCK.now(), 1),
        lambda: log.ack("g", positions),
        lambda: log.backlog("g"),
        lambda: log.trim(),
    ):
        with pytest.raises(Unavailable, match="closed"):
            verb()
    assert not log.wait(30), "nobody waits for a closed log"


# memory


def test_a_full_server_refuses_and_takes_again_when_it_was_worked_off(
    own: Callable[..., RedisServer],
) -> None:
    server = own(maxmemory="6mb")
    log = RedisLog.open(server.url, shards=2)
    log.read("g", "c", 1)
    big = replace(b.entry(b"x" * 100_000), shard=1)
    taken = 0
    with suppress(Unavailable):
        while taken < 2000:
            taken += len(log.append([big, big]))
    assert 2 <= taken < 2000
    with server.client() as client:  # as somebody else's data may do it
        client.config_set("maxmemory", "1mb")
    log._link._looked.clear()
    with pytest.raises(Unavailable, match="too much waits"):
        log.append(entries(0, 1))
    log._link._looked = {log._link.place: (float("inf"), "")}  # not looked at since
    with pytest.raises(Unavailable, match="out of memory"):
        log.append([big, big])
    assert log.backlog("g").entries == taken, "a refused append leaves nothing"
    assert len(log.claim("g", "c", CLOCK.now(), 9)) == 0
    assert len(drained(log)) == taken, "a full server is worked off"
    assert log.trim() == taken
    with server.client() as client:
        client.config_set("maxmemory", "6mb")
    log._link._looked.clear()
    assert len(log.append([big])) == 1
    log.close()


def test_a_clients_waiting_costs_one_question_each_tenth_of_a_second(log: RedisLog) -> None:
    asked: list[int] = []
    run = log._link.run
    log._link.run = lambda calls, **kw: (asked.append(len(calls)), run(calls, **kw))[1]  # type: ignore[method-assign]
    together(*[partial(log.wait, 0.5)] * 4)
    assert asked
    assert len(asked) <= 4 + 50, "four at once, then together (tenfold slack)"
