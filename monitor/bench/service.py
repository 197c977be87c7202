"""A real `sturmglas` process for benches that load it over HTTP, and a client for it."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

TOKEN = "bench-token-of-no-worth"
START_S = 60.0
STOP_S = 30.0


class Process:
    """One command of ours as a process: what it printed, and an end that is waited for."""

    def __init__(self, *command: str, notes: Path, env: Mapping[str, str] | None = None) -> None:
        self._notes = notes
        with notes.open("a") as kept:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "monitor", *command],
                stdout=kept,
                stderr=kept,
                env={**os.environ, **(env or {})},
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def told(self) -> str:
        """Return all that it printed."""
        return self._notes.read_text() if self._notes.exists() else ""

    def wait_for(self, words: str, within_s: float = START_S) -> None:
        """Wait until it has said ``words``; RuntimeError with its last words if it ends before."""
        end = time.monotonic() + within_s
        while words not in self.told():
            if not self.alive or time.monotonic() > end:
                raise RuntimeError(f"not started: {self.told()[-2000:]}")
            time.sleep(0.02)

    def kill(self) -> None:
        """SIGKILL it and wait until it is gone."""
        self._process.kill()
        self._process.wait(STOP_S)

    def stop(self) -> int:
        """SIGTERM it; return its exit code."""
        if self.alive:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def __enter__(self) -> Process:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class Client:
    """One connection that stays open; posts bodies with the bench's token."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def post(self, body: bytes) -> tuple[int, bytes]:
        """Return status and body of the answer; ConnectionError or OSError when there is none."""
        headers = {"content-type": "application/json", "authorization": f"Bearer {TOKEN}"}
        return self._ask("POST", "/api/v1/mentions", body, headers)

    def get(self, path: str) -> tuple[int, bytes]:
        return self._ask("GET", path, None, {})

    def _ask(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        try:
            self._connection.request(method, path, body, dict(headers))
            answer = self._connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
            raise

    def close(self) -> None:
        self._connection.close()
