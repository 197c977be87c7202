"""The deliverer's loop: it wakes, retries, stops in the middle, and outlives a store that is down."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable

import pytest

from alerts.alert import AttemptOutcome, DeliveryState
from alerts.deliver import Deliverer
from monitor.clock import SystemClock
from monitor.store.database import SqliteStore
from tests.alerts.delivering import (
    DOWN,
    FIRST,
    OTHER,
    SENT,
    Receiver,
    deliverer,
    enqueue,
    outcomes,
    stored,
)


async def until(holds: Callable[[], bool]) -> None:
    while not holds():
        await asyncio.sleep(0.01)


def test_the_loop_wakes_for_what_is_queued(store: SqliteStore) -> None:
    there = Receiver("there")

    async def scene() -> None:
        stop, wake = asyncio.Event(), asyncio.Event()
        worker = deliverer(store, SystemClock().now, there)
        running = asyncio.create_task(worker.run(stop, wake))
        await asyncio.sleep(0.1)
        for alert in (FIRST, OTHER):
            enqueue(store, alert, at=SystemClock().now())
            wake.set()
            await until(lambda a=alert: a.id in {d.alert.id for d in there.got})
        await until(lambda: stored(store).state is SENT)
        stop.set()
        wake.set()
        await running

    asyncio.run(asyncio.wait_for(scene(), 30))
    assert len(there.got) == 2


def test_the_loop_retries_when_the_time_has_come(store: SqliteStore) -> None:
    enqueue(store, FIRST, at=SystemClock().now())
    there = Receiver("there", [DOWN, DOWN])

    async def scene() -> None:
        stop, wake = asyncio.Event(), asyncio.Event()
        running = asyncio.create_task(deliverer(store, SystemClock().now, there).run(stop, wake))
        await until(lambda: stored(store).state is SENT)
        stop.set()
        await running

    asyncio.run(asyncio.wait_for(scene(), 60))
    assert len(there.got) == 3


def test_a_stop_cuts_off_a_hanging_send_and_the_next_start_sends_it_again(
    store: SqliteStore,
) -> None:
    enqueue(store, FIRST, at=SystemClock().now())
    there = Receiver("there")

    async def cut_off() -> float:
        there.hold = asyncio.Event()  # never set
        stop, wake = asyncio.Event(), asyncio.Event()
        running = asyncio.create_task(deliverer(store, SystemClock().now, there).run(stop, wake))
        await until(lambda: bool(there.got))
        began = time.monotonic()
        stop.set()
        await running
        return time.monotonic() - began

    assert 0.8 <= asyncio.run(asyncio.wait_for(cut_off(), 60)) <= 20
    assert stored(store).state is DeliveryState.SENDING
    there.hold = None

    async def again() -> None:
        stop, wake = asyncio.Event(), asyncio.Event()
        running = asyncio.create_task(deliverer(store, SystemClock().now, there).run(stop, wake))
        await until(lambda: stored(store).state is SENT)
        stop.set()
        await running

    asyncio.run(asyncio.wait_for(again(), 60))
    assert outcomes(store) == [AttemptOutcome.UNKNOWN, AttemptOutcome.ACCEPTED]
    assert [d.may_repeat for d in there.got] == [False, True]


def test_a_store_that_is_down_for_a_moment_costs_nothing(
    store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    enqueue(store, FIRST, at=SystemClock().now())
    there = Receiver("there")
    outbox = store.outbox

    class Flaky:
        """The real outbox, which fails at first at every verb."""

        def __init__(self) -> None:
            self.failed: set[str] = set()

        def __getattr__(self, verb: str) -> object:
            real = getattr(outbox, verb)

            def call(*args: object, **kwargs: object) -> object:
                if verb not in self.failed:
                    self.failed.add(verb)
                    raise OSError("disk full")
                return real(*args, **kwargs)

            return call

    async def scene() -> None:
        stop, wake = asyncio.Event(), asyncio.Event()
        worker = Deliverer(
            Flaky(),  # type: ignore[arg-type]  # every verb by name
            {"there": there},
            SystemClock().now,
            random.Random(7),
        )
        running = asyncio.create_task(worker.run(stop, wake))
        await until(lambda: stored(store).state is SENT)
        stop.set()
        await running

    asyncio.run(asyncio.wait_for(scene(), 60))
    assert len(there.got) == 1
    assert "OSError" in caplog.text
