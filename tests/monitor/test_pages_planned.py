"""Planned events on a topic's pages: announced by a form, listed, called off, and seen on the curve."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.desk import planned as desk
from tests import builders as make
from tests.builders import T0, TOPIC
from tests.monitor.serving import Served, served
from tests.monitor.storming import calm_past

HOUR = timedelta(hours=1)
PATH = f"/topics/{TOPIC}/planned"
FORM = {
    "title": "Webinar <b>on</b> fares",
    "type": "Webinar",
    "starts": "2026-11-22T14:00",
    "ends": "2026-11-22T16:00",
    "uplift": "8,5",
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path) as one:
        yield one


def test_what_the_form_says_is_announced_in_the_zone_of_the_topic(server: Served) -> None:
    answer = server.post(PATH, data=FORM)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PATH}#planned")
    [entry] = desk.announced(server.store.read, T0, T0 + 9 * HOUR)
    assert (entry.starts, entry.ends) == (T0 + HOUR, T0 + 3 * HOUR)
    assert (entry.uplift, entry.type, entry.actor) == (8.5, "webinar", "anonym")
    shown = server.get(PATH).text
    assert "Webinar &lt;b&gt;on&lt;/b&gt; fares" in shown
    assert "8,5-mal so viele" in server.get(PATH, params={"lang": "de"}).text


def test_without_an_end_it_is_a_post_and_without_a_number_it_is_learned(server: Served) -> None:
    assert server.post(PATH, data=FORM | {"ends": "", "uplift": ""}).status_code == 303
    [entry] = desk.announced(server.store.read, T0, T0 + 9 * HOUR)
    assert (entry.kind, entry.uplift) == ("post", None)
    assert "1.5 times as many, as past ones" in server.get(PATH, params={"lang": "en"}).text


@pytest.mark.parametrize(
    ("change", "status", "told"),
    [
        ({"title": " "}, 422, "Please give a title"),
        ({"type": "x" * 41}, 422, "at most 40 characters"),
        ({"starts": "tomorrow"}, 422, "The start is no time"),
        ({"starts": ""}, 422, "The start is no time"),
        ({"ends": "2026-11-22T13:00"}, 422, "The end must be after the start"),
        ({"ends": "2026-12-22T13:00"}, 422, "at most 14 days later"),
        ({"uplift": "many"}, 422, "a number from 1 to 1000"),
        ({"uplift": "0,2"}, 422, "a number from 1 to 1000"),
    ],
)
def test_what_cannot_be_kept_is_said_and_what_was_typed_stays(
    server: Served, change: dict[str, str], status: int, told: str
) -> None:
    given = FORM | {"title": "A long title typed with care"} | change
    answer = server.post(PATH, data=given, params={"lang": "en"})
    assert (answer.status_code, told in answer.text) == (status, True)
    assert given["title"].strip() in answer.text
    assert server.store.read.totals()["planned"] == 0


def test_twice_is_a_conflict_and_calling_off_takes_it_from_the_list(server: Served) -> None:
    server.post(PATH, data=FORM)
    again = server.post(PATH, data=FORM, params={"lang": "en"})
    assert (again.status_code, "announced already" in again.text) == (409, True)
    [entry] = desk.announced(server.store.read, T0, T0 + 9 * HOUR)
    off = server.post(f"{PATH}/{entry.id}/cancel", data={"back": "//evil.example/"})
    assert (off.status_code, off.headers["location"]) == (303, "/#planned")
    assert "fares" not in server.get(PATH).text
    assert server.post(f"{PATH}/nothing/cancel").status_code == 404
    assert server.post("/topics/nothing/planned", data=FORM).status_code == 404


def test_what_is_over_says_what_it_brought_and_cannot_be_called_off(server: Served) -> None:
    start = T0 - 8 * HOUR
    with server.store.begin() as tx:
        tx.save_planned(make.planned(starts=start, hours=2, uplift=3.0), 0)
        tx.add_results(
            [
                make.result(
                    start + timedelta(minutes=5 * n), mentions=12, expected_mentions=6.0, uplift=3.0
                )
                for n in range(24)
            ]
        )
    shown = server.get(PATH, params={"lang": "en"}).text
    assert "3 times as many" in shown
    assert "brought 6 times as many" in shown
    assert "/cancel" not in shown


def test_the_settings_page_holds_the_list_and_its_form_returns_there(server: Served) -> None:
    address = f"/topics/{TOPIC}/settings"
    shown = server.get(address).text
    assert f'name="back" value="{address}"' in shown
    answer = server.post(PATH, data=FORM | {"back": address})
    assert answer.headers["location"] == f"{address}#planned"
    assert "fares" in server.get(address).text


def test_the_curve_shows_what_was_announced_over_its_time(server: Served) -> None:
    calm_past(server.store)
    with server.store.begin() as tx:
        tx.save_planned(
            make.planned("a", starts=T0 - 2 * HOUR, hours=1, title="Fair <i>day</i>"), 0
        )
        tx.save_planned(make.planned("b", starts=T0 - 9 * HOUR, title="Long ago"), 0)
    shown = server.get("/", params={"range": "6h", "topic": TOPIC}).text
    assert shown.count('class="c-plan"') == 2  # wide and narrow
    assert "Fair &lt;i&gt;day&lt;/i&gt;" in shown
    assert "Long ago" not in shown
