"""SpreadDetector: more places than so many posts usually stand in, and no claim from few posts."""

from __future__ import annotations

import math
import random

import pytest

from detectors.online.spread import LEAST, SpreadDetector, effective


def hour(rng: random.Random, posts: int, weights: dict[str, float]) -> dict[str, float]:
    """Return an hour of posts drawn from sources by weight."""
    drawn = rng.choices(list(weights), list(weights.values()), k=posts)
    counts = [drawn.count(name) for name in weights]
    return {"posts": float(posts), "sources": effective(counts)}


@pytest.mark.parametrize(
    ("counts", "number"),
    [([], 0.0), ([7], 1.0), ([5, 5], 2.0), ([1, 1, 1, 1], 4.0), ([0, 3, 0], 1.0)],
)
def test_the_effective_number_counts_parts_by_weight(counts: list[float], number: float) -> None:
    assert effective(counts) == pytest.approx(number)


def test_a_small_second_part_is_hardly_one_more() -> None:
    assert 1.0 < effective([99, 1]) < 1.1


def test_leaving_the_usual_place_is_told_and_being_louder_there_is_not() -> None:
    rng, detector = random.Random(1), SpreadDetector()
    usual = {"a": 0.95, "b": 0.05}
    for _ in range(600):
        detector.learn_one(hour(rng, rng.randrange(5, 60), usual))
    louder = detector.score_one(hour(rng, 400, usual))
    wider = detector.score_one(hour(rng, 400, {"a": 0.4, "b": 0.3, "c": 0.2, "d": 0.1}))
    assert louder < 1.3
    assert wider > 3.0


def test_usual_hours_rarely_seem_wide() -> None:
    rng, detector, told = random.Random(2), SpreadDetector(), 0
    usual = {"a": 0.6, "b": 0.3, "c": 0.1}
    for i in range(3000):
        x = hour(rng, rng.randrange(5, 80), usual)
        told += i >= 300 and detector.score_one(x) >= 3.0
        detector.learn_one(x)
    assert told <= 10, "once in a thousand, said of 2700"


def test_threads_grow_with_posts_and_that_is_no_spread() -> None:
    rng, detector = random.Random(3), SpreadDetector(of="threads")
    for _ in range(600):
        posts = rng.randrange(5, 80)
        detector.learn_one({"posts": float(posts), "threads": posts**0.8 * rng.uniform(0.8, 1.0)})
    assert detector.usual(400.0) == pytest.approx(0.9 * 400**0.8, rel=0.15)
    assert detector.score_one({"posts": 400.0, "threads": 0.9 * 400**0.8}) < 1.0


def test_few_posts_tell_nothing() -> None:
    detector = SpreadDetector()
    detector.learn_one({"posts": LEAST - 1, "sources": 4.0})
    assert detector.snapshot() == SpreadDetector().snapshot()
    assert detector.score_one({"posts": LEAST - 1, "sources": 4.0}) == 0.0


def test_before_much_is_known_claims_are_weak() -> None:
    detector = SpreadDetector()
    for _ in range(12):
        detector.learn_one({"posts": 20.0, "sources": 1.0})
    assert detector.score_one({"posts": 40.0, "sources": 2.0}) < 2.0
    assert math.isfinite(detector.score_one({"posts": 1e9, "sources": 1e9}))
