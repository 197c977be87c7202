"""The questions besides tone and offensive: fitted, and calibrated on texts that the fit had not seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.score.evaluate import confusion, macro_f1
from detectors.score.fitting import (
    Columns,
    How,
    blend,
    fit_columns,
    folded,
    folds_of,
    labels_of,
    matrix,
    scored,
    texts_of,
    unseen,
)
from detectors.score.heads import FAMILIES, KINDS, MORE, Family
from detectors.score.language import READ
from detectors.score.linear import SENTIMENT_COLUMNS, Calibration, column_of
from detectors.score.parts import Example

Tell = Callable[[str], None]
FEW: Final = How(strength=30.0, power=0.3, least=1)
"""For kinds. On five folds powers of 0.3 to 0.7 with strengths of 10 to 30 lie within a point of each other, and about
one ahead of the usual ones (docs/benchmarks.md)."""
LEAST: Final = 50
"""Texts of either answer without which a head makes no claim for a language."""


def fit_more(
    training: Sequence[Example], columns: Columns, seed: int, tell: Tell
) -> dict[tuple[str, str], Calibration]:
    """Fit all further questions, add their columns, and return their calibrations by question and language."""
    kinds = [kind.name for kind in KINDS]
    found: dict[tuple[str, str], Calibration] = {}
    for name in MORE:
        if name not in kinds:
            found |= _fit_question(FAMILIES[name], training, columns, seed, tell)
    return found | _fit_kinds([e for e in training if e.family in kinds], columns, seed, tell)


def _fit_question(
    family: Family,
    training: Sequence[Example],
    columns: Columns,
    seed: int,
    tell: Tell,
) -> dict[tuple[str, str], Calibration]:
    """Fit a yes-or-no question and return its calibrations, on scores of texts that the fit had not seen.

    There is no column where a set is missing (permissive ones alone), and no claim for a language that
    has fewer than `LEAST` of either answer.
    """
    found: dict[tuple[str, str], Calibration] = {}
    own = [e for e in training if e.family == family.name]
    pooled = [[e for e in own if e.lang == lang] for lang in READ] if family.apart else [own]
    for some in pooled:
        truth = labels_of(some) == family.yes
        if min(truth.sum(), (~truth).sum()) < LEAST:
            continue
        tell(f"{family.name}: {len(some):,} texts")
        x = matrix(texts_of(some))
        weights, biases = fit_columns(x, labels_of(some), family.labels[1:], seed)
        columns.add([column_of(family.name, some[0].lang)], weights, biases)
        (raw,) = unseen(x, labels_of(some), (family.yes,), folds_of(some, seed), seed)
        for lang in READ:
            mine = np.array([e.lang == lang for e in some])
            if min((truth & mine).sum(), (~truth & mine).sum()) >= LEAST:
                found[family.name, lang] = _answer(raw[mine], truth[mine])
    return found


def by_kind(training: Sequence[Example]) -> list[list[Example]]:
    """Return what is said of each kind of posts. Raises ValueError where a text says nothing of one."""
    asked = [[e for e in training if e.family == kind.name] for kind in KINDS]
    if any(texts_of(some) != texts_of(asked[0]) for some in asked):
        raise ValueError("every text of kinds must say of each kind whether it is of it")
    return asked


def _fit_kinds(
    own: Sequence[Example], columns: Columns, seed: int, tell: Tell
) -> dict[tuple[str, str], Calibration]:
    """Fit the kinds of posts, and return their calibrations. Each example serves one kind.

    Few texts are labelled, and kinds and tone know of each other: a complaint is negative and seldom a
    question. So each kind is decided by a regression over all kinds' own scores (of texts that their fits
    had not seen) and the three tones', which folds into one column, as all are sums over the same rows.
    """
    asked = by_kind(own)
    first = asked[0]
    if not first:
        return {}
    tell(f"kinds: {len(first):,} texts")
    x, fold = matrix(texts_of(first)), folds_of(first, seed)
    fits, scores = [], []
    for kind, some in zip(KINDS, asked, strict=True):
        fits.append(fit_columns(x, labels_of(some), (kind.yes,), seed, FEW))
        scores.append(unseen(x, labels_of(some), (kind.yes,), fold, seed, FEW))
    fits.append(columns.of(SENTIMENT_COLUMNS))
    scores.append(scored(x, fits[-1]))
    seen = np.concatenate(scores).T
    found: dict[tuple[str, str], Calibration] = {}
    for kind, some in zip(KINDS, asked, strict=True):
        truth = labels_of(some) == kind.yes
        factors, offset, raw = blend(seen, truth, fold)
        columns.add([kind.name], *folded(fits, factors, offset))
        for lang in READ:
            mine = np.array([e.lang == lang for e in some])
            if min((truth & mine).sum(), (~truth & mine).sum()) >= LEAST:
                found[kind.name, lang] = _answer(raw[mine], truth[mine])
    return found


def _answer(raw: NDArray[np.float64], truth: NDArray[np.bool_]) -> Calibration:
    """Return slope and offset with 0.5 where the F1 of yes and of no have their best mean, and the confusion there.

    Yes is rare for most questions: a probability of one half would be reached by hardly any text.
    """
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1.0, max_iter=1000).fit(raw[:, None], truth)
    order = np.unique(raw)
    cuts = (order[1:] + order[:-1]) / 2.0 if len(order) > 1 else order
    cuts = cuts[:: max(1, len(cuts) // 400)]
    means = np.array([_mean_f1(truth, raw >= cut) for cut in cuts.tolist()])
    # Where several cuts are as good, the middle one is the safest.
    best = float(np.median(cuts[means >= means.max() - 1e-9]))
    slope = max(float(model.coef_[0, 0]), 1e-6)
    table = confusion(truth.astype(np.int64), (raw >= best).astype(np.int64), 2)[:, :2]
    return Calibration(np.array([[slope]]), np.array([-slope * best]), table)


def _mean_f1(truth: NDArray[np.bool_], decided: NDArray[np.bool_]) -> float:
    return float(macro_f1(confusion(truth.astype(np.int64), decided.astype(np.int64), 2)))
