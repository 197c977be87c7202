"""PersistenceDetector: how long it has lasted, how often that happened, whether it is over."""

from __future__ import annotations

import pytest

from detectors.online.persistence import PersistenceDetector


def x(value: float) -> dict[str, float]:
    return {"negatives": value, "usual": 2.0, "hour": 12.0}


LOUD, QUIET = x(20.0), x(2.0)


def run(detector: PersistenceDetector, bins: int) -> None:
    """Let a run of so many bins come and go, with half a day of calm behind it."""
    for _ in range(bins):
        detector.learn_one(LOUD)
    for _ in range(144):
        detector.learn_one(QUIET)


def test_a_gap_of_one_bin_is_bridged_and_one_of_two_ends_it() -> None:
    detector = PersistenceDetector(given="usual")
    for bin in (LOUD, LOUD, LOUD):
        detector.pass_by(bin)
    assert detector.minutes(LOUD) == 20.0
    assert detector.minutes(QUIET) == 15.0, "one quiet bin does not end it"
    detector.pass_by(QUIET)
    assert detector.minutes(LOUD) == 25.0, "the bridged bin counts"
    assert detector.minutes(QUIET) == 0.0


def test_the_share_that_lasts_as_long_is_learned() -> None:
    detector = PersistenceDetector(given="usual")
    for _ in range(30):
        run(detector, 1)
    for _ in range(10):
        run(detector, 16)
    assert detector.lasting(5.0) == 1.0
    assert detector.lasting(80.0) == pytest.approx(10 / 40, abs=0.05)
    assert detector.lasting(320.0) < 0.02


def test_whether_it_is_over_is_answered_by_what_lasted_as_long() -> None:
    """Most runs are over at once; of those that are not, half go on for another hour."""
    detector = PersistenceDetector(given="usual")
    for _ in range(30):
        run(detector, 1)
    for _ in range(10):
        run(detector, 16)
    assert detector.left(5.0) <= 5.0
    assert detector.left(40.0) == 120.0


def test_a_run_that_became_an_incident_is_not_learned() -> None:
    detector = PersistenceDetector(given="usual")
    before = detector.lasting(640.0)
    for _ in range(200):
        detector.pass_by(LOUD)
    for _ in range(3):
        detector.pass_by(QUIET)
    run(detector, 1)
    assert detector.lasting(640.0) < before


def test_what_lasts_longer_than_any_run_before_scores_highest() -> None:
    detector = PersistenceDetector(given="usual")
    for _ in range(40):
        run(detector, 2)
    scores = []
    for _ in range(144):
        scores.append(detector.score_one(LOUD))
        detector.pass_by(LOUD)
    assert scores == sorted(scores)
    assert scores[0] < 0.1
    assert scores[-1] > 2.5
