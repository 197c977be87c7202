"""Processes that the laws start and kill: each says on stdout what was durably done."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

from tests import builders as b
from tests.laws.filing import file_batch
from tests.laws.homes import open_log, open_store

ROOT = Path(__file__).resolve().parents[2]


def start(role: str, spec: str, *args: str) -> subprocess.Popen[str]:
    """Start this module as a child in ``role``; its stdout is a pipe of lines."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.laws.children", role, spec, *args],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def killed_after(child: subprocess.Popen[str], lines: int) -> list[str]:
    """Return what a child said, SIGKILLed in the midst of its work after about ``lines`` lines."""
    assert child.stdout is not None
    said = [child.stdout.readline() for _ in range(lines)]
    child.kill()
    said += child.stdout.readlines()
    child.stdout.close()
    child.wait()
    return [line.strip() for line in said if line.endswith("\n")]


def append(spec: str) -> None:
    """Append three entries at a time for ever; say their number when `append` has returned."""
    log = open_log(spec)
    n = 0
    while True:
        log.append([b.entry(b"%d.%d" % (n, part) + b"x" * 2000) for part in range(3)])
        print(n, flush=True)
        n += 1


def consume(spec: str) -> None:
    """Read two entries at a time; say "got", then acknowledge, then say "did"."""
    log = open_log(spec)
    while got := log.read("g", "c", 2):
        print("got", *(e.payload.decode() for e in got), flush=True)
        log.ack("g", [e.position for e in got])
        print("did", *(e.payload.decode() for e in got), flush=True)


def write(spec: str, seed: str) -> None:
    """File overlapping batches for ever, counts in the same transaction; say each when committed."""
    store, rng, n = open_store(spec), random.Random(int(seed)), 0
    while True:
        file_batch(store, [b.filed(rng.randrange(n + 40), at=b.after(n)) for _ in range(20)])
        print(n, flush=True)
        n += 1


def send(spec: str) -> None:
    """Begin the first due delivery, say so, and never finish it."""
    outbox = open_store(spec).outbox
    attempt = outbox.begin(outbox.due(b.T0, 1)[0], b.T0)
    print("began", attempt.number if attempt else None, flush=True)
    signal.pause()


if __name__ == "__main__":
    {"append": append, "consume": consume, "write": write, "send": send}[sys.argv[1]](*sys.argv[2:])
