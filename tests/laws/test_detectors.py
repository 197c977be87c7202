"""What every detector keeps: score before learning, O(1) state, invisible restarts, river's face."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from river import base

from detectors.detection import Detector, Series
from detectors.online.negatives import NegativesDetector
from detectors.online.volume import VolumeDetector
from detectors.online.young import YoungDetector
from detectors.watch import TopicWatch
from tests.detectors.weather import START, TOPIC, Player, Surge, Weather

MAKERS: list[Callable[[], Detector]] = [VolumeDetector, NegativesDetector, YoungDetector]


def bins(seed: int = 1, n: int = 1500, storm_at: int = 1300) -> list[dict[str, float]]:
    rng = random.Random(seed)
    out = []
    for i in range(n):
        loud = 40 if storm_at <= i < storm_at + 6 else 0
        mentions = float(rng.randrange(0, 9) + loud)
        negatives = float(sum(rng.random() < 0.2 for _ in range(int(mentions))))
        hour = float(i // 12 % 24)
        out.append({"mentions": mentions, "negatives": negatives, "hour": hour, "weekday": 0.0})
    return out


@pytest.fixture(params=MAKERS, ids=lambda m: m.__name__)
def make(request: pytest.FixtureRequest) -> Callable[[], Detector]:
    return request.param  # type: ignore[no-any-return]


def test_scoring_changes_nothing(make: Callable[[], Detector]) -> None:
    detector = make()
    for x in bins()[:700]:
        detector.learn_one(x)
    before = json.dumps(detector.snapshot())
    loud = {"mentions": 90.0, "negatives": 60.0, "hour": 3.0, "weekday": 2.0}
    first = detector.score_one(loud)
    detector.detect(loud, START)
    assert detector.score_one(loud) == first
    assert json.dumps(detector.snapshot()) == before


def test_scores_are_finite_and_never_negative(make: Callable[[], Detector]) -> None:
    detector = make()
    for x in bins(seed=3):
        score = detector.score_one(x)
        assert math.isfinite(score)
        assert score >= 0
        detector.learn_one(x)
    huge = {"mentions": 1e9, "negatives": 1e9, "hour": 0.0, "weekday": 0.0}
    assert math.isfinite(detector.score_one(huge))


def test_a_loud_bin_scores_above_a_usual_one(make: Callable[[], Detector]) -> None:
    detector = make()
    for x in bins()[:1300]:
        detector.learn_one(x)
    usual = {"mentions": 4.0, "negatives": 1.0, "hour": 9.0, "weekday": 0.0}
    loud = usual | {"mentions": 80.0, "negatives": 60.0}
    assert detector.score_one(usual) < 1
    assert detector.score_one(loud) > detector.score_one(usual) + 1


def test_more_is_never_less_alarming(make: Callable[[], Detector]) -> None:
    detector = make()
    for x in bins()[:1000]:
        detector.learn_one(x)
    scores = [
        detector.score_one(
            {"mentions": float(n), "negatives": float(n), "hour": 5.0, "weekday": 1.0}
        )
        for n in range(200)
    ]
    assert scores == sorted(scores)


@pytest.mark.parametrize("cut", [0, 1, 11, 700, 1302, 1499])
def test_a_restart_is_invisible(make: Callable[[], Detector], cut: int) -> None:
    steady, restarted = make(), make()
    for i, x in enumerate(bins()):
        if i == cut:
            state = json.loads(json.dumps(restarted.snapshot()))
            restarted = make()
            restarted.restore(state)
        assert steady.score_one(x) == restarted.score_one(x)
        steady.learn_one(x)
        restarted.learn_one(x)
    assert steady.snapshot() == restarted.snapshot()


def test_the_state_does_not_grow(make: Callable[[], Detector]) -> None:
    detector = make()
    for x in bins(n=4000):
        detector.learn_one(x)
    assert len(json.dumps(detector.snapshot())) < 2048


@pytest.mark.parametrize(
    "broken",
    [{}, {"baseline": [1.0]}, {"baseline": "x"}, {"values": [float("nan")] * 11}],
)
def test_a_broken_state_is_refused(make: Callable[[], Detector], broken: dict[str, object]) -> None:
    detector = make()
    state = detector.snapshot() | broken if broken else {}
    with pytest.raises(ValueError, match="detector state"):
        detector.restore(state)


def test_a_detection_names_its_detector_and_agrees_with_the_score(
    make: Callable[[], Detector],
) -> None:
    detector = make()
    for x in bins()[:1300]:
        detector.learn_one(x)
    loud = {"mentions": 80.0, "negatives": 60.0, "hour": 9.0, "weekday": 0.0}
    seen = detector.detect(loud, START)
    assert seen.detector == type(detector).__name__
    assert seen.series in set(Series)
    assert seen.value == loud[seen.series]
    assert seen.score == detector.score_one(loud)
    assert seen.return_period_days > 0
    assert seen.expected > 0
    assert seen.reasons


def test_every_detector_is_a_river_estimator_that_can_be_cloned(
    make: Callable[[], Detector],
) -> None:
    detector = make()
    assert isinstance(detector, base.Estimator)
    for x in bins()[:50]:
        detector.learn_one(x)
    clone = detector.clone()
    assert clone.snapshot() == make().snapshot()


@settings(max_examples=12, deadline=None)
@given(cut=st.integers(0, 60), seed=st.integers(0, 3))
def test_a_restart_of_the_whole_watch_is_invisible(cut: int, seed: int) -> None:
    """Anywhere within five hours in which a storm rises; the state goes through JSON."""
    weather = Weather(seed=seed, rate=60, surges=(Surge(26, 600, 2, 0.8),))
    steady, restarted = Player(), Player()
    for i, (bin, rows) in enumerate(weather.bins(1.3)):
        if i == 300 + cut:
            state = json.loads(json.dumps(restarted.watch.snapshot()))
            restarted.watch = TopicWatch(TOPIC)
            restarted.watch.restore(state)
        assert steady.close(bin, rows) == restarted.close(bin, rows)
    assert steady.watch.snapshot() == restarted.watch.snapshot()
