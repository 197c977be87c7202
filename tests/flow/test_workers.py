"""Many workers on one PostgreSQL and one Redis: joined, stopped, killed, paused, cut off."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from alerts.alert import DeliveryState
from monitor.bench.redis_servers import installed
from monitor.server.sink import Sink
from monitor.store.postgres_store import PostgresStore
from monitor.stream.redis_signals import RedisSignals
from tests import builders as b
from tests.flow.installed import LONG, soon
from tests.flow.several import Several, several
from tests.servers import postgres

pytestmark = pytest.mark.long


@pytest.fixture(scope="module", autouse=True)
def servers() -> None:
    if not installed():
        pytest.skip("redis-server is not installed")
    postgres.server()


@pytest.fixture(scope="module")
def install(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Several]:
    """One install for all tests here: starting processes is most of their time."""
    with (
        Sink() as sink,
        several(
            tmp_path_factory.mktemp("several"), 2, webhook=(sink.webhook_url, sink.webhook_secret)
        ) as made,
    ):
        made.sink = sink
        yield made


@pytest.fixture
def two(install: Several) -> Several:
    """The install with exactly two workers that share the work."""
    install.workers = [worker for worker in install.workers if worker.alive]
    while len(install.workers) < 2:
        install.add().wait_for("Sturmglas works")
    assert install.shared_out(2)
    return install


def sent(install: Several, name: str, n: int, each: int = 20) -> None:
    """Send so many requests, each until it is accepted."""
    for i in range(n):
        some = [f"{name}-{i}-{j}" for j in range(each)]
        assert soon(lambda some=some: install.accepted(*some))  # type: ignore[misc]
        install.ids += some


def all_there(install: Several) -> None:
    """Everything that was ever accepted is stored once and counted once."""
    assert soon(lambda: len(install.stored()) >= len(install.ids))
    assert install.stored() == sorted(install.ids)
    assert install.counted() == (len(install.ids), len(install.ids))


def test_workers_share_what_comes_and_each_mention_is_counted_once(two: Several) -> None:
    sent(two, "share", 20)
    assert two.send(*two.ids[-20:]).status_code == 202
    all_there(two)
    assert sorted(two.holders("topics").values()) == [1, 1]
    assert list(two.holders("deliver").values()) == [1]


def test_a_rolling_restart_loses_and_doubles_nothing(two: Several) -> None:
    for round_ in range(2):
        old = two.workers.pop(0)
        new = two.add()
        sent(two, f"rolling-{round_}", 5)
        assert old.stop() == 0
        sent(two, f"rolled-{round_}", 5)
        new.wait_for("Sturmglas works")
    assert two.shared_out(2)
    all_there(two)


def test_what_a_killed_worker_had_in_hand_is_filed_by_the_others(two: Several) -> None:
    sent(two, "kill", 10)
    two.workers[0].kill()
    sent(two, "killed", 10)
    all_there(two)
    assert two.shared_out(1)


def test_a_worker_that_slept_through_its_leases_does_no_harm(two: Several) -> None:
    sleeper = two.workers[0]
    sent(two, "sleep", 10)
    os.kill(sleeper.pid, signal.SIGSTOP)
    try:
        sent(two, "asleep", 10)
        assert two.shared_out(1)
        all_there(two)
    finally:
        os.kill(sleeper.pid, signal.SIGCONT)
    assert two.shared_out(2)
    sent(two, "awake", 10)
    all_there(two)


def test_without_redis_senders_are_told_to_come_again_and_it_goes_on_by_itself(
    two: Several,
) -> None:
    sent(two, "cut", 3)
    two.redis.kill()
    refused = two.send("refused")
    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) >= 1
    two.redis.start()
    sent(two, "back", 3)
    all_there(two)


def test_alerts_go_out_once_also_when_who_sends_is_killed(two: Several) -> None:
    assert two.sink is not None
    store = PostgresStore.open(two.database)
    try:
        for n, storm in enumerate((b.incident(), replace(b.incident(), id="other", ref="OTH-1"))):
            with store.begin() as tx:
                tx.save_incident(storm, 0)
                tx.enqueue(b.alert(storm), ["hook"], b.T0)
            assert soon(
                lambda storm=storm: store.read.deliveries(storm.id)[0].state is DeliveryState.SENT  # type: ignore[misc]
            )
            assert len(two.sink.received) == n + 1
            [sender] = two.holders("deliver")
            for worker in two.workers:
                if n == 0 and f"works as {sender}" in worker.told():
                    worker.kill()
    finally:
        store.close()


def test_without_workers_what_is_accepted_waits(install: Several) -> None:
    for worker in install.workers:
        if worker.alive:
            assert worker.stop() == 0
    assert soon(lambda: install.holders("shard") == {}), (
        "leases of the killed run out by themselves"
    )
    told = ["work: no worker runs, so nobody files, judges or sends; start sturmglas work"]
    assert soon(lambda: install.failures() == told, every_s=0.5)
    before = install.stored()
    sent(install, "wait", 3)
    assert install.stored() == before
    install.add().wait_for("Sturmglas works")
    all_there(install)
    assert soon(lambda: install.failures() == [], every_s=0.5)


def test_what_a_worker_signals_reaches_open_pages(install: Several) -> None:
    heard: list[str] = []
    signals = RedisSignals(install.redis.url)
    try:
        with httpx.stream("GET", f"{install.url}/live", timeout=LONG) as live:
            lines = live.iter_lines()
            next(lines)
            signals.publish("topic", "acme", 7)
            while not any("acme" in line for line in heard):
                heard.append(next(lines))
    finally:
        signals.close()
    assert heard[-1] == 'data: {"kind":"topic","id":"acme","v":7}'
