"""The process of `bench flood`: many alerts of few storms, most of them said before, and the real deliverer.

Children of one `monitor.bench.nursery`. The plan: ``settings`` of an install with channels, ``storms``,
``ticks``, ticks of a ``wave`` and ``seconds``. Each tick is one transaction, as judging closes a bin for all topics at once.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Sequence
from types import FrameType

from alerts.alert import Alert
from alerts.incident import Incident, Outcome
from detectors.detection import Level
from monitor.app.pulse import Pulse
from monitor.app.runtime import DeliveryThread
from monitor.app.wiring import build
from monitor.bench.crossings import PERSON, seen, speak
from monitor.bench.nursery import Plan, obey
from monitor.clock import SystemClock
from monitor.desk import incidents as desk
from monitor.ports import KeptStore, NoSignals, Transaction
from monitor.settings import Settings

RISES = {0: Level.STRONG_WIND, 24: Level.STORM, 48: Level.HURRICANE}
"""Level by hundredths of a wave: it crosses (or comes back), and rises twice; between them it says what it
said before."""
ENDS = 96


class Storm:
    """One incident in wave after wave."""

    def __init__(self, store: KeptStore, n: int, channels: Sequence[str]) -> None:
        self._store = store
        self._n = n
        self._channels = channels
        self._incident: Incident | None = None
        self._said: Alert | None = None

    def present(self, tx: Transaction, level: Level | None) -> None:
        """Speak of it once: of its rise to ``level``, or with the alert that was queued last."""
        now = SystemClock().now()
        if level is None:
            if self._said is not None:
                tx.enqueue(self._said, self._channels, now)  # as after a kill, judged again
            return
        onset = now if level is Level.STRONG_WIND or self._incident is None else None
        began = onset or (self._incident.onset if self._incident else now)
        assessed = seen(self._n, level, now, began)
        self._incident, said = speak(tx, self._incident, assessed, self._channels, now)
        if said is None:
            raise RuntimeError(f"storm {self._n} was silent at level {int(level)}")
        self._said = said

    def end(self) -> None:
        """A person ends it."""
        assert self._incident is not None
        now = SystemClock().now()
        self._incident = desk.resolve(
            self._store, self._incident.id, PERSON, Outcome.REAL, "over", now
        )


def live(plan: Plan) -> None:
    """Flood for so many seconds, then go on sending until told to stop by SIGTERM."""
    stop = threading.Event()

    def told(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, told)
    built = build(Settings.model_validate(plan["settings"]))
    delivery = DeliveryThread(built, NoSignals(), Pulse())
    delivery.start()
    channels = list(built.settings.channels)
    wave = plan["wave"]
    rises = {at * wave // 100: level for at, level in RISES.items()}
    ends = ENDS * wave // 100
    storms = [Storm(built.store, n, channels) for n in range(plan["storms"])]
    try:
        due = time.monotonic()
        for tick in range(plan["ticks"]):
            with built.store.begin() as tx:
                for storm in storms:
                    storm.present(tx, rises.get(tick % wave))
            delivery.wake()
            if tick % wave == ends:
                for storm in storms:
                    storm.end()
            due += plan["seconds"] / plan["ticks"]
            if stop.wait(max(0.0, due - time.monotonic())):
                break
        stop.wait()
    finally:
        delivery.begin_stop()
        delivery.join()
        built.close()


if __name__ == "__main__":
    obey(live)
