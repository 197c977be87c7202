"""`bench crash`: SIGKILL at random instants while mentions come in and alerts go out.

A feeder sends batches over HTTP and notes what was accepted (202); a person acknowledges and ends
incidents. A killer ends the whole process again and again; each time a new one starts on the same
file. The receiver is faulty on purpose. At each kill the file is looked at, and at the end every
promise is checked (`crash_judge`). The naive twin runs through the same harness and has to fail
it, else the harness proves nothing.
"""

from __future__ import annotations

import random
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from monitor.bench.actor import Actor
from monitor.bench.crash_actors import Aim, Person, Victim, torment
from monitor.bench.crash_feed import FACTOR, START, TOKEN, TOPICS, Feeder, topic_name
from monitor.bench.crash_judge import Side, autopsy, judge, judge_naive
from monitor.bench.machine import free_port
from monitor.clock import wall_seconds
from monitor.server.sink import Sink
from monitor.server.sink.faults import STORMY, FaultPlan

FAULTS = ", ".join(f"{fault.value} {chance:.0%}" for fault, chance in STORMY.items())
TIMEOUT_S = 2.0
"""Patience of our channels; a receiver that hangs does so for longer."""
HANG_S = 3.0
DRAIN_S = 120.0
QUIET_S = 3.0
"""So long nothing may be left to do before the last process is told to stop."""


def _silent(line: str) -> None:
    return None


@dataclass(slots=True)
class Result:
    seed: int
    ours: Side
    naive: Side

    def record(self) -> dict[str, object]:
        """Return both sides as one JSON-ready object."""
        sides = {s.name: {**asdict(s), "sound": s.sound} for s in (self.ours, self.naive)}
        return {"bench": "crash", "seed": self.seed, "faults": FAULTS, **sides}


def run(
    kills: int = 50, seed: int = 1, say: Callable[[str], None] = _silent, naive_kills: int = 0
) -> Result:
    """Run the harness over ours and over the naive twin (a fifth of the kills, at least five)."""
    naive_kills = naive_kills or max(5, kills // 5)
    with tempfile.TemporaryDirectory() as folder:
        say(f"ours: {kills} SIGKILLs, seed {seed}, receiver {FAULTS}")
        ours = _ours(Path(folder), kills, seed, say)
        say(f"naive twin: {naive_kills} SIGKILLs")
        naive = _naive(Path(folder), naive_kills, seed)
    return Result(seed, ours, naive)


def _ours(folder: Path, kills: int, seed: int, say: Callable[[str], None]) -> Side:
    path, port, zero = folder / "ours.db", free_port(), wall_seconds()
    side = Side("ours", kills=kills)
    with Sink(FaultPlan(STORMY, seed=seed, hang_s=HANG_S)) as sink:
        plan = {
            "start": START.isoformat(),
            "factor": FACTOR,
            "zero": zero,
            "settings": _settings(path, port, sink),
        }
        victim = Victim("monitor.bench.victim", plan, port, folder / "ours.txt", warm=True)
        feeder, person = Feeder(port, zero, seed, amends=True), Person(port, seed)

        def look() -> None:
            autopsy(side, path, set(feeder.sent.accepted))

        try:
            _go(side, victim, kills, seed, sink, feeder, (person,), look, say)
            _drain(path)
            code, stop_s = victim.stop()
            side.stop_s = round(stop_s, 3)
            side.same("exit code of the last process", code, 0)
        finally:
            victim.close()
        side.cut_requests = feeder.call.cut
        judge(side, path, feeder.sent, person.done, sink.received)
    return side


def _naive(folder: Path, kills: int, seed: int) -> Side:
    path, port = folder / "naive.db", free_port()
    side = Side("naive twin", kills=kills)
    with Sink(FaultPlan(STORMY, seed=seed, hang_s=HANG_S)) as sink:
        plan = {"port": port, "path": str(path), "receiver": sink.pagerduty_url}
        victim = Victim("monitor.bench.naive_twin", plan, port, folder / "naive.txt", warm=False)
        feeder = Feeder(port, wall_seconds(), seed, amends=False)
        try:
            _go(side, victim, kills, seed, sink, feeder, (), lambda: None, _silent)
            time.sleep(QUIET_S)  # all that is still in memory gets written
        finally:
            victim.close()
        side.cut_requests = feeder.call.cut
        judge_naive(side, path, feeder.sent, sink.received)
    return side


def _go(
    side: Side,
    victim: Victim,
    kills: int,
    seed: int,
    sink: Sink,
    feeder: Feeder,
    others: tuple[Actor, ...],
    after: Callable[[], None],
    say: Callable[[str], None],
) -> None:
    """Kill it so often under way, then let it live."""
    aim = Aim(lambda: sum(sink.faults.drawn.values()), lambda: len(feeder.sent.accepted))
    with ExitStack() as stack:
        for actor in (*others, feeder):
            stack.enter_context(actor)
        took = torment(victim, kills, random.Random(seed), aim, after, say)
        victim.spawn()
        took.append(victim.wait_for_door())
        time.sleep(1.0)  # what was cut off last is sent again, and accepted
    side.start_s = round(median(took), 3)


def _drain(path: Path) -> None:
    """Wait until the log is filed and every delivery settled; raises after `DRAIN_S`."""
    deadline = time.monotonic() + DRAIN_S
    quiet_since = time.monotonic()
    while time.monotonic() < quiet_since + QUIET_S:
        if time.monotonic() > deadline:
            raise RuntimeError(f"still busy {DRAIN_S:g} s after the last kill: {_left(path)}")
        time.sleep(0.25)
        if any(_left(path).values()):
            quiet_since = time.monotonic()


def _left(path: Path) -> dict[str, int]:
    waiting = {
        "log entries": "SELECT count(*) FROM log_entry",
        "deliveries": "SELECT count(*) FROM delivery WHERE state IN ('pending', 'sending')",
    }
    with closing(sqlite3.connect(path, timeout=30)) as db:
        return {name: db.execute(query).fetchone()[0] for name, query in waiting.items()}


def _settings(path: Path, port: int, sink: Sink) -> dict[str, Any]:
    return {
        "server": {"port": port, "allow_loopback_receivers": True},
        "store": {"url": f"sqlite:///{path}"},
        "topic": {
            f"t{t}": {
                "name": topic_name(t),
                "any": [topic_name(t)],
                "thresholds": {"new_topic_authors": 10},  # topics of an hour's age must storm
            }
            for t in range(TOPICS)
        },
        "source": {"forum": {"type": "http", "token": TOKEN}},
        "channel": {
            "pager": {
                "type": "pagerduty",
                "routing_key": "r" * 32,
                "url": sink.pagerduty_url,
                "timeout_s": TIMEOUT_S,
            },
            "hook": {
                "type": "webhook",
                "url": sink.webhook_url,
                "signing_secret": sink.webhook_secret,
                "timeout_s": TIMEOUT_S,
            },
        },
        "route": [{"min_level": 4, "channels": ["pager", "hook"]}],
    }
