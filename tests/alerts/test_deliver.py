"""The deliverer over the real store: order, retries, unknown outcomes, stops and starts."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from alerts.alert import AttemptOutcome, Delivery, DeliveryState
from alerts.channels.base import ChannelError, Receipt
from alerts.deliver import PER_CHANNEL, Deliverer
from monitor.clock import ManualClock
from monitor.store.database import SqliteStore
from tests import builders as b
from tests.alerts.delivering import (
    DEAD,
    DOWN,
    FIRST,
    GONE,
    OVER,
    REFUSED,
    SENT,
    WORSE,
    Counted,
    Receiver,
    deliverer,
    enqueue,
    outcomes,
    stored,
)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(b.T0)


async def drained(clock: ManualClock, worker: Deliverer, times: int = 1) -> int:
    """Drain ``times``, an hour apart, so that every retry has fallen due."""
    sent = 0
    for n in range(times):
        if n:
            clock.move(timedelta(hours=1))
        sent += await worker.drain(clock.now())
    return sent


# --- one delivery -----------------------------------------------------------------------------


async def run_drain(
    store: SqliteStore, clock: ManualClock, *channels: Receiver, times: int = 1
) -> int:
    return await drained(clock, deliverer(store, clock.now, *channels), times)


def test_what_is_due_is_sent_once(store: SqliteStore, clock: ManualClock) -> None:
    enqueue(store, FIRST)
    there = Receiver("there")
    assert asyncio.run(run_drain(store, clock, there, times=3)) == 1
    assert len(there.got) == 1
    assert stored(store).state is SENT
    assert outcomes(store) == [AttemptOutcome.ACCEPTED]


def test_what_is_not_due_waits(store: SqliteStore, clock: ManualClock) -> None:
    enqueue(store, FIRST, at=b.after(60))
    there = Receiver("there")
    assert asyncio.run(run_drain(store, clock, there)) == 0
    assert there.got == []


def test_a_passing_error_is_tried_again(store: SqliteStore, clock: ManualClock) -> None:
    enqueue(store, FIRST)
    there = Receiver("there", [DOWN, DOWN])
    assert asyncio.run(run_drain(store, clock, there, times=3)) == 1
    assert outcomes(store) == [
        AttemptOutcome.RETRY,
        AttemptOutcome.RETRY,
        AttemptOutcome.ACCEPTED,
    ]
    assert not stored(store).may_repeat


def test_a_retry_waits_for_its_time(store: SqliteStore, clock: ManualClock) -> None:
    enqueue(store, FIRST)
    there = Receiver("there", [ChannelError("busy", retry_after_s=120)])

    async def scene() -> None:
        worker = deliverer(store, clock.now, there)
        await worker.drain(clock.now())
        clock.move(timedelta(seconds=119))
        await worker.drain(clock.now())
        assert len(there.got) == 1
        clock.move(timedelta(seconds=1))
        await worker.drain(clock.now())

    asyncio.run(scene())
    assert len(there.got) == 2


def test_a_permanent_error_is_dead_and_can_be_sent_again(
    store: SqliteStore, clock: ManualClock
) -> None:
    enqueue(store, FIRST)
    there = Receiver("there", [REFUSED])
    asyncio.run(run_drain(store, clock, there, times=3))
    assert len(there.got) == 1
    assert (stored(store).state, stored(store).error) == (DEAD, str(REFUSED))
    assert store.outbox.resend(stored(store).id, "kim", clock.now())
    assert asyncio.run(run_drain(store, clock, there)) == 1
    assert stored(store).state is SENT


def test_an_unknown_outcome_is_sent_again_and_marked(
    store: SqliteStore, clock: ManualClock
) -> None:
    enqueue(store, FIRST)
    there = Receiver("there", [GONE])
    asyncio.run(run_drain(store, clock, there, times=2))
    assert [d.may_repeat for d in there.got] == [False, True]
    assert outcomes(store) == [AttemptOutcome.UNKNOWN, AttemptOutcome.ACCEPTED]


def test_after_a_day_it_is_dead_and_says_so(store: SqliteStore, clock: ManualClock) -> None:
    enqueue(store, FIRST)
    there = Receiver("there", [DOWN] * 100)
    asyncio.run(run_drain(store, clock, there, times=30))
    assert stored(store).state is DEAD
    assert 20 <= len(there.got) <= 26
    assert "gave up after 24 h" in stored(store).error
    assert "503" in stored(store).error


def test_an_unknown_channel_is_dead_with_a_way_out(store: SqliteStore, clock: ManualClock) -> None:
    enqueue(store, FIRST, channels=["gone"])
    asyncio.run(run_drain(store, clock, Receiver("there")))
    assert stored(store).state is DEAD
    assert stored(store).error == (
        'no channel "gone" is configured (known: there); add it or change the route, then send again'
    )


def test_a_channels_own_fault_is_unknown_and_tells_nothing(
    store: SqliteStore, clock: ManualClock
) -> None:
    enqueue(store, FIRST)
    there = Receiver("there", [ValueError("routing key 0123456789")])
    asyncio.run(run_drain(store, clock, there))
    assert stored(store).error == "there: failed inside (ValueError)"
    assert outcomes(store) == [AttemptOutcome.UNKNOWN]


def test_every_attempt_is_counted(store: SqliteStore, clock: ManualClock) -> None:
    enqueue(store, FIRST)
    counted = Counted()
    there = Receiver("there", [DOWN, GONE])
    asyncio.run(drained(clock, deliverer(store, clock.now, there, observer=counted), 3))
    assert counted.seen == [
        ("there", "retry"),
        ("there", "unknown"),
        ("there", "accepted"),
        ("there", "sent"),
    ]


def test_the_attempt_is_on_record_before_the_send(store: SqliteStore, clock: ManualClock) -> None:
    enqueue(store, FIRST)
    found: list[tuple[DeliveryState, list[AttemptOutcome | None]]] = []

    class Looker(Receiver):
        async def send(self, delivery: Delivery) -> Receipt:
            found.append((stored(store).state, outcomes(store)))
            return Receipt()

    asyncio.run(run_drain(store, clock, Looker("there")))
    assert found == [(DeliveryState.SENDING, [None])]


def test_what_a_receipt_warns_of_stands_in_the_trail_of_what_arrived(
    store: SqliteStore, clock: ManualClock
) -> None:
    enqueue(store, FIRST)

    class Warning_(Receiver):
        async def send(self, delivery: Delivery) -> Receipt:
            return Receipt("taken", "template.text: line 1: no; the built-in words were sent")

    asyncio.run(run_drain(store, clock, Warning_("there")))
    [attempt] = store.outbox.attempts(stored(store).id)
    assert (stored(store).state, attempt.outcome) == (SENT, AttemptOutcome.ACCEPTED)
    assert attempt.error == "template.text: line 1: no; the built-in words were sent"


# --- several ----------------------------------------------------------------------------------


def test_one_key_keeps_its_order_even_through_a_retry(
    store: SqliteStore, clock: ManualClock
) -> None:
    enqueue(store, FIRST, WORSE, OVER)
    there = Receiver("there", [DOWN, None, GONE])
    asyncio.run(run_drain(store, clock, there, times=4))
    assert there.reasons == [FIRST.reason] * 2 + [WORSE.reason] * 2 + [OVER.reason]


def test_a_dead_head_lets_the_next_go(store: SqliteStore, clock: ManualClock) -> None:
    enqueue(store, FIRST, WORSE)
    there = Receiver("there", [REFUSED])
    assert asyncio.run(run_drain(store, clock, there)) == 1
    assert there.reasons == [FIRST.reason, WORSE.reason]


def test_a_channel_that_hangs_holds_up_neither_others_nor_other_keys(
    store: SqliteStore, clock: ManualClock
) -> None:
    enqueue(store, FIRST, channels=["slow", "fast"])
    slow, fast = Receiver("slow"), Receiver("fast")

    async def scene() -> None:
        slow.hold = asyncio.Event()
        worker = deliverer(store, clock.now, slow, fast)
        draining = asyncio.create_task(worker.drain(clock.now()))
        while not fast.got:
            await asyncio.sleep(0.01)
        assert not draining.done()
        slow.hold.set()
        assert await draining == 2

    asyncio.run(asyncio.wait_for(scene(), 30))


def test_no_more_than_sixteen_requests_are_under_way_to_one_channel(
    store: SqliteStore, clock: ManualClock
) -> None:
    storms = [b.alert(b.incident(counter=n)) for n in range(1, 41)]
    enqueue(store, *storms)
    together = 0
    most = 0

    class Crowd(Receiver):
        async def send(self, delivery: Delivery) -> Receipt:
            nonlocal together, most
            together += 1
            most = max(most, together)
            await asyncio.sleep(0.01)
            together -= 1
            return Receipt()

    assert asyncio.run(run_drain(store, clock, Crowd("there"))) == 40
    assert 2 <= most <= PER_CHANNEL
