"""Runtime: the parts running as one process, and how they start and stop.

Threads: one drives the pipeline, one the deliverer's event loop, one each source, one audits, one hears what
other processes signal, one reads with transformers where they are set; the caller's own runs the HTTP
server, if there is one. They meet in the log and the store only; the transformers' meets the pipeline's
in its queue. Which of them run here follows from the leases that this process holds; alone on
a store it holds all.
"""

from __future__ import annotations

import asyncio
import functools
import gc
import logging
import os
import random
import secrets
import socket
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from alerts.channels import permit
from alerts.deliver import Deliverer
from monitor import metrics
from monitor.app.errands import AUDIT, errands, watching
from monitor.app.hearing import OUTBOX
from monitor.app.intake import LogIntake
from monitor.app.pulse import DELIVERER, PIPELINE, Pulse
from monitor.app.slack_answering import Refreshing, caught_up
from monitor.app.watching import auditor_late
from monitor.app.wiring import Built, Counting
from monitor.clock import SystemClock
from monitor.pipeline import Line, Pipeline
from monitor.pipeline.ownership import Ownership, Sending
from monitor.pipeline.work import work, work_of
from monitor.ports import (
    DELIVER,
    OUTBOX_LEASE,
    SOURCE,
    Fences,
    NoSignals,
    Signals,
    Unavailable,
)
from monitor.sources.base import Source

RESTART_S = 5.0
"""How long the deliverer rests after it could not even start."""
JOIN_S = 2.0
"""How long a stop waits for each thread; what is durable stays so whatever they do."""

WRITERS = 16
"""Threads in which the deliverer writes: so many claims and outcomes share a commit while another writes."""

YOUNG = 20_000
"""New containers after which the interpreter looks for cycles among them (its own default: 700).
A batch of mentions makes some 8,000 that die with it; looking through them again and again cost
3 us a mention."""

log = logging.getLogger("sturmglas")


def owner_name() -> str:
    """Return a name for this process that no other ever had: host, pid and chance."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"


class Runtime:
    """Starts and stops everything behind the HTTP server; works alone or as one of several."""

    def __init__(
        self,
        built: Built,
        pipeline: Pipeline,
        sources: Sequence[Source],
        *,
        signals: Signals | None = None,
        on_lines: Callable[[list[Line]], None] = lambda lines: None,
    ) -> None:
        self._built = built
        self._pipeline = pipeline
        self._sources = {f"{SOURCE}/{source.name}": source for source in sources}
        self._signals = signals or NoSignals()
        self._on_lines = on_lines
        self._pulse = Pulse()
        self._stop = threading.Event()
        self._fetching: dict[str, threading.Event] = {}
        self._threads: list[threading.Thread] = []
        self._delivery: DeliveryThread | None = None
        self._deliveries: list[DeliveryThread] = []
        kinds = work_of(pipeline, built.log)
        kinds |= {DELIVER: [OUTBOX_LEASE], SOURCE: list(self._sources)}
        self._kinds = tuple(kinds)
        self._ownership = Ownership(built.store.leases, owner_name(), kinds, [self._hold])

    def trouble(self) -> list[str]:
        """Return that the auditor does not run, if nobody has noticed yet: asked by whoever looks."""
        late = auditor_late(self._pulse, self._built.settings.audit.every_s)
        return [f"{AUDIT}: {late}"] if late and AUDIT not in self._built.trouble.parts else []

    @property
    def owner(self) -> str:
        """The name under which this process holds leases."""
        return self._ownership.owner

    def start(self) -> None:
        """Start the pipeline, which starts what this process is to do; returns at once."""
        gc.set_threshold(YOUNG)
        self._pipeline.begin_at(self._built.clock.now())
        self._thread("pipeline", self._work)
        if isinstance(self._built.clock, SystemClock):  # a time-lapse is always late
            auditor = watching(self._built, self._pulse, self._ownership, self.wake)
            self._thread("auditor", lambda: auditor.run(self._stop))
        cascade, tell = self._pipeline.cascade, self._built.trouble.tell
        if cascade is not None:
            run = functools.partial(cascade.run, self._built.clock, self._stop)
            self._thread("transformer", lambda: run(lambda what: tell("transformer", what)))

    def _work(self) -> None:
        built = self._built
        self._pulse.beat(PIPELINE)
        work(
            self._pipeline,
            built.log,
            built.clock,
            self._stop,
            ownership=self._ownership,
            on_lines=self._told,
            on_trouble=lambda what: built.trouble.tell("pipeline", what),
            on_parked=lambda what: built.trouble.tell("filing", what),
            on_turn=lambda: self._pulse.beat(PIPELINE),
        )

    def _hold(self, held: Fences) -> None:
        """Start what is ours now, stop what is no longer."""
        metrics.holds(held, self._kinds)
        if self._built.shared:
            log.info("holds %s", ", ".join(sorted(held)) or "nothing")
        if OUTBOX_LEASE in held and self._delivery is None and not self._stop.is_set():
            shared = self._built.shared  # who is alone on a store needs no lease
            sending = Sending(self._built.store, self._ownership) if shared else None
            self._delivery = DeliveryThread(self._built, self._signals, self._pulse, sending)
            self._deliveries.append(self._delivery)
            self._delivery.start()
        elif OUTBOX_LEASE not in held and self._delivery is not None:
            self._delivery.begin_stop()
            self._delivery = None
            self._pulse.forget(DELIVERER)
        for name, source in self._sources.items():
            if name in held and name not in self._fetching and not self._stop.is_set():
                log.info("source %s: started", source.name)
                self._fetching[name] = stop = threading.Event()
                intake = LogIntake(self._built.log, self._built.store, self._built.clock)
                self._thread(f"source {source.name}", functools.partial(source.run, intake, stop))
            elif name not in held and name in self._fetching:
                self._fetching.pop(name).set()

    def _told(self, lines: list[Line]) -> None:
        if any(line.type == "alert" for line in lines):
            self.wake()
        self._on_lines(lines)

    def wake(self) -> None:
        """Tell whoever sends that somebody queued something."""
        if not self.wake_here() and self._built.shared:
            self._signals.publish(OUTBOX, "", 0)

    def wake_here(self) -> bool:
        """Tell the deliverer of this process; False where it is another's."""
        delivery = self._delivery
        if delivery is not None:
            delivery.wake()
        return delivery is not None

    def begin_stop(self) -> None:
        """Tell all threads to stop, without waiting: each has its own that must not be cut short."""
        self._stop.set()
        for stop in list(self._fetching.values()):
            stop.set()
        for delivery in list(self._deliveries):
            delivery.begin_stop()

    def stop(self) -> None:
        """Stop all threads, then give the leases back; what was accepted stays in the log, what was
        queued in the outbox."""
        self.begin_stop()
        for delivery in self._deliveries:
            delivery.join()
        for thread in self._threads:
            thread.join(JOIN_S)
            if thread.is_alive():
                log.warning("%s did not stop in %s s", thread.name, JOIN_S)
        with suppress(Unavailable):
            self._ownership.leave()

    def _thread(self, name: str, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, name=name, daemon=True)
        thread.start()
        self._threads.append(thread)


