"""`bench scale`: one and two workers on the same Redis and PostgreSQL, and the same work embedded.

Per repeat, in turns: the same mentions filed by one `sturmglas work` process, by two, and by one
process over an SQLite file. Wall time from the first append until the last row is counted; CPU of the
workers themselves (servers apart, named beside). All share the two cores of one machine, so that two workers
can at most use what one leaves idle.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from monitor.bench.corpus import BRANDS, SOURCES, TERMS, Corpus, brand_topics, build, term
from monitor.bench.data import data_folder
from monitor.bench.figures import Spread, spread, versions
from monitor.bench.machine import cpu_s, family_cpu_s
from monitor.bench.redis_servers import RedisServer
from monitor.bench.servers import PostgresServer
from monitor.bench.service import Process
from monitor.clock import SystemClock
from monitor.ports import EntryKind, NewEntry, shard_of
from monitor.stream.redis_streams import RedisLog

SHARDS = 8
PATIENCE_S = 180.0


@dataclass(frozen=True, slots=True)
class One:
    """What filing everything once took: mentions per second, and microseconds of CPU a mention."""

    per_s: float
    worker_us: float
    servers_us: float


def run(mentions: int, repeats: int, seed: int, say: Callable[[str], None]) -> dict[str, object]:
    """Return the record. RuntimeError where something was not filed or counted."""
    corpus = build(data_folder(), mentions, seed=seed)
    found: dict[int, list[One]] = {1: [], 2: []}
    embedded: list[float] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sturmglas-scale-")))
        postgres = PostgresServer()
        stack.callback(postgres.stop)
        postgres.start()
        redis = RedisServer()
        stack.callback(redis.stop)
        redis.start()
        for turn in range(repeats):
            for workers in (1, 2):
                place = folder / f"{turn}-{workers}"
                place.mkdir()
                one = _filed(place, postgres, redis, corpus, workers)
                found[workers].append(one)
            embedded.append(_embedded(corpus))
            say(
                f"run {turn + 1}: one {found[1][-1].per_s:.0f}/s, two {found[2][-1].per_s:.0f}/s;"
                f" CPU us a mention: one {found[1][-1].worker_us:.0f}, two {found[2][-1].worker_us:.0f},"
                f" embedded {embedded[-1]:.0f}"
            )
    ratio = spread([b.per_s / a.per_s for a, b in zip(found[1], found[2], strict=True)])
    dearer = spread([a.worker_us / e for a, e in zip(found[1], embedded, strict=True)])
    return {
        "bench": "scale",
        "mentions": mentions,
        "median_characters": corpus.median,
        "one_worker_per_s": _told(spread([x.per_s for x in found[1]])),
        "two_workers_per_s": _told(spread([x.per_s for x in found[2]])),
        "two_against_one": round(ratio.median, 2),
        "two_against_one_range": (round(ratio.least, 2), round(ratio.most, 2)),
        "worker_us_one": _told(spread([x.worker_us for x in found[1]])),
        "worker_us_two": _told(spread([x.worker_us for x in found[2]])),
        "servers_us_one": _told(spread([x.servers_us for x in found[1]])),
        "embedded_us": _told(spread(embedded)),
        "distributed_against_embedded": round(dearer.median, 2),
        "distributed_against_embedded_range": (round(dearer.least, 2), round(dearer.most, 2)),
        "cores": os.cpu_count(),
        "seed": seed,
        "versions": versions(("sturmglas", "redis", "hiredis", "psycopg", "sqlalchemy", "numpy")),
    }


def _told(found: Spread) -> str:
    return str(found)


def _entries(bodies: list[bytes], shards: int) -> list[list[NewEntry]]:
    """Return each body as the door would append it now: by source and shard, published just now."""
    seen = SystemClock().now()
    made = []
    for body in bodies:
        parts: dict[tuple[str, int], list[Any]] = {}
        for record in msgspec.json.decode(body):
            record["published_at"] = seen.isoformat()
            shard = shard_of(record["source"], record["source_id"], shards)
            parts.setdefault((record["source"], shard), []).append(record)
        made.append(
            [
                NewEntry(EntryKind.CREATED, source, seen, msgspec.json.encode(items), shard)
                for (source, shard), items in parts.items()
            ]
        )
    return made


def _settings(folder: Path, postgres: str, redis: str, prefix: str) -> Path:
    lines = [
        'language = "en"',
        f'[store]\nurl = "{postgres}"',
        f'[stream]\nurl = "{redis}"\nprefix = "{prefix}"\nshards = {SHARDS}',
    ]
    lines += [
        f'[source.{name}]\ntype = "http"\ntoken = "bench-token-of-{name}"' for name in SOURCES
    ]
    for b in range(BRANDS):
        terms = ", ".join(f'"{term(b, t)}"' for t in range(TERMS))
        lines.append(f'[topic.brand{b}]\nname = "Brand {b}"\nany = [{terms}]')
    path = folder / "sturmglas.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


def _filed(
    folder: Path,
    postgres: PostgresServer,
    redis: RedisServer,
    corpus: Corpus,
    workers: int,
) -> One:
    database, prefix = postgres.make_database(), f"scale-{folder.name}"
    config = _settings(folder, postgres.url(database), redis.url, prefix)
    with ExitStack() as stack:
        running = [
            stack.enter_context(Process("work", "--config", str(config), notes=folder / f"{n}.log"))
            for n in range(workers)
        ]
        for worker in running:
            worker.wait_for("Sturmglas works")
        _shared_out(postgres, database, workers)
        log = RedisLog.open(redis.url, prefix=prefix, shards=SHARDS)
        stack.callback(log.close)
        servers = (postgres.pid, redis.pid)
        entries = _entries(corpus.bodies, SHARDS)
        before, before_servers = _used(running, servers)
        began = time.monotonic()
        for batch in entries:
            log.append(batch)
        end = began + PATIENCE_S
        while _rows(postgres, database) < corpus.distinct:
            if time.monotonic() > end:
                raise RuntimeError(f"not filed in {PATIENCE_S:g} s: {running[0].told()[-1500:]}")
            time.sleep(0.05)
        took = time.monotonic() - began
        used, used_servers = _used(running, servers)
    rows = _rows(postgres, database)
    if rows != corpus.distinct:
        raise RuntimeError(f"{rows} rows of {corpus.distinct} mentions")
    postgres.drop_database(database)
    each = 1e6 / corpus.mentions
    return One(
        corpus.mentions / took, (used - before) * each, (used_servers - before_servers) * each
    )


def _used(workers: list[Process], servers: tuple[int, ...]) -> tuple[float, float]:
    """Return the CPU seconds of the workers and of the servers, these with their children."""
    return sum(cpu_s(w.pid) for w in workers), sum(family_cpu_s(pid) for pid in servers)


def _shared_out(postgres: PostgresServer, database: str, workers: int) -> None:
    """Wait until every shard is held and nobody has more than a fair share."""
    end = time.monotonic() + PATIENCE_S
    sql = "SELECT owner, count(*) FROM lease WHERE name LIKE 'shard/%' AND owner <> '' GROUP BY 1"
    while time.monotonic() < end:
        held = [int(str(n)) for _, n in postgres.execute(sql, database)]
        if len(held) == workers and sum(held) == SHARDS and max(held) == -(-SHARDS // workers):
            return
        time.sleep(0.1)
    raise RuntimeError(f"shards were not shared out among {workers} workers")


def _rows(postgres: PostgresServer, database: str) -> int:
    [(rows,)] = postgres.execute("SELECT count(*) FROM seen", database)
    return int(str(rows))


def _embedded(corpus: Corpus) -> float:
    """Return CPU us a mention of one process that files the same from its own log into SQLite."""
    from detectors.matcher import Matcher
    from detectors.score.linear import LinearScorer
    from detectors.tripwires import Tripwires
    from monitor.pipeline import Pipeline
    from monitor.pipeline.holding import READ
    from monitor.pipeline.work import Parts
    from monitor.ports import GROUP, NoSignals
    from monitor.store.database import SqliteStore
    from monitor.stream.embedded import EmbeddedLog

    topics = {topic.id: topic for topic in brand_topics()}
    parts = Parts(topics, Matcher(topics.values()), LinearScorer.load(), Tripwires.load(), {}, ())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scale.db"
        store, log = SqliteStore.open(f"sqlite:///{path}"), EmbeddedLog.open(path)
        pipeline = Pipeline(store, parts, NoSignals(), live=False)
        pipeline.begin_at(SystemClock().now())
        for batch in _entries(corpus.bodies, 1):
            log.append(batch)
        began = time.process_time()
        while entries := log.read(GROUP, "bench", READ):
            pipeline.take(entries)
            log.ack(GROUP, [entry.position for entry in entries])
            log.trim()
        used = time.process_time() - began
        log.close()
        store.close()
    return used / corpus.mentions * 1e6
