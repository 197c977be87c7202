"""``[rota.NAME]``: what a person writes is the rota they meant, or a sentence says what was expected."""

from __future__ import annotations

import tomllib
from datetime import date, time

import pytest
from pydantic import ValidationError

from alerts.rota import DutyHours, Rota, Turn, TurnKind
from monitor.settings.rota import RotaSettings

GOOD = """
people = ["kim", "robin"]
turn = "weekly"
every = 1
handover = "mon 09:00"
timezone = "Europe/Berlin"
since = 2026-11-30
deputy = "lee"
hours = ["mon-fri 08:00-18:00", "sat 10:00-14:00"]
"""


def read(text: str) -> RotaSettings:
    return RotaSettings.model_validate(tomllib.loads(text))


def test_what_is_written_is_the_rota() -> None:
    assert read(GOOD).rota("community", "UTC") == Rota(
        id="community",
        timezone="Europe/Berlin",
        people=("kim", "robin"),
        turn=Turn(TurnKind.WEEKLY, time(9), 0),
        since=date(2026, 11, 30),
        deputy="lee",
        hours=(
            DutyHours(frozenset(range(5)), time(8), time(18)),
            DutyHours(frozenset({5}), time(10), time(14)),
        ),
    )


def test_two_lines_are_enough() -> None:
    found = read('people = ["kim"]\nsince = 2026-11-30').rota("community", "Europe/Vienna")
    assert found.timezone == "Europe/Vienna"
    assert found.turn == Turn(TurnKind.WEEKLY, time(9), 0)
    assert (found.deputy, found.hours) == (None, ())


def test_a_daily_turn_names_no_day_and_changes_at_nine_unless_told() -> None:
    short = 'people = ["kim"]\nsince = 2026-12-01\nturn = "daily"\n'
    assert read(short).rota("x", "UTC").turn == Turn(TurnKind.DAILY, time(9))
    told = read(f'{short}handover = "21:30"\nevery = 2').rota("x", "UTC")
    assert told.turn == Turn(TurnKind.DAILY, time(21, 30), every=2)


@pytest.mark.parametrize(
    ("text", "weekdays", "start", "end"),
    [
        ("sun 00:00-24:00", {6}, time(0), time(0)),
        ("fri-mon 22:00-06:00", {4, 5, 6, 0}, time(22), time(6)),
        ("Mon - Fri  08:00-18:00", {0, 1, 2, 3, 4}, time(8), time(18)),
        ("wed 18:00-24:00", {2}, time(18), time(0)),
    ],
)
def test_hours_of_duty(text: str, weekdays: set[int], start: time, end: time) -> None:
    found = read(GOOD.replace("sat 10:00-14:00", text)).rota("x", "UTC").hours[1]
    assert found == DutyHours(frozenset(weekdays), start, end)


def test_a_date_may_come_as_text_from_the_environment() -> None:
    assert read(GOOD.replace("2026-11-30", '"2026-11-30"')).since == date(2026, 11, 30)


WRONG: list[tuple[str, str, str, str]] = [
    # what stands there, what is written instead, where it is said, what is said
    ('["kim", "robin"]', "[]", "people", "at least 1 item"),
    ('"kim"', '"Kim R."', "people.0", "match pattern"),
    ('"weekly"', '"monthly"', "turn", "'daily' or 'weekly'"),
    ("every = 1", "every = 0", "every", "greater than or equal to 1"),
    ("mon 09:00", "mon 9:00", "handover", 'expected a day and a time, such as "mon 09:00"'),
    ("mon 09:00", "25:00", "handover", "expected a time from 00:00 to 23:59"),
    ("mon 09:00", "mo 09:00", "handover", 'days are mon, tue, wed, .*; did you mean "mon"'),
    ("mon 09:00", "09:00", "", 'turn = "weekly" with handover "09:00"; expected a day and a time'),
    ('"weekly"', '"daily"', "", 'turn = "daily" with handover "mon 09:00"; expected a time'),
    ("2026-11-30", "2026-12-01", "", "is a Tuesday, .* expected 2026-11-30 or 2026-12-07"),
    ("2026-11-30", "2026-11-30T09:00:00", "since", "expected a date without quotes and without a"),
    ("2026-11-30", '"soon"', "since", "such as 2026-11-30"),
    ("Europe/Berlin", "Europe/Berln", "timezone", 'did you mean "Europe/Berlin"'),
    ("mon-fri 08:00-18:00", "08:00-18:00", "hours.0", 'such as "mon-fri 08:00-18:00" or "sat'),
    ("mon-fri 08:00-18:00", "mon-fri 8-18", "hours.0", "expected days and hours"),
    ("mon-fri 08:00-18:00", "mon-fri 24:00-18:00", "hours.0", "expected days and hours"),
    ("mon-fri 08:00-18:00", "mon-fry 08:00-18:00", "hours.0", 'did you mean "fri"'),
    ("deputy", "deputies", "deputies", "not permitted"),
]


@pytest.mark.parametrize(("there", "instead", "where", "said"), WRONG)
def test_what_does_not_fit_is_said_where_it_stands(
    there: str, instead: str, where: str, said: str
) -> None:
    assert there in GOOD
    with pytest.raises(ValidationError, match=said) as caught:
        read(GOOD.replace(there, instead, 1))
    assert [".".join(map(str, e["loc"])) for e in caught.value.errors()] == [where]
