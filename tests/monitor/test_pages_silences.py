"""Silences on the pages: asked for by a form with its preview, taken back, seen where they hold something back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.alert import NotifyReason
from alerts.incident import Outcome
from detectors.detection import Level
from monitor.desk import silences as desk
from monitor.pipeline.silencing import Silencing
from tests import builders as b
from tests.builders import T0, TOPIC
from tests.monitor.serving import Served, served
from tests.monitor.storming import STORM, storm

HOUR = timedelta(hours=1)
FORM = {"match": f"topic={TOPIC} level<=5", "hours": "4", "reason": "known <b>outage</b>"}
EN = {"lang": "en"}
INCIDENT = f"/incidents/{STORM.ref}"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path) as one:
        storm(one.store)
        yield one


def hold(server: Served) -> None:
    """Let a rise of the storm be held back, as the pipeline does."""
    with server.store.begin() as tx:
        told = replace(b.alert(STORM, reason=NotifyReason.ESCALATED, at=T0), level=Level.STORM)
        assert Silencing().held(tx, STORM, told, ("pager",), "night", T0)


def test_what_the_form_says_is_silenced_by_whoever_is_named(server: Served) -> None:
    server.client.cookies.set("actor", "Kim")
    answer = server.post("/silences", data=FORM)
    assert (answer.status_code, answer.headers["location"]) == (303, "/silences?did=silence")
    [made] = server.store.read.silences(T0)
    assert (made.says, made.author, made.until) == (FORM["match"], "Kim", T0 + 4 * HOUR)
    shown = server.get("/silences", params=EN).text
    assert "by Kim: known &lt;b&gt;outage&lt;/b&gt;" in shown
    assert "breaks from level 6" in shown


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"match": "topc=a"}, "did you mean &#34;topic&#34;?"),
        ({"match": "level<=4"}, "names only a level"),
        ({"reason": " "}, "Please give a reason"),
        ({"hours": "25"}, "Please 5 minutes to 24 hours"),
        ({"hours": "many"}, "Please 5 minutes to 24 hours"),
    ],
)
def test_what_cannot_be_silenced_is_said_and_what_was_typed_stays(
    server: Served, change: dict[str, str], told: str
) -> None:
    given = FORM | {"reason": "typed with care"} | change
    answer = server.post("/silences", data=given, params=EN)
    assert (answer.status_code, told in answer.text) == (422, True)
    assert "reason" in change or "typed with care" in answer.text
    assert server.store.read.silences(T0) == []


def test_the_same_twice_is_a_conflict_that_names_the_first(server: Served) -> None:
    server.client.cookies.set("actor", "Kim")
    server.post("/silences", data=FORM)
    assert server.post("/silences", data=FORM).status_code == 303  # pressed twice in one second
    server.clock.move(HOUR)
    again = server.post("/silences", data=FORM, params=EN)
    assert (again.status_code, "Kim has silenced this already" in again.text) == (409, True)


def test_the_preview_says_what_would_have_been_held_back_before_anybody_presses(
    server: Served,
) -> None:
    found = server.get("/silences/preview", params=EN | {"match": f"topic={TOPIC}"}).text
    assert "<b>1 alert</b> would have been held back" in found
    assert STORM.ref in found
    assert "to console" in found
    none = server.get("/silences/preview", params=EN | {"match": "topic=other"}).text
    assert "no alert went out in that time that fits" in none
    wrong = server.get("/silences/preview", params=EN | {"match": "topic"}).text
    assert "This cannot be read" in wrong
    assert server.store.read.silences(T0) == []


def test_taken_back_it_stands_among_the_ended_and_twice_is_a_conflict(server: Served) -> None:
    server.post("/silences", data=FORM)
    [made] = server.store.read.silences(T0)
    answer = server.post(f"/silences/{made.id}/end", data={"back": "//evil.example/"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "taken back" in server.get("/silences", params=EN).text
    again = server.post(f"/silences/{made.id}/end", params=EN)
    assert (again.status_code, "over already" in again.text) == (409, True)
    assert server.post("/silences/99/end").status_code == 404


def test_who_holds_an_incident_back_stands_on_its_page_the_list_and_the_situation(
    server: Served,
) -> None:
    server.client.cookies.set("actor", "Kim")
    server.post("/silences", data=FORM)
    hold(server)
    shown = server.get(INCIDENT, params=EN).text
    assert "<b>Held back by Kim</b>" in shown
    assert "silence of Kim until" in shown  # on the timeline
    assert "held back by Kim" in server.get("/incidents", params=EN).text
    assert FORM["match"].replace("<", "&lt;") in server.get("/", params=EN).text
    assert STORM.ref in server.get("/silences").text
    [made] = server.store.read.silences(T0)
    let_go = server.post(f"{INCIDENT}/release", data={"silence": str(made.id)})
    assert let_go.status_code == 303
    assert server.store.read.next_errand() == T0
    assert server.store.read.silences(T0) == []


def test_an_incident_is_silenced_from_its_page(server: Served) -> None:
    data = {"match": f"topic={TOPIC}", "hours": "2", "reason": "known"}
    answer = server.post(f"{INCIDENT}/silence", data=data)
    assert answer.headers["location"] == f"{INCIDENT}?did=silence"
    [made] = server.store.read.silences(T0)
    assert (made.level, made.until) == (Level.STORM, T0 + 2 * HOUR)
    missing = server.post(f"{INCIDENT}/silence", data=data | {"reason": ""}, params=EN)
    assert (missing.status_code, "the reason is missing" in missing.text) == (422, True)


def test_one_press_gives_the_all_clear_and_by_day_asks_what_it_was(server: Served) -> None:
    server.client.cookies.set("actor", "Kim")
    before = server.get(INCIDENT, params=EN).text
    assert "Why it was a false alarm is asked only by day" in before
    answer = server.post(f"{INCIDENT}/sleep")
    assert answer.headers["location"] == f"{INCIDENT}?did=sleep"
    found = server.store.read.incident(STORM.id)
    assert found is not None
    assert found.outcome is Outcome.FALSE_ALARM
    shown = server.get(INCIDENT, params=EN).text
    assert "What Kim cleared is muted until" in shown
    assert "Kim gave the all clear. It is day now" in shown
    assert "what it was is still to be said" in server.get("/incidents", params=EN).text
    said = server.post(f"{INCIDENT}/explain", data={"outcome": "not_ours", "cause": "a namesake"})
    assert said.status_code == 303
    after = server.get(INCIDENT, params=EN).text
    assert "It is day now" not in after
    assert "a namesake" in after


def test_at_night_nobody_is_asked_what_it_was(server: Served) -> None:
    server.clock.move(13 * HOUR)  # two in the morning in Berlin
    server.post(f"{INCIDENT}/sleep")
    assert "It is day now" not in server.get(INCIDENT, params=EN).text
    server.clock.move(8 * HOUR)
    assert "It is day now" in server.get(INCIDENT, params=EN).text


def test_a_second_all_clear_names_the_first(server: Served) -> None:
    server.client.cookies.set("actor", "Kim")
    server.post(f"{INCIDENT}/sleep")
    again = server.post(f"{INCIDENT}/sleep", params=EN)
    assert (again.status_code, "ended by Kim" in again.text) == (409, True)


# --- API --------------------------------------------------------------------------------------


def test_the_api_silences_previews_lists_and_ends(server: Served) -> None:
    body = {"match": FORM["match"], "reason": "known", "for_min": 60, "by": "kim"}
    made = server.post("/api/v1/silences", json=body)
    assert made.status_code == 201
    got = made.json()
    assert (got["match"], got["author"], got["breaks_at"]) == (FORM["match"], "kim", 6)
    hold(server)
    [listed] = server.get("/api/v1/silences").json()
    assert (listed["id"], listed["holds"], listed["standing"]) == (got["id"], [STORM.ref], True)
    seen = server.get("/api/v1/silences/preview", params={"match": f"topic={TOPIC}"}).json()
    assert seen["held"] == len(seen["met"]) - seen["broken"] > 0
    assert seen["met"][0]["incident"] == STORM.ref
    again = server.post("/api/v1/silences", json=body | {"by": "lee"})
    assert (again.status_code, again.json()["by"]) == (409, "kim")
    ended = server.post(f"/api/v1/silences/{got['id']}/end", json={"by": "lee"})
    assert ended.json()["ended_by"] == "lee"
    twice = server.post(f"/api/v1/silences/{got['id']}/end", json={"by": "kim"})
    assert (twice.status_code, twice.json()["by"]) == (409, "lee")
    assert server.get("/api/v1/silences").json() == []
    assert len(server.get("/api/v1/silences", params={"ended_days": 1}).json()) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"match": "topc=a", "reason": "x"},
        {"match": "topic=a", "reason": ""},
        {"match": "topic=a", "reason": "x", "for_min": 1441},
        {"match": "topic=a", "reason": "x", "days": 1},
    ],
)
def test_the_api_refuses_what_cannot_be_silenced(server: Served, body: dict[str, object]) -> None:
    assert server.post("/api/v1/silences", json=body).status_code == 422
    assert server.store.read.silences(T0) == []


def test_the_api_gives_the_all_clear(server: Served) -> None:
    done = server.post(f"/api/v1/incidents/{STORM.ref}/sleep", json={"by": "kim"}).json()
    assert done["incident"]["outcome"] == "false_alarm"
    again = server.post(f"/api/v1/incidents/{STORM.ref}/sleep", json={"by": "lee"})
    assert (again.status_code, again.json()["by"]) == (409, "kim")
    assert server.post("/api/v1/incidents/none/sleep", json={}).status_code == 404


def test_an_incident_of_the_api_says_who_holds_it_back(server: Served) -> None:
    assert server.get(f"/api/v1/incidents/{STORM.ref}").json()["held_back"] is None
    desk.silence(server.store, desk.Wish(FORM["match"], "known"), "kim", T0)
    hold(server)
    held = server.get(f"/api/v1/incidents/{STORM.ref}").json()["held_back"]
    assert (held["author"], held["reason"]) == ("kim", "known")
