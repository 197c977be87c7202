"""SlowDetector: a share of negatives that stays raised for hours."""

from __future__ import annotations

from detectors.online.slow import FEWEST, SlowDetector


def seen(rate: float, share: float, hours: int = 336) -> SlowDetector:
    """Return a detector after so many even hours of ``rate`` posts, ``share`` of them negative."""
    detector = SlowDetector()
    for _ in range(12 * hours):
        detector.learn_one(x(rate, share))
    return detector


def x(rate: float, share: float) -> dict[str, float]:
    return {"mentions": rate / 12, "negatives": rate * share / 12, "hour": 9.0}


def test_a_day_at_twice_the_share_is_rare_within_twelve_hours() -> None:
    detector = seen(40.0, 0.2)
    for _ in range(144):
        detector.pass_by(x(60.0, 0.4))
    assert detector.return_period(5.0, 2.0) > 15.0


def test_hours_hardly_above_the_usual_share_are_enough_where_most_are() -> None:
    """A tone that is read badly is raised by a third at most."""
    detector = seen(40.0, 0.25)
    for _ in range(144):
        detector.pass_by(x(80.0, 0.34))
    assert detector.return_period(80.0 / 12, 80.0 * 0.34 / 12) > 1.0


def test_one_loud_hour_is_not_slow() -> None:
    detector = seen(40.0, 0.2)
    for _ in range(12):
        detector.pass_by(x(400.0, 0.5))
    for _ in range(48):
        detector.pass_by(x(40.0, 0.2))
    assert detector.return_period(3.0, 1.0) == 0.0


def test_fewer_negatives_than_a_trend_needs_are_none() -> None:
    detector = seen(2.0, 0.1)
    for _ in range(72):
        detector.pass_by(x(4.0, 0.6))
    negatives = detector.last(24, 0.0, 0.0)[1]
    assert negatives < FEWEST
    assert detector.return_period(0.0, 0.0) == 0.0


def test_the_last_hours_count_the_running_one() -> None:
    detector = seen(12.0, 0.5, hours=24)
    detector.learn_one(x(12.0, 0.5))
    mentions, negatives = detector.last(3, 2.0, 1.0)
    assert (round(mentions, 6), round(negatives, 6)) == (3 * 12 + 1 + 2, 3 * 6 + 0.5 + 1)
