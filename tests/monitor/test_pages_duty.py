"""The page of who is on call: what it shows, and what its forms do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from alerts.alert import Action, AttemptOutcome, DeliveryState
from monitor.app.trying import send_test
from monitor.app.wiring import book_of
from monitor.desk import nights
from monitor.server.sink import FaultPlan, Sink
from monitor.store.database import SqliteStore
from tests import builders as b
from tests.builders import T0, TOPIC
from tests.monitor.duty_house import ROTAS, house
from tests.monitor.serving import Served, served

HOUR = timedelta(hours=1)
OVER = {"rota": "community", "person": "lee", "since": "", "until": "2026-11-22T20:00"}
AWAY = {"person": "kim", "since": "2026-11-22T18:00", "until": "2026-11-22T20:00"}


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


def shown(server: Served, lang: str = "en") -> str:
    """Return the words of the page, one space between."""
    html = server.get("/duty", params={"lang": lang}).text
    html = html[html.index("<main") :]
    text = " ".join(re.sub(r"<[^>]+>", " ", html).split())
    return re.sub(r" ([,.:;])", r"\1", text)


def test_it_says_who_is_on_call_until_when_by_what_and_who_next(server: Served) -> None:
    page = shown(server)
    assert "Kim Behrens until Mon 23 Nov 09:00 their turn" in page
    assert "can be reached by push heard through Do Not Disturb" in page
    assert "Then Lee Hansen, from Mon 23 Nov 09:00" in page
    assert "It is no time of duty right now. Then Lee Hansen, from Mon 23 Nov 08:00" in page


def test_taking_over_holds_at_once_and_is_taken_back(server: Served) -> None:
    server.client.cookies.set("actor", "Kim%20Behrens")
    assert '<option value="kim" selected>' in server.get("/duty").text  # the viewer
    answer = server.post("/duty/over", data=OVER | {"note": "<i>dentist"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/duty#rota-community")
    page = shown(server)
    assert "Lee Hansen until Sun 22 Nov 20:00 took over" in page
    assert "Lee Hansen takes over, Sun 22 Nov 13:00 to Sun 22 Nov 20:00" in page
    assert "entered by Kim Behrens" in page
    assert "&lt;i&gt;dentist" in server.get("/duty").text
    [change] = server.store.read.duty(T0)
    back = server.post(f"/duty/changes/{change.id}/back")
    assert (back.status_code, back.headers["location"]) == (303, "/duty")
    assert "takes over, Sun" not in shown(server)
    assert "Kim Behrens until Mon" in shown(server)


def test_an_absence_brings_the_deputy_and_a_gap_is_said_in_words(server: Served) -> None:
    server.post("/duty/away", data=AWAY)
    page = shown(server)
    assert "Kim Behrens is away, Sun 22 Nov 18:00 to Sun 22 Nov 20:00" in page
    assert "Ben Otto 18:00 – 20:00 deputy" in page.replace("18:00–20:00", "18:00 – 20:00")
    assert "nobody on call from Sun 22 Nov" not in page
    server.post("/duty/away", data=AWAY | {"person": "ben", "until": "2026-11-22T19:00"})
    assert "community: nobody on call from Sun 22 Nov 18:00 to Sun 22 Nov 19:00" in shown(server)
    assert "nobody" in re.findall(r'class="turn turn-nobody"><b class="data">(\w+)<',
                                  server.get("/duty", params={"lang": "en"}).text)  # fmt: skip


@pytest.mark.parametrize(
    ("path", "change", "status", "told"),
    [
        ("over", {"until": ""}, 422, "The end must be to come"),
        ("over", {"until": "2026-11-22T12:00"}, 422, "The end must be to come"),
        ("over", {"since": "soon"}, 422, "The start is no time"),
        ("over", {"person": "nobody"}, 422, "Please choose somebody"),
        ("over", {"rota": "nights"}, 422, "There is no such rota"),
        ("over", {"note": "x" * 201}, 422, "at most 200 characters"),
        ("away", {"until": "2026-11-22T12:00"}, 422, "The end must be to come"),
    ],
)
def test_what_cannot_be_is_said_and_what_was_typed_stays(
    server: Served, path: str, change: dict[str, str], status: int, told: str
) -> None:
    given = {"note": "typed with care", **OVER, **change}
    answer = server.post(f"/duty/{path}", data=given, params={"lang": "en"})
    assert (answer.status_code, told in answer.text) == (status, True)
    assert given["note"] in answer.text
    assert server.store.read.totals()["duty"] == 0


def test_what_is_over_cannot_be_taken_back(server: Served) -> None:
    server.post("/duty/over", data=OVER)
    server.clock.move(9 * HOUR)
    answer = server.post("/duty/changes/1/back", params={"lang": "en"})
    assert (answer.status_code, "It is over already" in answer.text) == (409, True)
    assert server.post("/duty/changes/99/back").status_code == 404


def test_a_test_call_is_made_and_somebody_says_that_it_rang(server: Served, sink: Sink) -> None:
    assert "Kim Behrens, by push: never tested" in shown(server)
    path = "/duty/tests/push/kim"
    answer = server.post(path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/duty#test-push-kim")
    assert len(sink.received) == 1
    assert "accepted; did it ring?" in shown(server)
    [call] = server.store.read.trials()
    said = {"rang": "1", "at": call.at.isoformat()}
    late = said | {"at": (call.at - HOUR).isoformat()}
    assert server.post(f"{path}/rang", data=late).status_code == 409
    assert server.post(f"{path}/rang", data=said).status_code == 303
    assert "by push: " not in shown(server)
    server.clock.move(timedelta(days=91))
    assert "Kim Behrens, by push: tested more than 90 days ago" in shown(server)
    assert server.post("/duty/tests/push/lee").status_code == 404
    assert server.post("/duty/tests/mail/lee/rang", data=said).status_code == 404


def test_people_who_cannot_be_told_or_sleep_through_it_are_named(server: Served) -> None:
    page = shown(server)
    assert "Ben Otto has no method and is never reached." in page
    assert "Lee Hansen sleeps through it" in page
    assert "Kim Behrens sleeps" not in page


def called(store: SqliteStore, target: str, hours: float, **more: Any) -> None:
    """Have a target called so many hours after T0."""
    at = T0 + hours * HOUR
    storm = b.incident()
    with store.begin() as tx:
        tx.save_incident(storm, 0)
        tx.enqueue(replace(b.alert(storm), id=f"{target}{hours}", **more), [target], at)
    [due] = [d for d in store.outbox.due(at, 99) if d.alert.id == f"{target}{hours}"]
    attempt = store.outbox.begin(due, at)
    assert attempt is not None
    store.outbox.finish(attempt, AttemptOutcome.ACCEPTED, DeliveryState.SENT, at)


@pytest.mark.parametrize(
    ("target", "hours", "more", "said"),
    [
        ("push/kim", -10, {}, True),  # 03:00
        ("push/kim", -4, {}, False),  # 09:00 is no night
        ("mail/lee", -10, {}, False),  # a mail wakes nobody
        ("push", -10, {}, False),  # nobody's own
        ("push/kim", -10, {"action": Action.RESOLVE}, False),  # the all clear
        ("push/kim", -34, {}, False),  # the night before
    ],
)
def test_after_a_call_at_night_the_earliest_start_of_work_is_said(
    server: Served, target: str, hours: float, more: dict[str, Any], said: bool
) -> None:
    called(server.store, target, hours, **more)
    told = (
        "Kim Behrens was last called at Sun 22 Nov 03:00: no start of work before Sun 22 Nov 14:00"
    )
    assert (told in shown(server)) == said
    server.clock.move(2 * HOUR)
    assert "was last called" not in shown(server)


def test_the_night_is_asked_about_until_somebody_answers(server: Served) -> None:
    address = f"/topics/{TOPIC}/settings"
    for page in ("/duty", address):
        text = said_of_the_night(server, page)
        assert "Nobody has answered that yet" in text
        assert "From 22:00 to 06:30 only level 5 and above wakes" in text
    given = {"since": "23:15", "until": "07:00", "level": "6"}
    server.client.cookies.set("actor", "Kim")
    answer = server.post("/duty/night", data=given)
    assert (answer.status_code, answer.headers["location"]) == (303, "/duty#night")
    text = said_of_the_night(server, "/duty")
    assert "From 23:15 to 07:00 only level 6 and above wakes" in text
    assert "Said by Kim," in text
    assert "Who may be woken when?" not in said_of_the_night(server, address)


def test_an_answer_counts_at_once_for_whoever_wakes(server: Served) -> None:
    book = book_of(server.service.settings, server.store.read)
    assert book.night.level == 5
    server.post("/duty/night", data={"since": "22:00", "until": "06:30", "level": "4"})
    assert book.night.level == 4
    assert "Whatever wakes does so at any hour" in said_of_the_night(server, "/duty")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"level": "3"}, "The level is 4, 5 or 6."),
        ({"level": "x"}, "The level is 4, 5 or 6."),
        ({"since": "25:00"}, "times of day such as 22:00"),
        ({"until": ""}, "times of day such as 22:00"),
    ],
)
def test_a_wrong_answer_is_refused_in_its_place_and_what_was_typed_stays(
    server: Served, changed: dict[str, str], told: str
) -> None:
    given = {"since": "21:45", "until": "06:30", "level": "6", **changed}
    answer = server.post("/duty/night?lang=en", data=given)
    assert answer.status_code == 422
    assert told in answer.text
    if "since" not in changed:
        assert 'value="21:45"' in answer.text
    assert nights.answered(server.store.read) is None


def test_what_the_settings_file_says_is_shown_and_not_asked(tmp_path: Path) -> None:
    with served(tmp_path, given=house(night={"min_level": 6})) as other:
        text = said_of_the_night(other, "/duty")
        assert "only level 6 and above wakes" in text
        assert "So says [night] in the settings file." in text
        assert "Who may be woken when?" not in said_of_the_night(other, f"/topics/{TOPIC}/settings")
        given = {"since": "22:00", "until": "06:30", "level": "4"}
        assert other.post("/duty/night", data=given).status_code == 409
        assert book_of(other.service.settings, other.store.read).night.level == 6


def said_of_the_night(server: Served, page: str) -> str:
    return server.get(page, params={"lang": "en"}).text


def test_without_rotas_it_says_where_they_are_set(tmp_path: Path) -> None:
    with served(tmp_path) as plain:
        assert "There is no rota yet." in shown(plain)
        assert plain.post("/duty/over", data=OVER).status_code == 422


def test_many_gaps_are_counted_and_a_week_shows_each_day(tmp_path: Path) -> None:
    desk = {**ROTAS["desk"], "since": "2026-12-28"}
    with served(tmp_path, given=house(rotas={"desk": desk})) as one:
        page = shown(one)
        assert "desk: 2 more gaps in these two weeks." in page
        assert one.get("/duty").text.count('class="day') == 14 + 14  # and its heading


def test_a_part_of_the_page_is_the_region_alone(server: Served) -> None:
    part = server.get("/duty", params={"part": 1}).text
    assert part.lstrip().startswith('<div id="duty"')
    assert "<form" not in part.replace('action="/duty/changes', "")
