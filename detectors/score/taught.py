"""Taught: corrections of a tone into three more columns of weights, beside the shipped ones.

What a team corrects ("this is not negative") says how *its* stream reads. The shipped logits stay, and n-grams
of the corrected texts are fitted on top of them: with few corrections little moves, with none nothing.
The result is a `Weights` like any other: the same scorer reads it, at the cost of one more group of columns.
Below some 200 corrections this rarely beats the shipped weights (docs/benchmarks.md); `verdict` says.
Needs scipy, which river brings.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from detectors.score.addition import Addition
from detectors.score.evaluate import macro_f1
from detectors.score.features import ROWS
from detectors.score.fitting import FOLDS, matrix, quantised
from detectors.score.heads import TONES
from detectors.score.linear import LinearScorer, Weights

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

PENALTY: Final = 5.0
"""Of the squared weights of n-grams; 0.3 to 20 looked at on GermEval 2017: gains within a point."""
BASE_PENALTY: Final = 0.01
"""Of the squared change of the shipped logits' own weights, for each correction."""
SPREAD: Final = 5.0
STEPS: Final = 30
NEEDED: Final = 200
"""Corrections from which on taught weights may speak."""
DRAWS: Final = 1000

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Lesson:
    """One corrected text. ``lang``: primary tag as read; ``label``: one of `TONES`; ``drawn``: the text was drawn
    at random, and not picked because it was wrong: only such lessons can tell who reads better."""

    text: str
    lang: str
    label: str
    drawn: bool = False


@dataclass(frozen=True, slots=True)
class Fitted:
    """What was fitted. ``rows`` (n,) feature rows and ``weights`` (n, 3) of theirs; a text's logits are
    ``base @ (I + mix) + offset`` and its taught scores."""

    rows: NDArray[np.intp]
    weights: Floats
    mix: Floats
    offset: Floats

    def logits(self, x: csr_matrix, base: Floats) -> Floats:
        """Return logits (texts, 3) for features and shipped logits of some texts."""
        told: Floats = x[:, self.rows] @ self.weights + base @ (np.eye(3) + self.mix) + self.offset
        return told


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether taught weights may speak, and why. Macro-F1, 0..1, of texts drawn at random, none of which the
    fit had seen; ``low``: lower end of the gain (90 %, bootstrap)."""

    lessons: int
    drawn: int
    base: float
    taught: float
    low: float

    @property
    def speaks(self) -> bool:
        return self.lessons >= NEEDED and self.low > 0.0


def teach(weights: Weights, lessons: Sequence[Lesson]) -> Weights:
    """Return the weights with what the lessons teach; see `taught`."""
    return taught(weights, lessons).onto(weights)


def taught(weights: Weights, lessons: Sequence[Lesson]) -> Addition:
    """Return what the lessons add to the weights. Deterministic; under a second for 400 lessons.

    ``weights`` are shipped or self-trained ones, with their table. Languages without a lesson are read as before.
    Raises ValueError where lessons are of one label alone, or of none we know.
    """
    return addition(fit(*read(LinearScorer(weights), lessons)), lessons)


def verdict(weights: Weights, lessons: Sequence[Lesson], seed: int = 1) -> Verdict:
    """Return who reads the randomly drawn lessons better: the shipped weights, or fits that did not see them."""
    x, base, truth = read(LinearScorer(weights), lessons)
    drawn = np.array([e.drawn for e in lessons])
    rng = np.random.default_rng(seed)
    fold = rng.permutation(len(truth)) % FOLDS
    told = base.copy()
    for k in range(FOLDS):
        rest = fold != k
        if len(np.unique(truth[rest])) > 1:
            told[~rest] = fit(x[rest], base[rest], truth[rest]).logits(x[~rest], base[~rest])
    return judged(truth, base.argmax(axis=1), told.argmax(axis=1), drawn, seed)


def judged(
    truth: NDArray[np.intp],
    was: NDArray[np.intp],
    now: NDArray[np.intp],
    drawn: NDArray[np.bool_],
    seed: int = 1,
) -> Verdict:
    """Return who read better, from decisions (lessons,) by the shipped weights and by others that had not
    seen the lesson; only those ``drawn`` count."""
    n = int(drawn.sum())
    if not n:
        return Verdict(len(truth), 0, 0.0, 0.0, 0.0)
    counts = np.bincount((9 * truth + 3 * was + now)[drawn], minlength=27)
    f1_was, f1_now = _scores(counts)
    rng = np.random.default_rng(seed)
    some_was, some_now = _scores(rng.multinomial(n, counts / n, size=DRAWS))
    low = np.quantile(some_now - some_was, 0.05)
    return Verdict(len(truth), n, float(f1_was), float(f1_now), float(low))


def _scores(cells: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Return macro-F1 of shipped and of taught decisions, from counts by (truth, shipped, taught)."""
    by = cells.reshape(*cells.shape[:-1], 3, 3, 3)
    return macro_f1(by.sum(axis=-1)), macro_f1(by.sum(axis=-2))


