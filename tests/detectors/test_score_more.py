"""The questions besides tone and offensive: who answers, who makes no claim, and our own labelled texts."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest

from detectors.score.heads import FAMILIES, KINDS, MORE, NO_CLAIM
from detectors.score.kinds import LANGUAGES, labelled
from detectors.score.linear import LinearScorer

pytest.importorskip("sklearn", reason="training needs scikit-learn (extra train)")
from detectors.score.fitting import FOLDS, folds_of
from detectors.score.parts import TRAIN, Example
from detectors.score.train import fit
from tests.detectors.test_score_train import FILLERS, invented

YES = {
    "insult": {"de": ["depp", "knilch", "lump", "wicht"]},
    "hate": {"de": ["pack", "gesindel", "brut"], "en": ["vermin", "scum", "filth"]},
    "complaint": {
        "de": ["beschwerde", "unmut", "zumutung"],
        "en": ["grievance", "upset", "let-down"],
    },
    "question": {"de": ["wann", "wieso", "welche"], "en": ["when", "why", "which"]},
}


def taught(seed: int = 5, each: int = 150) -> list[Example]:
    """Return examples of some further questions; every text of kinds answers every kind."""
    rng = random.Random(seed)
    rows = []
    for name, words in YES.items():
        family = FAMILIES[name]
        for lang, tells in words.items():
            for i in range(each):
                says = i % 3 == 0
                text = " ".join([*rng.choices(FILLERS[lang], k=6), str(i)])
                text = f"{text} {rng.choice(tells)}" if says else text
                if family not in KINDS:
                    rows.append(Example(name, lang, TRAIN, family.labels[says], text))
                    continue
                rows += [
                    Example(
                        k.name, lang, TRAIN, k.labels[says and k.name == name], text, f"{name}{i}"
                    )
                    for k in KINDS
                ]
    # Kinds without any yes would have nothing to learn.
    for kind in KINDS:
        if kind.name not in YES:
            for i in range(each):
                says = i % 3 == 0
                text = (
                    f"{' '.join(rng.choices(FILLERS['de'], k=6))} {i} {kind.name if says else ''}"
                )
                rows += [
                    Example(
                        k.name, "de", TRAIN, k.labels[says and k is kind], text, f"{kind.name}{i}"
                    )
                    for k in KINDS
                ]
    return rows


@pytest.fixture(scope="module")
def fitted() -> LinearScorer:
    return LinearScorer(fit(invented() + taught(), seed=1, version="invented"))


def answer(scorer: LinearScorer, name: str, text: str, lang: str) -> float:
    return float(scorer.score([text], [lang]).more[0, MORE.index(name)])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_question_is_answered_in_each_language_it_was_taught_in(
    fitted: LinearScorer, lang: str
) -> None:
    filler = " ".join(FILLERS[lang][:6])
    for name in ("hate", "complaint", "question"):
        said = f"{filler} 7 {YES[name][lang][0]}"
        assert answer(fitted, name, said, lang) >= 0.5 > answer(fitted, name, filler, lang)


def test_where_a_head_was_not_taught_it_makes_no_claim(fitted: LinearScorer) -> None:
    assert answer(fitted, "insult", "der depp ist ein lump und das", "de") >= 0.5
    assert answer(fitted, "insult", "you moron of the and is", "en") == NO_CLAIM
    assert answer(fitted, "toxic_comment", "der die und ist nicht", "de") == NO_CLAIM
    assert answer(fitted, "hate", "", "de") == NO_CLAIM


def test_schemes_that_differ_by_language_have_columns_of_their_own(fitted: LinearScorer) -> None:
    assert {"hate.de", "hate.en", "complaint"} <= set(fitted.weights.heads)
    assert "hate" not in fitted.weights.heads


def test_answers_are_the_same_alone_and_in_a_batch(fitted: LinearScorer) -> None:
    texts = ["der depp", "why is it so", "", "🙂", "wann und wieso nicht das"]
    whole = fitted.score(texts, [""] * len(texts)).more
    for i, text in enumerate(texts):
        assert np.array_equal(fitted.score([text], [""]).more[0], whole[i])


def test_a_text_that_does_not_answer_every_kind_is_refused() -> None:
    some = [e for e in taught() if e.family != "bug" or e.lang != "en"]
    with pytest.raises(ValueError, match="must say of each kind"):
        fit(invented() + some, seed=1)


def test_a_group_and_its_near_copies_stand_in_one_fold() -> None:
    alike = "one two three four five six seven eight nine ten"
    rows = [
        Example("hate", "en", TRAIN, "hate", f"text number {i}", f"g{i // 4}") for i in range(80)
    ]
    rows += [Example("hate", "en", TRAIN, "hate", f"{alike} {i}") for i in range(10)]
    folds = folds_of(rows, seed=1)
    assert all(len({*folds[i : i + 4].tolist()}) == 1 for i in range(0, 80, 4))
    assert len({*folds[80:].tolist()}) == 1
    assert {*folds.tolist()} == {*range(FOLDS)}


# --- our own texts ----------------------------------------------------------------------------


def test_our_own_texts_are_as_their_readme_says() -> None:
    rows = list(labelled())
    known = {kind.name for kind in KINDS}
    assert len({r.text for r in rows}) == len(rows)
    for row in rows:
        assert row.kinds <= known, row
        assert 8 <= len(row.text) <= 500
    for lang in LANGUAGES:
        own = [r for r in rows if r.lang == lang]
        counts = Counter(kind for r in own for kind in r.kinds)
        assert len(own) >= 600
        assert all(counts[name] >= 100 for name in known)


def test_the_test_part_is_a_fifth_and_cuts_no_situation() -> None:
    rows = list(labelled())
    test = {r.situation for r in rows if r.is_test}
    assert not test & {r.situation for r in rows if not r.is_test}
    assert 0.16 < sum(r.is_test for r in rows) / len(rows) < 0.24
