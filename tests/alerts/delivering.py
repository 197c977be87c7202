"""Receivers that answer by a script, and a deliverer over the real store that sends to them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from datetime import datetime

from alerts.alert import Alert, AttemptOutcome, Delivery, DeliveryState, NotifyReason
from alerts.channels.base import Channel, ChannelClass, ChannelError, Receipt
from alerts.deliver import Deliverer
from monitor.store.database import SqliteStore
from tests import builders as b

STORM = b.incident()
FIRST = b.alert(STORM)
WORSE = b.alert(STORM, reason=NotifyReason.ESCALATED)
OVER = b.alert(STORM, reason=NotifyReason.RESOLVED)
OTHER = b.alert(b.incident(counter=2))
DOWN = ChannelError("there: answered 503")
GONE = ChannelError("there: no answer (ReadTimeout)", ambiguous=True)
REFUSED = ChannelError("there: answered 400: bad", permanent=True)
SENT, DEAD, PENDING = DeliveryState.SENT, DeliveryState.DEAD, DeliveryState.PENDING


class Receiver:
    """A channel that answers by a script, then accepts; remembers what it got, in order."""

    doubles = ChannelClass.C

    def __init__(self, name: str, script: Sequence[Exception | None] = ()) -> None:
        self.name = name
        self.script = list(script)
        self.got: list[Delivery] = []
        self.hold: asyncio.Event | None = None

    async def send(self, delivery: Delivery) -> Receipt:
        self.got.append(delivery)
        if self.hold is not None:
            await self.hold.wait()
        answer = self.script.pop(0) if self.script else None
        if answer is not None:
            raise answer
        return Receipt("taken")

    @property
    def reasons(self) -> list[NotifyReason]:
        return [d.alert.reason for d in self.got]


class Counted:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []

    def attempted(self, channel: str, outcome: str, latency_ms: float) -> None:
        assert latency_ms >= 0
        self.seen.append((channel, outcome))

    def sent(self, channel: str, waited_s: float) -> None:
        assert waited_s >= 0
        self.seen.append((channel, "sent"))


def enqueue(
    store: SqliteStore, *alerts: Alert, channels: Sequence[str] = ("there",), at: datetime = b.T0
) -> None:
    with store.begin() as tx:
        for alert in alerts:
            tx.enqueue(alert, channels, at)


def deliverer(
    store: SqliteStore,
    clock: Callable[[], datetime],
    *channels: Channel,
    observer: Counted | None = None,
) -> Deliverer:
    known = {channel.name: channel for channel in channels}
    return Deliverer(store.outbox, known, clock, random.Random(7), observer)


def stored(store: SqliteStore, alert: Alert = FIRST) -> Delivery:
    return next(d for d in store.read.deliveries(alert.incident) if d.alert.id == alert.id)


def outcomes(store: SqliteStore, alert: Alert = FIRST) -> list[AttemptOutcome | None]:
    return [a.outcome for a in store.read.delivery_attempts(stored(store, alert).id)]
