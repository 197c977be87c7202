"""The online learner: asked before it learns, and its weights are weights like any others."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.score.addition import Addition, AdditionError
from detectors.score.base import Tone
from detectors.score.features import ROWS
from detectors.score.linear import SHIPPED, LinearScorer, Weights, load_weights
from detectors.score.online import OnlineTone, drift, learned
from detectors.score.taught import Lesson, taught, teach
from tests.detectors.test_score_taught import lessons

TEXTS = ["das Brot ist flumm", "das Brot ist zark", "die Filiale hat offen"]


@pytest.fixture(scope="module")
def weights() -> Weights:
    return load_weights(SHIPPED)


def mixed() -> list[Lesson]:
    order = np.random.default_rng(1).permutation(len(lessons()))
    return [lessons()[i] for i in order.tolist()]


def test_what_was_learned_in_turn_is_read_by_the_usual_scorer(weights: Weights) -> None:
    added, told = learned(weights, mixed())
    read = LinearScorer(added.onto(weights)).score(TEXTS, ["de"] * 3)
    assert read.tone.tolist() == [Tone.POSITIVE, Tone.NEGATIVE, Tone.NEUTRAL]
    assert told.taught > told.base
    assert (told.lessons, told.drawn) == (180, 180)


def test_a_lesson_is_judged_before_it_is_learned(weights: Weights) -> None:
    once = [Lesson("das Brot war flumm", "de", "positive", True)]
    read = LinearScorer(weights).score([once[0].text], ["de"]).tone[0]
    _, told = learned(weights, once)
    assert told.taught == told.base == pytest.approx(1 / 3 if read == Tone.POSITIVE else 0.0)


def test_only_drawn_lessons_count_for_the_record(weights: Weights) -> None:
    _, told = learned(weights, mixed()[:50] + lessons(drawn=False))
    assert (told.lessons, told.drawn) == (230, 50)


def test_learning_twice_from_the_same_is_the_same(weights: Weights) -> None:
    one, same = learned(weights, mixed()), learned(weights, mixed())
    assert one[1] == same[1]
    assert one[0].dump() == same[0].dump()


def test_it_learns_in_a_river_pipeline_what_it_is_shown() -> None:
    from river import compose, preprocessing

    model = compose.Pipeline(preprocessing.StandardScaler(), OnlineTone(rate=0.3))
    rng = np.random.default_rng(2)
    right = 0
    for n in range(600):
        y = ("negative", "neutral", "positive")[int(rng.integers(3))]
        x = {3: rng.normal(y == "negative", 0.3), 5: rng.normal(y == "positive", 0.3)}
        right += n >= 300 and model.predict_one(x) == y
        model.learn_one(x, y)
    assert right > 240
    fresh = model["OnlineTone"].clone()
    assert fresh.predict_proba_one({3: 1.0})["neutral"] == pytest.approx(1 / 3)


def test_what_is_added_survives_being_kept(weights: Weights) -> None:
    added = taught(weights, lessons())
    again = Addition.load(added.dump())
    there, back = (
        LinearScorer(one.onto(weights)).score(TEXTS, ["de"] * 3) for one in (added, again)
    )
    assert there.p.tolist() == back.p.tolist()
    assert again.onto(weights).version == teach(weights, lessons()).version
    assert len(added.dump()) < 100_000


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK not a file",
        Addition("a", ("de",), *(np.zeros(0),) * 5).dump(),  # type: ignore[arg-type]
        Addition(
            "a",
            ("de",),
            np.array([ROWS], np.int32),  # a feature row that there is not
            np.zeros((3, 1), np.int8),
            np.zeros((3, 2)),
            np.zeros((3, 3)),
            np.zeros(3),
        ).dump(),
    ],
)
def test_other_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(AdditionError):
        Addition.load(content)


def test_a_word_that_turns_its_meaning_is_seen_as_drift(weights: Weights) -> None:
    fine = [Lesson("die App ist super, danke", "de", "positive", True)] * 150
    turned = [Lesson("die App ist super, danke", "de", "negative", True)] * 150
    found = drift(weights, fine + turned).residuals
    assert found
    assert found[0] >= 150
    assert drift(weights, fine + fine) == drift(weights, [])


def test_words_that_nobody_taught_are_seen_as_drift(weights: Weights) -> None:
    known = [Lesson(f"das ist sehr gut {n}", "de", "positive", True) for n in range(150)]
    strange = [Lesson(f"qxv{n}zq wqkj{n} zzxq", "de", "positive", True) for n in range(150)]
    assert drift(weights, known + strange).unknown
    assert not drift(weights, known).unknown


def test_no_lessons_teach_nothing(weights: Weights) -> None:
    with pytest.raises(ValueError, match="at least one"):
        learned(weights, [])
