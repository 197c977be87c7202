"""How the shipped scorer reads texts of known tone: what turns true tones into read ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from detectors.score.base import Scorer, Tone
from detectors.voices import SURE
from monitor.bench.data import texts

TONES = (Tone.NEGATIVE, Tone.NEUTRAL, Tone.POSITIVE, Tone.UNREAD)
"""Order of the columns of everything drawn here."""
LABELLED = {
    "de": ("umsab/german.validation.tsv", "germeval2017/validation.tsv"),
    "en": ("umsab/english.validation.tsv",),
}
"""No set that shares texts with the training of the shipped weights."""
_LABELS = {"negative": 0, "neutral": 1, "positive": 2}

Mix = tuple[float, float, float]
"""True shares of negative, neutral and positive posts; sum to 1."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How one language is read. ``seen[true, read]``: probabilities, rows sum to 1.

    ``sure[true, read]``: probability that the tone is sure (`detectors.voices.SURE`). ``offensive``: share of texts read as offensive among those read as negative.
    """

    seen: NDArray[np.float64]
    sure: NDArray[np.float64]
    offensive: float
    texts: int

    def shares(self, mix: Mix) -> NDArray[np.float64]:
        """Return the shares of `TONES` that a mix of true tones is read as."""
        return np.asarray(mix) @ self.seen


def readings(folder: Path, scorer: Scorer) -> dict[str, Reading]:
    """Return how the scorer reads labelled texts, by language."""
    return {lang: _reading(folder, scorer, lang, names) for lang, names in LABELLED.items()}


def _reading(folder: Path, scorer: Scorer, lang: str, names: tuple[str, ...]) -> Reading:
    known = [pair for name in names for pair in texts(folder, name) if pair[0] in _LABELS]
    scores = scorer.score([text for _, text in known], [lang] * len(known))
    seen = np.zeros((3, len(TONES)))
    sure = np.zeros((3, len(TONES)))
    for (label, _), tone, p in zip(known, scores.tone.tolist(), scores.p.max(axis=1), strict=True):
        place = _LABELS[label], TONES.index(Tone(tone))
        seen[place] += 1
        sure[place] += 100 * p >= SURE
    sure /= np.maximum(seen, 1)
    negative = scores.tone == Tone.NEGATIVE
    offensive = float((scores.offensive[negative] >= 0.5).mean()) if negative.any() else 0.0
    return Reading(seen / seen.sum(axis=1, keepdims=True), sure, offensive, len(known))


def sharpened(readings: Mapping[str, Reading]) -> dict[str, Reading]:
    """Return readings without any error: what a perfect scorer would give the detectors."""
    perfect = np.eye(3, len(TONES))
    return {
        lang: Reading(perfect, np.ones_like(perfect), r.offensive, r.texts)
        for lang, r in readings.items()
    }
