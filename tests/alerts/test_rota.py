"""Who is on call: turns, overrides, absences, hours of duty, and both edges of daylight saving."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from alerts.rota import (
    LOOK_AHEAD,
    Absence,
    DutyHours,
    OnCall,
    Override,
    Rota,
    Shift,
    Turn,
    TurnKind,
    Why,
    gaps,
    on_call,
    shifts,
)
from alerts.wall_clock import instant

MONDAY = date(2026, 11, 30)
WORKING_DAYS = frozenset(range(5))
BERLIN = "Europe/Berlin"


def utc(day: int, hour: int = 0, minute: int = 0, *, month: int = 12) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def weekly(handover: time = time(9), **fields: Any) -> Rota:
    """Return kim, then robin, each from Monday 09:00 in Berlin (08:00 UTC in winter)."""
    since = fields.pop("since", MONDAY)
    given = {"people": ("kim", "robin"), "turn": Turn(TurnKind.WEEKLY, handover, since.weekday())}
    return Rota(**({"id": "community", "timezone": BERLIN, "since": since} | given | fields))


def daily(handover: time, since: date, zone: str = BERLIN, **fields: Any) -> Rota:
    turn = Turn(TurnKind.DAILY, handover, every=fields.pop("every", 1))
    return Rota("community", zone, ("kim", "robin"), turn, since, **fields)


def override(
    person: str, since: datetime, until: datetime, made: int = 1, **fields: Any
) -> Override:
    given = {"rota": "community", "actor": "kim", "note": "", "at": utc(1, 0, made)}
    return Override(person=person, since=since, until=until, **(given | fields))


# --- turns ------------------------------------------------------------------------------------


def test_the_turn_changes_at_the_hand_over_hour() -> None:
    rota = weekly()
    assert on_call(rota, [], utc(7, 7, 59)) == OnCall("kim", utc(7, 8), Why.TURN)
    assert on_call(rota, [], utc(7, 8)) == OnCall("robin", utc(14, 8), Why.TURN)


def test_every_so_many_weeks_or_days() -> None:
    rota = weekly(turn=Turn(TurnKind.WEEKLY, time(9), 0, every=2))
    assert on_call(rota, [], utc(10)) == OnCall("kim", utc(14, 8), Why.TURN)
    rota = daily(time(9), MONDAY, every=3)
    assert on_call(rota, [], utc(2, 12)) == OnCall("kim", utc(3, 8), Why.TURN)


def test_before_the_first_hand_over_nobody_is_on_call_and_it_is_a_gap() -> None:
    rota = weekly(deputy="lee")
    before = utc(30, 7, 59, month=11)
    first = utc(30, 8, month=11)
    assert on_call(rota, [], before) == OnCall("", first, Why.NOBODY)
    assert gaps(rota, [], before, utc(1)) == [(before, first)]


def test_a_shift_goes_on_where_the_same_person_follows_for_the_same_reason() -> None:
    rota = weekly(people=("kim", "kim", "robin"))
    assert on_call(rota, [], utc(1)).until == utc(14, 8)


def test_one_person_alone_has_no_end_in_sight() -> None:
    assert on_call(weekly(people=("kim",)), [], utc(1)) == OnCall("kim", None, Why.TURN)
    always = (DutyHours(frozenset(range(7)), time(8), time(8)),)
    assert on_call(weekly(people=("kim",), hours=always), [], utc(1)).until is None


def test_no_end_is_said_at_the_very_end_of_what_is_looked_at() -> None:
    rota, at = weekly(people=("kim",)), utc(1)
    late = override("lee", at + LOOK_AHEAD, at + 2 * LOOK_AHEAD)
    assert on_call(rota, [late], at).until is None
    assert on_call(rota, [late], at + timedelta(minutes=1)).until == late.since


# --- daylight saving --------------------------------------------------------------------------

EDGES: list[tuple[str, str, date, time, datetime]] = [
    # zone, what, local date, wall clock, instant
    (BERLIN, "the day before", date(2026, 3, 28), time(9), utc(28, 8, month=3)),
    (BERLIN, "the hour stays", date(2026, 3, 29), time(9), utc(29, 7, month=3)),
    (BERLIN, "skipped: when the skip ends", date(2026, 3, 29), time(2, 30), utc(29, 1, month=3)),
    (BERLIN, "first of the skipped", date(2026, 3, 29), time(2), utc(29, 1, month=3)),
    (BERLIN, "twice: the first", date(2026, 10, 25), time(2, 30), utc(25, 0, 30, month=10)),
    (BERLIN, "after both", date(2026, 10, 25), time(3), utc(25, 2, month=10)),
    ("Australia/Lord_Howe", "skipped", date(2026, 10, 4), time(2, 15), utc(3, 15, 30, month=10)),
    ("Australia/Lord_Howe", "twice", date(2026, 4, 5), time(1, 45), utc(4, 14, 45, month=4)),
    ("Asia/Kolkata", "never", date(2026, 3, 29), time(2, 30), utc(28, 21, month=3)),
    (
        "America/Sao_Paulo",
        "midnight is skipped",
        date(2018, 11, 4),
        time(0),
        datetime(2018, 11, 4, 3, tzinfo=UTC),
    ),
    (
        "America/Sao_Paulo",
        "midnight comes after 23:00 came twice",
        date(2018, 2, 18),
        time(0),
        datetime(2018, 2, 18, 3, tzinfo=UTC),
    ),
    (
        "Pacific/Apia",
        "a whole day is skipped",
        date(2011, 12, 30),
        time(9),
        datetime(2011, 12, 30, 10, tzinfo=UTC),
    ),
]


@pytest.mark.parametrize(("zone", "what", "day", "clock", "at"), EDGES)
def test_a_wall_time_happens_when_the_clock_first_shows_it_or_a_later_one(
    zone: str, what: str, day: date, clock: time, at: datetime
) -> None:
    assert instant(zone, day, clock) == at, what


def test_a_skipped_hand_over_happens_when_the_skip_ends() -> None:
    rota = daily(time(2, 30), date(2026, 3, 28))
    night = shifts(rota, [], utc(29, month=3), utc(30, month=3))
    assert [(s.person, s.since) for s in night] == [
        ("kim", utc(29, month=3)),
        ("robin", utc(29, 1, month=3)),
    ]


def test_a_hand_over_hour_that_comes_twice_hands_over_once() -> None:
    rota = daily(time(2, 30), date(2026, 10, 24))
    night = shifts(rota, [], utc(25, month=10), utc(26, month=10))
    assert [(s.person, s.since) for s in night] == [
        ("kim", utc(25, month=10)),
        ("robin", utc(25, 0, 30, month=10)),
    ]


def test_clocks_that_are_set_back_across_midnight_do_not_take_a_hand_over_back() -> None:
    """St. John's, 7 November 2010: at 00:01 it is 23:01 of the day before again."""
    rota = daily(time(0), date(2010, 11, 6), "America/St_Johns")
    midnight = datetime(2010, 11, 7, 2, 30, tzinfo=UTC)
    again = midnight + timedelta(minutes=30)
    assert on_call(rota, [], midnight - timedelta(minutes=1)).person == "kim"
    assert on_call(rota, [], again).person == "robin"
    assert on_call(rota, [], again).until == datetime(2010, 11, 8, 3, 30, tzinfo=UTC)


