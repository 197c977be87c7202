"""New authors, copies, deletions and tone: a share above its usual one, with its doubt."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from detectors.measures import MODEL_ERROR
from detectors.online.copies import CopiesDetector
from detectors.online.deletions import DeletionsDetector
from detectors.online.newcomers import NewcomersDetector
from detectors.online.tone import ToneDetector
from detectors.share import ShareDetector
from tests.detectors.weather import START, poisson

ALL = [ToneDetector, NewcomersDetector, CopiesDetector, DeletionsDetector]


def draw(
    rng: random.Random, detector: ShareDetector, whole: float, share: float
) -> dict[str, float]:
    n = poisson(rng, whole)
    return {
        detector.whole: float(n),
        detector.part: float(sum(rng.random() < share for _ in range(n))),
    }


@pytest.mark.parametrize("make", ALL)
@pytest.mark.parametrize("share", [0.1, 0.3])
def test_the_usual_share_is_learned_and_rarely_called_rare(
    make: Callable[[], ShareDetector], share: float
) -> None:
    rng, detector, told = random.Random(3), make(), 0
    for i in range(4000):
        x = draw(rng, detector, 3.0, share)
        told += i > 300 and detector.score_one(x) >= 3.0
        detector.learn_one(x)
    assert detector.share() == pytest.approx(share, abs=0.03)
    assert told <= 8, "once in a thousand, said of 3700"


@pytest.mark.parametrize("make", ALL)
def test_a_doubled_share_of_many_is_told(make: Callable[[], ShareDetector]) -> None:
    rng, detector = random.Random(4), make()
    for _ in range(4000):
        detector.learn_one(draw(rng, detector, 3.0, 0.2))
    for _ in range(11):
        detector.pass_by(draw(rng, detector, 60.0, 0.6))
    assert detector.score_one(draw(rng, detector, 60.0, 0.6)) > 3.0


@pytest.mark.parametrize("make", ALL)
def test_more_posts_with_the_usual_share_are_no_sign(make: Callable[[], ShareDetector]) -> None:
    rng, detector = random.Random(5), make()
    for _ in range(4000):
        detector.learn_one(draw(rng, detector, 3.0, 0.2))
    for _ in range(12):
        detector.pass_by(draw(rng, detector, 200.0, 0.2))
    assert detector.score_one(draw(rng, detector, 200.0, 0.2)) < 2.0


def test_little_known_claims_little() -> None:
    fresh, known = NewcomersDetector(bins=1), NewcomersDetector(bins=1)
    for _ in range(4000):
        known.learn_one({"authors": 20.0, "new_authors": 10.0})
    x = {"authors": 100.0, "new_authors": 90.0}
    assert fresh.score_one(x) < known.score_one(x)


def test_counts_of_an_hour_are_not_added_up_again() -> None:
    detector = NewcomersDetector(bins=1)
    for _ in range(50):
        detector.learn_one({"authors": 12.0, "new_authors": 6.0})
    [reason] = detector.detect({"authors": 10.0, "new_authors": 9.0}, START).reasons
    assert reason.value == pytest.approx(0.9)


def test_the_interval_of_tone_holds_chance_model_error_and_what_was_not_read() -> None:
    detector = ToneDetector()
    read = detector.interval({"mentions": 1e5, "negatives": 3e4})
    assert (read.value, read.low, read.high) == pytest.approx(
        (0.3, 0.3 - MODEL_ERROR, 0.3 + MODEL_ERROR), abs=0.01
    )
    unread = detector.interval({"mentions": 1e5, "negatives": 3e4, "unread": 2e4})
    assert unread.low == pytest.approx(read.low)
    assert unread.high == pytest.approx(read.high + 0.2, abs=0.01)


def test_misreading_is_taken_out_and_widens_the_interval() -> None:
    """Of 1000 posts 300 negative; 60 % of them and 10 % of the others are read as negative."""
    detector = ToneDetector()
    x = {"mentions": 1000.0, "negatives": 0.6 * 300 + 0.1 * 700}
    read, found = detector.interval(x), detector.adjusted(x, recall=0.6, false=0.1)
    assert found.value == pytest.approx(0.3)
    assert found.high - found.low == pytest.approx((read.high - read.low) / 0.5)


@pytest.mark.parametrize(("recall", "false"), [(0.1, 0.1), (0.2, 0.4), (1.1, 0.0), (0.5, -0.1)])
def test_a_scorer_that_tells_nothing_is_refused(recall: float, false: float) -> None:
    with pytest.raises(ValueError, match="recall must lie above the false rate"):
        ToneDetector().adjusted({"mentions": 9.0, "negatives": 1.0}, recall=recall, false=false)
