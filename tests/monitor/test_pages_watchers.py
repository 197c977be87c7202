"""Pages say when we ourselves did not run, who does not report, and whom the night has called."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.alert import AttemptOutcome, DeliveryState
from alerts.book import Book
from alerts.people import Method, Person
from detectors.detection import Level
from monitor.pipeline.awake import RUNNING, next_beat
from monitor.pipeline.errands import run_due
from monitor.pipeline.expecting import Expected, Expecting
from monitor.settings import Settings
from tests import builders as b
from tests.monitor.serving import Served, served, settings

H = timedelta(hours=1)
M = timedelta(minutes=1)
WATCH = {"crawler": {"token": "crawler-token-000001", "every_min": 10}}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    given = settings().model_dump(by_alias=True) | {"watch": WATCH, "language": "en"}
    with served(tmp_path, given=Settings.model_validate(given)) as one:
        yield one


def test_a_night_in_which_the_laptop_slept_is_shown_as_blind(server: Served) -> None:
    for at in (b.T0 - 9 * H, b.T0 - M):
        with server.store.begin() as tx:
            tx.save_beat(next_beat(tx.beat(RUNNING), at))
    page = server.get("/").text
    assert "We ourselves did not run" in page
    assert "we were blind: 04:00–12:59" in page


def test_a_span_of_last_week_is_over(server: Served) -> None:
    for at in (b.T0 - 200 * H, b.T0 - 190 * H):
        with server.store.begin() as tx:
            tx.save_beat(next_beat(tx.beat(RUNNING), at))
    assert "We ourselves did not run" not in server.get("/").text


def test_who_does_not_report_is_shown(server: Served) -> None:
    crawler = Expected("watch", "crawler", 10 * M)
    expecting = Expecting([crawler], Book(), "Europe/Berlin")
    expecting.plant(server.store, b.T0 - H)
    run_due(server.store, expecting.handlers, b.T0)
    assert "crawler does not report" in server.get("/").text


def test_night_calls_of_a_month_are_shown_on_the_settings_page(server: Served) -> None:
    kim = Person("kim", "Kim", (Method("pager"),))
    object.__setattr__(server.service, "book", Book(people={"kim": kim}))
    path = f"/topics/{b.TOPIC}/settings"
    assert "Nobody in the last 30 days." in server.get(path).text
    alert = b.alert(b.incident(level=Level.STORM))
    for n, at in enumerate((b.T0 - 10 * H, b.T0 - 34 * H)):
        with server.store.begin() as tx:
            made = replace(alert, id=f"n{n}", key=f"n{n}", level=Level.STORM)
            tx.enqueue(replace(made, timezone="Europe/Berlin"), ["pager/kim"], at)
        [delivery] = server.store.outbox.due(at, 9)
        attempt = server.store.outbox.begin(delivery, at)
        assert attempt is not None
        server.store.outbox.finish(attempt, AttemptOutcome.ACCEPTED, DeliveryState.SENT, at)
    page = server.get(path).text
    assert "Whom the night has called" in page
    assert "2 calls" in page
    assert "From 2 calls a month on" in page