def read(
    scorer: LinearScorer, lessons: Sequence[Lesson]
) -> tuple[csr_matrix, Floats, NDArray[np.intp]]:
    """Return features, shipped logits and truth of the lessons."""
    strange = {e.label for e in lessons} - set(TONES)
    if strange:
        raise ValueError(f"labels {', '.join(sorted(strange))}: expected {', '.join(TONES)}")
    texts = [e.text for e in lessons]
    base = scorer.logits(texts, [e.lang for e in lessons])
    return matrix(texts), base, np.array([TONES.index(e.label) for e in lessons])


def fit(x: csr_matrix, base: Floats, truth: NDArray[np.intp]) -> Fitted:
    """Return a multinomial logistic regression on top of ``base`` logits, labels made equally heavy.

    ``x`` (texts, `ROWS`): features over their norm (`fitting.matrix`). By L-BFGS, at most `STEPS` steps.
    """
    from scipy.optimize import minimize

    if len(np.unique(truth)) < 2:
        raise ValueError("corrections of one label teach nothing; two at least are needed")
    rows = np.unique(x.indices)
    seen = (x[:, rows] * SPREAD).tocsr()
    counts = np.bincount(truth, minlength=3)
    heavy = np.where(counts > 0, 1.0 / np.maximum(counts, 1), 0.0)[truth]
    heavy *= len(truth) / heavy.sum()
    right = np.eye(3)[truth]
    ends = 3 * len(rows), 3 * len(rows) + 9

    def parts(v: Floats) -> tuple[Floats, Floats, Floats]:
        return v[: ends[0]].reshape(-1, 3), v[ends[0] : ends[1]].reshape(3, 3), v[ends[1] :]

    def loss(v: Floats) -> tuple[float, Floats]:
        w, mix, offset = parts(v)
        logits = seen @ w + base @ (np.eye(3) + mix) + offset
        logits -= logits.max(axis=1, keepdims=True)
        p = np.exp(logits)
        p /= p.sum(axis=1, keepdims=True)
        off = heavy[:, None] * (p - right)
        held = BASE_PENALTY * len(truth)
        value = -(heavy * np.log(np.maximum((p * right).sum(axis=1), 1e-12))).sum()
        value += PENALTY / 2 * (w**2).sum() + held / 2 * (mix**2).sum()
        slopes = seen.T @ off + PENALTY * w, base.T @ off + held * mix, off.sum(axis=0)
        return float(value), np.concatenate([s.ravel() for s in slopes])

    start = np.zeros(ends[1] + 3)
    best = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": STEPS}).x
    w, mix, offset = parts(best)
    return Fitted(rows, SPREAD * w, mix, offset)


def addition(fitted: Fitted, lessons: Sequence[Lesson]) -> Addition:
    """Return what was fitted as it is kept: int8 weights, and a name that follows from the lessons."""
    columns = np.zeros((3, ROWS))
    columns[:, fitted.rows] = fitted.weights.T
    table, scale = quantised(columns, np.ones((3, 2), dtype=bool))
    rows = np.flatnonzero(table.any(axis=0))
    return Addition(
        name=name_of(lessons),
        langs=tuple(sorted({e.lang for e in lessons})),
        rows=rows.astype(np.int32),
        table=table[:, rows],
        scale=scale,
        mix=fitted.mix,
        offset=fitted.offset,
    )


def name_of(lessons: Sequence[Lesson]) -> str:
    """Return a name of eight digits for what these lessons teach, in whatever order they came."""
    told = repr(sorted((e.text, e.label, e.drawn) for e in lessons)).encode(
        "utf-8", "surrogatepass"
    )
    return hashlib.blake2b(told, digest_size=4).hexdigest()