def test_hours_of_duty_begin_once_and_end_once_on_the_long_day() -> None:
    night = (DutyHours(frozenset({6}), time(2), time(2, 30)),)
    rota = daily(time(9), date(2026, 10, 1), hours=night)
    found = shifts(rota, [], utc(25, month=10), utc(26, month=10))
    on = [(s.since, s.until) for s in found if s.person]
    assert on == [(utc(25, month=10), utc(25, 0, 30, month=10))]


# --- hours of duty ----------------------------------------------------------------------------


def test_outside_hours_of_duty_nobody_is_on_call_and_it_is_no_gap() -> None:
    rota = weekly(hours=(DutyHours(WORKING_DAYS, time(8), time(18)),))
    assert on_call(rota, [], utc(4, 17)) == OnCall("", utc(7, 7), Why.NOBODY)
    assert on_call(rota, [], utc(7, 7)) == OnCall("kim", utc(7, 8), Why.TURN)
    assert gaps(rota, [], utc(1), utc(31)) == []


def test_hours_may_run_over_midnight() -> None:
    rota = weekly(hours=(DutyHours(frozenset({4}), time(22), time(6)),))
    assert on_call(rota, [], utc(5, 3)) == OnCall("kim", utc(5, 5), Why.TURN)
    assert on_call(rota, [], utc(5, 5)).person == ""


# --- overrides --------------------------------------------------------------------------------


def test_an_override_holds_in_its_span_and_the_later_made_one_wins() -> None:
    old = override("lee", utc(2), utc(4), made=1)
    new = override("robin", utc(3), utc(5), made=2)
    for given in ([old, new], [new, old]):
        found = shifts(weekly(), given, utc(1), utc(6))
        assert found == [
            Shift("kim", utc(1), utc(2), Why.TURN),
            Shift("lee", utc(2), utc(3), Why.OVERRIDE),
            Shift("robin", utc(3), utc(5), Why.OVERRIDE),
            Shift("kim", utc(5), utc(6), Why.TURN),
        ]


def test_of_overrides_made_at_the_same_instant_the_last_of_the_list_wins() -> None:
    given = [override("lee", utc(2), utc(4)), override("robin", utc(2), utc(4))]
    assert on_call(weekly(), given, utc(3)).person == "robin"
    assert on_call(weekly(), given[::-1], utc(3)).person == "lee"


