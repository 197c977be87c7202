"""Figures of kinds: by hand, and of the shipped weights on our own test part."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from detectors.score.base import Scores
from detectors.score.evaluate_kinds import evaluate_kinds
from detectors.score.heads import KINDS, MORE, NO_CLAIM
from detectors.score.kinds import LANGUAGES, Labelled, labelled
from detectors.score.linear import LinearScorer


class Reader:
    """Says the kinds that stand in the text, in so many words."""

    version = "reader"

    def score(self, texts: Sequence[str], langs: Sequence[str]) -> Scores:
        more = np.full((len(texts), len(MORE)), NO_CLAIM, dtype=np.float32)
        for kind in KINDS:
            more[:, MORE.index(kind.name)] = [kind.name in text for text in texts]
        none = np.zeros(len(texts), dtype=np.float32)
        tone = np.zeros(len(texts), dtype=np.int8)
        return Scores(list(langs), tone, np.zeros((len(texts), 3), np.float32), none, more)

    def reasons(self, text: str, lang: str = "", limit: int = 3) -> list[tuple[str, float]]:
        return []


def row(text: str, *kinds: str) -> Labelled:
    return Labelled("de", text, frozenset(kinds), text)


def test_f1_is_counted_by_hand() -> None:
    rows = [
        row("complaint", "complaint"),
        row("complaint bug", "complaint"),
        row("praise", "praise", "question"),
        row("question", "question"),
        row("nothing"),
        row("feature_request"),
    ]
    report = evaluate_kinds(Reader(), rows)
    f1 = dict(report.f1)
    assert f1 == pytest.approx(
        {
            "complaint": 1.0,
            "praise": 1.0,
            "question": 2 / 3,  # one of two found
            "bug": 0.0,
            "feature_request": 0.0,
            "other": 2 / 3,
        }
    )
    assert report.macro_f1 == pytest.approx(sum(f1.values()) / 6)
    low, high = report.macro_f1_interval
    assert 0.0 <= low <= report.macro_f1 <= high <= 1.0
    with pytest.raises(ValueError, match="expected at least one"):
        evaluate_kinds(Reader(), [])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_shipped_weights_tell_kinds(lang: str) -> None:
    rows = [r for r in labelled() if r.is_test and r.lang == lang]
    assert evaluate_kinds(LinearScorer.load(), rows).macro_f1 > 0.70
