"""One yes-or-no column of weights: NB-weighted logistic regression over the features of `features`.

Weights of the naive Bayes log-odds times inverse document frequency scale the features before a
regularised logistic regression (Wang and Manning 2012, "Baselines and Bigrams"); both fold into one number
per row. Needs scikit-learn (extra ``[train]``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from detectors.score.evaluate import word_grams
from detectors.score.features import CHAR_ROWS, ROWS, chunks, extract
from detectors.score.parts import Example

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

SMOOTHING: Final = 1.0
IDF_UNIT: Final = 6.0
FOLDS: Final = 5
UNCLIPPED: Final = 0.9999


Fits = tuple[list[NDArray[np.float64]], list[float]]
"""Columns of weights, each (`ROWS`,), and their biases."""


@dataclass(frozen=True, slots=True)
class How:
    """How one column is fitted. ``strength``: inverse of the penalty; ``power``: that of the log-odds which
    features are scaled by, 1 as they are, 0 their sign alone; ``least``: rows that stand in fewer texts weigh nothing.
    """

    strength: float = 3.0
    power: float = 1.0
    least: int = 0


USUAL: Final = How()
"""Strengths 1 and 3 compared on the validation parts, 3 was ahead on all four. On five folds a power of 0.5, a
least count of 3 and a column for each language gave the tones nothing (docs/benchmarks.md)."""


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

    def of(self, names: Sequence[str]) -> Fits:
        """Return weights and biases of the columns ``names``."""
        places = [self.names.index(name) for name in names]
        return [self.weights[i] for i in places], [self.biases[i] for i in places]


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
    x: csr_matrix, truth: NDArray[np.str_], labels: Sequence[str], seed: int, how: How = USUAL
) -> Fits:
    """Return one column of weights and one bias for each of ``labels`` against the rest."""
    from scipy.sparse import diags
    from sklearn.linear_model import LogisticRegression

    present = x.copy()
    present.data[:] = 1
    frequency = np.asarray(present.sum(axis=0)).ravel()
    kept = (frequency >= how.least).nonzero()[0]
    if how.least:
        x, present, frequency = x[:, kept], present[:, kept], frequency[kept]
    idf = (np.log((1 + len(truth)) / (1 + frequency)) + 1) / IDF_UNIT
    columns, biases = [], []
    for label in labels:
        mine = truth == label
        if not mine.any() or mine.all():
            raise ValueError(f"label {label!r}: {mine.sum()} of {len(mine)} texts; need both kinds")
        odds = _log_odds(present, mine)
        factor = idf * np.sign(odds) * np.abs(odds) ** how.power
        model = LogisticRegression(
            C=how.strength, solver="liblinear", class_weight="balanced", random_state=seed
        )
        model.fit((x @ diags(factor.astype(np.float32))).tocsr(), mine)
        column = np.zeros(ROWS)
        column[kept] = model.coef_[0] * factor
        columns.append(column)
        biases.append(float(model.intercept_[0]))
    return columns, biases


def _log_odds(present: csr_matrix, mine: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return for each row how much likelier it is in ``mine`` than elsewhere, as a logarithm."""
    inside = np.asarray(present[mine].sum(axis=0)).ravel() + SMOOTHING
    outside = np.asarray(present[~mine].sum(axis=0)).ravel() + SMOOTHING
    odds: NDArray[np.float64] = np.log((inside / inside.sum()) / (outside / outside.sum()))
    return odds


def unseen(
    x: csr_matrix,
    truth: NDArray[np.str_],
    labels: Sequence[str],
    fold: NDArray[np.int64],
    seed: int,
    how: How = USUAL,
) -> NDArray[np.float64]:
    """Return scores (labels, texts), each by a fit that saw neither the text nor its near-copies."""
    raw = np.zeros((len(labels), len(truth)))
    for k in range(FOLDS):
        rest = fold != k
        judged = x[~rest]
        fits = fit_columns(x[rest], truth[rest], labels, seed, how)
        for i, (column, bias) in enumerate(zip(*fits, strict=True)):
            raw[i, ~rest] = judged @ column + bias
    return raw


def blend(
    scores: NDArray[np.float64], truth: NDArray[np.bool_], fold: NDArray[np.int64]
) -> tuple[NDArray[np.float64], float, NDArray[np.float64]]:
    """Return factors of scores (texts, scores) and an offset, by a logistic regression over standardised scores, and
    the blended score of each text by a regression that did not see its fold."""
    factors, offset = _factors(scores, truth)
    raw = np.zeros(len(truth))
    for k in range(FOLDS):
        rest = fold != k
        part, constant = _factors(scores[rest], truth[rest])
        raw[~rest] = scores[~rest] @ part + constant
    return factors, offset, raw


def _factors(
    scores: NDArray[np.float64], truth: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], float]:
    from sklearn.linear_model import LogisticRegression

    middle, width = scores.mean(axis=0), scores.std(axis=0) + 1e-9
    model = LogisticRegression(C=1.0, max_iter=1000).fit((scores - middle) / width, truth)
    factors = model.coef_[0] / width
    return factors, float(model.intercept_[0] - middle @ factors)


def scored(x: csr_matrix, fits: Fits) -> NDArray[np.float64]:
    """Return the scores (columns, texts) of columns that are fitted."""
    return np.stack([x @ column + bias for column, bias in zip(*fits, strict=True)])


def folded(fits: Sequence[Fits], factors: NDArray[np.float64], offset: float) -> Fits:
    """Return the one column that scores as ``factors`` times all columns of ``fits`` do, plus ``offset``."""
    weights = [column for columns, _ in fits for column in columns]
    biases = [bias for _, some in fits for bias in some]
    whole = np.sum([f * column for f, column in zip(factors, weights, strict=True)], axis=0)
    return [whole], [offset + float(factors @ np.array(biases))]


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
