"""The naive service's two models behind our `Scorer`: what our plumbing alone is worth.

VADER reads tone, py3langid tells the language, one text at a time, as they are meant to be used.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from detectors.score.base import Scores, Tone
from monitor.bench.naive import MODELS

_SURE = 0.05
"""VADER's own threshold for positive and, below zero, negative (its README, "About the Scoring")."""


class VaderScorer:
    """`detectors.score.base.Scorer` over vaderSentiment and py3langid; offensive is always 0."""

    version = MODELS

    def __init__(self) -> None:
        import py3langid
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

        self._langid = py3langid
        self._vader = SentimentIntensityAnalyzer()

    def score(self, texts: Sequence[str], langs: Sequence[str]) -> Scores:
        """Score one text after the other; the stated language is not believed, as in the peer."""
        compound = [self._vader.polarity_scores(text)["compound"] for text in texts]
        tone = [
            Tone.NEGATIVE if c <= -_SURE else Tone.POSITIVE if c >= _SURE else Tone.NEUTRAL
            for c in compound
        ]
        p = [(max(0.0, -c), 1.0 - abs(c), max(0.0, c)) for c in compound]
        return Scores(
            langs=[self._langid.classify(text)[0] for text in texts],
            tone=np.array(tone, dtype=np.int8),
            p=np.array(p, dtype=np.float32).reshape(len(texts), 3),
            offensive=np.zeros(len(texts), dtype=np.float32),
            more=np.zeros((len(texts), 0), dtype=np.float32),
        )

    def reasons(self, text: str, lang: str = "", limit: int = 3) -> list[tuple[str, float]]:
        """Return nothing: VADER does not say which words decided."""
        return []
