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
from detectors.online.copies import CopiesDetector
from detectors.online.deletions import DeletionsDetector
from detectors.online.growth import GrowthDetector
from detectors.online.negatives import NegativesDetector
from detectors.online.newcomers import NewcomersDetector
from detectors.online.persistence import PersistenceDetector
from detectors.online.silence import SilenceDetector
from detectors.online.slow import SlowDetector
from detectors.online.spread import SpreadDetector
from detectors.online.tone import ToneDetector
from detectors.online.volume import VolumeDetector
from detectors.online.young import YoungDetector
from detectors.watch import TopicWatch
from tests.detectors.weather import START, TOPIC, Player, Surge, Weather

MAKERS: list[Callable[[], Detector]] = [
    VolumeDetector,
    NegativesDetector,
    YoungDetector,
    SlowDetector,
    ToneDetector,
    NewcomersDetector,
    SpreadDetector,
    GrowthDetector,
    PersistenceDetector,
    CopiesDetector,
    DeletionsDetector,
    SilenceDetector,
]
ONE_BIN = {VolumeDetector, NegativesDetector, YoungDetector, ToneDetector, NewcomersDetector}
ONE_BIN |= {CopiesDetector, DeletionsDetector}
"""What one bin alone may alarm; the others need something to last, to grow or to stop."""


def loud(n: float, hour: float = 9.0) -> dict[str, float]:
    """Return a bin in which ``n`` of everything came."""
    return bin_of(n, n, hour) | {"sources": 1.0 + n / 20.0}


def bin_of(mentions: float, negatives: float, hour: float) -> dict[str, float]:
    return {
        "mentions": mentions,
        "negatives": negatives,
        "unread": 0.0,
        "authors": mentions,
        "new_authors": negatives,
        "copies": negatives,
        "deletions": negatives,
        "posts": 12.0 * mentions,
        "sources": 1.0 + 0.1 * (mentions > 3.0),
        "hour": hour,
        "weekday": 0.0,
    }


