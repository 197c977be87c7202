"""The line of the morning: once a day at its hour, whatever restarts in between, and to no pager."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.alert import AttemptOutcome, Delivery, DeliveryState
from alerts.book import Book
from alerts.morning import Times
from alerts.night import Night
from alerts.night_calls import night_calls
from alerts.people import Method, Person
from detectors.detection import Level
from monitor.pipeline.awake import RUNNING, next_beat
from monitor.pipeline.errands import run_due
from monitor.pipeline.morning import Morning
from monitor.store.database import SqliteStore
from tests import builders as b

H = timedelta(hours=1)
M = timedelta(minutes=1)
ZONE = "Europe/Berlin"
START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)  # a Monday
KIM = Person("kim", "Kim", (Method("pager"), Method("mail", "kim@example.org")))
BOOK = Book(
    channels=frozenset({"room", "pager", "mail"}),
    people={"kim": KIM},
    ringing=frozenset({"pager"}),
)


@pytest.fixture
def store() -> Iterator[SqliteStore]:
    opened = SqliteStore.open("sqlite://")
    yield opened
    opened.close()


def morning(
    store: SqliteStore,
    *,
    at: time = time(8, 0),
    to: tuple[str, ...] = ("channel.room",),
    weekdays: tuple[str, ...] = (),
) -> Morning:
    return Morning(
        store.read,
        BOOK,
        Times(at, ZONE, weekdays),
        to,
        topics=(b.TOPIC,),
        sources=("shop", "forum"),
    )


def lines(store: SqliteStore) -> list[Delivery]:
    found = store.outbox.due(START + timedelta(days=60), 999)
    return [d for d in found if d.alert.reason == "morning"]


def live(store: SqliteStore, of: Morning, hours: float, since: datetime = START) -> datetime:
    """Let time pass by half hours, with a restart at each."""
    now = since
    while now <= since + hours * H:
        of.plant(store, now)
        run_due(store, of.handlers, now)
        now += 30 * M
    return now


def test_once_a_day_at_its_local_hour_with_a_restart_every_half_hour(store: SqliteStore) -> None:
    live(store, morning(store), 30 * 24)
    at = [d.alert.at.astimezone(UTC) for d in lines(store)]
    assert len(at) == 30
    # Berlin's clocks go forward on 29 March 2026: the line stays at eight there
    assert [f"{one:%d %H:%M}" for one in at][:2] == ["03 07:00", "04 07:00"]
    assert {f"{one:%H:%M}" for one in at if one < datetime(2026, 3, 29, tzinfo=UTC)} == {"07:00"}
    assert {f"{one:%H:%M}" for one in at if one > datetime(2026, 3, 29, tzinfo=UTC)} == {"06:00"}


def test_a_stop_over_eight_loses_nothing_and_one_over_the_day_is_told_the_next_morning(
    store: SqliteStore,
) -> None:
    of = morning(store)
    of.plant(store, START)
    of.plant(store, START + 21 * H)  # 10:00 in Berlin
    assert run_due(store, of.handlers, START + 21 * H) == 1
    [first] = lines(store)
    assert first.alert.at == START + 21 * H
    run_due(store, of.handlers, START + 56 * H)  # the next line was due at 43 h
    assert len(lines(store)) == 1
    [errand] = store.read.errands("")
    assert errand.due_at == START + 67 * H
    assert errand.content["since"] == (START + 21 * H).isoformat()


def test_only_on_its_days(store: SqliteStore) -> None:
    live(store, morning(store, weekdays=("mon", "fri")), 14 * 24)
    assert [f"{d.alert.at:%a}" for d in lines(store)] == ["Fri", "Mon", "Fri", "Mon"]


def test_another_hour_moves_the_line_that_waits_and_never_says_it_twice_a_day(
    store: SqliteStore,
) -> None:
    live(store, morning(store), 20)
    live(store, morning(store, at=time(11, 0)), 30, START + 20 * H)
    assert [f"{d.alert.at:%d %H:%M}" for d in lines(store)] == ["03 07:00", "04 10:00"]


def test_without_receivers_there_is_none_and_to_a_pager_neither(store: SqliteStore) -> None:
    live(store, morning(store, to=()), 48)
    assert lines(store) == []
    live(store, morning(store, to=("channel.pager", "person.kim")), 24)
    assert [d.channel for d in lines(store)] == ["mail/kim"]


def test_it_says_what_there_was_in_both_languages(store: SqliteStore) -> None:
    of = morning(store)
    with store.begin() as tx:
        tx.save_beat(next_beat(tx.beat(RUNNING), START + 9 * H))
        tx.save_beat(next_beat(tx.beat(RUNNING), START + 17 * H + 30 * M))
    live(store, of, 24)
    [line] = lines(store)
    notice = line.alert.notice
    assert notice is not None
    assert notice.title == (
        "0 Erwähnungen, Windstille, 0 von 2 Quellen gesund, 0 Alarme",
        "0 mentions, calm, 0 of 2 sources healthy, 0 alarms",
    )
    assert notice.lines[0] == (
        "Blind 2.3., 22:00–06:30: Sturmglas lief nicht",
        "Blind 2 Mar, 22:00–06:30: Sturmglas did not run",
    )
    assert line.alert.links == ()


def called(store: SqliteStore, name: str, at: datetime, *channels: str) -> None:
    made = b.alert(b.incident(level=Level.STORM))
    with store.begin() as tx:
        tx.save_incident(b.incident(level=Level.STORM), 0)
        tx.enqueue(replace(made, id=name, key=name, at=at, timezone=ZONE), channels, at)
    for delivery in store.outbox.due(at, 99):
        if delivery.alert.id == name:
            attempt = store.outbox.begin(delivery, at)
            assert attempt
            store.outbox.finish(attempt, AttemptOutcome.ACCEPTED, DeliveryState.SENT, at)


def test_two_night_calls_in_a_month_are_told_and_nothing_is_held_back(store: SqliteStore) -> None:
    called(store, "early", START - timedelta(days=31), "pager/kim")
    called(store, "a", START - timedelta(days=20, hours=10), "pager/kim", "mail/kim")
    called(store, "day", START, "pager/kim")
    of = morning(store)
    assert [len(one.at) for one in of.calls(START + H)] == [1]
    called(store, "b", START + 14 * H, "pager/kim", "mail/kim", "room")
    live(store, of, 24)
    [line] = lines(store)
    assert line.alert.notice is not None
    assert [en for _, en in line.alert.notice.lines] == [
        "Called at night: Kim (03:00); eleven hours of rest until 14:00",
        "Kim: 2 night calls in 30 days; from 2 on look at the rota",
    ]


def test_an_acknowledgement_and_a_channel_of_nobody_are_no_night_calls(store: SqliteStore) -> None:
    called(store, "room", START + 14 * H, "room")
    assert night_calls(store.read.sent(START, START + 24 * H), Night()) == []


@given(
    st.timedeltas(timedelta(0), timedelta(days=365)),
    st.times(),
    st.sampled_from([ZONE, "UTC", "America/St_Johns", "Pacific/Apia", "Africa/Casablanca"]),
)
def test_the_next_line_is_later_and_within_two_days(later: timedelta, at: time, zone: str) -> None:
    now = START + later
    times = Times(at, zone)
    due = times.of(times.next(now))
    assert now < due <= now + timedelta(hours=26)
