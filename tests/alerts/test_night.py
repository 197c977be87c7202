"""Night: a strong wind waits for the morning, a storm and danger do not."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest

from alerts.alert import Alert
from alerts.night import Night
from detectors.detection import Level, Reason, ReasonCode
from tests import builders as b

NIGHT = Night()


def alert(level: Level = Level.STRONG_WIND, *reasons: Reason) -> Alert:
    return b.alert(b.incident(level=level, reasons=reasons or (b.reason(),)))


def at(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    """Return a moment of 2026 in UTC; Berlin is an hour ahead in winter."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        (at(22, 20, 59), None),  # 21:59
        (at(22, 21), at(23, 5, 30)),  # 22:00
        (at(22, 23, 30), at(23, 5, 30)),  # after midnight
        (at(23, 5, 29), at(23, 5, 30)),
        (at(23, 5, 30), None),  # 06:30: the day has begun
    ],
)
def test_a_strong_wind_at_night_waits_for_the_morning(
    now: datetime, until: datetime | None
) -> None:
    assert NIGHT.held_until(alert(), now) == until


def test_a_storm_and_words_of_danger_do_not_wait() -> None:
    danger = Reason(ReasonCode.TRIPWIRE, 3.0, 2.0, text="injury")
    assert NIGHT.held_until(alert(Level.STORM), at(22, 23)) is None
    assert NIGHT.held_until(alert(Level.STRONG_WIND, danger), at(22, 23)) is None
    unmet = Reason(ReasonCode.TRIPWIRE, 1.0, 2.0, met=False, text="injury")
    assert NIGHT.held_until(alert(Level.STRONG_WIND, unmet), at(22, 23)) is not None


@pytest.mark.parametrize(
    ("now", "until"),
    [
        (at(28, 22, month=3), at(29, 4, 30, month=3)),  # the clock goes forward: 06:30 is 04:30 UTC
        (at(24, 21, month=10), at(25, 5, 30, month=10)),  # it goes back: 05:30 UTC
    ],
)
def test_morning_is_morning_on_both_edges_of_summer_time(now: datetime, until: datetime) -> None:
    assert NIGHT.held_until(alert(), now) == until


def test_a_morning_that_does_not_exist_is_the_first_instant_after_it() -> None:
    early = Night(time(22, 0), time(2, 30))
    assert early.held_until(alert(), at(28, 22, month=3)) == at(29, 1, month=3)


def test_a_night_within_one_day_and_no_night_at_all() -> None:
    noon = Night(time(12, 0), time(14, 0))
    assert noon.held_until(alert(), at(22, 11, 30)) == at(22, 13)
    assert noon.held_until(alert(), at(22, 13)) is None
    assert Night(time(0, 0), time(0, 0)).held_until(alert(), at(22, 23)) is None
