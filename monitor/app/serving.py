"""Serving: one process with everything in it, from settings to the last page."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from monitor.app.journal import Journal
from monitor.app.only import only
from monitor.app.runtime import Runtime
from monitor.app.wiring import Built, build, sources, sqlite_path
from monitor.jobs import Jobs
from monitor.pipeline import Line, Pipeline
from monitor.server.app import create_app
from monitor.server.lifecycle import listen, serve
from monitor.server.live import Hub
from monitor.service import Service
from monitor.settings import Settings
from monitor.sources.base import Source

log = logging.getLogger("sturmglas")


def serve_forever(settings: Settings, *, say: Callable[[str], None]) -> None:
    """Run until SIGTERM or Ctrl-C. Raises what `check` would complain of, before it listens, and
    `InUse`, `CannotListen`, `WrongFile`, `Unavailable`: then nothing was begun.
    """
    server = settings.server
    listen(server.host, server.port).close()  # first of all: a start that fails opens no store
    with ExitStack() as stack:
        if settings.store.url.startswith("sqlite:///"):
            path = sqlite_path(settings.store.url)
            log.info("store %s", path.resolve())
            if path.parent.is_dir():  # else the store says what is wrong
                stack.enter_context(only(path))
        built = build(settings)
        pushed = [name for name, s in settings.sources.items() if s.type == "http"]
        if pushed:
            log.info("source %s: waits for POST /api/v1/mentions", ", ".join(pushed))
        try:
            run(built, sources(built), say=say, on_lines=Journal(built.parts.topics).tell)
        finally:
            gc.freeze()  # else the interpreter looks for garbage for most of a second before it ends
    log.info("stopped; nothing accepted is lost")


def run(
    built: Built,
    fetched: Sequence[Source],
    *,
    say: Callable[[str], None],
    demo: bool = False,
    sink_url: str = "",
    on_lines: Callable[[list[Line]], None] = lambda lines: None,
) -> None:
    """Run a built install until it is told to stop, then stop all parts; nothing accepted is lost."""
    hub = Hub()
    pipeline = Pipeline(built.store, built.parts, hub)
    runtime = Runtime(built, pipeline, fetched, on_lines=on_lines)
    service = Service(
        settings=built.settings,
        topics=built.parts.topics,
        playbooks=built.parts.playbooks,
        store=built.store,
        log=built.log,
        clock=built.clock,
        signals=hub,
        wake=runtime.wake,
        demo=demo,
        sink_url=sink_url,
        failures=built.trouble.list,
    )
    jobs = Jobs(service)
    asgi = create_app(service)

    def ready(url: str) -> None:
        # Only now: a taken port must not have cost a page that somebody else sends as well.
        runtime.start()
        jobs.start()
        say(f"Sturmglas: {url}")

    try:
        server = built.settings.server
        serve(asgi, server.host, server.port, on_ready=ready, on_stop=runtime.begin_stop)
    finally:
        jobs.stop()
        runtime.stop()
        built.close()
