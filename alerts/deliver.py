"""Deliver: what waits in the outbox goes out, in order, again and again until it is settled.

An attempt is on record before the request leaves, so that a kill at any instant shows up as an
unknown outcome and never as silence. One channel's trouble costs the others nothing.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from alerts.alert import Action, Delivery, DeliveryState
from alerts.channels import permit
from alerts.channels.base import Channel, ChannelError, Merging, Paced, Receipt
from alerts.errand import Errander, Idle
from alerts.outbox import Attempt, Outbox
from alerts.settle import Ending, settle
from alerts.words import SPOKEN

log = logging.getLogger(__name__)

PER_CHANNEL = 16
"""Requests under way to one channel at a time; one per key, so different incidents only."""
HANGS_S = 0.5
"""A request without an answer for so long hangs, most likely: it takes no place from the others. A receiver
that hangs at one request in twenty for ten seconds would else have all eight at once."""
HANGING = 96
"""Requests under way to one channel, those that hang or wait for their turn among them."""
BATCH = 128
TOGETHER = 500
"""Most deliveries of one key that go out as one message, where a channel can do that."""
POLL_S = 1.0
"""Longest sleep between two looks at the outbox, for clocks that run faster than the machine's."""
BLOCKED_S = 0.25
STOP_S = 1.0
"""How long a send under way at a stop may still take; a whole stop is promised in two seconds."""
ORPHANED = timedelta(seconds=30)
"""What was claimed so long ago and is not in our hand has nobody: a sender that is gone claimed it last."""
LOOK = timedelta(seconds=10)
"""How often we look for such; never while a claim is on its way into our hand."""


class Observer(Protocol):
    """Who counts attempts (the metrics)."""

    def attempted(self, channel: str, outcome: str, latency_ms: float) -> None: ...

    def sent(self, channel: str, waited_s: float) -> None:
        """Hear that a receiver accepted what had been queued ``waited_s`` ago."""
        ...


class _Nobody:
    def attempted(self, channel: str, outcome: str, latency_ms: float) -> None:
        return None

    def sent(self, channel: str, waited_s: float) -> None:
        return None


