"""Time on call is counted fairly, and rest after a night call is eleven hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from alerts.night import Night
from alerts.rest import Carried, at_night, carried, earliest_start
from alerts.rota import Absence, DutyHours, Override, Rota, Turn, TurnKind

BERLIN = "Europe/Berlin"
HOUR = timedelta(hours=1)


def utc(month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def rota(
    handover: time = time(9),
    people: tuple[str, ...] = ("robin", "kim"),
    hours: tuple[DutyHours, ...] = (),
) -> Rota:
    turn = Turn(TurnKind.DAILY, handover)
    return Rota("community", BERLIN, people, turn, date(2026, 3, 20), "lee", hours)


def test_hours_and_nights_are_counted_by_name_and_with_zeros() -> None:
    people = ("robin", "kim", "sam")
    found = carried(rota(people=people), [], utc(3, 20, 8), utc(3, 22, 8))
    assert found == [
        Carried("kim", 24 * HOUR, 8.5 * HOUR, 1),
        Carried("robin", 24 * HOUR, 8.5 * HOUR, 1),
        Carried("sam"),
    ]


def test_elapsed_time_counts_on_the_long_and_on_the_short_night() -> None:
    alone = rota(people=("kim",))
    [short] = carried(alone, [], utc(3, 28, 12), utc(3, 29, 12))
    [long] = carried(alone, [], utc(10, 24, 12), utc(10, 25, 12))
    assert (short.at_night, long.at_night) == (7.5 * HOUR, 9.5 * HOUR)
    assert short.on_call == long.on_call == 24 * HOUR


def test_a_night_that_two_people_share_counts_for_both() -> None:
    found = carried(rota(time(0)), [], utc(3, 20, 12), utc(3, 21, 12))
    assert [(c.person, c.at_night, c.nights) for c in found] == [
        ("kim", 6.5 * HOUR, 1),
        ("robin", 2 * HOUR, 1),
    ]


@pytest.mark.parametrize(
    ("night", "dark", "nights"),
    [
        (Night(time(23), time(5)), 6 * HOUR, 1),
        (Night(time(1), time(6)), 5 * HOUR, 1),  # begins after midnight
        (Night(time(22), time(22)), 0 * HOUR, 0),  # no night
    ],
)
def test_the_night_is_the_one_that_is_set(night: Night, dark: timedelta, nights: int) -> None:
    found = carried(rota(people=("kim",)), [], utc(3, 20, 12), utc(3, 21, 12), night=night)
    assert [(c.at_night, c.nights) for c in found] == [(dark, nights)]
    assert at_night(utc(3, 21, 2), BERLIN, night) is (nights > 0)


def test_who_came_in_for_others_is_listed_and_nobody_is_not() -> None:
    swaps = [
        Override("community", "noa", utc(3, 20, 8), utc(3, 20, 10), "kim", "", utc(3, 1)),
        Override("community", "", utc(3, 20, 10), utc(3, 20, 11), "kim", "", utc(3, 1)),
    ]
    away = [Absence("robin", utc(3, 20, 11), utc(3, 20, 12))]
    found = carried(rota(), swaps, utc(3, 20, 8), utc(3, 20, 13), away)
    assert [(c.person, c.on_call) for c in found] == [
        ("kim", 0 * HOUR),
        ("lee", HOUR),
        ("noa", 2 * HOUR),
        ("robin", HOUR),
    ]


def test_off_duty_is_not_on_call() -> None:
    days = (DutyHours(frozenset(range(7)), time(8), time(18)),)
    found = carried(rota(people=("kim",), hours=days), [], utc(3, 20, 8), utc(3, 22, 8))
    assert found == [Carried("kim", 20 * HOUR)]


@pytest.mark.parametrize(
    ("at", "night"),
    [
        (utc(12, 1, 20, 59), False),
        (utc(12, 1, 21), True),  # 22:00 in Berlin
        (utc(12, 2, 5, 29), True),
        (utc(12, 2, 5, 30), False),  # 06:30
        (utc(7, 1, 20), True),  # 22:00 in summer
        (utc(10, 25, 1, 30), True),  # the second 02:30
    ],
)
def test_night_is_by_the_local_clock(at: datetime, night: bool) -> None:
    assert at_night(at, BERLIN) is night


def test_work_starts_eleven_elapsed_hours_after_a_night_call() -> None:
    assert earliest_start(utc(12, 2, 3, 15)) == utc(12, 2, 14, 15)
    assert earliest_start(utc(10, 25, 0, 30)) == utc(10, 25, 11, 30), (
        "12:30 by the clock, not 13:30"
    )
    assert earliest_start(utc(12, 2, 3), rest_h=10.5) == utc(12, 2, 13, 30)


def test_rest_of_fewer_than_no_hours_is_refused() -> None:
    with pytest.raises(ValueError, match="rest is -1 hours; expected 0 or more"):
        earliest_start(utc(12, 2), rest_h=-1)
    with pytest.raises(ValueError, match=r"end of the call-out is .* expected an aware datetime"):
        earliest_start(utc(12, 2).replace(tzinfo=None))
