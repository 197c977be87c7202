"""Deliverer, store and channels together against receivers of which 45 % misbehave."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from pathlib import Path

import httpx
from pydantic import TypeAdapter

from alerts.alert import AttemptOutcome, Delivery, DeliveryState, NotifyReason
from alerts.channels import ChannelSettings, build_channel
from alerts.channels.transport import guarded_async
from alerts.deliver import Deliverer
from monitor.clock import ScaledClock, SystemClock
from monitor.server.sink import STORMY, FaultPlan, Received, Sink
from monitor.store.database import SqliteStore
from tests import builders as b

STORMS = [b.incident(counter=n) for n in range(1, 13)]
REASONS = (NotifyReason.FIRST, NotifyReason.ESCALATED, NotifyReason.RESOLVED)
CHANNELS = ("pagerduty", "webhook", "mail")


def settings(sink: Sink) -> dict[str, ChannelSettings]:
    patience = {"timeout_s": 1.5}
    return TypeAdapter(dict[str, ChannelSettings]).validate_python(
        {
            "pagerduty": {
                "type": "pagerduty",
                "routing_key": "k" * 32,
                "url": sink.pagerduty_url,
                **patience,
            },
            "webhook": {
                "type": "webhook",
                "url": sink.webhook_url,
                "signing_secret": sink.webhook_secret,
                **patience,
            },
            "mail": {
                "type": "smtp",
                "host": "127.0.0.1",
                "port": sink.smtp_port,
                "tls": "none",
                "from": "sturmglas@example.org",
                "to": ["bereitschaft@example.org"],
                **patience,
            },
        }
    )


async def deliver(store: SqliteStore, sink: Sink, clock: ScaledClock) -> None:
    """Run the loop until nothing is left to send."""
    async with httpx.AsyncClient(transport=guarded_async(allow_loopback=True)) as client:
        channels = {
            name: build_channel(name, given, client, now=SystemClock().now)
            for name, given in settings(sink).items()
        }
        worker = Deliverer(store.outbox, channels, clock.now, random.Random(1))
        stop, wake = asyncio.Event(), asyncio.Event()
        running = asyncio.create_task(worker.run(stop, wake))
        while any(d.sent_at is None for d in all_of(store)):
            await asyncio.sleep(0.2)
        stop.set()
        await running


def all_of(store: SqliteStore) -> list[Delivery]:
    return [d for storm in STORMS for d in store.read.deliveries(storm.id)]


def id_of(got: Received) -> str:
    """What tells one delivery's message from another's."""
    if got.channel == "pagerduty":
        payload = got.parsed.get("payload")
        why = payload["class"] if isinstance(payload, dict) else got.parsed["event_action"]
        return f"{got.key} {why}"
    return got.headers["webhook-id"] if got.channel == "webhook" else got.key


def test_nothing_is_lost_nothing_is_wrong_and_every_repeat_is_accounted_for(
    tmp_path: Path,
) -> None:
    store = SqliteStore.open(f"sqlite:///{tmp_path / 'store.db'}")
    clock = ScaledClock(b.T0, 20.0)  # a backoff of a second takes a twentieth
    with store.begin() as tx:
        for storm in STORMS:
            tx.save_incident(storm, 0)
            for reason in REASONS:
                tx.enqueue(b.alert(storm, reason=reason), CHANNELS, b.T0)
    with Sink(FaultPlan(STORMY, seed=5, hang_s=3.0)) as sink:
        asyncio.run(asyncio.wait_for(deliver(store, sink, clock), 150))
    deliveries = all_of(store)
    unknown = {
        channel: sum(
            attempt.outcome is AttemptOutcome.UNKNOWN
            for d in deliveries
            if d.channel == channel
            for attempt in store.read.delivery_attempts(d.id)
        )
        for channel in CHANNELS
    }
    store.close()

    assert {d.state for d in deliveries} == {DeliveryState.SENT}
    for channel in CHANNELS:
        got = [r for r in sink.received if r.channel == channel]
        times = Counter(id_of(r) for r in got)
        assert len(times) == len(STORMS) * len(REASONS)  # each arrived
        repeats = sum(times.values()) - len(times)
        assert 0 < repeats <= unknown[channel]  # the faults did bite
    keys = {r.key for r in sink.received if r.channel == "pagerduty"}
    assert keys == {storm.key for storm in STORMS}
    marked = {
        "webhook": lambda r: "sturmglas-may-repeat" in r.headers,
        "mail": lambda r: "x-sturmglas-possible-repeat" in r.headers,
    }
    for channel, is_marked in marked.items():
        seen: set[str] = set()
        for got_one in (r for r in sink.received if r.channel == channel):
            assert is_marked(got_one) or id_of(got_one) not in seen
            seen.add(id_of(got_one))
    for storm in STORMS:  # no trigger after its resolve
        actions = [
            r.parsed["event_action"]
            for r in sink.received
            if r.channel == "pagerduty" and r.key == storm.key
        ]
        assert actions == sorted(actions, key=["trigger", "resolve"].index)
