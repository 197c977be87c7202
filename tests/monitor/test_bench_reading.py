"""The reading bench: nothing is judged by a fit that saw it, and its figures are what they are called."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="training needs scikit-learn (extra train)")
from detectors.score.linear import SHIPPED, Weights, load_weights
from detectors.score.parts import HELD, TRAIN, Example
from monitor.bench import reading

RNG = np.random.default_rng(1)
ALIKE = np.ones(20_000)


def error(hit: np.ndarray, p: np.ndarray, weight: np.ndarray) -> float:
    return reading.debiased_error(hit, p, weight, reading.bins(p, weight))


def test_of_what_comes_true_as_often_as_said_chance_leaves_less_when_it_is_taken_out() -> None:
    plain, debiased = [], []
    for _ in range(40):
        p = RNG.uniform(0.4, 1.0, 2_000)
        hit = RNG.uniform(size=2_000) < p
        place = reading.bins(p, ALIKE[:2_000])
        plain.append(reading.plain_error(hit, p, ALIKE[:2_000], place))
        debiased.append(error(hit, p, ALIKE[:2_000]))
    assert all(one <= other for one, other in zip(debiased, plain, strict=True))
    assert np.mean(debiased) < 0.75 * np.mean(plain)


def test_what_is_said_too_surely_is_off_by_what_was_said_too_much() -> None:
    p = RNG.uniform(0.5, 1.0, 20_000)
    hit = RNG.uniform(size=20_000) < p - 0.1
    assert error(hit, p, ALIKE) == pytest.approx(0.1, abs=0.01)


def test_every_bin_weighs_the_same() -> None:
    p, weight = RNG.uniform(size=5_000), RNG.uniform(0.5, 2.0, 5_000)
    shares = np.bincount(reading.bins(p, weight), weight) / weight.sum()
    assert shares == pytest.approx([1 / reading.BINS] * reading.BINS, abs=0.002)


def test_labels_are_made_to_weigh_the_same() -> None:
    weight = reading._equal(np.array([0, 0, 0, 1, 2, 2]))
    assert weight.sum() == pytest.approx(6)
    assert weight[:3].sum() == pytest.approx(2)
    assert weight[3] == pytest.approx(2)


def test_precision_at_the_top_is_of_the_surest_twentieth() -> None:
    truth, p = np.zeros(200, dtype=np.int64), np.linspace(0.0, 1.0, 200)
    truth[-9:] = 1
    found = reading.top_precision(truth, p)
    assert (found["n"], found["precision"]) == (10, 0.9)
    low, high = found["precision_95"]
    assert low < 0.9 < high < 1.0


def test_no_text_is_judged_by_weights_that_saw_it_or_a_copy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Three of each: one as it is, one with a word more, one with a word less.
    words = [[f"{word}{i}" for word in "abcdefgh"] for i in range(40)]
    texts = [" ".join(some) for w in words for some in (w, [*w, "mehr"], w[1:])]
    examples = [
        Example(family, "de", use, label, text, source="umsab")
        for i, text in enumerate(texts)
        for family, label in (("sentiment", "neutral"), ("offensive", "offensive"))
        for use in ((HELD if i % 4 == 0 else TRAIN),)
    ]
    paths = [
        "umsab/german.train.tsv" if e.family == "sentiment" else "germeval2018/train.tsv"
        for e in examples
    ]
    taught: list[set[str]] = []
    judged: list[set[str]] = []

    def fit(some: list[Example], seed: int, more: bool) -> Weights:
        assert not more
        assert all(e.use == TRAIN for e in some)
        taught.append({e.text for e in some})
        return load_weights(SHIPPED)

    def texts_of(some: list[Example]) -> list[str]:
        judged.append({e.text for e in some})
        return [e.text for e in some]

    sets = {"umsab/german": "sentiment", "germeval2018/": "offensive"}
    monkeypatch.setattr(reading, "SETS", sets)
    monkeypatch.setattr(reading, "_examples", lambda folder, seed: (examples, paths))
    monkeypatch.setattr(reading, "fit", fit)
    monkeypatch.setattr(reading, "texts_of", texts_of)
    found = reading.read_unseen(Path(), 1, lambda line: None)
    each = len(judged) // len(taught)
    for k, known in enumerate(taught):
        for some in judged[k * each : (k + 1) * each]:
            assert not some & known
    assert {name: len(one.truth) + one.left_out for name, one in found.items()} == {
        name: len(texts) for name in sets
    }
