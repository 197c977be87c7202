"""A channel that takes only so much a second: a delivery waits for its turn before it is claimed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from alerts.alert import Delivery, NotifyReason
from alerts.channels.base import Receipt
from alerts.channels.pace import Pace, Turn, Turns
from alerts.deliver import PER_CHANNEL
from monitor.clock import SystemClock
from monitor.store.database import SqliteStore
from tests import builders as b
from tests.alerts.delivering import (
    FIRST,
    OTHER,
    OVER,
    PENDING,
    WORSE,
    Receiver,
    deliverer,
    enqueue,
    outcomes,
    stored,
)


class Slow(Receiver):
    """Takes one in its turn, several of a key together."""

    merges = True

    def __init__(self) -> None:
        super().__init__("there")
        self.turns = Turns(Pace(60.0))
        self.asked = 0

    @asynccontextmanager
    async def turn(self, delivery: Delivery) -> AsyncIterator[Turn]:
        self.asked += 1
        async with self.turns.turn(0) as its:
            yield its

    async def send_together(self, deliveries: Sequence[Delivery]) -> Receipt:
        self.got.extend(deliveries)
        return Receipt("taken")


async def ran(store: SqliteStore, there: Slow, then: asyncio.Event | None = None) -> None:
    """Run until the next one waits for its turn; ``then`` is awaited before the stop."""
    stop, wake = asyncio.Event(), asyncio.Event()
    running = asyncio.create_task(deliverer(store, SystemClock().now, there).run(stop, wake))
    while not there.turns.busy or there.asked < 2:
        await asyncio.sleep(0.01)
    if then is not None:
        await then.wait()
    stop.set()
    wake.set()
    await running


async def second_waits(store: SqliteStore, there: Slow, then: asyncio.Event) -> asyncio.Task[None]:
    """Return the run once what was queued is sent and FIRST waits behind it."""
    running = asyncio.create_task(ran(store, there, then))
    while not there.got:
        await asyncio.sleep(0.01)
    enqueue(store, FIRST, at=SystemClock().now())
    while there.asked < 2:
        await asyncio.sleep(0.01)
    return running


def test_what_waits_for_its_turn_at_a_stop_was_not_tried(store: SqliteStore) -> None:
    enqueue(store, FIRST, OTHER, at=SystemClock().now())
    there = Slow()
    asyncio.run(asyncio.wait_for(ran(store, there), 30))
    [got] = there.got
    waits = OTHER if got.alert.id == FIRST.id else FIRST
    assert stored(store, waits).state is PENDING
    assert outcomes(store, waits) == []


def test_an_end_cancels_what_waits_and_its_turn_goes_to_the_next(store: SqliteStore) -> None:
    enqueue(store, OTHER, at=SystemClock().now())
    there = Slow()

    async def scene() -> None:
        then = asyncio.Event()
        running = await second_waits(store, there, then)
        key = stored(store, FIRST).key
        with store.begin() as tx:
            tx.cancel(key, SystemClock().now())
        enqueue(store, OVER, at=SystemClock().now())
        while len(there.got) < 2:
            there.turns.pace.free_at = 0.0
            await asyncio.sleep(0.01)
        then.set()
        await running

    asyncio.run(asyncio.wait_for(scene(), 30))
    rang = [one.alert.reason for one in there.got if one.alert.incident == FIRST.incident]
    assert rang == [NotifyReason.RESOLVED]


def test_those_who_wait_take_no_place_from_others(store: SqliteStore) -> None:
    alerts = [b.alert(b.incident(counter=n)) for n in range(1, PER_CHANNEL + 10)]
    enqueue(store, *alerts, at=SystemClock().now())
    there = Slow()

    async def scene() -> None:
        then = asyncio.Event()
        running = asyncio.create_task(ran(store, there, then))
        while there.asked < len(alerts):
            await asyncio.sleep(0.01)
        then.set()
        await running

    asyncio.run(asyncio.wait_for(scene(), 30))
    assert len(there.got) == 1


def test_what_comes_meanwhile_goes_out_with_what_waits(store: SqliteStore) -> None:
    enqueue(store, OTHER, at=SystemClock().now())
    there = Slow()

    async def scene() -> None:
        then = asyncio.Event()
        running = await second_waits(store, there, then)
        enqueue(store, WORSE, at=SystemClock().now())
        there.turns.pace.free_at = 0.0
        while len(there.got) < 3:
            await asyncio.sleep(0.01)
        then.set()
        await running

    asyncio.run(asyncio.wait_for(scene(), 30))
    assert [one.alert.id for one in there.got[1:]] == [FIRST.id, WORSE.id]