class DeliveryThread:
    """The deliverer in an event loop of its own, so that a busy page never delays an alert."""

    def __init__(
        self,
        built: Built,
        signals: Signals,
        pulse: Pulse,
        sending: Sending | None = None,
    ) -> None:
        self._built = built
        self._signals = signals
        self._pulse = pulse
        self._sending = sending
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake: asyncio.Event | None = None
        self._stop: asyncio.Event | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="deliverer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def _run(self) -> None:
        """Run until told to stop; what ends it otherwise is told and tried again.

        Alerts wait in the outbox meanwhile: late is bad, but nobody knowing would be worse.
        """
        while not self._over.is_set():
            try:
                asyncio.run(self._main())
            except Exception as error:  # outermost loop of a worker: log, tell, back off, carry on
                log.exception("deliverer failed; starting it again")
                what = f"{type(error).__name__}; alerts wait in the outbox"
                self._built.trouble.tell("deliverer", what)
                self._over.wait(RESTART_S)

    async def _main(self) -> None:
        built = self._built
        self._pulse.beat(DELIVERER)
        if self._sending is not None:
            permit.use(self._sending.may_send)
        refreshing = Refreshing(built, self._signals)
        planted = functools.partial(errands, built, refreshing, self._pulse, self._sending)
        errander = refreshing.around(await asyncio.to_thread(planted))
        self._loop = asyncio.get_running_loop()
        self._loop.set_default_executor(ThreadPoolExecutor(WRITERS, "outbox"))
        self._wake, self._stop = asyncio.Event(), asyncio.Event()
        async with built.channels() as channels:
            deliverer = Deliverer(
                built.store.outbox,
                channels,
                clock=built.clock.now,
                rng=random.Random(),  # jitter between processes, never part of a timeline
                observer=Counting(),
                errander=errander,
            )
            built.trouble.tell("deliverer", "")
            if self._over.is_set():
                return  # told to stop before there was anything to tell it to
            shown = asyncio.create_task(caught_up(built, channels))
            fresh = asyncio.create_task(refreshing.run(channels))
            await deliverer.run(self._stop, self._wake)
            shown.cancel()
            fresh.cancel()

    def wake(self) -> None:
        self._call(self._wake)

    def begin_stop(self) -> None:
        self._over.set()
        self._call(self._stop)
        self._call(self._wake)

    def join(self) -> None:
        if self._thread.ident is not None:
            self._thread.join(JOIN_S)

    def _call(self, event: asyncio.Event | None) -> None:
        if self._loop is not None and event is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(event.set)
