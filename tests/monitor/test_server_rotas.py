"""Rotas over HTTP: who is on call, what comes, and the same as a calendar."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from icalendar import Calendar

from monitor.settings import Settings
from tests.monitor.serving import Served, served, settings

ROTA = {"people": ["kim", "lee"], "since": "2026-11-16", "timezone": "Europe/Berlin"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    people = {id: {"name": id.title()} for id in ("kim", "lee")}
    rotas = {"person": people, "rota": {"community": ROTA}}
    config = Settings.model_validate(settings().model_dump(by_alias=True) | rotas)
    with served(tmp_path, given=config) as one:
        yield one


def test_who_is_on_call_and_what_comes(server: Served) -> None:
    [rota] = server.get("/api/v1/rotas").json()
    assert (rota["on_call"], rota["until"]) == ("kim", "2026-11-23T08:00:00Z")
    assert [shift["person"] for shift in rota["shifts"]] == ["kim", "lee", "kim"]
    assert rota["gaps"] == []
    assert server.get("/api/v1/rotas/community", params={"days": 1}).json()["id"] == "community"
    assert server.get("/api/v1/rotas/nobody").status_code == 404
    assert server.get("/api/v1/rotas/nobody.ics").status_code == 404
    assert server.get("/api/v1/rotas", params={"days": 91}).status_code == 422


def test_a_calendar_of_one_person(server: Served) -> None:
    answer = server.get("/api/v1/rotas/community.ics", params={"person": "lee", "lang": "en"})
    assert answer.headers["content-type"].startswith("text/calendar")
    events = Calendar.from_ical(answer.content).walk("VEVENT")
    assert events
    assert all("lee" in str(event["summary"]).lower() for event in events)
