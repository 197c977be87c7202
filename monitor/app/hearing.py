"""Hearing: what other processes signal, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.stream.redis_signals import RedisSignals

OUTBOX = "outbox"
"""The signal that something was queued, for whoever sends."""

JOIN_S = 2.0


@contextmanager
def hearing(
    signals: RedisSignals,
    queued: Callable[[], object],
    changed: Callable[[str, str, int], None] = lambda kind, id, version: None,
) -> Iterator[None]:
    """Follow ``signals`` meanwhile: ``queued`` for the deliverer, ``changed`` for open pages."""
    stop = threading.Event()

    def hear(kind: str, id: str, version: int) -> None:
        if kind == OUTBOX:
            queued()
        else:
            changed(kind, id, version)

    thread = threading.Thread(target=signals.follow, args=(hear, stop), name="signals", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        signals.close()
        thread.join(JOIN_S)
