"""Who has room: a receiver that hangs now and then, or a channel with a long queue, keeps nobody waiting."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from alerts import deliver
from alerts.alert import Alert, AttemptOutcome, Delivery
from alerts.channels import permit
from alerts.channels.base import Receipt
from alerts.deliver import BATCH, HANGING, PER_CHANNEL, Deliverer
from alerts.outbox import Attempt
from monitor.clock import SystemClock
from monitor.store.database import SqliteStore
from monitor.store.outbox import SqlOutbox
from tests import builders as b
from tests.alerts.delivering import FIRST, Receiver, deliverer, enqueue, outcomes


class Hanging(Receiver):
    """Hangs at everything until told not to, except at what it is to take."""

    def __init__(self, takes: Sequence[str] = ()) -> None:
        super().__init__("there")
        self.takes = set(takes)
        self.over = asyncio.Event()

    async def send(self, delivery: Delivery) -> Receipt:
        self.got.append(delivery)
        if delivery.alert.id not in self.takes:
            await self.over.wait()
        return Receipt()


async def sending(
    store: SqliteStore, *channels: Receiver
) -> tuple[asyncio.Task[None], asyncio.Event]:
    stop, wake = asyncio.Event(), asyncio.Event()
    worker = deliverer(store, SystemClock().now, *channels)
    return asyncio.create_task(worker.run(stop, wake)), stop


def storms(n: int) -> list[Alert]:
    return [b.alert(b.incident(counter=k)) for k in range(1, n + 1)]


def test_requests_that_hang_take_no_place_from_those_behind_them(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "HANGS_S", 0.05)
    alerts = storms(3 * PER_CHANNEL)
    enqueue(store, *alerts, at=SystemClock().now())

    async def scene() -> None:
        there = Hanging()
        running, stop = await sending(store, there)
        while len(there.got) < len(alerts):
            await asyncio.sleep(0.01)
        there.over.set()
        stop.set()
        await running

    asyncio.run(asyncio.wait_for(scene(), 60))


def test_of_those_that_hang_a_channel_has_only_so_many(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "HANGS_S", 0.0)
    monkeypatch.setattr(deliver, "BLOCKED_S", 0.01)
    enqueue(store, *storms(HANGING + 5), at=SystemClock().now())

    async def scene() -> int:
        there = Hanging()
        running, stop = await sending(store, there)
        while len(there.got) < HANGING:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.3)
        most = len(there.got)
        stop.set()
        there.over.set()
        await running
        return most

    assert asyncio.run(asyncio.wait_for(scene(), 60)) == HANGING


def test_a_long_queue_at_one_channel_hides_nothing_of_another(store: SqliteStore) -> None:
    enqueue(store, *storms(BATCH + 20), at=SystemClock().now())
    enqueue(store, FIRST, channels=["fast"], at=SystemClock().now())

    async def scene() -> None:
        there, fast = Hanging(), Receiver("fast")
        running, stop = await sending(store, there, fast)
        while not fast.got:
            await asyncio.sleep(0.01)
        assert len(there.got) <= PER_CHANNEL
        there.over.set()
        stop.set()
        await running

    asyncio.run(asyncio.wait_for(scene(), 60))


class Frozen:
    """An outbox whose sender may not send any more once it has claimed, until that is on record."""

    def __init__(self, outbox: SqlOutbox) -> None:
        self._outbox = outbox
        self._claimed = self._told = False

    def begin(self, delivery: Delivery, now: datetime) -> Attempt | None:
        self._claimed = True
        return self._outbox.begin(delivery, now)

    def finish_all(self, *attempts: Any, **ending: Any) -> None:
        self._outbox.finish_all(*attempts, **ending)
        self._told = True

    def may_send(self) -> bool:
        return self._told or not self._claimed

    def __getattr__(self, name: str) -> object:
        return getattr(self._outbox, name)


def test_what_may_not_be_sent_any_more_is_not_and_is_tried_anew(store: SqliteStore) -> None:
    enqueue(store, FIRST, at=SystemClock().now())
    there = Receiver("there")
    outbox = Frozen(store.outbox)

    async def scene() -> None:
        permit.use(outbox.may_send)
        stop, wake = asyncio.Event(), asyncio.Event()
        worker = Deliverer(outbox, {"there": there}, SystemClock().now, random.Random(7))
        running = asyncio.create_task(worker.run(stop, wake))
        while not there.got:
            await asyncio.sleep(0.01)
        stop.set()
        wake.set()
        await running

    asyncio.run(asyncio.wait_for(scene(), 60))
    assert outcomes(store) == [AttemptOutcome.RETRY, AttemptOutcome.ACCEPTED]
    assert [d.attempts for d in there.got] == [1]


def test_what_somebody_claimed_who_is_gone_is_sent_although_others_hang(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "ORPHANED", timedelta(0))
    monkeypatch.setattr(deliver, "LOOK", timedelta(0))
    hangs, orphan = storms(2)
    enqueue(store, hangs, at=SystemClock().now())
    there = Hanging(takes=[orphan.id])

    async def scene() -> None:
        stop, wake = asyncio.Event(), asyncio.Event()
        worker = Deliverer(store.outbox, {"there": there}, SystemClock().now, random.Random(7))
        running = asyncio.create_task(worker.run(stop, wake))
        while not there.got:
            await asyncio.sleep(0.01)
        now = SystemClock().now()
        enqueue(store, orphan, at=now)
        [delivery] = [d for d in store.outbox.due(now, 9) if d.alert.id == orphan.id]
        store.outbox.begin(delivery, now)  # by another process, which ends here
        wake.set()
        while len(there.got) < 2:
            await asyncio.sleep(0.01)
        assert [d.alert.id for d in there.got] == [hangs.id, orphan.id]
        assert there.got[1].may_repeat
        there.over.set()
        stop.set()
        wake.set()
        await running

    asyncio.run(asyncio.wait_for(scene(), 60))
