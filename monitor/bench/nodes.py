"""`bench nodes`: two workers on one PostgreSQL and one Redis; whoever sends is killed or frozen.

Two real `sturmglas work` processes send to faulty receivers, while storms cross, rise, are acknowledged and
end in the same database. Again and again the one that holds the outbox's lease is killed (and another
started), or stopped for longer than the lease and woken again. Take-over is the time from there until
the other one claims its first delivery, by the trail in the database. At the end all that arrived is
held against the outbox.
"""

from __future__ import annotations

import os
import random
import signal
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomlkit

from monitor.bench import receiving
from monitor.bench.actor import Actor
from monitor.bench.arrivals import judge, trails
from monitor.bench.doubles import FEW, FEW_SHARE, HANG_S, TIMEOUT_S
from monitor.bench.figures import versions
from monitor.bench.machine import stopped
from monitor.bench.paging import quantile
from monitor.bench.redis_servers import RedisServer
from monitor.bench.sender import Weather
from monitor.bench.servers import PostgresServer
from monitor.bench.service import Process
from monitor.clock import SystemClock, wall_seconds
from monitor.ports import OUTBOX_LEASE
from monitor.server.sink import Sink
from monitor.server.sink.faults import STORMY, FaultPlan
from monitor.store.postgres_store import PostgresStore
from monitor.stream.redis_signals import RedisSignals

PER_S = 5.0
"""Alerts queued a second, each to a channel of every class."""
BAR_S = 15.0
PATIENCE_S = 90.0
DRAIN_S = 1800.0
KILL, FREEZE = "kill", "freeze"


class Feeder(Actor):
    """Lets storms go on in the shared database, and signals as a pipeline elsewhere does."""

    def __init__(self, store: PostgresStore, signals: RedisSignals) -> None:
        super().__init__(1 / PER_S)
        self._signals = signals
        self.weather = Weather(store, receiving.EVERY, 1_000_000, whole=True)

    def act(self) -> None:
        if self.weather.step(SystemClock().now()):
            self._signals.publish("outbox", "", 0)


@dataclass(slots=True)
class House:
    """Servers, receivers and the workers that live now."""

    folder: Path
    postgres: PostgresServer
    database: str
    workers: list[Process] = field(default_factory=list)
    born: int = 0

    def add(self) -> Process:
        """Start one more worker, without waiting for it."""
        self.born += 1
        config, notes = self.folder / "sturmglas.toml", self.folder / f"work-{self.born}.txt"
        worker = Process("work", "-c", str(config), notes=notes)
        self.workers.append(worker)
        return worker

    def ask(self, sql: str) -> Any:
        """Return the one value of a query."""
        return self.postgres.execute(sql, self.database)[0][0]

    def leader(self) -> Process:
        """Wait until a worker of ours holds the outbox's lease, and return it."""
        query = (
            f"SELECT max(owner) FROM lease WHERE name = '{OUTBOX_LEASE}' AND until_us >"
            " extract(epoch FROM clock_timestamp()) * 1000000"
        )
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            owner = str(self.ask(query) or "")
            for worker in self.workers:
                if f"-{worker.pid}-" in owner:
                    return worker
            time.sleep(0.05)
        raise RuntimeError(
            f"nobody sends after {PATIENCE_S:g} s: {self.workers[-1].told()[-1500:]}"
        )

    def claimed_after(self, at: float) -> float:
        """Wait for the first claim that was made after ``at`` (seconds since the epoch); return when."""
        query = f"SELECT min(started_us) FROM attempt WHERE started_us > {round(at * 1e6)}"
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            found = self.ask(query)
            if found is not None:
                return float(found) / 1e6
            time.sleep(0.1)
        raise RuntimeError(f"no take-over within {PATIENCE_S:g} s")

    def close(self) -> None:
        for worker in self.workers:
            if worker.alive:
                os.kill(worker.pid, signal.SIGCONT)
                worker.kill()


