"""What every scorer must keep: never raise, never depend on the batch, say "unread" honestly."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.score.base import Scorer, Scores, Tone
from detectors.score.linear import LinearScorer
from detectors.score.ruled import Ruled
from detectors.score.words import WordLists

LINEAR = LinearScorer.load()
LISTS = WordLists(banned=("furchtbar*", "lang:en crook"), suspect=("love",))
SCORERS: list[tuple[str, Callable[[], Scorer]]] = [
    ("linear", lambda: LINEAR),
    ("ruled", lambda: Ruled(LINEAR)),
    ("with word lists", lambda: Ruled(LINEAR, LISTS)),
]

ANY_TEXT = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=80),
    st.text("abcdeäöüß @#!?.:'\n\t", max_size=200),
    st.sampled_from(["", " ", "\x00", "\ud800", "😡😡😡", "مرحبا بالعالم", "नमस्ते", "a" * 20_000]),
    st.sampled_from(["Er ist kein Idiot", 'Wer "Idiot" sagt', "furchtbar", "You crook"]),
    st.sampled_from(["nicht gut", "I love this", "Die Bahn kommt wieder nicht.", "ok 👍"]),
)
LANG = st.sampled_from(["", "de", "en", "de-AT", "fr", "und", "x", "zz-nonsense", "ar"])
each_scorer = pytest.mark.parametrize(
    "make", [make for _, make in SCORERS], ids=[name for name, _ in SCORERS]
)


def row(scores: Scores, i: int) -> tuple[object, ...]:
    numbers = scores.p[i].tobytes(), scores.offensive[i].tobytes(), scores.more[i].tobytes()
    return (scores.langs[i], scores.tone[i], *numbers, scores[i].marks)


@each_scorer
@settings(max_examples=150, deadline=None)
@given(pairs=st.lists(st.tuples(ANY_TEXT, LANG), max_size=12))
def test_a_text_scores_alone_as_in_any_batch(
    make: Callable[[], Scorer], pairs: list[tuple[str, str]]
) -> None:
    scorer = make()
    texts, langs = [t for t, _ in pairs], [lang for _, lang in pairs]
    together = scorer.score(texts, langs)
    assert len(together) == len(texts)
    for i, (text, lang) in enumerate(pairs):
        assert row(scorer.score([text], [lang]), 0) == row(together, i)


@each_scorer
@settings(max_examples=150, deadline=None)
@given(text=ANY_TEXT, lang=LANG)
def test_every_text_gets_a_score_within_its_ranges(
    make: Callable[[], Scorer], text: str, lang: str
) -> None:
    scorer = make()
    scores = scorer.score([text], [lang])
    one = scores[0]
    assert scores.p.dtype == np.float32
    assert scores.offensive.dtype == np.float32
    assert scores.tone.dtype == np.int8
    assert one.lang
    if one.tone is Tone.UNREAD:
        assert (one.p, one.score) == ((0.0, 0.0, 0.0), 0.0)
        assert scorer.reasons(text, lang) == []
    else:
        assert sum(one.p) == pytest.approx(1.0, abs=1e-5)
        assert int(np.argmax(one.p)) == int(one.tone) + 1
        assert -1.0 <= one.score <= 1.0
    assert 0.0 <= one.offensive <= 1.0


@each_scorer
@pytest.mark.parametrize("limit", [0, 1, 3, 50])
def test_reasons_are_at_most_as_many_as_asked_for_strongest_first(
    make: Callable[[], Scorer], limit: int
) -> None:
    found = make().reasons("Der Service ist schlecht, die App ist langsam.", "de", limit)
    assert len(found) <= limit
    assert all(words and weight for words, weight in found)
    strengths = [abs(weight) for _, weight in found]
    assert strengths == sorted(strengths, reverse=True)


@each_scorer
def test_no_texts_give_no_scores(make: Callable[[], Scorer]) -> None:
    scores = make().score([], [])
    assert (len(scores), scores.p.shape, scores.tone.shape) == (0, (0, 3), (0,))


@each_scorer
@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("", ""), (" \n\t", ""), ("😡😡😡 !!!", ""), ("12345", "de"), ("\ud800", "en"),
        ("مرحبا بكم في موقعنا", ""), ("Это очень плохой сервис", ""),
        ("El servicio es muy malo y nadie me contesta", ""),
        ("Le service est vraiment nul et personne ne répond", "fr"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_unread_and_not_neutral(
    make: Callable[[], Scorer], text: str, lang: str
) -> None:
    one = make().score([text], [lang])[0]
    assert (one.tone, one.p, one.score, one.offensive) == (Tone.UNREAD, (0.0, 0.0, 0.0), 0.0, 0.0)


@each_scorer
def test_the_version_names_the_model(make: Callable[[], Scorer]) -> None:
    assert make().version == make().version != ""
