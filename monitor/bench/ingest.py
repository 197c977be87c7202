"""`bench ingest`: what it costs to take mentions in durably, against the floor and against FastAPI.

In process: our server is called as ASGI, without an HTTP server, with bodies of 100 signed by
Standard Webhooks and 16 requests in flight; the floor verifies, decodes and appends the same bodies
to a plain table, 16 in one commit. Over HTTP: the same bodies to our server as a process on
loopback, and to FastAPI with pydantic that stores nothing. Scoring has no part in either. CPU time;
sides take turns; medians.
"""

from __future__ import annotations

import asyncio
import base64
import gc
import hashlib
import hmac
import tempfile
import time
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop

from monitor.bench.children import peer
from monitor.bench.corpus import Corpus, build
from monitor.bench.data import data_folder
from monitor.bench.figures import ratios, spread, versions
from monitor.bench.floors import SECRET, ingest_floor
from monitor.bench.load import send
from monitor.bench.machine import cpu_s
from monitor.bench.naive import signatures
from monitor.bench.peers import taking_in
from monitor.clock import wall_seconds
from monitor.server.commit import GroupCommit
from monitor.server.door import PATH, Door
from monitor.service import Service

SOURCE = "forum"
TOKEN = "a-token-for-benches-1"
IN_FLIGHT = 16
SINGLES = 2000
HTTP_MENTIONS = 40_000
"""CPU of another process is told in steps of 10 ms; this many take 20 of them at least."""
OURS, FLOOR, SINGLE, SINGLE_FLOOR = "ours", "floor", "ours, singles", "floor, singles"
HTTP, FORGETFUL = "ours over HTTP", "FastAPI + pydantic that stores nothing"

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Result:
    """CPU microseconds per mention, by side and repeat."""

    runs: dict[str, list[float]]
    corpus: Corpus

    def record(self) -> dict[str, object]:
        """Return the result as the JSON line that programs read."""
        runs = self.runs
        return {
            "bench": "ingest",
            **spread(runs[OURS]).record("ours_us"),
            **spread(runs[FLOOR]).record("floor_us"),
            **ratios(runs[FLOOR], runs[OURS]).record("floor_share"),
            **spread(runs[SINGLE]).record("single_us"),
            **spread(runs[SINGLE_FLOOR]).record("single_floor_us"),
            **ratios(runs[SINGLE_FLOOR], runs[SINGLE]).record("single_floor_share"),
            **spread(runs[HTTP]).record("http_us"),
            **spread(runs[FORGETFUL]).record("http_fastapi_us"),
            **ratios(runs[HTTP], runs[FORGETFUL]).record("http_cost_of_fastapi"),
            "in_flight": IN_FLIGHT,
            "repeats": len(runs[OURS]),
            **self.corpus.record(),
            "versions": versions(),
        }


def run(
    mentions: int = 40_000,
    repeats: int = 5,
    seed: int = 1,
    say: Callable[[str], None] = lambda line: None,
) -> Result:
    """Run all sides ``repeats`` times in turns. Raises where a side has not stored every body."""
    folder = data_folder()
    many = build(folder, mentions, seed=seed, sources=(SOURCE,))
    single = build(folder, SINGLES, batch=1, seed=seed, sources=(SOURCE,))
    heavy = build(folder, HTTP_MENTIONS, seed=seed, sources=(SOURCE,))
    say(f"corpus: {many}, seed {seed}; singles: {single}; over HTTP: {heavy}")
    mac = signatures(many.bodies, SECRET)
    one = [b"[" + body + b"]" for body in single.bodies]
    mac_one = signatures(one, SECRET)
    sides: dict[str, Callable[[], float]] = {
        OURS: lambda: _door(many.bodies) / many.mentions,
        FLOOR: lambda: ingest_floor(many.bodies, mac, IN_FLIGHT) / many.mentions,
        SINGLE: lambda: _door(single.bodies) / single.mentions,
        SINGLE_FLOOR: lambda: ingest_floor(one, mac_one, IN_FLIGHT) / single.mentions,
        HTTP: lambda: _over_http("door", PATH, heavy) / heavy.mentions,
        FORGETFUL: lambda: _over_http("nothing", "/many", heavy) / heavy.mentions,
    }
    runs: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(repeats):
        for name, side in sides.items():
            gc.collect()
            runs[name].append(side() * 1e6)
        told = ", ".join(f"{name} {runs[name][-1]:.2f}" for name in sides)
        say(f"run {turn + 1}, CPU us a mention: {told}")
    for name, values in runs.items():
        say(f"{name}: {spread(values)} us")
    return Result(runs, many)


def plan(folder: Path) -> dict[str, Any]:  # Any: JSON
    """Return what `monitor.bench.peers.door` is told: one source, by token and by signature."""
    source = {
        "type": "http",
        "token": TOKEN,
        "signing_secret": "whsec_" + base64.b64encode(SECRET).decode(),
    }
    return {"path": str(folder / "door.db"), "settings": {"source": {SOURCE: source}}}


def _door(bodies: Sequence[bytes]) -> float:
    """Return the CPU seconds of our server for all bodies, called as ASGI."""
    with tempfile.TemporaryDirectory() as folder, taking_in(plan(Path(folder))) as service:
        requests = [(_signed(body), body) for body in bodies]
        return uvloop.run(_crowd(service, requests))  # the loop that we serve with


async def _crowd(service: Service, requests: Sequence[tuple[Headers, bytes]]) -> float:
    commit = GroupCommit(service.log, service.settings.server.max_backlog_bytes)
    door = Door(service, commit)
    statuses: list[int] = []
    warm = len(requests) // 10  # connections are opened, code is loaded, the file has pages
    await _sender(door, iter(requests[:warm]), statuses)
    waiting = iter(requests[warm:])
    started = time.process_time()
    await asyncio.gather(*(_sender(door, waiting, statuses) for _ in range(IN_FLIGHT)))
    used = time.process_time() - started
    await commit.close()
    assert statuses == [202] * len(requests), set(statuses)
    return used * len(requests) / (len(requests) - warm)


async def _sender(
    door: Door, requests: Iterator[tuple[Headers, bytes]], statuses: list[int]
) -> None:
    for headers, body in requests:
        message: MutableMapping[str, Any] = {"type": "http.request", "body": body}

        async def receive(message: MutableMapping[str, Any] = message) -> MutableMapping[str, Any]:
            return message

        async def send_(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        scope = {"type": "http", "method": "POST", "path": PATH, "headers": headers}
        await door(scope, receive, send_)


def _signed(body: bytes) -> Headers:
    stamp = str(int(wall_seconds()))
    mac = hmac.new(SECRET, f"msg.{stamp}.".encode() + body, hashlib.sha256).digest()
    return [
        (b"host", b"127.0.0.1:8000"),
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"webhook-id", b"msg"),
        (b"webhook-timestamp", stamp.encode()),
        (b"webhook-signature", b"v1," + base64.b64encode(mac)),
    ]


def _over_http(name: str, path: str, corpus: Corpus) -> float:
    """Return the CPU seconds of a server process for the whole corpus."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        bearer = [f"authorization: Bearer {TOKEN}"]
        with peer(name, plan(folder)) as server:
            send(server.port, path, corpus.bodies[:IN_FLIGHT], IN_FLIGHT, folder, bearer)
            before = cpu_s(server.pid)
            send(server.port, path, corpus.bodies, IN_FLIGHT, folder, bearer)
            return cpu_s(server.pid) - before
