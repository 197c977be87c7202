"""One yes-or-no column of weights: NB-weighted logistic regression over the features of `features`.

Weights of the naive Bayes log-odds times inverse document frequency scale the features before a
regularised logistic regression (Wang and Manning 2012, "Baselines and Bigrams"); both fold into one number
per row. Needs scikit-learn (extra ``[train]``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from detectors.score.evaluate import word_grams
from detectors.score.features import CHAR_ROWS, ROWS, chunks, extract
from detectors.score.parts import Example

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

STRENGTH: Final = 3.0
"""Inverse of the penalty; 1 and 3 compared on the validation parts, 3 was ahead on all four."""
SMOOTHING: Final = 1.0
IDF_UNIT: Final = 6.0
FOLDS: Final = 5
UNCLIPPED: Final = 0.9999


class Columns:
    """Weights and biases of all heads, as they are fitted."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.weights: list[NDArray[np.float64]] = []
        self.biases: list[float] = []

    def add(
        self, names: Sequence[str], weights: list[NDArray[np.float64]], biases: list[float]
    ) -> None:
        self.names += names
        self.weights += weights
        self.biases += biases


def matrix(texts: Sequence[str]) -> csr_matrix:
    """Return the features of ``texts``, (texts, `ROWS`), divided by each text's norm."""
    from scipy.sparse import csr_matrix, diags

    rows, columns, norms, base = [], [], [], 0
    for chunk in chunks(texts):
        features = extract(chunk)
        for heads, found in (
            (features.heads, features.grams),
            (features.token_heads, features.words),
        ):
            owner = heads.searchsorted(np.arange(found.shape[1]), side="right") - 1 + base
            present = found > 0
            columns.append(found[present])
            rows.append(np.broadcast_to(owner, found.shape)[present])
        norms.append(features.norm)
        base += len(chunk)
    at = (np.concatenate(rows), np.concatenate(columns))
    counts = csr_matrix((np.ones(len(at[0]), np.float32), at), shape=(base, ROWS))
    counts.sum_duplicates()
    scaled: csr_matrix = (diags(1 / np.concatenate(norms)) @ counts).tocsr().astype(np.float32)
    return scaled


def fit_columns(
    x: csr_matrix, truth: NDArray[np.str_], labels: Sequence[str], seed: int
) -> tuple[list[NDArray[np.float64]], list[float]]:
    """Return one column of weights and one bias for each of ``labels`` against the rest."""
    from scipy.sparse import diags
    from sklearn.linear_model import LogisticRegression

    present = x.copy()
    present.data[:] = 1
    frequency = np.asarray(present.sum(axis=0)).ravel()
    idf = (np.log((1 + len(truth)) / (1 + frequency)) + 1) / IDF_UNIT
    columns, biases = [], []
    for label in labels:
        mine = truth == label
        if not mine.any() or mine.all():
            raise ValueError(f"label {label!r}: {mine.sum()} of {len(mine)} texts; need both kinds")
        odds = _log_odds(present, mine)
        model = LogisticRegression(
            C=STRENGTH, solver="liblinear", class_weight="balanced", random_state=seed
        )
        model.fit((x @ diags((idf * odds).astype(np.float32))).tocsr(), mine)
        columns.append(model.coef_[0] * idf * odds)
        biases.append(float(model.intercept_[0]))
    return columns, biases


def _log_odds(present: csr_matrix, mine: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return for each row how much likelier it is in ``mine`` than elsewhere, as a logarithm."""
    inside = np.asarray(present[mine].sum(axis=0)).ravel() + SMOOTHING
    outside = np.asarray(present[~mine].sum(axis=0)).ravel() + SMOOTHING
    odds: NDArray[np.float64] = np.log((inside / inside.sum()) / (outside / outside.sum()))
    return odds


def unseen(
    x: csr_matrix, truth: NDArray[np.str_], yes: str, fold: NDArray[np.int64], seed: int
) -> NDArray[np.float64]:
    """Return the score of each text by a fit that saw neither it nor its near-copies."""
    raw = np.zeros(len(truth))
    for k in range(FOLDS):
        rest = fold != k
        (column,), (bias,) = fit_columns(x[rest], truth[rest], (yes,), seed)
        raw[~rest] = x[~rest] @ column + bias
    return raw


def folds_of(examples: Sequence[Example], seed: int) -> NDArray[np.int64]:
    """Return the fold of each example, 0 to `FOLDS` - 1; those of a group stand in one fold, and so do
    near-copies (half of the word 6-grams shared with an earlier text)."""
    group = np.arange(len(examples))
    owner: dict[int | str, int] = {}
    for i, example in enumerate(examples):
        if example.group:
            group[i] = group[owner.setdefault(example.group, i)]
        grams = word_grams(example.text)
        met = Counter(owner.setdefault(gram, i) for gram in grams)
        del met[i]
        if met:
            most, shared = min(met.items(), key=lambda item: (-item[1], item[0]))
            if 2 * shared >= len(grams):
                group[i] = group[most]
    draw = np.random.default_rng(seed).permutation(len(examples)) % FOLDS
    fold: NDArray[np.int64] = draw[group]
    return fold


def texts_of(examples: Sequence[Example]) -> list[str]:
    return [e.text for e in examples]


def labels_of(examples: Sequence[Example]) -> NDArray[np.str_]:
    return np.array([e.label for e in examples])


def quantised(
    columns: NDArray[np.float64], whole: NDArray[np.bool_]
) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    """Return int8 weights and, for each head, the factors of its n-grams and of its words, (heads, 2).

    Words weigh several times as much as n-grams, so one factor for both would round most n-grams
    to nothing. The largest weights are clipped: finer steps for all are worth more; but not where ``whole``
    (heads, 2) says so.
    """
    table = np.zeros(columns.shape, dtype=np.int8)
    scale = np.zeros((len(columns), 2))
    for i, block in enumerate((slice(1, CHAR_ROWS), slice(CHAR_ROWS, ROWS))):
        size, kept = np.abs(columns[:, block]), whole[:, i]
        scale[kept, i] = size[kept].max(axis=1, initial=0.0) / 127
        scale[~kept, i] = np.quantile(size[~kept], UNCLIPPED, axis=1) / 127
        scale[:, i] = np.maximum(scale[:, i], 1e-12)
        steps = np.rint(columns[:, block] / scale[:, i, None])
        table[:, block] = np.clip(steps, -127, 127).astype(np.int8)
    return table, scale
