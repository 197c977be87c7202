"""Adjusted counting: shares of tones among many texts, corrected for how single ones are misread."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from detectors.score.base import Tone
from detectors.score.counting import (
    CALIBRATION,
    LABELLED,
    NOTHING,
    adjusted,
    own_error,
    probabilities,
)

READ = np.array([[0.55, 0.30, 0.15], [0.20, 0.60, 0.20], [0.10, 0.25, 0.65]])
"""How an invented scorer reads: rows the truth, columns the decision."""


def texts(rng: np.random.Generator, counts: tuple[int, int, int]) -> NDArray[np.float64]:
    """Return calibrated probabilities of so many texts of each tone, as that scorer would give them."""
    rows = []
    for truth, n in enumerate(counts):
        for decided in rng.choice(3, n, p=READ[truth]).tolist():
            likely = READ[:, decided]
            rows.append(likely / likely.sum())
    return np.array(rows)


def test_shares_are_those_that_were_drawn_and_not_those_that_were_decided() -> None:
    rng = np.random.default_rng(1)
    p = texts(rng, (1200, 600, 200))
    decided = (p.argmax(axis=1) == 0).mean()
    told = adjusted(p)
    assert abs(decided - 0.6) > 0.15
    assert told.negative == pytest.approx(0.6, abs=0.05)
    assert told.neutral + told.positive == pytest.approx(1.0 - told.negative)
    assert told.texts == 2000


def test_the_interval_holds_the_truth_nineteen_times_of_twenty() -> None:
    rng = np.random.default_rng(2)
    held = 0
    for _ in range(100):
        negatives = int(rng.integers(0, 201))
        told = adjusted(texts(rng, (negatives, 200 - negatives, 0)), error=0.01)
        held += told.low <= negatives / 200 <= told.high
    assert held >= 90


def test_probabilities_come_back_from_what_rows_keep() -> None:
    rng = np.random.default_rng(6)
    p = texts(rng, (80, 80, 80))
    order = (Tone.NEGATIVE, Tone.NEUTRAL, Tone.POSITIVE)
    tone = [int(order[k]) for k in p.argmax(axis=1)]
    certainty, negative = (np.rint(100 * x).astype(int).tolist() for x in (p.max(axis=1), p[:, 0]))
    found = probabilities(tone, certainty, negative)
    assert found[:, 0] == pytest.approx(p[:, 0], abs=0.006)
    read = np.array(tone) != Tone.NEGATIVE
    assert found[read] == pytest.approx(p[read], abs=0.02)
    assert found.sum(axis=1) == pytest.approx(np.ones(len(p)), abs=0.02)
    assert abs(adjusted(found).negative - adjusted(p).negative) < 0.02
    assert probabilities([Tone.UNREAD], [0], [0]).tolist() == [[0.0, 0.0, 0.0]]


def test_more_texts_tell_more() -> None:
    rng = np.random.default_rng(3)
    few, many = (adjusted(texts(rng, (n, n, n)), error=0.0) for n in (20, 600))
    assert many.high - many.low < (few.high - few.low) / 3


def test_what_was_not_read_does_not_count_and_nothing_is_no_share() -> None:
    rng = np.random.default_rng(4)
    p = texts(rng, (30, 60, 10))
    unread = np.concatenate([p, np.zeros((50, 3))])
    assert adjusted(unread) == adjusted(p)
    assert adjusted(np.zeros((5, 3))) == adjusted(np.zeros((0, 3))) == NOTHING


@given(st.lists(st.tuples(*[st.floats(0.0, 1.0)] * 3), min_size=1, max_size=40))
def test_shares_are_shares_for_any_probabilities(rows: list[tuple[float, float, float]]) -> None:
    told = adjusted(np.array(rows))
    assert 0.0 <= told.low <= told.negative + 1e-6
    assert told.negative <= told.high + 1e-6 <= 1.0 + 1e-6
    if told.texts:
        assert told.negative + told.neutral + told.positive == pytest.approx(1.0)


def test_what_people_read_of_a_topic_widens_the_interval_and_never_narrows_it() -> None:
    rng = np.random.default_rng(7)
    p = texts(rng, (60, 60, 0))
    right = round(120 * adjusted(p).negative)
    assert own_error(p, right) == CALIBRATION
    assert own_error(p, right + 24) == pytest.approx(0.2, abs=0.01)
    assert own_error(p[: LABELLED - 1], 0) == CALIBRATION
    few, many = (adjusted(p, own_error(p, n)) for n in (right, right + 24))
    assert many.high - many.low > few.high - few.low
    assert many.negative == few.negative