def bins(seed: int = 1, n: int = 1500, storm_at: int = 1300) -> list[dict[str, float]]:
    rng = random.Random(seed)
    out = []
    for i in range(n):
        storm = 40 if storm_at <= i < storm_at + 6 else 0
        mentions = float(rng.randrange(0, 9) + storm)
        negatives = float(sum(rng.random() < 0.2 for _ in range(int(mentions))))
        out.append(bin_of(mentions, negatives, float(i // 12 % 24)))
    return out


@pytest.fixture(params=MAKERS, ids=lambda m: m.__name__)
def make(request: pytest.FixtureRequest) -> Callable[[], Detector]:
    return request.param  # type: ignore[no-any-return]


def test_scoring_changes_nothing(make: Callable[[], Detector]) -> None:
    detector = make()
    for x in bins()[:700]:
        detector.learn_one(x)
    before = json.dumps(detector.snapshot())
    first = detector.score_one(loud(90.0))
    detector.detect(loud(90.0), START)
    assert detector.score_one(loud(90.0)) == first
    assert json.dumps(detector.snapshot()) == before


def test_scores_are_finite_and_never_negative(make: Callable[[], Detector]) -> None:
    detector = make()
    for x in bins(seed=3):
        score = detector.score_one(x)
        assert math.isfinite(score)
        assert score >= 0
        detector.learn_one(x)
    assert math.isfinite(detector.score_one(loud(1e9)))
    detector.learn_one(loud(1e9))
    assert math.isfinite(detector.score_one(loud(0.0)))


def test_nothing_at_all_is_no_alarm_and_no_error(make: Callable[[], Detector]) -> None:
    """A month in which nobody wrote: a topic that never spoke is not silent either."""
    detector = make()
    for i in range(30 * 288):
        x = loud(0.0, float(i // 12 % 24)) | {"weekday": float(i // 288 % 7)}
        assert detector.score_one(x) == 0.0
        detector.learn_one(x)


def test_what_comes_later_changes_no_earlier_score(make: Callable[[], Detector]) -> None:
    calm, stormy = make(), make()
    for x, y in zip(bins(n=1400, storm_at=9999), bins(n=1400, storm_at=1300), strict=True):
        if x != y:
            break
        assert calm.score_one(x) == stormy.score_one(y)
        calm.learn_one(x)
        stormy.learn_one(y)
    assert calm.snapshot() == stormy.snapshot()


def test_what_is_passed_by_leaves_no_trace_after_a_day(make: Callable[[], Detector]) -> None:
    """While an incident is open nothing is learned: a day later scores are as if it had not been."""
    passed, spared = make(), make()
    past = bins(n=1400, storm_at=9999)
    for x in past:
        passed.learn_one(x)
        spared.learn_one(x)
    for k in range(288):
        passed.pass_by(loud(400.0, float(k // 12 % 24)))
        spared.pass_by(past[k])
    for k in range(2 * 288):
        passed.pass_by(past[k])
        spared.pass_by(past[k])
    for x in past[:24]:
        assert passed.score_one(x) == pytest.approx(spared.score_one(x), abs=1e-6)


def test_what_it_looks_for_scores_above_what_is_usual(make: Callable[[], Detector]) -> None:
    """A storm that grows, lasts, spreads and stops."""
    detector, past = make(), bins(n=4400, storm_at=5000)
    usual = []
    for x in past:
        usual.append(detector.score_one(x))
        detector.learn_one(x)
    assert sorted(usual[2000:])[1000] < 1
    scores = []
    for x in [loud(2.0**k) for k in range(9)] + [loud(256.0)] * 150 + [loud(0.0)] * 288:
        scores.append(detector.score_one(x))
        detector.learn_one(x)
    assert max(scores) > sorted(usual[2000:])[1900] + 0.5


@pytest.mark.parametrize("looks_at_one", [m for m in MAKERS if m in ONE_BIN])
def test_one_loud_bin_is_enough_for_those_who_look_at_one(
    looks_at_one: Callable[[], Detector],
) -> None:
    detector = looks_at_one()
    for x in bins()[:1300]:
        detector.learn_one(x)
    assert detector.score_one(loud(80.0)) > detector.score_one(bin_of(4.0, 1.0, 9.0)) + 1


def test_more_is_never_less_alarming(make: Callable[[], Detector]) -> None:
    detector = make()
    for x in bins()[:1000]:
        detector.learn_one(x)
    scores = [detector.score_one(loud(float(n), hour=5.0)) for n in range(200)]
    if make is SilenceDetector:
        assert scores == sorted(scores, reverse=True)
    else:
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


@pytest.mark.parametrize("broken", [None, "x", [1.0], [float("nan")] * 11, {"a": [1.0]}])
def test_a_broken_state_is_refused(make: Callable[[], Detector], broken: object) -> None:
    """Whatever part of it is missing or is something else."""
    detector = make()
    good = detector.snapshot()
    for key in {*good} - ({"doubts"} if broken is None else set()):  # absent in old states
        with pytest.raises(ValueError, match="detector state"):
            detector.restore(
                {k: v for k, v in good.items() if k != key} | ({key: broken} if broken else {})
            )
    detector.restore(good)
    assert detector.snapshot() == good


def test_a_detection_names_its_detector_and_agrees_with_the_score(
    make: Callable[[], Detector],
) -> None:
    detector = make()
    for x in bins()[:1300]:
        detector.learn_one(x)
    for n in (10.0, 20.0, 40.0):
        detector.learn_one(loud(n))
    x = loud(0.0 if make is SilenceDetector else 80.0)
    seen = detector.detect(x, START)
    assert seen.detector == type(detector).__name__
    assert seen.series in set(Series)
    if make in ONE_BIN:
        assert seen.value == x[seen.series]
    assert seen.score == detector.score_one(x)
    assert seen.return_period_days >= 0
    assert seen.expected > 0
    assert bool(seen.reasons) == (seen.score > 0)


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
