"""Processes that a bench kills: forked by a nursery that has everything imported already.

Importing takes five times as long as starting, and a kill during an import proves nothing. The
nursery is a module run as ``python -m MODULE nursery``, which calls `obey`. Lines on its input:
``start {plan}`` answers the pid of a new child, ``reap PID`` its exit code once it is dead. At
the end of the input whatever still lives is killed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

PATIENCE_S = 60.0

Plan = dict[str, Any]  # JSON, written by a bench and read by its own child


class Nursery:
    """A nursery, seen from the bench; ``notes`` holds what it and its children complain about."""

    def __init__(self, module: str, notes: Path) -> None:
        self._module = module
        self.notes = notes
        self._process = python(module, notes, "nursery")
        self._line()  # "ready"

    def start(self, plan: Plan) -> int:
        """Fork a child that lives by ``plan``; return its pid."""
        return self._ask(f"start {json.dumps(plan)}")

    def end(self, pid: int, sign: signal.Signals) -> int:
        """Send a child a signal, if it still lives, and return its exit code once it is dead."""
        os.kill(pid, sign)  # a zombie until reaped: the pid is nobody else's
        return self._ask(f"reap {pid}")

    def close(self) -> None:
        """End the nursery, and with it every child that still lives."""
        self._process.communicate(timeout=PATIENCE_S)

    def _ask(self, order: str) -> int:
        tell(self._process, order)
        return int(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if not line:
            self.close()
            raise RuntimeError(f"{self._module} ended by itself: {last_words(self.notes)}")
        return line


def python(module: str, notes: Path, *args: str) -> subprocess.Popen[str]:
    """Start a module of ours with pipes to and from it; what it complains about goes to ``notes``."""
    with notes.open("a") as kept:
        return subprocess.Popen(
            [sys.executable, "-m", module, *args],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=kept,
            text=True,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # a fork copies no threads
        )


def tell(process: subprocess.Popen[str], line: str) -> None:
    """Write a line to the standard input of a process."""
    assert process.stdin is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()


def last_words(notes: Path) -> str:
    """Return the end of what was written to ``notes``."""
    return notes.read_text()[-3000:]


def obey(live: Callable[[Plan], None]) -> None:
    """Be a nursery whose children ``live``, until the end of standard input."""
    print("ready", flush=True)
    children: set[int] = set()
    for line in iter(sys.stdin.readline, ""):
        order, _, rest = line.strip().partition(" ")
        if order == "start":
            child = os.fork()
            if child == 0:
                _born(live, rest)
            children.add(child)
            print(child, flush=True)
        else:
            print(os.waitstatus_to_exitcode(os.waitpid(int(rest), 0)[1]), flush=True)
            children.discard(int(rest))
    for child in children:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


def _born(live: Callable[[Plan], None], plan: str) -> None:
    """Live in a child; never returns into the nursery's loop."""
    code = 1
    try:
        sys.stdin.close()
        live(json.loads(plan))
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)
