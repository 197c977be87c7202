"""Serving: one process with everything in it, from settings to the last page."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence

from monitor.app.runtime import Runtime
from monitor.app.wiring import Built, build, sources
from monitor.jobs import Jobs
from monitor.pipeline import Line, Pipeline
from monitor.server.app import create_app
from monitor.server.lifecycle import serve
from monitor.server.live import Hub
from monitor.service import Service
from monitor.settings import Settings
from monitor.sources.base import Source


def serve_forever(settings: Settings, *, say: Callable[[str], None]) -> None:
    """Run until SIGTERM or Ctrl-C. Raises what `check` would complain of, before it listens."""
    say(settings.origin)
    built = build(settings)
    try:
        run(built, sources(built), say=say)
    finally:
        gc.freeze()  # else the interpreter looks for garbage for most of a second before it ends


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
