"""`bench paging`: from a storm's crossing to the request at the receiver, at a steady rate of alerts.

A process of its own lets storms cross, one transaction each, at fixed instants whatever becomes of them, and
sends their alerts with the real deliverer over the real store (SQLite with synchronous=FULL, or PostgreSQL).
PagerDuty's API is played by a real HTTP server on loopback in this process. Measured is from the
instant at which the transaction that queues the alert begins to the one at which the receiver has read the
request; under faults, the first request that it accepted. Both are told by the machine's clock.
"""

from __future__ import annotations

import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from alerts.alert import DeliveryState
from monitor.bench import receiving
from monitor.bench.arrivals import Trail, judge, sent_as, trails
from monitor.bench.arrivals import got_as as named
from monitor.bench.figures import versions
from monitor.bench.nursery import Nursery, last_words
from monitor.bench.servers import NotInstalled, PostgresServer
from monitor.ports import KeptStore
from monitor.server.sink import Sink
from monitor.server.sink.faults import STORMY, FaultPlan
from monitor.store.database import open_store

BARS = {"calm": (0.25, 2.0), "faults": (None, 15.0)}
"""Seconds within which the median and 99 of 100 must have arrived."""
HANG_S = 15.0
"""A receiver that hangs does so for longer than a channel waits (10 s)."""
GRACE_S = 180.0
"""How long after the last crossing the rest may take to arrive under faults."""
CALM_S = 330.0
"""How long it may take afterwards, without any: who met many faults in a row waits for five minutes."""


def run(rate: float, seconds: float, seed: int, say: Callable[[str], None]) -> dict[str, object]:
    """Return the record: SQLite and PostgreSQL (where installed), each without and with faults."""
    found: dict[str, object] = {"bench": "paging", "rate_per_s": rate, "seconds": seconds}
    for store in ("sqlite", "postgresql"):
        for weather in BARS:
            try:
                with address_of(store) as url:
                    side = measure(url, weather, rate, seconds, seed)
            except NotInstalled as missing:
                say(f"{store}: left out, {missing}")
                continue
            say(f"{store}, {weather}: p50 {side['p50_ms']} ms, p99 {side['p99_ms']} ms")
            found[f"{store}_{weather}"] = side
    packages = ("sturmglas", "httpx", "sqlalchemy", "psycopg")
    return {**found, "seed": seed, "versions": versions(packages)}


@contextmanager
def address_of(store: str) -> Iterator[str]:
    """Yield the address of an empty store that waits for its disk."""
    if store == "postgresql":
        with PostgresServer() as server:
            yield server.url(server.make_database())
        return
    with tempfile.TemporaryDirectory(prefix="sturmglas-paging-") as folder:
        yield f"sqlite:///{folder}/store.db"


def measure(url: str, weather: str, rate: float, seconds: float, seed: int) -> dict[str, object]:
    """Queue ``rate`` alerts a second for ``seconds``; return how long each took to arrive."""
    plan = FaultPlan(STORMY if weather == "faults" else {}, seed=seed, hang_s=HANG_S)
    storms = round(rate * seconds)
    with tempfile.TemporaryDirectory(prefix="sturmglas-paging-") as folder, Sink(plan) as sink:
        settings = receiving.settings(url, sink, [receiving.PAGER])
        settings["stream"] = {"url": f"sqlite:///{folder}/log.db"}
        nursery = Nursery("monitor.bench.sender", Path(folder) / "notes")
        try:
            child = nursery.start(
                {"settings": settings, "storms": storms, "per_s": rate, "whole": False}
            )
            _await_settled(url, storms, seconds, sink)
            code = nursery.end(child, signal.SIGTERM)
            if code != 0:
                raise RuntimeError(f"the sender ended with {code}: {last_words(nursery.notes)}")
        finally:
            nursery.close()
        return _figures(url, weather, storms, sink)


def _await_settled(url: str, storms: int, seconds: float, sink: Sink) -> None:
    """Wait until all was sent, or the grace is over; looks seldom, so as not to be in the way.

    Once everything has arrived, or the grace is over, the receiver behaves: what it took is confirmed then, and
    its time is known already.
    """
    grace = time.monotonic() + seconds + GRACE_S
    time.sleep(seconds)
    store = open_store(url)
    try:
        while time.monotonic() < grace + CALM_S:
            if len(store.read.incidents(limit=storms)) == storms and _idle(store):
                return
            arrived = {name for one in sink.received for name in named(one)}
            if len(arrived) >= storms or time.monotonic() > grace:
                sink.faults.calm()
            time.sleep(1.0)
    finally:
        store.close()


def _idle(store: KeptStore) -> bool:
    """Tell whether nothing waits and nothing is under way."""
    if store.outbox.next_due() is not None:
        return False
    over = (DeliveryState.SENT, DeliveryState.DEAD)
    incidents = store.read.incidents(limit=1_000_000)
    return all(d.state in over for i in incidents for d in store.read.deliveries(i.id))


def _figures(url: str, weather: str, storms: int, sink: Sink) -> dict[str, object]:
    store = open_store(url)
    try:
        known = trails(store)
    finally:
        store.close()
    verdict = judge(known, sink.received)
    first: dict[str, datetime] = {}
    for one in sink.received:
        for name in named(one):
            first.setdefault(name, one.at)
    took = sorted(
        (first[name] - t.delivery.created_at) / timedelta(seconds=1)
        for t in known
        for name in sent_as(t.delivery)
        if name in first
    )
    p50, p99 = quantile(took, 0.5), quantile(took, 0.99)
    bar50, bar99 = BARS[weather]
    return {
        "alerts": storms,
        "arrived": len(took),
        "lost": verdict.lost,
        "attempts": sum(len(t.attempts) for t in known),
        "rate_reached_per_s": round(_rate(known), 1),
        "p50_ms": round(1000 * p50, 1),
        "p90_ms": round(1000 * quantile(took, 0.9), 1),
        "p99_ms": round(1000 * p99, 1),
        "most_ms": round(1000 * took[-1], 1),
        "met": p99 < bar99 and (bar50 is None or p50 < bar50) and len(took) == storms,
        "problems": verdict.problems[:5],
    }


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the value below which ``share`` of the ordered values lie."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _rate(known: Sequence[Trail]) -> float:
    begun = sorted(t.delivery.created_at for t in known)
    return (len(begun) - 1) / max(1e-9, (begun[-1] - begun[0]).total_seconds())
