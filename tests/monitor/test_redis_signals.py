"""Signals over Redis: heard by who listens, harmless when Redis is gone."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from monitor.bench.redis_servers import RedisServer, installed
from monitor.clock import stopwatch
from monitor.stream import WrongServer
from monitor.stream.redis_signals import RedisSignals
from tests.servers.redis import fresh_prefix, shared_cluster, shared_server

CONNECTED = ("connected", "", 0)
Heard = queue.Queue[tuple[str, str, int]]


@contextmanager
def followed(signals: RedisSignals) -> Iterator[Heard]:
    heard: Heard = queue.Queue()
    stop = threading.Event()
    thread = threading.Thread(
        target=signals.follow,
        args=(lambda *signal: heard.put(signal), stop, lambda: heard.put(CONNECTED)),
    )
    thread.start()
    try:
        assert heard.get(timeout=30) == CONNECTED
        yield heard
    finally:
        stop.set()
        thread.join(30)
        assert not thread.is_alive()


@pytest.mark.parametrize("place", [lambda: shared_server().url, lambda: shared_cluster().url])
def test_who_listens_hears_what_another_process_publishes(place: Callable[[], str]) -> None:
    prefix = fresh_prefix()
    here, there = RedisSignals(place(), prefix=prefix), RedisSignals(place(), prefix=prefix)
    there._at = 4  # of a cluster's nodes, another one than the listener's
    with followed(here) as heard:
        there.publish("incident", "köln-1", 7)
        assert heard.get(timeout=30) == ("incident", "köln-1", 7)
        there.publish("topic", "acme", 8)
        assert heard.get(timeout=30) == ("topic", "acme", 8)
    here.close()
    there.close()
    there.close()


def test_what_is_no_signal_of_ours_is_passed_over() -> None:
    server, prefix = shared_server(), fresh_prefix()
    signals = RedisSignals(server.url, prefix=prefix)
    with followed(signals) as heard, server.client() as client:
        client.publish(f"{prefix}:signals", b"\xff not ours")
        client.publish(f"{prefix}:signals", b'["too", "short"]')
        signals.publish("incident", "1", 1)
        assert heard.get(timeout=30) == ("incident", "1", 1)
    signals.close()


@pytest.mark.skipif(not installed(), reason="redis-server is not installed")
def test_a_server_that_goes_and_comes_back_raises_nothing_and_is_heard_again() -> None:
    server = RedisServer().start()
    signals = RedisSignals(server.url)
    try:
        with followed(signals) as heard:
            server.kill()
            started = stopwatch()
            for n in range(1000):
                signals.publish("incident", "lost", n)
            assert stopwatch() - started < 5, "an outage must not hold up who publishes"
            server.start()
            assert heard.get(timeout=30) == CONNECTED, "something may have been missed"
            said = None
            while said is None:
                signals.publish("incident", "again", 1)
                try:
                    said = heard.get(timeout=0.2)
                except queue.Empty:
                    continue
            assert said == ("incident", "again", 1)
    finally:
        signals.close()
        server.stop()


def test_an_address_that_is_no_redis_is_refused_without_its_password() -> None:
    with pytest.raises(WrongServer, match="expected redis://") as refused:
        RedisSignals("amqp://user:geheim@host/")
    assert "geheim" not in str(refused.value)
