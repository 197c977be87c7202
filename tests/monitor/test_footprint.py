"""What a process that only takes mentions in has loaded, and what it has not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from monitor.bench import footprint
from monitor.bench.ingest import plan

HEAVY = (
    "numpy",
    "river",
    "sklearn",
    "scipy",
    "alembic",
    "sqlalchemy",
    "httpx",
    "jinja2",
    "dashboards.web.render",
    "detectors.ensemble",
    "detectors.score.linear",
    "monitor.pipeline",
    "monitor.server.pages",
)
TAKE_IN = """
import asyncio, json, sys
from monitor.bench.peers import taking_in
from monitor.server.app import create_app

async def take() -> int:
    statuses = []
    async def receive():
        return {"type": "http.request", "body": sys.argv[2].encode()}
    async def send(message):
        statuses.append(message.get("status"))
    headers = [(b"host", b"localhost"), (b"authorization", b"Bearer a-token-for-benches-1")]
    scope = {"type": "http", "method": "POST", "path": "/api/v1/mentions", "headers": headers}
    await create_app(service)(scope, receive, send)
    return statuses[0]

with taking_in(json.loads(sys.argv[1])) as service:
    print(json.dumps([asyncio.run(take()), sorted(sys.modules)]))
"""


def test_a_process_that_takes_in_loads_no_model_no_store_and_no_page(tmp_path: Path) -> None:
    given = plan(tmp_path)
    subprocess.run(  # the file is made by another process: only that needs Alembic
        [sys.executable, "-c", TAKE_IN, json.dumps(given), "[]"], check=True, capture_output=True
    )
    mention = {
        "source": "forum",
        "source_id": "1",
        "text": "Der Zug",
        "published_at": "2026-11-22T12:55:00+01:00",
    }
    done = subprocess.run(
        [sys.executable, "-c", TAKE_IN, json.dumps(given), json.dumps(mention)],
        check=True,
        capture_output=True,
        text=True,
    )
    status, loaded = json.loads(done.stdout)
    assert status == 202
    assert [name for name in HEAVY if name in loaded] == []


def test_the_footprint_bench_weighs_both_sides() -> None:
    result = footprint.run(repeats=1)
    record = result.record()
    assert record["repeats"] == 1
    assert [len(side) for side in (result.ours, result.with_store, result.fastapi)] == [1, 1, 1]
    assert record["cpu_ratio"] == round(result.ours[0].cpu_ms / result.fastapi[0].cpu_ms, 3)
    assert result.with_store[0].mib > result.ours[0].mib  # the store is in one of them only
    # Tenfold slack: what fails here is a model that came along.
    assert 1 < result.ours[0].mib / result.fastapi[0].mib < 15
