"""Test calls that are due: said in the morning, once a month at most, calmly, and only while it is so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

import pytest

from alerts.alert import AttemptOutcome, Delivery
from alerts.book import Book
from alerts.morning import Times
from alerts.people import Method, Person
from alerts.trial_call import STALE
from monitor.desk import trials
from monitor.pipeline.errands import run_due
from monitor.pipeline.trial_reminding import AGAIN, GRACE, TrialReminding
from monitor.store.database import SqliteStore

DAY = timedelta(days=1)
START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
KIM = Person("kim", "Kim", (Method("pager", pierces=True), Method("mail", "kim@example.org")))
LEE = Person("lee", "Lee", (Method("pager", pierces=True),))
BOOK = Book(
    channels=frozenset({"room", "pager", "mail"}),
    people={"kim": KIM, "lee": LEE},
    ringing=frozenset({"pager"}),
)


@pytest.fixture
def store() -> Iterator[SqliteStore]:
    opened = SqliteStore.open("sqlite://")
    yield opened
    opened.close()


def reminding(*called: str, tell: tuple[str, ...] = ("channel.room",)) -> TrialReminding:
    times = Times(time(8, 0), "Europe/Berlin")
    return TrialReminding(BOOK, times, called, tell, "https://storm.example.org/")


def said(store: SqliteStore) -> list[Delivery]:
    found = store.outbox.due(START + timedelta(days=900), 999)
    return [d for d in found if d.alert.reason == "tests_due"]


def live(store: SqliteStore, of: TrialReminding, days: float, since: datetime = START) -> datetime:
    """Let time pass by half days, with a restart at each."""
    now = since
    while now < since + days * DAY:
        of.plant(store, now)
        run_due(store, of.handlers, now)
        now += DAY / 2
    return now


def rings(store: SqliteStore, person: str, at: datetime, *, rang: bool = True) -> None:
    trials.record(store, "pager", person, AttemptOutcome.ACCEPTED, "202", "ops", at)
    trials.say(store, "pager", person, rang, "ops", at)


def test_never_tried_is_said_after_a_week_and_again_each_month_by_no_ring(
    store: SqliteStore,
) -> None:
    live(store, reminding("kim", "lee"), 70)
    days = sorted({(d.alert.at - START) // DAY for d in said(store)})
    assert days == [8, 38, 68]
    first = [d for d in said(store) if (d.alert.at - START) // DAY == 8]
    assert sorted(d.channel for d in first) == ["mail/kim", "room"]
    notice = first[0].alert.notice
    assert notice is not None
    assert notice.title[1] == "Test calls due: 2 ways"
    assert [line[1] for line in notice.lines[:2]] == [
        "Kim, pager: never tried",
        "Lee, pager: never tried",
    ]
    assert first[0].alert.links == (("Sturmglas", "https://storm.example.org/duty"),)


def test_what_rang_is_left_alone_for_a_quarter_and_then_asked_for(store: SqliteStore) -> None:
    rings(store, "kim", START)
    now = live(store, reminding("kim"), STALE / DAY)
    assert said(store) == []
    live(store, reminding("kim"), 3, now)
    [notice] = {d.alert.notice for d in said(store)}
    assert notice is not None
    assert notice.title[0] == "Testrufe fällig: 1 Weg"
    assert notice.lines[0][0].startswith("Kim, pager: klingelte zuletzt (")


def test_a_way_that_did_not_ring_is_named_as_such(store: SqliteStore) -> None:
    rings(store, "lee", START, rang=False)
    rings(store, "kim", START)
    live(store, reminding("kim", "lee"), GRACE / DAY + 2)
    [delivery] = said(store)
    assert delivery.channel == "room"
    assert delivery.alert.notice is not None
    assert delivery.alert.notice.lines[0][1].startswith("Lee, pager: did not ring the last time (")


def test_after_a_reminder_a_month_of_silence_and_none_once_all_ring(store: SqliteStore) -> None:
    of = reminding("kim")
    now = live(store, of, GRACE / DAY + 2)
    assert {d.channel for d in said(store)} == {"mail/kim", "room"}
    rings(store, "kim", now)
    live(store, of, AGAIN / DAY + 10, now)
    assert len(said(store)) == 2


def test_who_is_never_called_needs_no_test_call_and_nobody_plants_for_them(
    store: SqliteStore,
) -> None:
    live(store, reminding("lee", tell=()), 10)
    assert said(store) == []  # Lee has nothing but a pager, and nobody else is to hear of it
    other = SqliteStore.open("sqlite://")
    live(other, reminding(), 10)
    assert other.read.errands("") == []
    other.close()
