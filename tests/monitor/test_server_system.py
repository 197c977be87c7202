"""Health, metrics, errors and headers: what every answer carries and what a supervisor asks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from monitor import metrics
from monitor.ports import Entry, EntryKind
from monitor.server.app import App
from tests import builders as make
from tests.builders import T0, TOPIC, after
from tests.monitor.serving import BEARER, PATH, Served, served, settings, wire

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path) as one:
        yield one


def value(text: str, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    assert found, f"{name} is not among the metrics"
    return float(found[1])


def test_alive_and_ready(server: Served) -> None:
    assert server.get("/healthz").json() == {"status": "ok"}
    ready = server.get("/readyz")
    assert (ready.status_code, ready.json()) == (
        200,
        {"ready": True, "reasons": [], "failures": []},
    )


def test_failures_elsewhere_are_told_but_ingest_stays_ready(tmp_path: Path) -> None:
    with served(tmp_path, failures=lambda: ["slack: refused since 14:10"]) as server:
        ready = server.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["failures"] == ["slack: refused since 14:10"]


def test_what_was_put_aside_is_counted(server: Served) -> None:
    entry = Entry("7", EntryKind.CREATED, "shop", T0, b"[1]")
    with server.store.begin() as tx:
        tx.park(entry, "ValueError at filing.py:1", T0)
    assert value(server.get("/metrics").text, "sturmglas_parked_entries") == 1


def test_a_store_that_cannot_be_read_is_not_ready(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        server.store.close()
        (tmp_path / "sturmglas.db").unlink()
        (tmp_path / "sturmglas.db").mkdir()
        ready = server.get("/readyz")
    assert ready.status_code == 503
    assert ready.json()["reasons"][0].startswith("store: ")
    assert ready.headers["retry-after"] == "5"


def test_every_answer_carries_the_security_headers(server: Served) -> None:
    answers = [
        server.get("/healthz"),
        server.get("/docs"),
        server.get("/nothing"),
        server.get("/api/v1/topics"),
        server.send(wire(1)),
        server.send(b"no json"),
        server.get("/healthz", headers={"host": "evil.example"}),
    ]
    assert [a.status_code for a in answers] == [200, 200, 404, 200, 202, 400, 421]
    for answer in answers:
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert "server" not in answer.headers


def test_a_form_of_another_site_changes_nothing(server: Served) -> None:
    storm = make.incident()
    with server.store.begin() as tx:
        tx.save_incident(storm, 0)
    path = f"/api/v1/incidents/{storm.id}/acknowledge"
    forged = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
    assert server.post(path, json={}, headers=forged).status_code == 403
    assert server.get(f"/api/v1/incidents/{storm.id}").json()["acked_by"] == ""
    assert server.post(path, json={}, headers={"sec-fetch-site": "same-origin"}).is_success


def test_an_unexpected_error_is_a_500_with_an_id_and_nothing_else(
    server: Served, caplog: pytest.LogCaptureFixture
) -> None:
    @server.app.web.get("/broken")
    def broken() -> None:
        raise RuntimeError("the password is hunter2")

    answer = server.get("/broken")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "hunter2" not in answer.text
    assert answer.json()["id"] in caplog.text
    assert "hunter2" in caplog.text


def test_the_contract_lists_every_route_and_the_door(server: Served) -> None:
    schema = server.get("/openapi.json").json()
    assert set(schema["paths"][PATH]["post"]["responses"]) >= {"202", "400", "401", "413", "503"}
    assert schema["components"]["schemas"]["Mention"]["additionalProperties"] is False
    page = server.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    for path in schema["paths"]:
        assert path in page.text
    assert "<script" not in page.text


def test_large_answers_are_compressed(server: Served) -> None:
    answer = server.get("/openapi.json", headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"


def test_the_door_counts_what_came(server: Served) -> None:
    def figures() -> tuple[float, ...]:
        text = server.get("/metrics").text
        names = ("accepted", "duplicate", "rejected")
        return tuple(_ingested(text, outcome) for outcome in names)

    before = figures()
    server.send([wire(1), wire(2), wire(2), wire(3, text=1)])
    assert tuple(b - a for a, b in zip(before, figures(), strict=True)) == (2, 1, 1)


def _ingested(text: str, outcome: str) -> float:
    name = f'sturmglas_ingest_mentions_total{{outcome="{outcome}",source="shop"}}'
    return value(text, name) if name in text else 0.0


def test_gauges_tell_of_log_and_store(server: Served) -> None:
    with server.store.begin() as tx:
        tx.add_result(make.result(T0, level=make.Level.STRONG_WIND, assessed=make.assessment()))
        tx.save_incident(make.incident(), 0)
        tx.save_source(make.source_state("shop"))
    server.log.read("pipeline", "c", 1)
    server.send(wire(1))
    answer = server.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    text = answer.text
    assert value(text, "sturmglas_backlog_entries") == 1
    assert value(text, f'sturmglas_level{{topic="{TOPIC}"}}') == 4
    assert value(text, 'sturmglas_incidents_open{level="4"}') == 1
    last = 'sturmglas_source_last_item_timestamp_seconds{source="shop"}'
    assert value(text, last) == after(2).timestamp()


def test_every_metric_is_documented_and_bounded() -> None:
    documented = (ROOT / "docs" / "metrics.md").read_text()
    families = list(metrics.REGISTRY.collect())
    assert len(families) > 15
    for family in families:
        assert f"`{family.name}" in documented, f"{family.name} is missing in docs/metrics.md"
        assert family.name.startswith("sturmglas_")
        labels = {name for sample in family.samples for name in sample.labels}
        assert labels <= {"topic", "source", "channel", "outcome", "level", "kind", "part", "le"}


def test_a_public_url_is_answered_too(tmp_path: Path) -> None:
    given = settings(public_url="https://storm.example")
    with served(tmp_path, given=given) as server:
        assert server.get("/healthz", headers={"host": "storm.example"}).status_code == 200
        assert server.get("/healthz", headers={"host": "other.example"}).status_code == 421
        foreign = server.post(PATH, json=wire(1), headers={**BEARER, "host": "other.example"})
        assert foreign.status_code == 421


def test_websockets_are_closed(server: Served) -> None:
    sent: list[str] = []

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def send(message) -> None:  # type: ignore[no-untyped-def]
        sent.append(message["type"])

    async def connect(_: httpx.AsyncClient) -> None:
        app: App = server.app
        await app({"type": "websocket", "path": "/live", "headers": []}, receive, send)

    server.ask(connect)
    assert sent == ["websocket.close"]


def test_pages_and_static_files_are_served_under_the_same_guard(server: Served) -> None:
    page = server.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for address in re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text):
        assert server.get(address).status_code == 200, address
    assert server.get("/static/nothing.js").status_code == 404
    assert server.get("/static/../app.py").status_code == 404
