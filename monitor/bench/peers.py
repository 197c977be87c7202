"""Servers of the HTTP benches, each a process of its own: ``python -m monitor.bench.peers NAME``.

``naive``: the naive service behind FastAPI, answering after its rows are committed. ``nothing``:
FastAPI with the same pydantic model, which stores nothing. ``door``: our server with the embedded
log and no pipeline. The plan comes as one JSON line on standard input; the port goes out as one
line on standard output. All run on uvicorn with uvloop and httptools; ends with SIGTERM.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from monitor.ports import Store
    from monitor.service import Service

# Each peer imports its own only: what a process has loaded is part of what is measured.
Plan = dict[str, Any]  # written by the bench, one process above: path, token, keywords, settings


def naive(plan: Plan, say: Callable[[str], None]) -> None:
    """Serve the naive service."""
    from monitor.bench.naive_http import naive_app

    _serve(naive_app(Path(plan["path"]), plan["keywords"], plan["token"]), say)


def nothing(plan: Plan, say: Callable[[str], None]) -> None:
    """Serve what only validates."""
    from monitor.bench.naive_http import forgetful_app

    _serve(forgetful_app(), say)


def door(plan: Plan, say: Callable[[str], None]) -> None:
    """Serve our HTTP side over the embedded log and the store of the same file; nobody reads it."""
    from monitor.server.app import create_app
    from monitor.server.lifecycle import serve

    with taking_in(plan) as service:
        app = create_app(service)
        serve(app, "127.0.0.1", 0, on_ready=lambda url: say(url.rpartition(":")[2]))


@contextmanager
def taking_in(plan: Plan) -> Iterator[Service]:
    """Yield what our server needs to take in: settings and log, and no pipeline.

    The store of the same file is opened by the first page or call that reads it, as ``/readyz``
    does; what is sent to the door never does.
    """
    from monitor.bench.late_store import LateStore
    from monitor.clock import SystemClock
    from monitor.ports import NoSignals
    from monitor.service import Service
    from monitor.settings import Settings
    from monitor.stream.embedded import EmbeddedLog

    settings = Settings.model_validate(plan["settings"])
    path = Path(plan["path"])

    def open_store() -> Store:
        from monitor.store.database import SqliteStore

        return SqliteStore.open(f"sqlite:///{path}")

    with closing(EmbeddedLog.open(path)) as log, closing(LateStore(open_store)) as store:
        yield Service(
            settings=settings,
            topics=settings.to_topics(),
            playbooks={},
            store=store,
            log=log,
            clock=SystemClock(),
            signals=NoSignals(),
        )


def _serve(app: Any, say: Callable[[str], None]) -> None:  # Any: any ASGI application
    import uvicorn

    from monitor.server.lifecycle import listen

    listener = listen("127.0.0.1", 0)
    say(str(listener.getsockname()[1]))
    config = uvicorn.Config(
        app, loop="uvloop", http="httptools", access_log=False, log_level="warning"
    )
    uvicorn.Server(config).run(sockets=[listener])


PEERS = {"naive": naive, "nothing": nothing, "door": door}


def main() -> None:
    """Serve the peer that is named, by the plan on standard input."""
    plan: Plan = json.loads(sys.stdin.readline())
    PEERS[sys.argv[1]](plan, lambda line: print(line, flush=True))


if __name__ == "__main__":
    main()
