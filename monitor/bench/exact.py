"""`bench exact`: workers on one Redis and one PostgreSQL, killed; every mention counted once.

Each run has a seed. Two workers file and judge; a feeder appends batches with repeats and with mentions
sent again under another date. Meanwhile workers are killed (at random instants, or by themselves
between a commit and its acknowledgement) and started again, and Redis or PostgreSQL are killed or
restarted. At the end the database is asked (`exact_audit`).
"""

from __future__ import annotations

import random
import signal
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from detectors.mention import mention_id
from monitor.bench.exact_audit import audit
from monitor.bench.exact_worker import TOPICS
from monitor.bench.figures import versions
from monitor.bench.machine import alive
from monitor.bench.nursery import Nursery, Plan, last_words
from monitor.bench.redis_servers import RedisServer
from monitor.bench.servers import PostgresServer
from monitor.clock import ScaledClock, wall_seconds
from monitor.ports import GROUP, EntryKind, NewEntry, Unavailable, shard_of
from monitor.store.postgres_store import PostgresStore
from monitor.stream.redis_streams import RedisLog

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
FACTOR = 240.0
"""Time-lapse of a run: a five-minute bin closes every 1.25 s."""
SHARDS = 4
PARTITIONS = 3
LEASE_S = 0.6
WORKERS = 2
BATCHES = 24
BATCH = 150
PATIENCE_S = 90.0
WORDS = ("schlecht", "gut", "kaputt", "danke", "wütend", "pünktlich", "betrug", "freundlich")


@dataclass(slots=True)
class Run:
    """What one run did and found; ``wrong`` is empty when everything was counted exactly."""

    seed: int
    accepted: int = 0
    sent: int = 0
    kills: int = 0
    own_kills: int = 0
    redis_restarts: int = 0
    postgres_restarts: int = 0
    bins: int = 0
    reopened: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)


class Exact:
    """Servers and nursery for any number of runs; a context manager."""

    def __init__(self, *, careless: bool = False) -> None:
        self.careless = careless
        self._stack = ExitStack()

    def __enter__(self) -> Exact:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sturmglas-")))
            self.nursery = Nursery("monitor.bench.exact_worker", folder / "notes")
            stack.callback(self.nursery.close)
            self.postgres = PostgresServer()
            stack.callback(self.postgres.stop)
            self.postgres.start()
            self._template = self.postgres.make_database()
            PostgresStore.open(self.postgres.url(self._template)).close()
            self.redis = RedisServer()
            stack.callback(self.redis.stop)
            self.redis.start()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def run(self, seed: int) -> Run:
        """Do one run on a fresh database and fresh keys."""
        rng = random.Random(seed)
        database = self.postgres.make_database(self._template)
        plan: Plan = {
            "store": self.postgres.url(database),
            "log": self.redis.url,
            "prefix": f"run{seed}",
            "shards": SHARDS,
            "partitions": PARTITIONS,
            "lease_s": LEASE_S,
            "start": START.isoformat(),
            "factor": FACTOR,
            "zero": wall_seconds(),
            "careless": self.careless,
            "die_at_ack": 0,
            "die_after": False,
        }
        log = RedisLog.open(self.redis.url, prefix=plan["prefix"], shards=SHARDS)
        try:
            return _Running(self, plan, log, rng, Run(seed)).go(database)
        finally:
            log.close()
            self.postgres.drop_database(database)


