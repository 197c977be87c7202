"""A process that appends to a log on Redis through outages, and says what was accepted and when."""

from __future__ import annotations

import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

from monitor.clock import stopwatch
from monitor.ports import EntryKind, NewEntry, Unavailable
from monitor.stream.redis_streams import RedisLog
from tests import builders as b

ROOT = Path(__file__).resolve().parents[2]


class Appending:
    """The process, as a test sees it: a line for each append that returned."""

    def __init__(self, url: str, prefix: str, shards: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.monitor.redis_appending", url, prefix, str(shards)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.said: list[tuple[int, float]] = []

    def says(self, more: int) -> None:
        """Wait until so many more appends were accepted."""
        assert self._process.stdout is not None
        for _ in range(more):
            number, _, at = self._process.stdout.readline().partition(" ")
            self.said.append((int(number), float(at)))

    def says_after(self, at: float, more: int) -> None:
        """Wait until so many appends were accepted after an instant (see `stopwatch`)."""
        self.says(1)
        while self.said[-1][1] < at:
            self.says(1)
        self.says(more - 1)

    def end(self) -> None:
        """SIGKILL it and hear what it still had to say."""
        assert self._process.stdout is not None
        self._process.kill()
        for line in self._process.stdout.readlines():
            if line.endswith("\n"):
                number, _, at = line.partition(" ")
                self.said.append((int(number), float(at)))
        self._process.stdout.close()
        self._process.wait()

    @property
    def outage_s(self) -> float:
        """Return the longest time between two appends that were accepted."""
        times = [at for _, at in self.said]
        return max(b - a for a, b in pairwise(times))


def main(url: str, prefix: str, shards: str) -> None:
    log = RedisLog.open(url, prefix=prefix, shards=int(shards))
    number = 0
    while True:
        payload = b"%d " % number + b"x" * 500
        try:
            log.append(
                [
                    NewEntry(EntryKind.CREATED, "feed", b.T0, payload, shard)
                    for shard in range(log.shards)
                ]
            )
        except Unavailable:
            time.sleep(0.05)  # the sender's repeat
            continue
        print(number, stopwatch(), flush=True)
        number += 1


if __name__ == "__main__":
    main(*sys.argv[1:])
