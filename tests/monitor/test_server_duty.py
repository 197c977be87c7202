"""Taking over, being away and test calls over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from icalendar import Calendar

from monitor.app.trying import send_test
from monitor.server.sink import Fault, FaultPlan, Sink
from tests.builders import T0
from tests.monitor.duty_house import house
from tests.monitor.serving import Served, served

HOUR = timedelta(hours=1)
ROTA, ABSENCES = "/api/v1/rotas/community", "/api/v1/absences"


@pytest.fixture(scope="module")
def running() -> Iterator[Sink]:
    with Sink(FaultPlan(hang_s=1.0)) as sink:
        yield sink


@pytest.fixture
def sink(running: Sink) -> Sink:
    running.clear()
    return running


@pytest.fixture
def server(sink: Sink, tmp_path: Path) -> Iterator[Served]:
    given = house(sink)
    with served(tmp_path, given=given, send_test=partial(send_test, given)) as one:
        yield one


def at(hours: float) -> str:
    return (T0 + hours * HOUR).isoformat()


def delete(server: Served, path: str) -> int:
    return server.ask(lambda client: client.delete(path)).status_code


def on_call(server: Served) -> str:
    found = server.get(ROTA).json()["on_call"]
    assert isinstance(found, str)
    return found


def test_somebody_takes_over_at_once_and_takes_it_back(server: Served) -> None:
    assert on_call(server) == "kim"
    body = {"person": "lee", "until": at(4), "note": "dentist", "by": "kim"}
    made = server.post(f"{ROTA}/overrides", json=body)
    assert made.status_code == 201
    change = made.json()
    assert (change["person"], change["actor"], change["note"]) == ("lee", "kim", "dentist")
    assert change["since"] == "2026-11-22T12:00:00Z"
    assert on_call(server) == "lee"
    [shift, *_] = server.get(ROTA).json()["shifts"]
    assert (shift["person"], shift["why"]) == ("lee", "override")
    [listed] = server.get(f"{ROTA}/overrides").json()
    assert listed == change
    assert delete(server, f"{ROTA}/overrides/{change['id']}") == 200
    assert on_call(server) == "kim"
    assert server.get(f"{ROTA}/overrides").json() == []


def test_whoever_is_away_is_represented_and_gaps_are_told(server: Served) -> None:
    away = server.post(ABSENCES, json={"person": "kim", "since": at(2), "until": at(6)})
    assert away.status_code == 201
    server.post(ABSENCES, json={"person": "ben", "since": at(4), "until": at(5)})
    found = server.get(ROTA, params={"days": 1}).json()
    shown = [(s["person"], s["why"]) for s in found["shifts"]][:4]
    assert shown == [("kim", "turn"), ("ben", "deputy"), ("", "nobody"), ("ben", "deputy")]
    assert [g["since"] for g in found["gaps"]] == ["2026-11-22T16:00:00Z"]
    assert len(server.get(ABSENCES).json()) == 2
    id = away.json()["id"]
    assert delete(server, f"{ROTA}/overrides/{id}") == 404  # it is none
    assert delete(server, f"{ABSENCES}/{id}") == 200
    assert len(server.get(ABSENCES).json()) == 1


def test_the_calendar_shows_who_took_over(server: Served) -> None:
    server.post(f"{ROTA}/overrides", json={"person": "ben", "since": at(1), "until": at(3)})
    content = server.get(f"{ROTA}.ics", params={"lang": "en"}).content
    [first, second, *_] = Calendar.from_ical(content).walk("VEVENT")
    assert "kim" in str(first["summary"])
    assert ("ben" in str(second["summary"]), str(second["description"])) == (True, "override")


@pytest.mark.parametrize(
    ("path", "body", "status", "told"),
    [
        (f"{ROTA}/overrides", {"person": "nobody", "until": at(1)}, 422, "known: kim, lee, ben"),
        (f"{ROTA}/overrides", {"person": "kim", "until": at(-1)}, 422, "is past"),
        (f"{ROTA}/overrides", {"person": "kim"}, 422, "until"),
        (f"{ROTA}/overrides", {"person": "kim", "until": "2026-11-23T10:00"}, 422, "until"),
        ("/api/v1/rotas/nights/overrides", {"person": "kim", "until": at(1)}, 404, "nights"),
        (ABSENCES, {"person": "kim", "until": at(1), "rota": "x"}, 422, "rota"),
    ],
)
def test_what_cannot_be_is_refused(
    server: Served, path: str, body: dict[str, str], status: int, told: str
) -> None:
    answer = server.post(path, json=body)
    assert (answer.status_code, told in answer.text) == (status, True), answer.text
    assert server.store.read.totals()["duty"] == 0


def test_what_is_over_cannot_be_taken_back(server: Served) -> None:
    made = server.post(ABSENCES, json={"person": "kim", "until": at(1)}).json()
    server.clock.move(2 * HOUR)
    assert delete(server, f"{ABSENCES}/{made['id']}") == 409
    assert delete(server, f"{ABSENCES}/999") == 404


def test_a_test_call_is_kept_and_somebody_says_whether_it_rang(server: Served, sink: Sink) -> None:
    tests = "/api/v1/channels/tests"
    assert [(c["person"], c["state"]) for c in server.get(tests).json()] == [
        ("kim", "never"),
        ("lee", "never"),
    ]
    rang = "/api/v1/channels/push/test/kim/rang"
    assert server.post(rang, json={"rang": True}).status_code == 404  # none was made
    answer = server.post("/api/v1/channels/push/test", json={"person": "kim", "by": "lee"})
    assert (answer.status_code, answer.json()["accepted"]) == (200, True)
    assert "kim-7" in str(sink.received[-1])
    [kim, _] = server.get(tests).json()
    assert (kim["state"], kim["by"], kim["at"]) == ("unsaid", "lee", "2026-11-22T12:00:00Z")
    said = server.post(rang, json={"rang": True, "by": "kim"}).json()
    assert (said["state"], said["said_by"]) == ("rang", "kim")
    server.clock.move(timedelta(days=91))
    assert server.get(tests).json()[0]["state"] == "old"
    server.post("/api/v1/channels/push/test", json={"person": "kim"})
    assert server.post(rang, json={"rang": False, "at": at(0)}).status_code == 409  # another one
    assert server.post(rang, json={"rang": False}).json()["state"] == "silent"


def test_a_test_call_that_was_refused_and_one_to_nobody(server: Served, sink: Sink) -> None:
    sink.faults.script([Fault.REFUSE])
    found = server.post("/api/v1/channels/push/test", json={"person": "kim"}).json()
    assert found["outcome"] == "refused"
    assert server.get("/api/v1/channels/tests").json()[0]["state"] == "refused"
    nobody = server.post("/api/v1/channels/push/test", json={"person": "lee"})
    assert nobody.status_code == 404
    assert (
        server.post("/api/v1/channels/mail/test/ben/rang", json={"rang": True}).status_code == 404
    )
    server.post("/api/v1/channels/push/test", json={})  # to the channel alone: nobody's
    assert [c["state"] for c in server.get("/api/v1/channels/tests").json()] == ["refused", "never"]
