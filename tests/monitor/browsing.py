"""A real browser over a real server: what tests of pages look with, and what they look at."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page

from monitor.clock import ManualClock
from monitor.server.app import create_app
from monitor.server.lifecycle import Server, address, listen
from monitor.server.live import Hub
from monitor.service import Service
from monitor.settings import Settings
from monitor.store.database import SqliteStore
from monitor.stream.embedded import EmbeddedLog
from tests.builders import T0, playbook
from tests.monitor.serving import settings
from tests.monitor.storming import storm

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Site:
    """A server in a thread, in the middle of a storm."""

    url: str
    service: Service
    hub: Hub
    server: Server
    thread: threading.Thread

    def stop(self) -> None:
        self.server.stop()
        self.thread.join(20)


@contextmanager
def site(folder: Path, given: Settings | None = None) -> Iterator[Site]:
    config, hub, clock = given or settings(), Hub(), ManualClock(T0)
    store = SqliteStore.open(f"sqlite:///{folder / 'sturmglas.db'}")
    log = EmbeddedLog.open(folder / "log.db", synchronous="OFF", clock=clock)
    service = Service(
        settings=config,
        topics=config.to_topics(),
        playbooks={},
        store=store,
        log=log,
        clock=clock,
        signals=hub,
    )
    storm(store, book=playbook(steps=5), dark=True)
    listener = listen("127.0.0.1", 0)
    ready = threading.Event()
    server = Server(create_app(service, wall=clock), on_ready=ready.set)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    up = Site(address(listener), service, hub, server, thread)
    try:
        assert ready.wait(30)
        yield up
    finally:
        up.stop()
        listener.close()
        log.close()
        store.close()


@dataclass
class Watched:
    """A page, and everything it complained of or asked for."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)


def open_page(context: BrowserContext, url: str) -> Watched:
    watched = Watched(context.new_page())
    page, host = watched.page, url.split("/", 3)[2]
    page.on("console", lambda m: watched.complaints.append(f"{m.type}: {m.text}"))
    page.on("pageerror", lambda error: watched.complaints.append(str(error)))
    page.on(
        "request",
        lambda r: watched.foreign.append(r.url) if r.url.split("/", 3)[2] != host else None,
    )
    page.goto(url)
    return watched


@contextmanager
def looking(
    chrome: Browser, *, width: int = 1440, dark: bool = False, lang: str = "de"
) -> Iterator[BrowserContext]:
    context = chrome.new_context(
        viewport={"width": width, "height": 844 if width < 700 else 900},
        color_scheme="dark" if dark else "light",
        locale=lang,
        reduced_motion="reduce",
    )
    try:
        yield context
    finally:
        context.close()


def live(page: Page) -> None:
    page.locator('html[data-conn="on"]').wait_for(timeout=20_000)


def overflow(page: Page) -> list[str]:
    """Return the elements that stick out to the right, [] where the page fits its window."""
    return list(
        page.evaluate(
            """() => document.documentElement.scrollWidth <= innerWidth ? [] :
            [...document.querySelectorAll("body *")]
              .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".tiles"))
              .map(e => `${e.tagName}.${e.getAttribute("class")}`).slice(0, 8)"""
        )
    )
