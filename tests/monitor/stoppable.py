"""A program: one server over real parts, told where by arguments; for tests that kill it."""

from __future__ import annotations

import sys
from pathlib import Path

from monitor.clock import SystemClock
from monitor.server.app import create_app
from monitor.server.lifecycle import serve
from monitor.server.live import Hub
from monitor.service import Service
from monitor.store.database import SqliteStore
from monitor.stream.embedded import EmbeddedLog
from tests.monitor.serving import settings


def main(folder: Path) -> None:
    config = settings()
    store = SqliteStore.open(f"sqlite:///{folder / 'sturmglas.db'}")
    log = EmbeddedLog.open(folder / "log.db")
    clock = SystemClock()
    service = Service(
        settings=config,
        topics=config.to_topics(),
        playbooks={},
        store=store,
        log=log,
        clock=clock,
        signals=Hub(),
    )
    try:
        serve(create_app(service), "127.0.0.1", 0, on_ready=lambda url: print(url, flush=True))
    finally:
        log.close()
        store.close()
        print("closed", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