def run(kills: int, freezes: int, seed: int, say: Callable[[str], None]) -> dict[str, object]:
    """Kill and freeze whoever sends; return how long take-over took, and what was lost or doubled."""
    rng = random.Random(seed)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sturmglas-nodes-")))
        sink = stack.enter_context(Sink(FaultPlan(STORMY, seed=seed, hang_s=HANG_S)))
        postgres = stack.enter_context(PostgresServer())
        redis = RedisServer().start()
        stack.callback(redis.stop)
        database = postgres.make_database()
        store = PostgresStore.open(postgres.url(database))
        stack.callback(store.close)
        settings = receiving.settings(postgres.url(database), sink, timeout_s=TIMEOUT_S)
        settings["stream"] = {"url": redis.url, "shards": 2}
        (folder / "sturmglas.toml").write_text(tomlkit.dumps(settings))
        house = House(folder, postgres, database)
        stack.callback(house.close)
        for worker in (house.add(), house.add()):
            worker.wait_for("Sturmglas works", 2 * PATIENCE_S)
        signals = RedisSignals(redis.url)
        stack.callback(signals.close)
        feeder = Feeder(store, signals)
        with feeder:
            took = _torment(house, kills, freezes, rng, say)
            feeder.weather.no_more()
            _await_over(house, sink)
        codes = [worker.stop() for worker in house.workers]
        verdict = judge(trails(store), sink.received)
        verdict.demand(not any(codes), f"workers ended with {codes}")
        return _record(took, verdict.record(), house, seed)


def _torment(
    house: House, kills: int, freezes: int, rng: random.Random, say: Callable[[str], None]
) -> dict[str, list[float]]:
    """Do it in a random order; return how long each take-over took."""
    fates = [KILL] * kills + [FREEZE] * freezes
    rng.shuffle(fates)
    took: dict[str, list[float]] = {KILL: [], FREEZE: []}
    for n, fate in enumerate(fates):
        time.sleep(rng.uniform(0.5, 2.5))
        leader = house.leader()
        took[fate].append(_kill(house, leader) if fate == KILL else _freeze(house, leader, rng))
        say(f"  {n + 1} of {len(fates)}, {fate}: {took[fate][-1]:.1f} s")
    return took


def _kill(house: House, leader: Process) -> float:
    leader.kill()
    began = wall_seconds()
    house.workers.remove(leader)
    fresh = house.add()
    took = house.claimed_after(began) - began
    fresh.wait_for("Sturmglas works", 2 * PATIENCE_S)
    return took


def _freeze(house: House, leader: Process, rng: random.Random) -> float:
    os.kill(leader.pid, signal.SIGSTOP)
    while not stopped(leader.pid):
        time.sleep(0.001)
    began = wall_seconds()
    try:
        took = house.claimed_after(began) - began
        time.sleep(rng.uniform(0.0, 3.0))
    finally:
        os.kill(leader.pid, signal.SIGCONT)
    return took


def _await_over(house: House, sink: Sink) -> None:
    """Wait until every storm has ended and everything was sent."""
    left = (
        "SELECT (SELECT count(*) FROM delivery WHERE state IN ('pending', 'sending'))"
        " + (SELECT count(*) FROM incident WHERE status <> 'resolved')"
    )
    few = max(FEW, FEW_SHARE * house.ask("SELECT count(*) FROM delivery"))
    end = time.monotonic() + DRAIN_S
    while waiting := house.ask(left):
        if waiting < few:
            sink.faults.calm()
        if time.monotonic() > end:
            raise RuntimeError(f"still busy {DRAIN_S:g} s after the last fault")
        time.sleep(0.25)


def _record(
    took: dict[str, list[float]], verdict: dict[str, object], house: House, seed: int
) -> dict[str, object]:
    every = sorted(took[KILL] + took[FREEZE])
    p99 = quantile(every, 0.99)
    return {
        "bench": "nodes",
        "kills": len(took[KILL]),
        "freezes": len(took[FREEZE]),
        "takeover_s": {name: [round(s, 2) for s in all_] for name, all_ in took.items()},
        "takeover_p50_s": round(quantile(every, 0.5), 2),
        "takeover_p99_s": round(p99, 2),
        "incidents": house.ask("SELECT count(*) FROM incident"),
        "verdict": verdict,
        "met": p99 <= BAR_S and not verdict["problems"],
        "seed": seed,
        "versions": versions(("sturmglas", "httpx", "psycopg", "redis", "sqlalchemy")),
    }
