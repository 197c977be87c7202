"""Runtime: the parts running as one service, and how they start and stop.

Threads: one drives the pipeline, one the deliverer's event loop, one each source, one the
housekeeping; the caller's own runs the HTTP server. They meet in the log and the store only.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import random
import threading
from collections.abc import Callable, Iterable

from alerts.deliver import Deliverer
from monitor.app.intake import LogIntake
from monitor.app.wiring import Built, Counting
from monitor.pipeline import Line, Pipeline
from monitor.pipeline.work import work
from monitor.sources.base import Source

RESTART_S = 5.0
"""How long the deliverer rests after it could not even start."""
JOIN_S = 2.0
"""How long a stop waits for each thread; what is durable stays so whatever they do."""

log = logging.getLogger("sturmglas")


class Runtime:
    """Starts and stops everything behind the HTTP server."""

    def __init__(
        self,
        built: Built,
        pipeline: Pipeline,
        sources: Iterable[Source],
        *,
        on_lines: Callable[[list[Line]], None] = lambda lines: None,
    ) -> None:
        self._built = built
        self._pipeline = pipeline
        self._sources = list(sources)
        self._on_lines = on_lines
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._delivery = _DeliveryThread(built)

    def start(self) -> None:
        """Start all threads; returns at once."""
        built = self._built
        self._pipeline.begin_at(built.clock.now())
        self._delivery.start()
        self._thread("pipeline", self._work)
        intake = LogIntake(built.log, built.store, built.clock)
        for source in self._sources:
            log.info("source %s: started", source.name)
            run = functools.partial(source.run, intake, self._stop)
            self._thread(f"source {source.name}", run)

    def _work(self) -> None:
        built = self._built
        work(
            self._pipeline,
            built.log,
            built.clock,
            self._stop,
            on_lines=self._told,
            on_trouble=lambda what: built.trouble.tell("pipeline", what),
            on_parked=lambda what: built.trouble.tell("filing", what),
        )

    def _told(self, lines: list[Line]) -> None:
        if any(line.type == "alert" for line in lines):
            self._delivery.wake()
        self._on_lines(lines)

    def wake(self) -> None:
        """Tell the deliverer that somebody queued something."""
        self._delivery.wake()

    def begin_stop(self) -> None:
        """Tell all threads to stop, without waiting: each has its own that must not be cut short."""
        self._stop.set()
        self._delivery.begin_stop()

    def stop(self) -> None:
        """Stop all threads; what was accepted stays in the log, what was queued in the outbox."""
        self.begin_stop()
        self._delivery.join()
        for thread in self._threads:
            thread.join(JOIN_S)
            if thread.is_alive():
                log.warning("%s did not stop in %s s", thread.name, JOIN_S)

    def _thread(self, name: str, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, name=name, daemon=True)
        thread.start()
        self._threads.append(thread)


class _DeliveryThread:
    """The deliverer in an event loop of its own, so that a busy page never delays an alert."""

    def __init__(self, built: Built) -> None:
        self._built = built
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake: asyncio.Event | None = None
        self._stop: asyncio.Event | None = None
        self._ready = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="deliverer", daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._ready.wait(10)

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
                self._ready.set()
                self._over.wait(RESTART_S)

    async def _main(self) -> None:
        built = self._built
        self._loop = asyncio.get_running_loop()
        self._wake, self._stop = asyncio.Event(), asyncio.Event()
        async with built.channels() as channels:
            deliverer = Deliverer(
                built.store.outbox,
                channels,
                clock=built.clock.now,
                rng=random.Random(),  # jitter between processes, never part of a timeline
                observer=Counting(),
            )
            built.trouble.tell("deliverer", "")
            self._ready.set()
            if self._over.is_set():
                return  # told to stop before there was anything to tell it to
            await deliverer.run(self._stop, self._wake)

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
