"""A text alone: the short way gives what a batch gives, to the last bit."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.score.base import Scores
from detectors.score.linear import SHIPPED, LinearScorer, load_weights

WEIGHTS = load_weights(SHIPPED)
SCORER = LinearScorer(WEIGHTS)
WORDS = re.split(
    " ",
    "der support ist furchtbar schön nicht gut the app is awful love idiot kaputt warum why "
    "http://a.example @acme ß ñ где привет العربية 你好 😀 !!! ?? don't 2026 \u200b &amp; le chat "
    "está não być &lt;3 :)",
)
TEXTS = [
    "", " ", "😀😀", "http://a.example/x", "Der Support ist furchtbar!", "why is this so bad???",
    "où est le chat", "Привет, мир", "Hello мир", "ñandú ß ü", "x" * 5_000, "\ud800", "\x00",
]  # fmt: skip


def same(one: Scores, batch: Scores, i: int) -> None:
    assert one.langs == batch.langs[i : i + 1]
    for name in ("tone", "p", "offensive", "more"):
        alone, among = getattr(one, name), getattr(batch, name)[i : i + 1]
        assert (alone.dtype, alone.shape) == (among.dtype, among.shape), name
        assert alone.tobytes() == among.tobytes(), name


def compare(scorer: LinearScorer, texts: list[str], langs: list[str]) -> None:
    # One text more, so that a list of one goes through the batch as well.
    batch = scorer.score([*texts, "a"], [*langs, ""])
    for i, (text, lang) in enumerate(zip(texts, langs, strict=True)):
        same(scorer.score([text], [lang]), batch, i)


@pytest.mark.parametrize("lang", ["", "de", "en", "fr", "und", "de-AT", "x"])
def test_a_text_alone_scores_as_in_a_batch(lang: str) -> None:
    compare(SCORER, TEXTS, [lang] * len(TEXTS))


@settings(max_examples=300)
@given(
    st.lists(
        st.one_of(
            st.text(max_size=60), st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join)
        ),
        max_size=4,
    ),
    st.sampled_from(["", "de", "en", "fr", "ru"]),
)
def test_any_text_alone_scores_as_in_a_batch(texts: list[str], lang: str) -> None:
    compare(SCORER, texts, [lang] * len(texts))


def test_weights_that_lack_heads_and_calibrations_are_read_alike() -> None:
    keep = [i for i, name in enumerate(WEIGHTS.heads) if not name.startswith("language.")]
    only_german = {key: one for key, one in WEIGHTS.calibration.items() if key[1] == "de"}
    no_tone = {key: one for key, one in WEIGHTS.calibration.items() if key[0] != "sentiment"}
    without = replace(
        WEIGHTS,
        heads=tuple(WEIGHTS.heads[i] for i in keep),
        table=WEIGHTS.table[keep],
        scale=WEIGHTS.scale[keep],
        bias=WEIGHTS.bias[keep],
    )
    for weights in (
        without,
        replace(WEIGHTS, calibration=only_german),
        replace(WEIGHTS, calibration=no_tone),
    ):
        compare(LinearScorer(weights), TEXTS, [""] * len(TEXTS))


def test_a_stored_score_has_the_types_of_a_batch() -> None:
    one = SCORER.score(["Der Support ist furchtbar!"], [""])
    assert one.rows()[0] == one[0]
    assert one.p.dtype == np.float32
