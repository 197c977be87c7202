"""SilenceDetector: what should speak and does not is noticed; nights, weekends and chance are not."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable

import pytest

from detectors.online.silence import GIVE_UP_S, RARE_DAYS, SilenceDetector
from tests.detectors.weather import poisson

DAY = 288
WEEKS = 6
Rate = Callable[[int, int], float]


def shop(hour: int, weekday: int) -> float:
    """Ten posts an hour by day, hardly any by night, a tenth of it at weekends."""
    return (0.1 if weekday >= 5 else 1.0) * (0.05 if hour < 7 else 1.0) * 10 / 12


def even(hour: int, weekday: int) -> float:
    return 0.5


def bin_at(i: int, posts: float) -> dict[str, float]:
    return {"mentions": posts, "hour": i // 12 % 24, "weekday": i // DAY % 7}


def told(rate: Rate, days: int, seed: int = 1) -> tuple[SilenceDetector, int]:
    """Return a detector that heard so many days, and how often it began to call it silent."""
    rng, detector = random.Random(seed), SilenceDetector()
    calls, on = 0, False
    for i in range(days * DAY):
        x = bin_at(i, 0.0)
        x["mentions"] = float(poisson(rng, rate(int(x["hour"]), int(x["weekday"]))))
        rare = detector.return_period(x) >= RARE_DAYS
        calls, on = calls + (rare and not on), rare
        detector.learn_one(x)
    return detector, calls


def silence(detector: SilenceDetector, start: int, posts: Callable[[int], float]) -> float | None:
    """Return after how many hours a silence from ``start`` on is told; None within a fortnight."""
    for i in range(start, start + 14 * DAY):
        x = bin_at(i, posts(i))
        if detector.return_period(x) >= RARE_DAYS:
            return (i - start + 1) / 12
        detector.learn_one(x)
    return None


@pytest.mark.parametrize("rate", [shop, even])
def test_a_stream_that_speaks_is_called_silent_as_rarely_as_it_says(rate: Rate) -> None:
    """Once in 30 days is what the number says; of 106 days watched that is 3.5 times each."""
    calls = [told(rate, 120, seed)[1] for seed in range(3)]
    assert sum(calls) <= 3 * 3.5


def test_a_silence_by_day_is_told_within_two_hours() -> None:
    detector, _ = told(shop, 7 * WEEKS + 1)
    noon = (7 * WEEKS + 1) * DAY + 12 * 12
    after = silence(detector, noon, lambda i: 0.0)
    assert after is not None
    assert 0.25 < after <= 2.0


def test_the_silence_of_nights_and_weekends_is_none() -> None:
    detector, _ = told(shop, 7 * WEEKS + 5)
    saturday = (7 * WEEKS + 5) * DAY
    after = silence(detector, saturday, lambda i: 0.0)
    assert after is None or after > 12.0, "seven hours of night and a slow morning"


def test_a_trickle_is_a_silence_too() -> None:
    detector, _ = told(lambda hour, weekday: 4.0, 7 * WEEKS)
    after = silence(detector, 7 * WEEKS * DAY, lambda i: float(i % 12 == 0))
    assert after is not None
    assert after <= 6.0


def test_a_stream_that_never_spoke_is_not_silent_but_unknown() -> None:
    detector = SilenceDetector()
    for i in range(40 * DAY):
        assert detector.score_one(bin_at(i, 0.0)) == 0.0
        detector.learn_one(bin_at(i, 0.0))


def test_a_stream_of_a_post_in_weeks_is_not_called_silent_between_them() -> None:
    _, calls = told(lambda hour, weekday: 1 / (45 * DAY), 300)
    assert calls == 0


def test_before_a_fortnight_nothing_is_said() -> None:
    detector, _ = told(even, 13)
    for i in range(DAY // 2):
        detector.pass_by(bin_at(i, 0.0))
    assert detector.return_period(bin_at(9 * 12, 0.0)) == 0.0


def test_a_rare_silence_is_not_learned_while_it_lasts() -> None:
    detector, _ = told(even, 7 * WEEKS)
    before = detector.expected(12, 2)
    start = 7 * WEEKS * DAY
    for i in range(start, start + 3 * DAY):
        detector.learn_one(bin_at(i, 0.0))
    assert detector.expected(12, 2) == pytest.approx(before, rel=0.02)
    assert detector.return_period(bin_at(start + 3 * DAY, 0.0)) > RARE_DAYS
    for i in range(start + 3 * DAY, start + 3 * DAY + 12):
        detector.pass_by(bin_at(i, 0.5))
    assert detector.return_period(bin_at(start + 3 * DAY + 12, 0.5)) == 0.0, "it speaks again"


def test_a_silence_that_stays_becomes_the_usual_in_the_end() -> None:
    detector, _ = told(even, 7 * WEEKS)
    start, given_up = 7 * WEEKS * DAY, int(GIVE_UP_S / 300)
    days = [0.0]
    for i in range(start, start + given_up + 90 * DAY):
        x = bin_at(i, 0.0)
        days.append(detector.return_period(x))
        detector.learn_one(x)
    assert max(days) > RARE_DAYS
    assert detector.expected(12, 2) < 0.02


def test_a_rough_stream_is_believed_silent_later_than_a_smooth_one() -> None:
    rng = random.Random(4)
    rough, smooth = SilenceDetector(), SilenceDetector()
    mood = 1.0
    for i in range(7 * WEEKS * DAY):
        if i % 12 == 0:
            mood = rng.gammavariate(1.0, 1.0)
        rough.learn_one(bin_at(i, float(poisson(rng, 2.0 * mood))))
        smooth.learn_one(bin_at(i, float(poisson(rng, 2.0))))
    assert rough.spread() > 10 * smooth.spread()
    start = 7 * WEEKS * DAY
    slow, soon = silence(rough, start, lambda i: 0.0), silence(smooth, start, lambda i: 0.0)
    assert soon is not None
    assert slow is None or slow > 3 * soon


def test_a_source_is_listened_to_by_its_own_key() -> None:
    detector = SilenceDetector(series="source:forum")
    for i in range(20 * DAY):
        detector.learn_one(bin_at(i, 9.0) | {"source:forum": 1.0})
    for i in range(20 * DAY, 20 * DAY + 36):
        detector.pass_by(bin_at(i, 9.0) | {"source:forum": 0.0})
    assert detector.return_period(bin_at(20 * DAY + 36, 9.0) | {"source:forum": 0.0}) > RARE_DAYS


def test_the_state_is_below_a_kibibyte() -> None:
    detector, _ = told(lambda hour, weekday: 40.0 + hour, 35)
    assert len(json.dumps(detector.snapshot())) < 1024
    assert math.isfinite(detector.return_period(bin_at(0, 0.0)))