@dataclass(slots=True)
class _Running:
    """One run under way."""

    house: Exact
    plan: Plan
    log: RedisLog
    rng: random.Random
    result: Run
    workers: list[int] = field(default_factory=list)
    born: int = 0
    known: list[dict[str, Any]] = field(default_factory=list)

    def go(self, database: str) -> Run:
        began = time.monotonic()
        clock = ScaledClock(START, FACTOR, self.plan["zero"])
        for _ in range(WORKERS):
            self._spawn()
        fates = self._fates()
        for n in range(BATCHES):
            self._append(self._batch(clock.now()), clock.now())
            if fates and fates[0][0] <= n:
                fates.pop(0)[1]()
            time.sleep(self.rng.uniform(0.0, 0.06))
        if self.house.careless:
            time.sleep(1.0)
        self._all_filed()
        self._some_judged(database)
        for pid in self.workers:
            code = self.house.nursery.end(pid, signal.SIGTERM)
            if code not in (0, -signal.SIGKILL):
                self.result.wrong.append(
                    f"a worker ended with {code}: {last_words(self.house.nursery.notes)}"
                )
        self.result.accepted = len({m["source_id"] for m in self.known})
        expected = {mention_id(m["source"], m["source_id"]) for m in self.known}
        found = audit(partial(self.house.postgres.execute, database=database), expected)
        self.result.bins, self.result.reopened = found.bins, found.reopened
        self.result.wrong += found.wrong
        self.result.seconds = time.monotonic() - began
        return self.result

    def _fates(self) -> list[tuple[int, Callable[[], None]]]:
        """Return what happens after which batch: always at least two kills of workers."""
        rng = self.rng
        fates: list[Callable[[], None]] = [self._kill for _ in range(rng.randint(2, 4))]
        fates += [self._restart_redis] * (rng.random() < 0.35)
        fates += [self._restart_postgres] * (rng.random() < 0.35)
        rng.shuffle(fates)
        return sorted(((rng.randrange(1, BATCHES - 1), fate) for fate in fates), key=lambda x: x[0])

    # --- what is sent -----------------------------------------------------------------------

    def _batch(self, now: datetime) -> list[dict[str, Any]]:
        """Return new mentions, some of them twice, and some known ones, a part of them redated."""
        rng = self.rng
        batch: list[dict[str, Any]] = []
        for _ in range(BATCH):
            mention = {
                "source": rng.choice(("a", "b")),
                "source_id": f"m{len(self.known) + len(batch)}-{self.result.sent}",
                "text": f"wort{rng.randrange(TOPICS + 2)} ist {rng.choice(WORDS)} und {rng.choice(WORDS)}",
                "published_at": now.isoformat(),
                "author": {"handle": f"u{rng.randrange(40)}"},
            }
            batch.append(mention)
            self.result.sent += 1
        again = [dict(rng.choice(self.known)) for _ in range(rng.randrange(5)) if self.known]
        for mention in again:
            if rng.random() < 0.5:
                ago = timedelta(minutes=rng.choice((-30, 7, 45, 60 * 30)))
                mention["published_at"] = (now - ago).isoformat()
        return [*batch, *again, *rng.sample(batch, 2)]

    def _append(self, batch: list[dict[str, Any]], now: datetime) -> None:
        """Append as the door does, by source and shard; again until it is accepted."""
        parts: dict[tuple[str, int], list[dict[str, Any]]] = {}
        for m in batch:
            shard = shard_of(m["source"], m["source_id"], SHARDS)
            parts.setdefault((m["source"], shard), []).append(m)
        entries = [
            NewEntry(EntryKind.CREATED, source, now, msgspec.json.encode(items), shard)
            for (source, shard), items in parts.items()
        ]
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                self.log.append(entries)
                break
            except Unavailable:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)
        if self.rng.random() < 0.1:  # a sender that never got the answer
            self.log_again(entries)
        known = {m["source_id"] for m in self.known}
        self.known += [m for m in batch if m["source_id"] not in known]

    def log_again(self, entries: list[NewEntry]) -> None:
        try:
            self.log.append(entries)
        except Unavailable:
            return

    # --- what happens -----------------------------------------------------------------------

    def _spawn(self) -> None:
        self.born += 1
        fated = self.rng.random() < 0.5 and self.born > 1
        self.result.own_kills += fated
        plan = {
            **self.plan,
            "name": f"w{self.born}",
            "die_at_ack": self.rng.randint(1, 6) if fated else 0,
            "die_after": self.rng.random() < 0.5,
        }
        self.workers.append(self.house.nursery.start(plan))

    def _kill(self) -> None:
        """Kill one of the workers while it files what was just appended, or about then."""
        time.sleep(self.rng.choice((0.0, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12)))
        self.house.nursery.end(
            self.workers.pop(self.rng.randrange(len(self.workers))), signal.SIGKILL
        )
        self.result.kills += 1
        time.sleep(self.rng.choice((0.0, 0.1, 0.9)))
        self._spawn()

    def _restart_redis(self) -> None:
        self.house.redis.kill()
        time.sleep(self.rng.choice((0.0, 0.3)))
        self.house.redis.start()
        self.result.redis_restarts += 1

    def _restart_postgres(self) -> None:
        if self.rng.random() < 0.5:
            self.house.postgres.restart()
        else:
            self.house.postgres.kill()
            self.house.postgres.start()
        self.result.postgres_restarts += 1

    def _all_filed(self) -> None:
        """Wait until nothing is unacknowledged; a worker that killed itself is replaced."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            for pid in list(self.workers):
                if not alive(pid):
                    self.house.nursery.end(pid, signal.SIGKILL)
                    self.workers.remove(pid)
                    self.born += 1
                    plan = {**self.plan, "name": f"w{self.born}"}
                    self.workers.append(self.house.nursery.start(plan))
            try:
                if self.log.backlog(GROUP).entries == 0:
                    return
            except Unavailable:
                pass
            time.sleep(0.05)
        self.result.wrong.append(
            f"entries are left after {PATIENCE_S:g} s: {last_words(self.house.nursery.notes)}"
        )

    def _some_judged(self, database: str) -> None:
        """Wait until a bin has been judged: a fast machine files everything within one."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if self.house.postgres.execute("SELECT 1 FROM bin_result LIMIT 1", database):
                return
            time.sleep(0.1)
        self.result.wrong.append(f"no bin was judged within {PATIENCE_S:g} s")


def run(
    runs: int, seed: int, say: Callable[[str], None], *, careless: bool = False
) -> dict[str, object]:
    """Do ``runs`` runs with seeds from ``seed`` on; return the record, failures named."""
    done: list[Run] = []
    with Exact(careless=careless) as house:
        for n in range(runs):
            done.append(house.run(seed + n))
            if done[-1].wrong:
                say(f"run with seed {seed + n}: {'; '.join(done[-1].wrong)[:1500]}")
            if (n + 1) % 10 == 0:
                say(f"{n + 1} runs, {sum(not r.wrong for r in done)} exact")
    return {
        "bench": "exact",
        "runs": runs,
        "exact": sum(not r.wrong for r in done),
        "wrong_seeds": [r.seed for r in done if r.wrong],
        "mentions_sent": sum(r.sent for r in done),
        "accepted": sum(r.accepted for r in done),
        "kills_at_random": sum(r.kills for r in done),
        "kills_between_commit_and_ack_planned": sum(r.own_kills for r in done),
        "redis_killed_or_restarted": sum(r.redis_restarts for r in done),
        "postgresql_killed_or_restarted": sum(r.postgres_restarts for r in done),
        "bins_judged": sum(r.bins for r in done),
        "bins_reopened": sum(r.reopened for r in done),
        "seconds_a_run": round(statistics.median(r.seconds for r in done), 1),
        "careless_twin": careless,
        "seed": seed,
        "versions": versions(("sturmglas", "redis", "hiredis", "psycopg", "sqlalchemy")),
    }
