"""Labelled texts into weights, head by head (`parts`, `fitting`, `train_more`), and their calibration.

Each head is trained alone on the sets of its own label scheme; schemes are never pooled. Weights
are stored as int8.

All are calibrated on scores of folds that their fits had not seen, near-copies in one fold; each set of a
language weighs the same there, and within it each label. Validation parts serve nothing here: they are for
figures, without the texts that share half of their word 6-grams with a training text (of 2,000 SemEval validation
tweets 1,469 are also in a training part).
Needs scikit-learn (extra ``[train]``). Takes about six minutes and 2 GB on one core.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.score.evaluate import confusion
from detectors.score.fitting import (
    FOLDS,
    Columns,
    How,
    blend,
    fit_columns,
    folded,
    folds_of,
    labels_of,
    matrix,
    quantised,
    scored,
    texts_of,
    unseen,
)
from detectors.score.heads import KINDS, OFFENSIVE, SENTIMENT, Family
from detectors.score.language import READ
from detectors.score.linear import (
    LANGUAGES,
    SENTIMENT_COLUMNS,
    Calibration,
    Weights,
    calibrated,
    column_of,
)
from detectors.score.parts import EASY, TRAIN, Example
from detectors.score.train_more import by_kind, fit_more


def fit(
    examples: Sequence[Example],
    seed: int = 1,
    *,
    version: str = "linear-1",
    tell: Callable[[str], None] = lambda line: None,
    more: bool = True,
) -> Weights:
    """Return the weights fitted on ``examples``. Deterministic for one seed and library version.

    ``tell`` hears a line about each step. Without ``more`` the questions besides tone, offensive
    and language are left out. Raises ValueError where a head has no texts.
    """
    training = [e for e in examples if e.use == TRAIN]
    if more:
        by_kind(training)  # what is wrong is said before a minute of fitting
    columns = Columns()
    calibration = _fit_tones(training, columns, seed, tell)
    calibration |= _fit_offensive(training, columns, seed, tell)
    own = [e for e in training if e.family == "language"]
    if own:
        tell(f"language: {len(own):,} texts")
        truth = np.array([e.lang for e in own])
        columns.add(LANGUAGES, *fit_columns(matrix(texts_of(own)), truth, READ, seed))
    if more:
        calibration |= fit_more(training, columns, seed, tell)
    # In the words of kinds a single mark ("?") decides.
    kinds = {kind.name for kind in KINDS}
    whole = np.array([[False, name in kinds] for name in columns.names])
    table, scale = quantised(np.array(columns.weights), whole)
    bare = Weights(version, tuple(columns.names), table, scale, np.array(columns.biases), {})
    trained_on = tuple(sorted({f"{e.family}/{e.lang}" for e in training}))
    return Weights(
        _stamped(version, bare), bare.heads, table, scale, bare.bias, calibration, trained_on
    )


def _stamped(version: str, weights: Weights) -> str:
    """Return the version with a short digest of the weights, so that two fits never share one."""
    digest = hashlib.blake2b(weights.table.tobytes(), digest_size=4)
    digest.update(weights.scale.tobytes() + weights.bias.tobytes())
    return f"{version}-{digest.hexdigest()}"


def _fit_tones(
    training: Sequence[Example], columns: Columns, seed: int, tell: Callable[[str], None]
) -> dict[tuple[str, str], Calibration]:
    """Fit the tones, German and English in one, and return their calibrations by language."""
    own = [e for e in training if e.family == SENTIMENT.name]
    if not own:
        raise ValueError(f"no training texts for {SENTIMENT.name}; give some in the data folder")
    tell(f"{SENTIMENT.name}: {len(own):,} texts")
    x, truth = matrix(texts_of(own)), labels_of(own)
    columns.add(SENTIMENT_COLUMNS, *fit_columns(x, truth, SENTIMENT.labels, seed))
    raw = unseen(x, truth, SENTIMENT.labels, folds_of(own, seed), seed)
    found: dict[tuple[str, str], Calibration] = {}
    for lang in READ:
        at = _calibrating(own, lang)
        if len(set(truth[at].tolist())) == len(SENTIMENT.labels):
            found[SENTIMENT.name, lang] = _calibration(
                raw[:, at], [own[i] for i in at], SENTIMENT, seed
            )
    return found


def _fit_offensive(
    training: Sequence[Example], columns: Columns, seed: int, tell: Callable[[str], None]
) -> dict[tuple[str, str], Calibration]:
    """Fit offensive, a column for each language, and return the calibrations.

    Offence and tone know of each other, and insults are many but each is rare: the own score and those of the
    three tones are blended, which folds into one column, and rows that few texts hold are left out. On five folds,
    calibrated alike, that gains 1.0 (0.3 to 1.8) points of macro-F1 in German and 0.6 (0.1 to 1.2) in English.
    """
    found: dict[tuple[str, str], Calibration] = {}
    tones = columns.of(SENTIMENT_COLUMNS)
    for lang in READ:
        own = [e for e in training if (e.family, e.lang) == (OFFENSIVE.name, lang)]
        if len({e.label for e in own}) < len(OFFENSIVE.labels):
            continue
        tell(f"{OFFENSIVE.name}, {lang}: {len(own):,} texts")
        x, truth, fold = matrix(texts_of(own)), labels_of(own), folds_of(own, seed)
        fits = [fit_columns(x, truth, (OFFENSIVE.yes,), seed, SEEN_THRICE), tones]
        raw = unseen(x, truth, (OFFENSIVE.yes,), fold, seed, SEEN_THRICE)
        seen = np.concatenate([raw, scored(x, tones)]).T
        factors, offset, blended = blend(seen, truth == OFFENSIVE.yes, fold)
        columns.add([column_of(OFFENSIVE.name, lang)], *folded(fits, factors, offset))
        at = _calibrating(own, lang)
        found[OFFENSIVE.name, lang] = _calibration(
            blended[None, at], [own[i] for i in at], OFFENSIVE, seed
        )
    if not found:
        raise ValueError(f"no training texts for {OFFENSIVE.name}; give some in the data folder")
    return found


SEEN_THRICE: Final = How(least=3)
"""For offensive."""


def _calibrating(own: Sequence[Example], lang: str) -> list[int]:
    """Return the places of the texts that a language is calibrated on."""
    mine = [i for i, e in enumerate(own) if e.lang == lang]
    return [i for i in mine if own[i].source not in EASY] or mine


def _calibration(
    raw: NDArray[np.float64], own: Sequence[Example], family: Family, seed: int
) -> Calibration:
    """Return slope and offset fitted on all, and the confusion of fits that did not see a text."""
    truth = np.array([family.labels.index(e.label) for e in own])
    weight = _equal([e.source for e in own], truth)
    fold = np.random.default_rng(seed).permutation(len(truth)) % FOLDS
    decided = np.zeros(len(truth), dtype=np.int64)
    for k in range(FOLDS):
        rest = fold != k
        slope, offset = logistic(raw[:, rest], truth[rest], weight[rest])
        logits = calibrated(Calibration(slope, offset, _NONE), raw[:, ~rest])
        decided[~rest] = logits[0] >= 0 if len(logits) == 1 else logits.argmax(axis=0)
    slope, offset = logistic(raw, truth, weight)
    labels = len(family.labels)
    return Calibration(slope, offset, confusion(truth, decided, labels)[:, :labels])


def _equal(sets: Sequence[str], truth: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return weights of texts, mean 1, with which all sets weigh the same, and in each set all its labels."""
    weight = np.zeros(len(truth))
    names = np.array(sets)
    for name in set(sets):
        mine = names == name
        counts = np.bincount(truth[mine])
        weight[mine] = 1.0 / (np.count_nonzero(counts) * counts[truth[mine]])
    weight *= len(truth) / weight.sum()
    return weight


_NONE: Final = np.zeros((0, 0), dtype=np.int64)


def logistic(
    raw: NDArray[np.float64],
    truth: NDArray[np.int64],
    weight: NDArray[np.float64] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return slope and offset of a logistic regression to equally frequent labels, or with ``weight`` (texts,)
    to what that makes of them.

    Equal frequencies, because how many negatives a brand gets is for its own stream to say;
    shares counted over many texts are to be corrected with the confusion matrix.
    """
    from sklearn.linear_model import LogisticRegression

    balance = "balanced" if weight is None else None
    model = LogisticRegression(C=1.0, class_weight=balance, max_iter=1000)
    model.fit(raw.T, truth, sample_weight=weight)
    return model.coef_, model.intercept_