def test_an_override_holds_outside_hours_of_duty_too() -> None:
    rota = weekly(hours=(DutyHours(WORKING_DAYS, time(8), time(18)),))
    launch = override("robin", utc(5), utc(6))
    assert on_call(rota, [launch], utc(5, 12)) == OnCall("robin", utc(6), Why.OVERRIDE)


def test_an_override_for_nobody_is_a_gap_only_inside_hours_of_duty() -> None:
    rota = weekly(deputy="lee", hours=(DutyHours(WORKING_DAYS, time(8), time(18)),))
    off = override("", utc(4, 12), utc(7, 9))
    assert on_call(rota, [off], utc(4, 12)) == OnCall("", utc(7, 9), Why.OVERRIDE)
    assert gaps(rota, [off], utc(1), utc(31)) == [(utc(4, 12), utc(4, 17)), (utc(7, 7), utc(7, 9))]


def test_overrides_of_another_rota_are_ignored() -> None:
    other = override("lee", utc(2), utc(4), rota="press")
    assert on_call(weekly(), [other], utc(3)).person == "kim"


# --- absences ---------------------------------------------------------------------------------


def test_the_deputy_comes_where_the_one_on_call_is_away() -> None:
    away = [Absence("kim", utc(2), utc(3))]
    assert on_call(weekly(deputy="lee"), [], utc(2), away) == OnCall("lee", utc(3), Why.DEPUTY)
    assert on_call(weekly(deputy="lee"), [], utc(9), away).person == "robin"


def test_who_is_away_is_not_called_by_an_override_either() -> None:
    swap = override("robin", utc(2), utc(4))
    away = [Absence("robin", utc(3), utc(9))]
    found = shifts(weekly(deputy="lee"), [swap], utc(2), utc(5), away)
    assert [(s.person, s.why) for s in found] == [
        ("robin", Why.OVERRIDE),
        ("lee", Why.DEPUTY),
        ("kim", Why.TURN),
    ]


@pytest.mark.parametrize("deputy", [None, "kim", "lee"])
def test_where_no_deputy_is_left_nobody_comes_and_it_is_a_gap(deputy: str | None) -> None:
    away = [Absence("kim", utc(2), utc(3)), Absence("lee", utc(1), utc(6))]
    rota = weekly(deputy=deputy)
    assert on_call(rota, [], utc(2), away) == OnCall("", utc(3), Why.NOBODY)
    assert gaps(rota, [], utc(1), utc(6), away) == [(utc(2), utc(3))]


# --- what is refused --------------------------------------------------------------------------

REFUSED: list[tuple[Callable[[], object], str]] = [
    (lambda: weekly(timezone="Europe/Berln"), 'unknown time zone "Europe/Berln"; expected a name'),
    (lambda: weekly(timezone="../etc"), "unknown time zone"),
    (lambda: weekly(people=()), r"people are \[\]; expected one name or more"),
    (lambda: weekly(people=("kim", "")), "none empty"),
    (lambda: weekly(deputy=""), "expected a name, or None"),
    (lambda: Turn(TurnKind.DAILY, time(9), every=0), "every is 0; expected 1 or more"),
    (lambda: Turn(TurnKind.DAILY, time(9, 0, 30)), "hand-over is 09:00:30; expected hours and min"),
    (lambda: Turn(TurnKind.DAILY, time(9), 0), "expected none for a daily turn"),
    (lambda: Turn(TurnKind.WEEKLY, time(9)), r"weekday is None; expected 0 \(Monday\) to 6"),
    (
        lambda: weekly(since=date(2026, 12, 1), turn=Turn(TurnKind.WEEKLY, time(9), 0)),
        "is a Tuesday, hand-overs are on a Monday; expected 2026-11-30 or 2026-12-07",
    ),
    (lambda: DutyHours(frozenset(), time(8), time(9)), r"weekdays are \[\]; expected some of 0"),
    (lambda: DutyHours(frozenset({7}), time(8), time(9)), r"weekdays are \[7\]"),
    (lambda: DutyHours(frozenset({0}), time(8, 0, 1), time(9)), "start of the hours is 08:00:01"),
    (lambda: override("lee", utc(2), utc(2)), "expected since before until"),
    (lambda: Absence("lee", utc(2), utc(1)), "expected since before until"),
    (lambda: Absence("", utc(1), utc(2)), "expected who is away"),
    (lambda: shifts(weekly(), [], utc(2), utc(1)), "expected since before until"),
    (lambda: gaps(weekly(), [], utc(2), utc(1)), "expected since before until"),
    (
        lambda: on_call(weekly(), [], utc(1).replace(tzinfo=None)),
        "at is 2026-12-01T00:00:00; expected an",
    ),
]


@pytest.mark.parametrize(("made", "said"), REFUSED)
def test_what_cannot_be_is_refused_with_what_was_expected(
    made: Callable[[], object], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        made()


def test_an_empty_span_has_no_shifts() -> None:
    assert shifts(weekly(), [], utc(2), utc(2)) == []
    assert gaps(weekly(), [], utc(2), utc(2)) == []
