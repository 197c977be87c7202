"""Ruled: a scorer with rules beside the model: word lists, which win, and doubt about "offensive"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from detectors.score.base import Marks, Scorer, Scores
from detectors.score.doubtful import doubts
from detectors.score.words import WordLists


class Ruled:
    """A `Scorer` that asks another one, and marks what rules say (`Score.marks`).

    A text with a banned term is offensive with 1.0. One with a suspect term keeps its answers. An
    offensive answer that rests on quoted, negated or reported words keeps its value and is marked unsure;
    not so where a banned term decided.
    """

    def __init__(self, scorer: Scorer, words: WordLists | None = None) -> None:
        self._scorer = scorer
        self._words = words or WordLists()

    @property
    def version(self) -> str:
        """Name and revision of the model."""
        return self._scorer.version

    def score(self, texts: Sequence[str], langs: Sequence[str]) -> Scores:
        """Score ``texts``; see `Scorer.score`."""
        scores = self._scorer.score(texts, langs)
        marks = self._listed(texts, scores.langs)
        for i, why in doubts(self._scorer, texts, scores).items():
            before = marks.get(i, Marks())
            if not before.banned:
                marks[i] = Marks(suspect=before.suspect, unsure=why.value)
        if not marks:
            return scores
        offensive = scores.offensive.copy()
        offensive[[i for i, one in marks.items() if one.banned]] = 1.0
        return replace(scores, offensive=offensive, marks=marks)

    def _listed(self, texts: Sequence[str], langs: Sequence[str]) -> dict[int, Marks]:
        if self._words.empty:
            return {}
        found = map(self._words.marks, texts, langs)
        return {i: marks for i, marks in enumerate(found) if marks.banned or marks.suspect}

    def reasons(self, text: str, lang: str = "", limit: int = 3) -> list[tuple[str, float]]:
        """Return what weighed most for the tone; see `Scorer.reasons`. What a rule decided has no weight
        and stands in the marks."""
        return self._scorer.reasons(text, lang, limit)
