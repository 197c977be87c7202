"""An install of several processes: `serve --no-work` and any number of `work`, on own servers."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from monitor.bench.redis_servers import RedisServer
from monitor.bench.service import Process
from monitor.server.sink import Sink
from tests.flow.installed import LONG, TOKEN, alerting, send, soon
from tests.servers import postgres


@dataclass
class Several:
    """Processes over one database and one Redis; ``redis`` may be killed, it is this install's own."""

    folder: Path
    redis: RedisServer
    database: str = field(default_factory=postgres.fresh_database)
    webhook: tuple[str, str] | None = None
    workers: list[Process] = field(default_factory=list)
    serve: Process | None = None
    url: str = ""
    ids: list[str] = field(default_factory=list)
    """Everything that was accepted."""
    sink: Sink | None = None

    def start(self, workers: int) -> None:
        """Start the door, then workers; returns when all say that they run."""
        config = self.folder / "sturmglas.toml"
        config.write_text(self._config(), encoding="utf-8")
        self.serve = Process(
            "serve", "--no-work", "-c", str(config), notes=self.folder / "serve.txt"
        )
        for _ in range(workers):
            self.add()
        self.serve.wait_for("Sturmglas: http")
        self.url = self.serve.told().partition("Sturmglas: ")[2].split()[0]
        for worker in self.workers:
            worker.wait_for("Sturmglas works")

    def add(self) -> Process:
        """Start one more worker, without waiting for it."""
        notes = self.folder / f"work-{len(list(self.folder.glob('work-*')))}.txt"
        worker = Process("work", "-c", str(self.folder / "sturmglas.toml"), notes=notes)
        self.workers.append(worker)
        return worker

    def _config(self) -> str:
        text = f"""
[server]
port = 0
allow_loopback_receivers = true
[store]
url = "{self.database}"
[stream]
url = "{self.redis.url}"
shards = 4
[work]
partitions = 2
[source.forum]
type = "http"
token = "{TOKEN}"
[topic.acme]
name = "Acme Bahn"
any = ["acme bahn"]
[topic.other]
name = "Andere"
any = ["andere"]
"""
        return text + alerting(self.webhook)

    def send(self, *ids: str, text: str = "Die Acme Bahn fährt heute") -> httpx.Response:
        return send(self.url, *ids, text=text)

    def accepted(self, *ids: str) -> bool:
        return self.send(*ids).status_code == 202

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        return postgres.rows(self.database, sql)

    def failures(self) -> list[str]:
        """Return what `/readyz` says needs a person."""
        found: list[str] = httpx.get(f"{self.url}/readyz", timeout=LONG).json()["failures"]
        return found

    def stored(self) -> list[str]:
        return sorted(row[0] for row in self.ask("SELECT source_id FROM mention"))

    def counted(self) -> tuple[int, int]:
        """Return (rows of topics, sum of counts)."""
        [(rows,)] = self.ask("SELECT count(*) FROM mention_topic")
        [(counted,)] = self.ask("SELECT coalesce(sum(mentions), 0)::bigint FROM count")
        return rows, counted

    def holders(self, kind: str) -> dict[str, int]:
        """Return how many leases of a kind each owner holds now."""
        found = self.ask(
            f"SELECT owner, count(*) FROM lease WHERE name LIKE '{kind}/%' AND owner <> ''"
            " AND until_us > extract(epoch FROM now()) * 1000000 GROUP BY owner"
        )
        return {str(owner): int(n) for owner, n in found}

    def shared_out(self, workers: int) -> bool:
        """Wait until so many workers hold all shards, none more than a fair share."""

        def fair() -> bool:
            held = self.holders("shard")
            return (
                len(held) == workers
                and sum(held.values()) == 4
                and max(held.values()) <= -(-4 // workers)
            )

        return soon(fair)

    def close(self) -> None:
        for process in [*self.workers, *([self.serve] if self.serve else [])]:
            if process.alive:
                os.kill(process.pid, signal.SIGCONT)
                process.kill()
        postgres.drop_database(self.database)


@contextmanager
def several(folder: Path, workers: int, **fields: Any) -> Iterator[Several]:
    """An install with its own Redis, started; everything is ended at the end."""
    redis = RedisServer().start()
    install = Several(folder, redis, **fields)
    try:
        install.start(workers)
        yield install
    finally:
        install.close()
        redis.stop()