class Deliverer:
    """Sends what is due. One per outbox: it takes over what a killed one left behind.

    ``clock`` is what due times are measured by. Outbox calls run in threads, sends in the loop.
    """

    def __init__(
        self,
        outbox: Outbox,
        channels: Mapping[str, Channel],
        clock: Callable[[], datetime],
        rng: random.Random,
        observer: Observer | None = None,
        errander: Errander | None = None,
    ) -> None:
        self._outbox = outbox
        self._channels = channels
        self._clock = clock
        self._rng = rng
        self._observer: Observer = observer or _Nobody()
        self._errander: Errander = errander or Idle()
        self._tasks: dict[int, asyncio.Task[int]] = {}
        self._where: dict[int, str] = {}
        self._since: dict[int, float] = {}
        self._answered: set[int] = set()
        self._waiting: set[int] = set()
        self._hand: set[int] = set()
        self._claims = 0
        self._accepted = 0
        self._failures: list[BaseException] = []
        self._recovered_at = clock()

    async def drain(self, now: datetime) -> int:
        """Send everything due at ``now``, and what becomes due behind it; return how many were
        accepted. Retries that fall due later are left. Raises what kept an outcome from being
        recorded."""
        before = self._accepted
        while await self._start_due(now) or self._tasks:
            tasks = list(self._tasks.values())
            if tasks:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if self._failures:
                raise self._failures.pop()
        return self._accepted - before

    async def run(self, stop: asyncio.Event, wake: asyncio.Event) -> None:
        """Send until ``stop``; ``wake`` says that something was queued. Set both to stop at once.

        What is under way at ``stop`` gets a second; what is cut off then is unknown, and goes
        out again at the next start.
        """
        await self._recover_at_start(stop)
        while not stop.is_set():
            wake.clear()
            pause = POLL_S
            try:
                now = self._clock()
                await asyncio.to_thread(self._errander.run, now)
                started = await self._start_due(now)
                pause = await self._pause(started)
            except Exception as error:  # the outermost loop: a full disk must not end it
                log.error("outbox: %s; trying again in %g s", type(error).__name__, POLL_S)
            await self._sleep(stop, wake, pause)
        await self._finish_up()

    async def _recover_at_start(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                now = self._clock()
                self._recovered_at = now
                count = await asyncio.to_thread(self._outbox.recover, now, now)
            except Exception as error:
                log.error("outbox: cannot recover (%s); trying again", type(error).__name__)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), POLL_S)
                continue
            if count:
                log.warning("%d deliveries were cut off by the last stop; sending again", count)
            return

    async def _start_due(self, now: datetime) -> int:
        """Start a task for every due delivery whose channel has room; return how many."""
        started = 0
        while permit.given():
            before, full = set(self._tasks), self._full()
            due = await asyncio.to_thread(self._outbox.due, now, BATCH, full)
            new = sum(
                self._start(delivery, now, before) for delivery in sorted(due, key=_quiet)
            )  # what rings goes first
            started += new
            if len(due) < BATCH or not new:  # else what one channel has waiting hides the others'
                break
        return started

    def _start(self, delivery: Delivery, now: datetime, before: set[int]) -> bool:
        known = delivery.id in before or delivery.id in self._tasks
        if known or delivery.channel in self._full():
            return False  # under way while we looked: what we read of it is out of date
        self._where[delivery.id] = delivery.channel
        task = asyncio.create_task(self._deliver(delivery, now))
        self._tasks[delivery.id] = task
        task.add_done_callback(partial(self._ended, delivery))
        return True

    def _full(self) -> frozenset[str]:
        """Return the channels that get no further request now."""
        hung = asyncio.get_running_loop().time() - HANGS_S
        every = Counter(self._where.values())
        free = (
            self._answered
            | self._waiting
            | {id for id, since in self._since.items() if since < hung}
        )
        hanging = Counter(self._where[id] for id in free)
        return frozenset(
            channel
            for channel, n in every.items()
            if n >= HANGING or n - hanging[channel] >= PER_CHANNEL
        )

    def _ended(self, delivery: Delivery, task: asyncio.Task[int]) -> None:
        for known in (self._tasks, self._where, self._since):
            known.pop(delivery.id, None)
        self._answered.discard(delivery.id)
        self._waiting.discard(delivery.id)
        if task.cancelled():
            return
        failure = task.exception()
        if failure is None:
            self._accepted += task.result()
            return
        self._failures = [failure]
        name = type(failure).__name__
        log.error("delivery %d: its outcome could not be recorded (%s)", delivery.id, name)

    async def _deliver(self, delivery: Delivery, now: datetime) -> int:
        """Make one attempt in its turn; return how many deliveries were accepted by it."""
        channel = self._channels.get(delivery.channel)
        if not isinstance(channel, Paced):
            return await self._attempt(delivery, now) or 0
        self._waiting.add(delivery.id)
        async with channel.turn(delivery) as turn:
            self._waiting.discard(delivery.id)
            accepted = await self._attempt(delivery, now)
            if accepted is None:
                turn.give_back()
            return accepted or 0

    async def _attempt(self, delivery: Delivery, now: datetime) -> int | None:
        """Make one attempt; return how many deliveries were accepted by it, None where none was to be made."""
        begun = await self._claim(delivery, now) if permit.given() else ()
        if not begun:
            return None  # another was first or may send now, or an end cancelled it
        try:
            return await self._sent(begun, now)
        finally:
            self._hand -= {one.id for one, _ in begun}

    async def _claim(self, delivery: Delivery, now: datetime) -> Sequence[tuple[Delivery, Attempt]]:
        """Begin an attempt at ``delivery``, and at what goes out with it; all of it is in our hand then."""
        self._claims += 1
        try:
            at = max(now, self._clock())
            attempt = await asyncio.to_thread(self._outbox.begin, delivery, at)
            if attempt is None:
                return ()
            begun = [(delivery, attempt), *await self._behind(delivery, attempt, now)]
            self._hand |= {one.id for one, _ in begun}
            return begun
        finally:
            self._claims -= 1

    async def _sent(self, begun: Sequence[tuple[Delivery, Attempt]], now: datetime) -> int:
        """Send what was begun, record how that ended; return how many deliveries were accepted by it."""
        loop = asyncio.get_running_loop()
        delivery, attempt = begun[0]
        self._since[delivery.id] = began = loop.time()
        sent = await self._send([one for one, _ in begun])
        self._answered.add(delivery.id)
        error = sent if isinstance(sent, ChannelError) else None
        latency_ms = (loop.time() - began) * 1000
        ended = max(now, self._clock())
        ending = settle(error, attempt.number, delivery.created_at, ended, self._rng)
        if isinstance(sent, Receipt):
            ending = replace(
                ending, error=sent.warning
            )  # it arrived, and something is to be mended
        await self._record([its for _, its in begun], ending, ended, latency_ms)
        for one, _ in begun:
            self._observed(one, ending, ended, latency_ms)
        return len(begun) if ending.state is DeliveryState.SENT else 0

    async def _behind(
        self, delivery: Delivery, attempt: Attempt, now: datetime
    ) -> Sequence[tuple[Delivery, Attempt]]:
        """Begin what waits behind ``delivery`` too, where its channel tells several at once."""
        channel = self._channels.get(delivery.channel)
        if not isinstance(channel, Merging) or not channel.merges:
            return ()
        at = max(now, self._clock())
        return await asyncio.to_thread(self._outbox.begin_behind, attempt, at, TOGETHER - 1)

    def _observed(
        self, delivery: Delivery, ending: Ending, ended: datetime, latency_ms: float
    ) -> None:
        self._observer.attempted(delivery.channel, ending.outcome.value, latency_ms)
        if ending.state is DeliveryState.SENT:
            waited = max(0.0, (ended - delivery.created_at).total_seconds())
            self._observer.sent(delivery.channel, waited)
        _tell(delivery, ending)

    async def _send(self, deliveries: Sequence[Delivery]) -> ChannelError | Receipt:
        delivery = deliveries[0]
        channel = self._channels.get(delivery.channel)
        if channel is None:
            known = ", ".join(sorted(self._channels)) or "none"
            return ChannelError(
                f'no channel "{delivery.channel}" is configured (known: {known}); add it or '
                "change the route, then send again",
                permanent=True,
            )
        try:
            permit.demand()
            if len(deliveries) > 1 and isinstance(channel, Merging):
                return await channel.send_together(deliveries)
            return await channel.send(delivery)
        except ChannelError as error:
            return error
        except Exception as error:  # a channel's own fault; its text could hold anything
            log.error("channel %s failed: %s", delivery.channel, type(error).__name__)
            message = f"{delivery.channel}: failed inside ({type(error).__name__})"
            return ChannelError(message, ambiguous=True)

    async def _record(
        self, attempts: Sequence[Attempt], ending: Ending, now: datetime, latency_ms: float
    ) -> None:
        """Write the outcome; tried for a while, since a lost outcome is a needless repeat."""
        for pause in (0.05, 0.2, 0.5, 1.0, 2.0, 5.0, None):
            try:
                await asyncio.to_thread(
                    self._outbox.finish_all,
                    attempts,
                    ending.outcome,
                    ending.state,
                    now,
                    retry_at=ending.retry_at,
                    error=ending.error,
                    latency_ms=latency_ms,
                )
                return
            except Exception:
                if pause is None:
                    raise
                await asyncio.sleep(pause)

    async def _pause(self, started: int) -> float:
        """Return how long to sleep; now and then takes over what nobody has in hand."""
        now = self._clock()
        if now - self._recovered_at > LOOK and not self._claims and permit.given():
            self._recovered_at = now
            hand = frozenset(self._hand)
            if found := await asyncio.to_thread(self._outbox.adopt, now, now - ORPHANED, hand):
                log.warning("%d deliveries had nobody; sending again", found)
        due, errand = await asyncio.to_thread(self._dates)
        if due is not None and due <= now and not started:
            return BLOCKED_S  # behind a send under way, whose end wakes us anyway
        if errand is not None and errand <= now:
            return BLOCKED_S  # it failed just now
        dates = [date for date in (due, errand) if date is not None]
        return min([POLL_S, *(max(0.0, (date - now).total_seconds()) for date in dates)])

    def _dates(self) -> tuple[datetime | None, datetime | None]:
        return self._outbox.next_due(), self._errander.next_due()

    async def _sleep(self, stop: asyncio.Event, wake: asyncio.Event, pause: float) -> None:
        """Sleep until a send ends, something is queued, we are stopped, or ``pause`` is over."""
        waits: list[asyncio.Task[object]] = [
            asyncio.create_task(_wait(stop)),
            asyncio.create_task(_wait(wake)),
        ]
        try:
            await asyncio.wait(
                [*waits, *self._tasks.values()],
                timeout=pause,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            for wait in waits:
                wait.cancel()

    async def _finish_up(self) -> None:
        tasks = list(self._tasks.values())
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=STOP_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


def _quiet(delivery: Delivery) -> bool:
    """True for what nobody has to hear at once."""
    return delivery.alert.action is not Action.TRIGGER


def _tell(delivery: Delivery, ending: Ending) -> None:
    """Log how an attempt ended; errors of channels hold no secrets (`ChannelError`)."""
    what = f"{delivery.alert.ref}: alert ({SPOKEN[delivery.alert.reason][1]}) to {delivery.channel}"
    if ending.state is DeliveryState.SENT:
        log.info("%s: sent", what)
        if ending.error:
            log.warning("%s: %s", what, ending.error)
    elif ending.retry_at is not None:
        log.warning("%s: %s; sent again soon", what, ending.error)
    else:
        log.error("%s: given up: %s", what, ending.error)


async def _wait(event: asyncio.Event) -> object:
    return await event.wait()
