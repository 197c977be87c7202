"""From settings to the phone: links are made where people reach us, and what they answer is the install's."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.book import Book
from alerts.trial import trial_delivery
from detectors.detection import Level
from monitor.app.wiring import Built, build
from monitor.desk import incidents as desk
from monitor.desk.answers import State, look
from monitor.desk.tokens import SECRET, Tokens
from monitor.pipeline.errands import run_due
from monitor.pipeline.waking import Waking
from monitor.ports import NoSignals
from monitor.server.sink import Sink
from monitor.settings import Settings
from tests import builders as b
from tests.monitor.serving import Served, served, settings

TOKEN = "a-token-of-the-house-01"


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as running:
        yield running


def built(tmp_path: Path, sink: Sink, public_url: str) -> Built:
    channels: dict[str, Any] = {
        "push": {"type": "ntfy", "url": sink.ntfy_url, "topic": "shared"},
        "screen": {"type": "console"},
    }
    given = {
        "server": {"public_url": public_url, "allow_loopback_receivers": True},
        "store": {"url": f"sqlite:///{tmp_path / 'sturmglas.db'}"},
        "channel": channels,
        "person": {
            "kim": {"name": "Kim", "methods": [{"channel": "push", "address": "kims-topic"}]}
        },
    }
    return build(Settings.model_validate(given))


def sent(house: Built, target: str) -> None:
    storm = b.incident()
    with house.store.begin() as tx:
        tx.save_incident(storm, 0)

    async def scene() -> None:
        async with house.channels() as channels:
            await channels[target].send(trial_delivery(b.alert(storm), target))

    asyncio.run(scene())


def test_a_persons_push_carries_a_link_that_the_install_takes_from_that_person(
    tmp_path: Path, sink: Sink
) -> None:
    house = built(tmp_path, sink, "https://storm.example.org/")
    try:
        sent(house, "push/kim")
        actions: Any = sink.received[-1].parsed["actions"]
        found = re.fullmatch(r"https://storm\.example\.org/answer/([\w.-]+)", actions[0]["url"])
        assert found is not None
        grant = Tokens(house.store.secret(SECRET)).read(found[1])
        assert grant is not None
        assert grant.actor == "kim"
        seen = look(house.store.read, grant, found[1], b.T0)
        assert seen is not None
        assert seen.state is State.OPEN
    finally:
        house.close()


def test_without_an_address_that_people_reach_there_are_no_links(
    tmp_path: Path, sink: Sink
) -> None:
    house = built(tmp_path, sink, "")
    try:
        sent(house, "push/kim")
        assert "/answer/" not in str(sink.received[-1].parsed)
    finally:
        house.close()


def test_the_log_of_the_console_holds_no_link(
    tmp_path: Path, sink: Sink, capsys: pytest.CaptureFixture[str]
) -> None:
    house = built(tmp_path, sink, "https://storm.example.org")
    try:
        sent(house, "screen")
        out = capsys.readouterr()
        assert "Acme Bahn" in out.out + out.err
        assert "/answer/" not in out.out + out.err
    finally:
        house.close()


# --- the incident's page ------------------------------------------------------------------------


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path, given=settings()) as one:
        yield one


def test_the_incidents_page_asks_still_on_it_and_its_button_renews(server: Served) -> None:
    storm = b.incident(level=Level.STORM, opened_at=b.T0)
    with server.store.begin() as tx:
        tx.save_incident(storm, 0)
        tx.enqueue(replace(b.alert(storm), at=b.T0), ("room",), b.T0)
    desk.acknowledge(server.store, storm.id, "kim", b.T0)
    path = f"/incidents/{storm.ref}"
    assert "Noch dran" not in server.get(path).text
    server.clock.set(b.T0 + timedelta(hours=2))
    run_due(server.store, Waking(Book(), NoSignals()).handlers, server.clock.now())
    page = server.get(path).text
    assert page.count("Noch dran <kbd>") == 2
    assert "Gefragt: room" in page
    done = server.post(f"/incidents/{storm.id}/acknowledge", headers={"cookie": "actor=kim"})
    assert done.status_code == 303
    assert "Noch dran <kbd>" not in server.get(path).text
    for minutes in (5, 10):  # asked again after a stop of three hours, and nobody answers
        server.clock.set(b.T0 + timedelta(hours=5, minutes=minutes))
        assert run_due(server.store, Waking(Book(), NoSignals()).handlers, server.clock.now()) == 1
    lapsed = server.store.read.incident(storm.id)
    assert lapsed is not None
    assert lapsed.acked_level is None
    page = server.get(f"{path}?all=1&lang=en").text
    assert "No answer: kim no longer has it" in page
    assert "nobody on it any more" in page
