"""`bench doubles`: alerts through a channel of each class, the sender killed again and again.

A process lets storms cross, rise, be acknowledged and end, and sends every alert to PagerDuty (class A), Slack
with a bot token (B), a webhook and a mail server (C), all of them faulty on purpose. It is killed at
random instants, mostly right after a receiver got something, and started again on the same file. At the
end everything that arrived is held against the outbox (`arrivals`).
"""

from __future__ import annotations

import random
import signal
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from monitor.bench import receiving
from monitor.bench.arrivals import Doubles, Verdict, judge, trails
from monitor.bench.figures import versions
from monitor.bench.nursery import Nursery, Plan, last_words
from monitor.server.sink import Sink
from monitor.server.sink.faults import STORMY, FaultPlan
from monitor.store.database import SqliteStore

KILLS = 250
STORMS = 900
TOLD = 16
"""Deliveries of a storm: it is told four times (first, risen, acknowledged, ended) to four channels."""
PER_S = 10.0
"""Alerts queued a second, while the sender lives."""
TIMEOUT_S = 2.0
HANG_S = 3.0
DRAIN_S = 1800.0
FEW = 40
FEW_SHARE = 0.01
"""So much of what is left to do, or this share of all deliveries, when the receivers begin to behave: one in some
hundred deliveries meets so many faults in a row that it waits for five minutes, and then again."""
LIFE_S = 1.6
"""Longest life of a sender before a kill is aimed."""


@dataclass(slots=True)
class Result:
    """What was done, and the verdict on it."""

    seed: int
    storms: int
    kills: int
    incidents: int
    seconds: float
    verdict: Verdict

    @property
    def sound(self) -> bool:
        return not self.verdict.problems

    def record(self) -> dict[str, object]:
        """Return it as one JSON-ready object."""
        return {
            "bench": "doubles",
            "faults": {fault.value: chance for fault, chance in STORMY.items()},
            **asdict(self),
            "sound": self.sound,
            "versions": versions(("sturmglas", "httpx", "aiosmtplib", "aiosmtpd", "sqlalchemy")),
        }


def run(kills: int, storms: int, seed: int, say: Callable[[str], None]) -> Result:
    """Send the alerts of ``storms`` under ``kills`` SIGKILLs; return what arrived how often."""
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="sturmglas-doubles-") as folder,
        Sink(FaultPlan(STORMY, seed=seed, hang_s=HANG_S)) as sink,
    ):
        path = Path(folder) / "store.db"
        plan = {
            "settings": receiving.settings(f"sqlite:///{path}", sink, timeout_s=TIMEOUT_S),
            "storms": storms,
            "per_s": PER_S,
            "whole": True,
        }
        nursery = Nursery("monitor.bench.sender", Path(folder) / "notes")
        try:
            done = _torment(nursery, plan, path, sink, random.Random(seed), kills, say)
            code = _to_the_end(nursery, plan, path, sink)
        finally:
            nursery.close()
        result = _judged(path, sink, Result(seed, storms, done, 0, 0.0, Verdict()), code, began)
    for line in told(result.verdict.classes):
        say(line)
    return result


def _judged(path: Path, sink: Sink, result: Result, code: int, began: float) -> Result:
    store = SqliteStore.open(f"sqlite:///{path}")
    try:
        result.incidents = len(store.read.incidents(limit=1_000_000))
        result.verdict = judge(trails(store), sink.received)
    finally:
        store.close()
    same = result.incidents == result.storms
    result.verdict.demand(same, f"{result.incidents} incidents of {result.storms} crossings")
    result.verdict.demand(code == 0, f"the last sender ended with {code}")
    result.seconds = round(time.monotonic() - began, 1)
    return result


def _torment(
    nursery: Nursery,
    plan: Plan,
    path: Path,
    sink: Sink,
    rng: random.Random,
    kills: int,
    say: Callable[[str], None],
) -> int:
    """Kill senders so often, or until all is over; return how often."""
    for n in range(kills):
        pid = nursery.start(plan)
        time.sleep(rng.uniform(0.1, LIFE_S))
        if rng.random() < 2 / 3:
            _await_request(sink, rng)
        nursery.end(pid, signal.SIGKILL)
        if _left(path, int(plan["storms"])) == 0:
            return n + 1
        if (n + 1) % 50 == 0:
            say(f"  {n + 1} kills, {len(sink.received)} arrived")
    return kills


def _await_request(sink: Sink, rng: random.Random) -> None:
    """Wait until a receiver gets something, and for a blink after it."""
    before, end = sum(sink.faults.drawn.values()), time.monotonic() + 2.0
    while sum(sink.faults.drawn.values()) == before and time.monotonic() < end:
        time.sleep(0.0005)
    time.sleep(rng.choice((0.0, 0.001, 0.003, 0.01)))


def _to_the_end(nursery: Nursery, plan: Plan, path: Path, sink: Sink) -> int:
    """Let one live until every storm is over and everything sent; return its exit code."""
    pid, end = nursery.start(plan), time.monotonic() + DRAIN_S
    few = max(FEW, FEW_SHARE * TOLD * int(plan["storms"]))
    while left := _left(path, int(plan["storms"])):
        if left < few:
            sink.faults.calm()
        if time.monotonic() > end:
            raise RuntimeError(f"still busy after {DRAIN_S:g} s: {last_words(nursery.notes)}")
        time.sleep(0.5)
    return nursery.end(pid, signal.SIGTERM)


_LEFT = """
    SELECT (SELECT count(*) FROM delivery WHERE state IN ('pending', 'sending'))
         + (SELECT count(*) FROM incident WHERE status <> 'resolved')"""


def _left(path: Path, storms: int) -> int:
    """Return what is still to do: deliveries to be settled, storms open or to come."""
    if not path.exists():
        return storms
    with closing(sqlite3.connect(path, timeout=30)) as db:
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'delivery'").fetchone():
            return storms
        left: int = db.execute(_LEFT).fetchone()[0]
        made: int = db.execute("SELECT count(*) FROM incident").fetchone()[0]
    return left + storms - made


def told(classes: dict[str, Doubles]) -> list[str]:
    """Return one line a class, for people."""
    return [
        f"class {name}: {found.pages} pages, {found.doubles} doubles, {found.unknown_outcomes} unknown"
        f" outcomes, {found.unmarked} unmarked, {found.lost} lost"
        for name, found in classes.items()
    ]
