"""Labelled texts into weights, head by head (`parts`, `fitting`, `train_more`), and their calibration.

Each head is trained alone on the sets of its own label scheme; schemes are never pooled. Weights
are stored as int8.

Validation parts serve for calibration alone. A validation text that shares half of its word
6-grams with any training text is left out of it, and out of our figures: the collections
overlap (of 2,000 SemEval validation tweets 1,469 are also in a training part). Questions without a validation
part are calibrated on scores of folds that their fits had not seen.
Needs scikit-learn (extra ``[train]``). Takes about four minutes and 2 GB on one core.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.score.evaluate import confusion, unlike
from detectors.score.features import chunks, extract
from detectors.score.fitting import (
    FOLDS,
    Columns,
    fit_columns,
    labels_of,
    matrix,
    quantised,
    texts_of,
)
from detectors.score.heads import FAMILIES, KINDS, OFFENSIVE, SENTIMENT
from detectors.score.language import READ
from detectors.score.linear import (
    LANGUAGES,
    OFFENSIVE_COLUMN,
    SENTIMENT_COLUMNS,
    Calibration,
    LinearScorer,
    Weights,
    calibrated,
)
from detectors.score.parts import CALIBRATE, TRAIN, Example
from detectors.score.train_more import fit_more


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
    columns = Columns()
    for names, family in ((SENTIMENT_COLUMNS, SENTIMENT), ((OFFENSIVE_COLUMN,), OFFENSIVE)):
        own = [e for e in training if e.family == family.name]
        if not own:
            raise ValueError(f"no training texts for {family.name}; give some in the data folder")
        tell(f"{family.name}: {len(own):,} texts")
        labels = family.labels if len(names) > 1 else family.labels[1:]
        columns.add(names, *fit_columns(matrix(texts_of(own)), labels_of(own), labels, seed))
    own = [e for e in training if e.family == "language"]
    if own:
        tell(f"language: {len(own):,} texts")
        truth = np.array([e.lang for e in own])
        columns.add(LANGUAGES, *fit_columns(matrix(texts_of(own)), truth, READ, seed))
    calibration = fit_more(training, columns, seed, tell) if more else {}
    # In the words of kinds a single mark ("?") decides.
    kinds = {kind.name for kind in KINDS}
    whole = np.array([[False, name in kinds] for name in columns.names])
    table, scale = quantised(np.array(columns.weights), whole)
    bare = Weights(version, tuple(columns.names), table, scale, np.array(columns.biases), {})
    held = unlike([e for e in examples if e.use == CALIBRATE], training, lambda e: e.text)
    tell(f"calibration: {len(held):,} texts that resemble no training text")
    trained_on = tuple(sorted({f"{e.family}/{e.lang}" for e in training}))
    return Weights(
        _stamped(version, bare), bare.heads, table, scale, bare.bias,
        calibration | _calibrations(bare, held, seed), trained_on,
    )  # fmt: skip


def _stamped(version: str, weights: Weights) -> str:
    """Return the version with a short digest of the weights, so that two fits never share one."""
    digest = hashlib.blake2b(weights.table.tobytes(), digest_size=4)
    digest.update(weights.scale.tobytes() + weights.bias.tobytes())
    return f"{version}-{digest.hexdigest()}"


def _calibrations(
    weights: Weights, held: Sequence[Example], seed: int
) -> dict[tuple[str, str], Calibration]:
    """Return a calibration for each family and language that has held-out texts of each label."""
    scorer = LinearScorer(weights)
    found: dict[tuple[str, str], Calibration] = {}
    for family, heads in (("sentiment", SENTIMENT_COLUMNS), ("offensive", (OFFENSIVE_COLUMN,))):
        labels = FAMILIES[family].labels
        places = [weights.heads.index(head) for head in heads]
        for lang in READ:
            own = [e for e in held if (e.family, e.lang) == (family, lang)]
            if len({e.label for e in own}) < len(labels):
                continue
            scores = [scorer.raw(extract(chunk)) for chunk in chunks([e.text for e in own])]
            raw = np.concatenate(scores, axis=1)[places]
            truth = np.array([labels.index(e.label) for e in own])
            found[family, lang] = _calibration(raw, truth, len(labels), seed)
    return found


def _calibration(
    raw: NDArray[np.float64], truth: NDArray[np.int64], labels: int, seed: int
) -> Calibration:
    """Return slope and offset fitted on all, and the confusion of fits that did not see a text."""
    fold = np.random.default_rng(seed).permutation(len(truth)) % FOLDS
    decided = np.zeros(len(truth), dtype=np.int64)
    for k in range(FOLDS):
        slope, offset = logistic(raw[:, fold != k], truth[fold != k])
        logits = calibrated(Calibration(slope, offset, _NONE), raw[:, fold == k])
        decided[fold == k] = logits[0] >= 0 if len(logits) == 1 else logits.argmax(axis=0)
    slope, offset = logistic(raw, truth)
    return Calibration(slope, offset, confusion(truth, decided, labels)[:, :labels])


_NONE: Final = np.zeros((0, 0), dtype=np.int64)


def logistic(
    raw: NDArray[np.float64], truth: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return slope and offset of a logistic regression to equally frequent labels.

    Equal frequencies, because how many negatives a brand gets is for its own stream to say;
    shares counted over many texts are to be corrected with the confusion matrix.
    """
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1.0, class_weight="balanced", max_iter=1000)
    model.fit(raw.T, truth)
    return model.coef_, model.intercept_
