"""A process that lets storms cross and sends their alerts with the real deliverer; may be killed at any instant.

Children of one `monitor.bench.nursery`. The plan: ``settings`` of an install with channels; ``storms`` in all;
``per_s`` steps a second; ``whole`` lives (rise, acknowledgement, end) or the first alert only.
"""

from __future__ import annotations

import signal
import threading
import time
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from types import FrameType

from alerts.incident import Incident
from monitor.app.pulse import Pulse
from monitor.app.runtime import DeliveryThread
from monitor.app.wiring import build
from monitor.bench import crossings
from monitor.bench.nursery import Plan, obey
from monitor.ports import KeptStore, NoSignals
from monitor.settings import Settings

UNDER_WAY = 30
"""Storms at a time: enough that no step waits for the one before it."""


class Weather:
    """Steps of storms, one after the other, read from the store where it starts."""

    def __init__(
        self, store: KeptStore, channels: Sequence[str], storms: int, *, whole: bool
    ) -> None:
        self._store = store
        self._channels = channels
        self.storms = storms
        self._whole = whole
        known = store.read.incidents(limit=1_000_000)
        self._made = len(known)
        waiting = sorted((i for i in known if i.is_open), key=lambda i: i.opened_at)
        self._open: deque[Incident] = deque(waiting if self._whole else ())

    def no_more(self) -> None:
        """Let no further storm cross; those under way go on to their end."""
        self.storms = self._made

    def step(self, now: datetime) -> bool:
        """Do the next step in one transaction that begins ``now``; False where all is over."""
        store = self._store
        if self._made < self.storms and len(self._open) < UNDER_WAY:
            made = crossings.cross(store, self._made, self._channels, now)
            self._made += 1
            if self._whole:
                self._open.append(made)
            return True
        if not self._open:
            return False
        after = crossings.move_on(store, self._open[0], self._channels, now)
        self._open.popleft()
        if after is not None:
            self._open.append(after)
        return True


def live(plan: Plan) -> None:
    """Queue at a steady rate and send, until told to stop by SIGTERM."""
    stop = threading.Event()

    def told(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, told)
    built = build(Settings.model_validate(plan["settings"]))
    delivery = DeliveryThread(built, NoSignals(), Pulse())
    delivery.start()
    try:
        every = 1 / float(plan["per_s"])
        weather = Weather(
            built.store, list(built.settings.channels), plan["storms"], whole=plan["whole"]
        )
        due = time.monotonic()
        while not stop.is_set() and weather.step(built.clock.now()):
            delivery.wake()
            due += every
            stop.wait(max(0.0, due - time.monotonic()))
        stop.wait()
    finally:
        delivery.begin_stop()
        delivery.join()
        built.close()


if __name__ == "__main__":
    obey(live)
