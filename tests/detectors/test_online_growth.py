"""GrowthDetector: how fast it doubles, how sure that is, and nothing where nothing grows."""

from __future__ import annotations

import math
import random
import statistics

import pytest

from detectors.online.growth import TOLD, GrowthDetector
from tests.detectors.weather import poisson

USUAL = 5 / 12
"""Negatives in a bin."""


def x(value: float) -> dict[str, float]:
    return {"negatives": value, "usual": USUAL, "hour": 12.0}


def storm(seed: int, doubling: float, until: float = 10.0) -> tuple[GrowthDetector, float]:
    """Return a detector before the bin in which ``until`` posts beyond the usual come, and it."""
    rng, detector = random.Random(seed), GrowthDetector(given="usual")
    for _ in range(36):
        detector.learn_one(x(poisson(rng, USUAL)))
    rate = 0.5
    while rate < until:
        detector.pass_by(x(poisson(rng, USUAL + rate)))
        rate *= 2 ** (5 / doubling)
    return detector, float(poisson(rng, USUAL + rate))


@pytest.mark.parametrize("doubling", [10.0, 20.0, 40.0, 80.0])
def test_the_doubling_time_is_found_and_its_interval_holds_it(doubling: float) -> None:
    found, held = [], 0
    for seed in range(60):
        detector, newest = storm(seed, doubling)
        found.append(detector.doubling(x(newest)))
        fastest, slowest = detector.interval(x(newest))
        held += (fastest < 0 or fastest <= doubling) and doubling <= slowest
    assert statistics.median(found) == pytest.approx(doubling, rel=0.55)
    assert held >= 45


def test_growth_is_told_of_storms_and_not_of_calm() -> None:
    storms = 0
    for seed in range(40):
        detector, newest = storm(seed, 20.0, until=30.0)
        storms += detector.score_one(x(newest)) >= TOLD
    rng, calm, told = random.Random(7), GrowthDetector(given="usual"), 0
    for _ in range(60 * 288):
        bin = x(poisson(rng, USUAL))
        told += calm.score_one(bin) >= TOLD
        calm.learn_one(bin)
    assert storms >= 36
    assert told <= 5


def test_what_fades_halves() -> None:
    detector = GrowthDetector(given="usual")
    for value in (200, 100, 50, 25):
        detector.pass_by(x(value))
    assert -6.0 < detector.doubling(x(12.0)) < -4.0
    assert detector.score_one(x(12.0)) == 0.0


def test_too_little_is_unknown() -> None:
    detector = GrowthDetector(given="usual")
    for value in (1, 2):
        detector.pass_by(x(value))
    assert detector.doubling(x(2.0)) == math.inf
    assert detector.interval(x(2.0)) == (0.0, math.inf)


def test_a_storm_that_is_level_is_told_as_neither() -> None:
    detector = GrowthDetector(given="usual")
    for _ in range(24):
        detector.pass_by(x(40.0))
    fastest, slowest = detector.interval(x(40.0))
    assert slowest == math.inf
    assert abs(fastest) > 30.0
    assert detector.score_one(x(40.0)) < TOLD
