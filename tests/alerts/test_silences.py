"""Silences: what they hold back, what breaks them, and windows on both edges of summer time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.alert import Alert, Broke, NotifyReason
from alerts.matching import parse
from alerts.mutes import MuteWindow, open_at
from alerts.rota import DutyHours
from alerts.silences import Ruling, Silence, SilenceKind, broken, holding, is_broad, ruling
from detectors.detection import Level, Reason, ReasonCode
from tests import builders as b

H = timedelta(hours=1)
DANGER = Reason(ReasonCode.TRIPWIRE, 3, 2, True, "recall")


def silence(match: str = "topic=acme-bahn", level: int = 4, **fields: object) -> Silence:
    made = Silence("k", parse(match), b.T0, b.T0 + 4 * H, "kim", "known", level=Level(level))
    return replace(made, **fields)  # type: ignore[arg-type]  # what the test says of it


def alert(level: int = 4, **fields: object) -> Alert:
    made = b.alert(b.incident(topics=("acme-bahn",), level=Level(level)))
    return replace(made, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "of", "says"),
    [
        (silence(), alert(), Ruling.HOLDS),
        (silence(), alert(5), Ruling.HOLDS),
        (silence(), alert(6), Ruling.ROSE),  # two above 4
        (silence(level=5), alert(5), Ruling.HOLDS),
        (silence(level=5), alert(6), Ruling.ROSE),  # there is no 7
        (silence(level=6), alert(6), Ruling.HOLDS),  # made in a hurricane
        (silence("topic=acme-bahn level<=4"), alert(4), Ruling.HOLDS),
        (silence("topic=acme-bahn level<=4"), alert(5), Ruling.ROSE),  # above its own level
        (silence("topic=acme-bahn level=5"), alert(4), Ruling.ELSEWHERE),
        (silence("topic=acme-bahn level=5"), alert(5), Ruling.HOLDS),
        (silence("topic=other level<=4"), alert(5), Ruling.ELSEWHERE),
        (silence(), alert(reasons=(DANGER,)), Ruling.TRIPWIRE),
        (silence(), alert(reasons=(replace(DANGER, met=False),)), Ruling.HOLDS),
        (silence("topic=other"), alert(reasons=(DANGER,)), Ruling.ELSEWHERE),
        (silence(), alert(test=True), Ruling.ELSEWHERE),
    ],
)
def test_a_silence_holds_or_breaks(given: Silence, of: Alert, says: Ruling) -> None:
    assert ruling(given, of, b.T0 + H) is says


@pytest.mark.parametrize(
    "reason", [NotifyReason.ACKNOWLEDGED, NotifyReason.RESOLVED, NotifyReason.ALL_CLEAR]
)
def test_an_answer_and_an_end_are_never_held_back(reason: NotifyReason) -> None:
    told = b.alert(b.incident(topics=("acme-bahn",)), reason=reason)
    if reason is NotifyReason.ALL_CLEAR:
        told = replace(told, action=b.alert(reason=NotifyReason.RESOLVED).action)
    assert ruling(silence(), told, b.T0 + H) is Ruling.ELSEWHERE


def test_before_and_after_it_holds_nothing() -> None:
    s = silence()
    for at, says in (
        (s.since - H, Ruling.ELSEWHERE),
        (s.since, Ruling.HOLDS),
        (s.until, Ruling.ELSEWHERE),
    ):
        assert ruling(s, alert(), at) is says
    ended = replace(s, ended_at=b.T0 + H)
    assert ruling(ended, alert(), b.T0 + H) is Ruling.ELSEWHERE


SLEEP = silence(kind=SilenceKind.SLEEP, authors=10, terms=("double charge", "#hotline"))


@pytest.mark.parametrize(
    ("of", "says"),
    [
        (alert(authors=19, terms=("charge", "Hotline")), Ruling.HOLDS),
        (alert(authors=20, terms=("charge",)), Ruling.AUTHORS),
        (alert(authors=12, terms=("double charge", "recall")), Ruling.TERMS),
        (alert(), Ruling.HOLDS),  # nothing new is said
    ],
)
def test_all_clear_sleep_breaks_when_it_is_another_storm(of: Alert, says: Ruling) -> None:
    assert ruling(SLEEP, of, b.T0 + H) is says


def test_where_one_breaks_none_holds() -> None:
    wide, narrow = silence("topic=*", key="a"), silence("topic=acme-bahn level<=4", key="b")
    both = [wide, narrow]
    assert holding(both, alert(4), b.T0) == wide
    assert holding(both, alert(5), b.T0) is None
    assert broken(both, alert(5), b.T0) == [(narrow, Broke.ROSE)]


def test_the_one_that_ends_last_holds() -> None:
    longer = silence(key="longer", until=b.T0 + 9 * H)
    assert holding([silence(), longer], alert(), b.T0) == longer


@given(st.integers(0, 6), st.integers(0, 6), st.sampled_from(["", " level<=4", " level<=5"]))
def test_no_silence_holds_back_what_blows_two_levels_higher(made: int, now: int, top: str) -> None:
    found = ruling(silence(f"topic=*{top}", level=max(4, made)), alert(now), b.T0)
    if now >= max(4, made) + 2 or (top and now > int(top[-1])):
        assert found is Ruling.ROSE
    else:
        assert found in (Ruling.HOLDS, Ruling.ROSE)
        assert found is Ruling.HOLDS or now == 6  # a hurricane breaks earlier


def test_what_names_only_a_level_is_broad() -> None:
    assert [is_broad(parse(t)) for t in ("level<=4", "topic=*", "topic=a", "brand!=a")] == [
        True,
        True,
        False,
        True,
    ]


# --- mute windows -------------------------------------------------------------------------------

NIGHTS = MuteWindow(
    "nights",
    parse("topic=forum level<=4"),
    (DutyHours(frozenset(range(7)), time(22), time(6)),),
    "Europe/Berlin",
    "nobody reads there at night",
)


def on(at: datetime) -> list[Silence]:
    return open_at([NIGHTS], at)


def test_a_window_is_on_in_its_local_hours_over_midnight() -> None:
    late = datetime(2026, 3, 2, 21, 30, tzinfo=UTC)  # 22:30 in Berlin
    [coming] = on(late)
    assert coming.until == datetime(2026, 3, 3, 5, 0, tzinfo=UTC)
    assert on(coming.until) == []
    assert on(coming.since - timedelta(seconds=1)) == []
    assert on(coming.until - timedelta(seconds=1)) == [coming]  # one coming, one silence
    assert (coming.author, coming.kind) == ("mute.nights", SilenceKind.WINDOW)


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        (datetime(2026, 3, 28, 22, tzinfo=UTC), 7),  # the night in which an hour is skipped
        (datetime(2026, 10, 24, 22, tzinfo=UTC), 9),  # the night in which an hour comes twice
        (datetime(2026, 6, 1, 22, tzinfo=UTC), 8),
    ],
)
def test_a_window_keeps_its_wall_clock_hours_when_clocks_change(day: datetime, hours: int) -> None:
    [coming] = on(day)
    assert coming.until - coming.since == hours * H


@given(st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)))  # noqa: DTZ001 - made aware below
def test_a_window_is_on_exactly_while_the_wall_clock_says_so(at: datetime) -> None:
    from zoneinfo import ZoneInfo

    at = at.replace(tzinfo=UTC)
    local = at.astimezone(ZoneInfo("Europe/Berlin")).time()
    assert bool(on(at)) is (local >= time(22) or local < time(6))
