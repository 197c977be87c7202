"""Serving: one process with everything in it, from settings to the last page."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from alerts.channels.slack_settings import MISSING, SlackSettings, can_connect
from monitor.app.elsewhere import Elsewhere
from monitor.app.hearing import OUTBOX, hearing
from monitor.app.journal import Journal
from monitor.app.only import only, refuse_alone
from monitor.app.slack_answering import answer
from monitor.app.trying import send_test
from monitor.app.wiring import Built, build, shared_signals, sources, sqlite_path
from monitor.jobs import Jobs
from monitor.ports import Signals
from monitor.server.app import create_app
from monitor.server.lifecycle import listen, serve
from monitor.server.live import Hub
from monitor.service import Service
from monitor.settings import Settings
from monitor.sources.base import Source

if TYPE_CHECKING:  # a process that only takes in never loads the pipeline
    from monitor.app.runtime import Runtime
    from monitor.app.slack_sockets import SlackSockets
    from monitor.pipeline import Line

log = logging.getLogger("sturmglas")


def serve_forever(settings: Settings, *, say: Callable[[str], None], work: bool = True) -> None:
    """Run until SIGTERM or Ctrl-C. Raises what `check` would complain of, before it listens, and
    `InUse`, `CannotListen`, `WrongFile`, `Unavailable`: then nothing was begun.

    ``work`` False: take in and show only; workers elsewhere file, judge, fetch and send.
    """
    server = settings.server
    if not work:
        refuse_alone(settings, "--no-work leaves the work to others, and nobody else can do it")
    listen(server.host, server.port).close()  # first of all: a start that fails opens no store
    with ExitStack() as stack:
        for url in (settings.store.url, settings.stream.url):
            if url.startswith("sqlite:///"):
                path = sqlite_path(url)
                log.info("store %s", path.resolve())
                if path.parent.is_dir():  # else the store says what is wrong
                    stack.enter_context(only(path))
        built = build(settings)
        pushed = [name for name, s in settings.sources.items() if s.type == "http"]
        if pushed:
            log.info("source %s: waits for POST /api/v1/mentions", ", ".join(pushed))
        try:
            fetched = sources(built) if work else []
            run(built, fetched, say=say, work=work, on_lines=Journal(built.topics).tell)
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
    work: bool = True,
    on_lines: Callable[[list[Line]], None] = lambda lines: None,
) -> None:
    """Run a built install until it is told to stop, then stop all parts; nothing accepted is lost."""
    hub = Hub()
    with ExitStack() as stack:
        stack.callback(built.close)
        between = shared_signals(built.settings) if built.shared else None
        signals: Signals = between or hub
        runtime = _runtime(built, fetched, signals, on_lines) if work else None
        elsewhere = Elsewhere(built, runtime.owner if runtime else "") if built.shared else None
        if between is not None:
            here = runtime.wake_here if runtime else lambda: None
            stack.enter_context(hearing(between, here, hub.publish))
        service = Service(
            settings=built.settings,
            topics=built.topics,
            playbooks=built.playbooks,
            store=built.store,
            log=built.log,
            clock=built.clock,
            signals=signals,
            wake=runtime.wake if runtime else lambda: signals.publish(OUTBOX, "", 0),
            demo=demo,
            sink_url=sink_url,
            failures=lambda: [
                *built.trouble.list(),
                *(runtime.trouble() if runtime else []),
                *(elsewhere() if elsewhere else []),
            ],
            book=built.book,
            housekeep=built.store.housekeep,
            send_test=partial(send_test, built.settings, inside_only=built.inside_only),
            answer=partial(answer, built),
        )
        jobs = Jobs(service)
        sockets = _sockets(built, service)
        asgi = create_app(service, hub=hub)

        def ready(url: str) -> None:
            # Only now: a taken port must not have cost a page that somebody else sends as well.
            if runtime:
                runtime.start()
            jobs.start()
            if sockets:
                sockets.start()
            say(f"Sturmglas: {url}")

        try:
            server = built.settings.server
            stopping = runtime.begin_stop if runtime else None
            serve(asgi, server.host, server.port, on_ready=ready, on_stop=stopping)
        finally:
            if sockets:
                sockets.stop()
            jobs.stop()
            if runtime:
                runtime.stop()


def _sockets(built: Built, service: Service) -> SlackSockets | None:
    """Return the connections to Slack, None where none are set, and where nothing may be reached."""
    channels = built.settings.channels.values()
    if built.inside_only or not any(isinstance(c, SlackSettings) and c.app_token for c in channels):
        return None
    if not can_connect():
        log.error("slack: %s; presses of buttons do not arrive", MISSING)
        return None
    from monitor.app.slack_sockets import SlackSockets
    from monitor.server.slack_presses import SlackPresses

    tell = built.trouble.tell
    return SlackSockets(built.settings, SlackPresses(service), partial(answer, built), tell)


def _runtime(
    built: Built,
    fetched: Sequence[Source],
    signals: Signals,
    on_lines: Callable[[list[Line]], None],
) -> Runtime:
    """Load what decides, and make the runtime over it."""
    from monitor.app.runtime import Runtime
    from monitor.app.working import pipeline_of

    return Runtime(built, pipeline_of(built, signals), fetched, signals=signals, on_lines=on_lines)
