"""The real `sturmglas serve` as a process of its own, with its own file, config and receiver."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "a-token-for-flow-tests"
BEARER = {"authorization": f"Bearer {TOKEN}"}
INGEST = "/api/v1/mentions"
LONG = 90.0
"""What takes longer than this hangs, also on a machine that is busy with other things."""


def soon(holds: Callable[[], bool], every_s: float = 0.05) -> bool:
    """Wait until something holds; False where it did not come true for a long time."""
    deadline = time.monotonic() + LONG
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(every_s)
    return True


def wire(id: str, text: str = "Die Acme Bahn fährt heute") -> dict[str, Any]:
    """Return one good mention, published now."""
    now = datetime.now(UTC)  # noqa: TID251 - a sender has a clock of its own
    return {
        "source": "forum",
        "source_id": id,
        "text": f"{text} ({id})",
        "published_at": now.isoformat(),
        "author": {"handle": id},
    }


def send(url: str, *ids: str, text: str) -> httpx.Response:
    """Post one good mention per id, all in one batch, to the door at ``url``."""
    body = [wire(id, text) for id in ids]
    return httpx.post(url + INGEST, json=body, headers=BEARER, timeout=LONG)


def alerting(webhook: tuple[str, str] | None) -> str:
    """Return the settings that send alerts to a receiver, given its address and secret."""
    if webhook is None:
        return ""
    address, secret = webhook
    return f"""
[channel.hook]
type = "webhook"
url = "{address}"
signing_secret = "{secret}"
[[route]]
channels = ["hook"]
"""


@dataclass
class Install:
    """One install in a folder; may be started again and again."""

    folder: Path
    webhook: tuple[str, str] | None = None
    """Address and secret of a receiver."""
    max_bytes: int = 0
    before_start: Callable[[], None] | None = None
    """Runs in the child before the program does."""
    process: subprocess.Popen[str] | None = field(default=None, init=False)
    url: str = field(default="", init=False)

    @property
    def path(self) -> Path:
        return self.folder / "sturmglas.db"

    @property
    def store_url(self) -> str:
        return f"sqlite:///{self.path}"

    def start(self) -> None:
        """Start it and wait until it says where it is."""
        config = self.folder / "sturmglas.toml"
        config.write_text(self._config(), encoding="utf-8")
        with (self.folder / "serve.txt").open("a") as notes:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "monitor", "serve", "--config", str(config)],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=notes,
                text=True,
                preexec_fn=self.before_start,
            )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("Sturmglas: "):
                self.url = line.removeprefix("Sturmglas: ").strip()
                return
        raise AssertionError(f"it did not start: {(self.folder / 'serve.txt').read_text()}")

    def _config(self) -> str:
        text = f"""
[server]
port = 0
allow_loopback_receivers = true
[store]
url = "{self.store_url}"
max_bytes = {self.max_bytes}
[topic.acme]
name = "Acme Bahn"
any = ["acme bahn"]
[source.forum]
type = "http"
token = "{TOKEN}"
"""
        return text + alerting(self.webhook)

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path, timeout=LONG)

    def send(self, *ids: str, text: str = "Die Acme Bahn fährt heute") -> httpx.Response:
        return send(self.url, *ids, text=text)

    def stop(self) -> tuple[int, float]:
        """SIGTERM; return exit code and seconds."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(LONG)
        return code, time.monotonic() - began

    def close(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process = None

    def waiting(self) -> int:
        """Return how many entries of the log are not filed."""
        with closing(sqlite3.connect(self.path, timeout=LONG)) as db:
            return int(db.execute("SELECT count(*) FROM log_entry").fetchone()[0])

    def stored(self) -> list[str]:
        """Return the ids of all stored mentions, sorted; one stored twice stands there twice."""
        with closing(sqlite3.connect(self.path, timeout=LONG)) as db:
            found = [row[0] for row in db.execute("SELECT source_id FROM mention")]
        return sorted(found)

    def counted(self) -> tuple[int, int]:
        """Return (rows of the topic, sum of its counts)."""
        with closing(sqlite3.connect(self.path, timeout=LONG)) as db:
            rows = db.execute("SELECT count(*) FROM mention_topic").fetchone()[0]
            counted = db.execute("SELECT coalesce(sum(mentions), 0) FROM count").fetchone()[0]
        return int(rows), int(counted)


@contextmanager
def installed(folder: Path, **fields: Any) -> Iterator[Install]:
    """An install that is started, and killed at the end whatever happens."""
    install = Install(folder, **fields)
    try:
        install.start()
        yield install
    finally:
        install.close()
