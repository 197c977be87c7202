"""Working: one process that files, judges, fetches and sends, beside others on the same store."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from contextlib import ExitStack
from types import FrameType

from prometheus_client import start_http_server

from monitor import metrics
from monitor.app.cascading import cascade_of
from monitor.app.hearing import hearing
from monitor.app.journal import Journal
from monitor.app.only import refuse_alone
from monitor.app.runtime import Runtime
from monitor.app.wiring import Built, build, parts, shared_signals, sources
from monitor.pipeline import Pipeline
from monitor.ports import Signals
from monitor.settings import Settings

log = logging.getLogger("sturmglas")


def pipeline_of(built: Built, signals: Signals) -> Pipeline:
    """Return the pipeline of a built install: all of it, or what leases will give where it is shared."""
    decided = parts(built.settings, built.playbooks, built.book)
    cascade = cascade_of(built.settings)
    if not built.shared:
        return Pipeline(built.store, decided, signals, cascade=cascade)
    partitions = built.settings.work.partitions
    return Pipeline(built.store, decided, signals, partitions=partitions, held={}, cascade=cascade)


def work_forever(settings: Settings, *, say: Callable[[str], None]) -> None:
    """Work until SIGTERM or Ctrl-C. Raises `OneProcess` where one process has to do everything."""
    refuse_alone(settings, "no further worker")
    stop = threading.Event()

    def told(number: int, frame: FrameType | None) -> None:
        stop.set()

    with ExitStack() as stack:
        for number in (signal.SIGTERM, signal.SIGINT):
            stack.callback(signal.signal, number, signal.signal(number, told))
        built = build(settings)
        stack.callback(built.close)
        between = shared_signals(settings)
        assert between is not None  # `refuse_alone` saw to it
        runtime = Runtime(
            built,
            pipeline_of(built, between),
            sources(built),
            signals=between,
            on_lines=Journal(built.topics).tell,
        )
        stack.enter_context(hearing(between, runtime.wake_here))
        if settings.work.metrics_port:
            work = settings.work
            server, thread = start_http_server(
                work.metrics_port, work.metrics_host, registry=metrics.REGISTRY
            )
            stack.callback(thread.join)
            stack.callback(server.shutdown)
        stack.callback(runtime.stop)
        runtime.start()
        say(f"Sturmglas works as {runtime.owner}")
        stop.wait()
    log.info("stopped; what it held is free for others")
