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
"""Order of the tones in everything drawn here."""
LABELLED = {
    "de": ("umsab/german.validation.tsv", "germeval2017/validation.tsv"),
    "en": ("umsab/english.validation.tsv",),
}
"""No set that shares texts with the training of the shipped weights."""
LEVELS = 6
"""Of all texts that are read alike, so many groups by their p(negative)."""
_LABELS = {"negative": 0, "neutral": 1, "positive": 2}

Mix = tuple[float, float, float]
"""True shares of negative, neutral and positive posts; sum to 1."""
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Reading:
    """How one language is read: as one of some kinds, each a tone read with some probability.

    ``tone[kind]``: place in `TONES`; ``negative[kind]``: p(negative) in percent. ``seen[true, kind]``:
    probabilities, rows sum to 1; ``sure[true, kind]``: probability that the tone is sure
    (`detectors.voices.SURE`). ``offensive``: share of texts read as offensive among those read as negative.
    """

    tone: Ints
    negative: Ints
    seen: Floats
    sure: Floats
    offensive: float
    texts: int

    def shares(self, mix: Mix) -> Floats:
        """Return the shares of the kinds that a mix of true tones is read as."""
        return np.asarray(mix) @ self.seen

    def negatives(self) -> list[float]:
        """Return which share of negative, neutral and positive texts is read as negative."""
        return [round(float(p), 3) for p in self.seen[:, self.tone == 0].sum(axis=1)]

    def tones(self, kinds: Ints) -> Ints:
        """Return counts of `TONES` for counts by kind (last axis)."""
        return kinds @ np.eye(len(TONES), dtype=np.int64)[self.tone]


def readings(folder: Path, scorer: Scorer) -> dict[str, Reading]:
    """Return how the scorer reads labelled texts, by language."""
    return {lang: _reading(folder, scorer, lang, names) for lang, names in LABELLED.items()}


def _reading(folder: Path, scorer: Scorer, lang: str, names: tuple[str, ...]) -> Reading:
    known = [pair for name in names for pair in texts(folder, name) if pair[0] in _LABELS]
    scores = scorer.score([text for _, text in known], [lang] * len(known))
    true = np.array([_LABELS[label] for label, _ in known])
    read = np.array([TONES.index(Tone(tone)) for tone in scores.tone.tolist()])
    is_sure = 100 * scores.p.max(axis=1) >= SURE
    tone, negative, seen, sure = [], [], [], []
    for place in range(len(TONES)):
        rows = np.flatnonzero(read == place)
        order = rows[np.argsort(scores.p[rows, 0], kind="stable")]
        for group in np.array_split(order, LEVELS):
            if len(group):
                tone.append(place)
                negative.append(round(100 * float(scores.p[group, 0].mean())))
                n = np.bincount(true[group], minlength=len(_LABELS))
                seen.append(n)
                sure.append(
                    np.bincount(true[group], is_sure[group], len(_LABELS)) / np.maximum(n, 1)
                )
    by_truth = np.array(seen, np.float64).T
    angry = scores.tone == Tone.NEGATIVE
    return Reading(
        np.array(tone),
        np.array(negative),
        by_truth / by_truth.sum(axis=1, keepdims=True),
        np.array(sure).T,
        float((scores.offensive[angry] >= 0.5).mean()) if angry.any() else 0.0,
        len(known),
    )


def sharpened(readings: Mapping[str, Reading]) -> dict[str, Reading]:
    """Return readings without any error: what a perfect scorer would give the detectors."""
    tone, negative = np.arange(3), np.array([100, 0, 0])
    return {
        lang: Reading(tone, negative, np.eye(3), np.ones((3, 3)), r.offensive, r.texts)
        for lang, r in readings.items()
    }
