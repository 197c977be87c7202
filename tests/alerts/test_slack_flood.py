"""Slack under a flood and under faults, with store and deliverer: nothing lost, nothing twice, in time.

The figures are printed: run with -s.
"""

from __future__ import annotations

import asyncio
import random
import resource
import sqlite3
import time
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from alerts.alert import Action, DeliveryState, NotifyReason
from alerts.channels.pace import Places
from alerts.channels.slack import Slack, mark_of
from alerts.channels.transport import guarded_async
from alerts.deliver import Deliverer
from alerts.incident import Incident
from monitor.clock import ScaledClock, SystemClock
from monitor.server.sink import STORMY, FaultPlan, Sink
from monitor.store.database import SqliteStore
from tests import builders as b
from tests.alerts.slacking import quick, settings

pytestmark = pytest.mark.long

QUIET, RINGS = NotifyReason.ACKNOWLEDGED, NotifyReason.UNANSWERED


def queue(store: SqliteStore, storms: list[Incident], n: int) -> None:
    """Queue the ``n``-th alert of every incident: a first, then calls, each tenth an acknowledgement."""
    now = SystemClock().now()
    reason = NotifyReason.FIRST if n == 0 else QUIET if n % 10 == 9 else RINGS
    with store.begin() as tx:
        for storm in storms:
            if n == 0:
                tx.save_incident(storm, 0)
            alert = replace(b.alert(storm, reason=reason), id=f"{storm.id}-{n}")
            tx.enqueue(alert, ["there"], now)


def flood(
    store: SqliteStore,
    sink: Sink,
    storms: list[Incident],
    each: int,
    over_s: float,
    places: Places,
    faster: float = 1.0,
) -> float:
    """Queue ``each`` alerts for every incident over so many seconds, while a deliverer sends them; return
    the seconds until nothing waited any more. ``faster``: how time flies between two attempts."""

    async def feed() -> None:
        for n in range(each):
            await asyncio.to_thread(queue, store, storms, n)
            await asyncio.sleep(over_s / each)

    async def scene() -> float:
        began = time.monotonic()
        async with httpx.AsyncClient(transport=guarded_async(allow_loopback=True)) as client:
            slack = Slack("there", settings(sink, timeout_s=1.5), client, store.posted, places)
            clock = ScaledClock(SystemClock().now(), faster).now
            runner = Deliverer(store.outbox, {"there": slack}, clock, random.Random(3))
            stop, wake = asyncio.Event(), asyncio.Event()
            task = asyncio.create_task(runner.run(stop, wake))
            await feed()
            while await asyncio.to_thread(waiting, store):
                assert time.monotonic() - began < 300, "some are still waiting"
                await asyncio.sleep(0.3)
            stop.set()
            wake.set()
            await task
        return time.monotonic() - began

    return asyncio.run(scene())


def waiting(store: SqliteStore) -> bool:
    """Ask the file itself: reading ten thousand deliveries to count them would be part of the flood."""
    with closing(sqlite3.connect(store.path)) as c:
        query = "SELECT count(*) FROM delivery WHERE state IN ('pending', 'sending')"
        return bool(c.execute(query).fetchone()[0])


def told_once(store: SqliteStore, sink: Sink, storms: list[Incident]) -> Counter[int]:
    """Return how many deliveries were told how often; all are of state SENT."""
    counts: Counter[int] = Counter()
    listed = sink.slack.messages
    for storm in storms:
        marks = [mark_of(m.listed()) for m in listed if m.thread_ts]
        marks = [m for m in marks if m and m.key == storm.key]
        [_] = [
            m
            for m in listed
            if not m.thread_ts and (mark := mark_of(m.listed())) and mark.key == storm.key
        ]
        deliveries = store.read.deliveries(storm.id)
        assert {d.state for d in deliveries} == {DeliveryState.SENT}
        for d in deliveries:
            counts[sum(m.tells(d) for m in marks if m)] += 1
    return counts


def edits_a_second(sink: Sink) -> int:
    """Return the most edits that came within one second."""
    at = [got.at.timestamp() for got in sink.received if got.channel == "slack edit"]
    return max((sum(1 for t in at if start <= t < start + 0.99) for start in at), default=0)


def test_with_45_percent_of_faults_each_thing_is_told_once(tmp_path: Path) -> None:
    storms = [b.incident(counter=n) for n in range(1, 9)]
    with Sink(FaultPlan(STORMY, seed=11, hang_s=5.0)) as sink:
        store = SqliteStore.open(f"sqlite:///{tmp_path / 's.db'}")
        seconds = flood(store, sink, storms, 8, 8.0, quick(), faster=60.0)
        roots = [m for m in sink.slack.messages if not m.thread_ts]
        counts = told_once(store, sink, storms)
        store.close()
    asked = sum(sink.faults.drawn.values())
    print(f"64 alerts, {asked} requests, {seconds:.0f} s; told in threads, by times: {counts}")
    assert len(roots) == len(storms)
    assert set(counts) == {0, 1}, "0: the message itself tells it"
    assert counts[1] > len(storms)


def test_a_flood_is_merged_and_edits_keep_their_pace(tmp_path: Path) -> None:
    storms = [b.incident(counter=n) for n in range(1, 6)]
    with Sink() as sink:
        store = SqliteStore.open(f"sqlite:///{tmp_path / 's.db'}")
        seconds = flood(store, sink, storms, 60, 6.0, Places())
        counts = told_once(store, sink, storms)
        broadcast = [m for m in sink.slack.messages if m.body.get("reply_broadcast")]
        written = len(sink.slack.messages)
        store.close()
    print(f"300 alerts in {seconds:.0f} s: {written} messages, {len(broadcast)} of them rang")
    assert set(counts) == {0, 1}
    assert edits_a_second(sink) == 1
    assert written < 100
    assert broadcast


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_ten_thousand_alerts_are_merged_none_is_lost_and_none_told_twice(tmp_path: Path) -> None:
    storms = [b.incident(counter=n) for n in range(1, 21)]
    with Sink() as sink:
        store = SqliteStore.open(f"sqlite:///{tmp_path / 's.db'}")
        seconds = flood(store, sink, storms, 500, 60.0, Places())
        counts = told_once(store, sink, storms)
        lags = sorted(
            (d.sent_at - d.created_at).total_seconds()
            for storm in storms
            for d in store.read.deliveries(storm.id)
            if d.alert.action is Action.TRIGGER and d.sent_at
        )
        written = len(sink.slack.messages)
        store.close()
    edits = sum(1 for got in sink.received if got.channel == "slack edit")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"10000 alerts in {seconds:.0f} s: {edits} edits, {written} messages, {counts}")
    half, last = lags[len(lags) // 2], lags[-1]
    print(f"triggers waited {half:.1f} s in the middle, {last:.1f} s at most; {peak:.0f} MiB")
    assert set(counts) == {0, 1}
    assert edits_a_second(sink) == 1
    assert seconds < 240, "the goal is 120: 117 s where it was measured"
