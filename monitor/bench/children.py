"""Server processes of a bench: started, measured from outside, ended by their own id."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

STOP_S = 30.0
_PORT = re.compile(r"(?:^|//[\w.]+:)(\d+)/?$")


@dataclass(frozen=True, slots=True)
class Child:
    """A server process that listens on ``port``."""

    pid: int
    port: int


@contextmanager
def peer(name: str, plan: dict[str, Any]) -> Iterator[Child]:  # Any: JSON, read by the peer
    """Start a peer of `monitor.bench.peers`."""
    with started([sys.executable, "-m", "monitor.bench.peers", name], json.dumps(plan)) as child:
        yield child


@contextmanager
def started(command: Sequence[str], said: str = "") -> Iterator[Child]:
    """Start a server that tells its port, or its address, on a line; SIGTERM at the end."""
    with tempfile.TemporaryFile("w+") as notes:  # a pipe that nobody reads would fill up
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=notes, text=True
        )
        assert process.stdin is not None
        assert process.stdout is not None
        drain = threading.Thread(target=process.stdout.read, daemon=True)
        try:
            process.stdin.write(said + "\n")
            process.stdin.flush()
            port = next((int(m[1]) for line in process.stdout if (m := _PORT.search(line))), 0)
            if not port:
                process.wait(STOP_S)
                notes.seek(0)
                told = notes.read()[-2000:]
                raise RuntimeError(f"{' '.join(command)} ended by itself: {told}")
            # What it says from now on is read and forgotten: a full pipe would stop it.
            drain.start()
            yield Child(process.pid, port)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdin.close()
            if drain.is_alive():
                drain.join()
            process.stdout.close()
