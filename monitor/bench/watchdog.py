"""Watchdog: what somebody outside sees when this install stops, hangs, cannot write or cannot send.

A real `serve` with a store in a file, a switch outside that counts pings, and a receiver. After two pings a
fault is put in. Alarm: no ping for two periods, or a ping that says what is wrong. All settings of time are
divided by `FASTER`, and so is the limit of 180 s; SQLite's own five seconds of waiting for a lock are not. Against
it a control without a fault, in which nothing may alarm.
"""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from alerts.alert import Action, Alert
from alerts.trial import trial_alert
from detectors.detection import Level
from monitor.bench.figures import versions
from monitor.bench.service import Process
from monitor.store.database import SqliteStore

FASTER = 15
LIMIT_S = 180.0
EVERY_S = 60.0 / FASTER
SETTINGS = """
[server]
port = 0
allow_loopback_receivers = true
[store]
url = "sqlite:///{folder}/watchdog.db"
[heartbeat]
url = "{url}/ping"
fail_url = "{url}/fail"
every_s = {every}
[audit]
every_s = {audit}
unsent_s = {unsent}
failing_s = {failing}
failing_page_s = {page}
tell_after_s = {page}
[channel.hook]
type = "webhook"
url = "{url}/hook"
signing_secret = "whsec_ZGVtb2RlbW9kZW1vZGVtb2RlbW9kZW1v"
[[route]]
channels = ["hook"]
[topic.acme]
name = "Acme"
any = ["acme"]
[source.shop]
type = "http"
token = "bench-token-of-no-worth"
"""
DISK = "16m"


@dataclass(slots=True)
class Outside:
    """What is outside: the switch, and the receiver of alerts. ``dead``: the receiver refuses all."""

    pings: list[float] = field(default_factory=list)
    fails: int = 0
    hooks: int = 0
    dead: bool = False
    url: str = ""

    @property
    def last(self) -> float:
        return self.pings[-1] if self.pings else 0.0

    def took(self, path: str) -> int:
        if path == "/ping":
            self.pings.append(time.monotonic())
            return 200
        if path == "/fail":
            self.fails += 1
            return 200
        self.hooks += 1
        return 500 if self.dead else 200


@contextmanager
def outside() -> Iterator[Outside]:
    """Listen on a free port of this machine meanwhile."""
    seen = Outside()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(seen.took(self.path))
            self.send_header("content-length", "0")
            self.end_headers()

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    seen.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        server.shutdown()
        server.server_close()


@dataclass(slots=True)
class House:
    """One install under test."""

    folder: Path
    process: Process
    seen: Outside
    stack: ExitStack


def stop(house: House) -> None:
    house.process.stop()


def kill(house: House) -> None:
    house.process.kill()


def hang(house: House) -> None:
    os.kill(house.process.pid, signal.SIGSTOP)
    house.stack.callback(lambda: os.kill(house.process.pid, signal.SIGCONT))


def full(house: House) -> None:
    """Fill the disk that the store is on to the last byte."""
    with suppress(OSError), (house.folder / "ballast").open("wb") as file:
        while True:
            file.write(b"\0" * 4096)
            file.flush()


def locked(house: House) -> None:
    """Hold the store's lock, as a backup that hangs would."""
    holder = sqlite3.connect(house.folder / "watchdog.db", isolation_level=None, timeout=30)
    holder.execute("BEGIN IMMEDIATE")
    house.stack.callback(holder.close)


def dead_channel(house: House) -> None:
    """Let the receiver answer 500 from now on, and give it something to refuse."""
    house.seen.dead = True
    store = SqliteStore.open(f"sqlite:///{house.folder}/watchdog.db")
    try:
        with store.begin() as tx:
            tx.enqueue(_page(), ["hook"], datetime.now(UTC))  # noqa: TID251  # outside the service
    finally:
        store.close()


def none(house: House) -> None:
    """The control: all stays well."""


Fault = Callable[[House], None]
FAULTS: dict[str, Fault] = {
    "stop": stop,
    "kill": kill,
    "hang": hang,
    "full disk": full,
    "locked store": locked,
    "dead channel": dead_channel,
    "none": none,
}


def run(repeats: int, say: Callable[[str], None]) -> dict[str, object]:
    """Put each fault in ``repeats`` times; return how often it was seen outside in time, and how soon."""
    faults: dict[str, object] = {}
    seen = wanted = 0
    for name, fault in FAULTS.items():
        if name == "full disk" and not _can_mount():
            faults[name] = "not run: needs root to mount a small disk"
            continue
        say(f"  {name} ...")
        took = [once(fault) for _ in range(repeats)]
        alarms = [one for one in took if one is not None]
        say(f"  {name}: {len(alarms)} of {repeats}, {[round(one * FASTER) for one in alarms]} s")
        faults[name] = {
            "runs": repeats,
            "alarms": len(alarms),
            "longest_s": round(max(alarms) * FASTER, 1) if alarms else None,
        }
        if name != "none":
            seen, wanted = seen + len(alarms), wanted + repeats
    return {
        "bench": "watchdog",
        "clock": f"settings of time divided by {FASTER}; seconds below multiplied by it",
        "limit_s": LIMIT_S,
        "seen": seen,
        "wanted": wanted,
        "faults": faults,
        "versions": versions(),
    }


def once(fault: Fault) -> float | None:
    """Return the seconds from one fault to the alarm outside, None where there was none in time."""
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="sturmglas-watchdog-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        if fault is full:
            _mount(folder)
            stack.callback(subprocess.run, ["umount", "-l", str(folder)], check=False)
        seen = stack.enter_context(outside())
        process = stack.enter_context(_serve(folder, seen))
        inner = stack.enter_context(ExitStack())
        _wait(lambda: len(seen.pings) >= 2, 60.0)
        began = time.monotonic()
        fault(House(folder, process, seen, inner))
        while time.monotonic() - began < LIMIT_S / FASTER:
            if seen.fails or time.monotonic() - seen.last > 2 * EVERY_S:
                return time.monotonic() - began
            time.sleep(0.02)
    return None


@contextmanager
def _serve(folder: Path, seen: Outside) -> Iterator[Process]:
    config = folder / "sturmglas.toml"
    given = {
        "every": EVERY_S,
        "audit": 15.0 / FASTER,
        "unsent": 60.0 / FASTER,
        "failing": 600.0 / FASTER,
        "page": 120.0 / FASTER,
    }
    config.write_text(SETTINGS.format(folder=folder, url=seen.url, **given))
    notes = Path(tempfile.mkstemp(prefix="sturmglas-watchdog-", suffix=".log")[1])
    process = Process("serve", "--config", str(config), notes=notes)
    try:
        process.wait_for("Sturmglas: http")
        yield process
    finally:
        process.kill()
        notes.unlink(missing_ok=True)


def _page() -> Alert:
    at = datetime.now(UTC) - timedelta(seconds=1)  # noqa: TID251  # outside the service
    alert = trial_alert(at, "en", level=Level.STORM, timezone="UTC")
    assert alert.action is Action.TRIGGER
    return alert


def _wait(done: Callable[[], bool], limit_s: float) -> None:
    end = time.monotonic() + limit_s
    while not done():
        if time.monotonic() > end:
            raise RuntimeError("no ping came before any fault was put in")
        time.sleep(0.02)


def _can_mount() -> bool:
    return os.geteuid() == 0 and shutil.which("mount") is not None


def _mount(folder: Path) -> None:
    small = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "sturmglas", str(folder)]
    subprocess.run(small, check=True, capture_output=True)
