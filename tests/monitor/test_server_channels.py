"""Channels over HTTP: what there is, how the last delivery stands, and a test of one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from alerts.alert import AttemptOutcome, DeliveryState
from detectors.detection import Level
from monitor.app.trying import send_test
from monitor.server.sink import Fault, FaultPlan, Sink
from monitor.settings import Settings
from tests import builders as b
from tests.monitor.serving import Served, served, settings

PATH = "/api/v1/channels"


@pytest.fixture(scope="module")
def running() -> Iterator[Sink]:
    with Sink(FaultPlan(hang_s=1.0)) as sink:
        yield sink


@pytest.fixture
def sink(running: Sink) -> Sink:
    running.clear()
    return running


def with_channels(sink: Sink) -> Settings:
    given: dict[str, Any] = {
        "push": {"type": "ntfy", "url": sink.ntfy_url, "topic": "s3cr3t", "urgent_from": 4},
        "crew": {"type": "teams", "webhook_url": sink.teams_url, "language": "en"},
        "pager": {"type": "pagerduty", "routing_key": "k" * 32, "url": sink.pagerduty_url},
    }
    base = settings(allow_loopback_receivers=True)
    return Settings.model_validate({**dict(base), "channels": given})


@pytest.fixture
def server(sink: Sink, tmp_path: Path) -> Iterator[Served]:
    given = with_channels(sink)
    with served(tmp_path, given=given, send_test=partial(send_test, given)) as one:
        yield one


def test_every_channel_is_listed_without_its_secrets(server: Served) -> None:
    answer = server.get(PATH)
    assert answer.json()[1:] == [
        {
            "name": "crew",
            "type": "teams",
            "class": "C",
            "language": "en",
            "pierces_from": None,
            "last": None,
        },
        {
            "name": "pager",
            "type": "pagerduty",
            "class": "A",
            "language": "de",
            "pierces_from": 0,
            "last": None,
        },
    ]
    assert answer.json()[0]["pierces_from"] == 4
    assert "s3cr3t" not in answer.text
    assert "kkkk" not in answer.text


def test_the_last_delivery_of_each_is_told_also_to_a_person(server: Served) -> None:
    storm = b.incident()
    with server.store.begin() as tx:
        tx.save_incident(storm, 0)
        tx.enqueue(b.alert(storm), ["push/kim", "pager"], b.T0)
    [due] = [d for d in server.store.outbox.due(b.T0, 9) if d.channel == "push/kim"]
    attempt = server.store.outbox.begin(due, b.T0)
    assert attempt is not None
    server.store.outbox.finish(
        attempt, AttemptOutcome.REFUSED, DeliveryState.DEAD, b.T0, error="answered 400"
    )
    push, crew, pager = (channel["last"] for channel in server.get(PATH).json())
    assert (push["state"], push["error"], push["attempts"]) == ("dead", "answered 400", 1)
    assert crew is None
    assert pager["state"] == "pending"


def test_a_test_brings_the_receivers_own_answer(server: Served, sink: Sink) -> None:
    answer = server.post(f"{PATH}/push/test", json={"level": 5, "by": "kim"})
    assert answer.status_code == 200
    told = answer.json()
    assert (told["accepted"], told["outcome"]) == (True, "accepted")
    assert told["answer"] == "answered 200: message sInKmEsSaGe1"
    assert told["latency_ms"] > 0
    assert sink.received[0].parsed["priority"] == 5
    assert "nichts ist geschehen" in str(sink.received[0].parsed["title"])
    assert server.store.read.incidents() == []


def test_what_is_not_accepted_is_an_answer_as_well(server: Served, sink: Sink) -> None:
    sink.faults.script([Fault.REFUSE])
    told = server.post(f"{PATH}/crew/test", json={}).json()
    assert (told["accepted"], told["outcome"]) == (False, "refused")
    assert "answered 400: bad request" in told["answer"]


def test_one_test_of_a_channel_at_a_time(server: Served, sink: Sink) -> None:
    sink.faults.script([Fault.HANG_AFTER])

    async def both(client: httpx.AsyncClient) -> list[int]:
        asked = [client.post(f"{PATH}/crew/test", json={}) for _ in range(2)]
        return sorted(answer.status_code for answer in await asyncio.gather(*asked))

    assert server.ask(both) == [200, 409]
    assert server.post(f"{PATH}/crew/test", json={}).status_code == 200


def test_what_is_not_there_is_404(server: Served) -> None:
    assert server.post(f"{PATH}/pigeon/test", json={}).status_code == 404


def test_where_nothing_is_sent_from_there_is_nothing_to_test(sink: Sink, tmp_path: Path) -> None:
    with served(tmp_path, given=with_channels(sink)) as server:
        assert server.post(f"{PATH}/crew/test", json={}).status_code == 404


def test_the_demo_sends_no_test_beyond_this_machine() -> None:
    given = {"crew": {"type": "teams", "webhook_url": "https://93.184.215.14/flow"}}
    outside = Settings.model_validate({"channel": given})
    found = asyncio.run(send_test(outside, "crew", Level.STRONG_WIND, "kim", inside_only=True))
    assert found.outcome is AttemptOutcome.REFUSED
    assert "not on this machine" in found.answer
