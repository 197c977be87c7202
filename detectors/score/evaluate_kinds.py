"""How well kinds are told, on the test part of our own texts: F1 of each, and their mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.score.base import Scorer
from detectors.score.evaluate import RESAMPLES
from detectors.score.heads import KINDS, MORE
from detectors.score.kinds import OTHER, Labelled

NAMES: Final = (*(kind.name for kind in KINDS), OTHER)
_PLACES: Final = [MORE.index(kind.name) for kind in KINDS]


@dataclass(frozen=True, slots=True)
class KindsReport:
    """F1 of saying yes, by kind and for "other" (none of them), with their mean and its 95 % interval (bootstrap over
    texts). A kind that the scorer makes no claim for counts as no."""

    n: int
    f1: tuple[tuple[str, float], ...]
    macro_f1: float
    macro_f1_interval: tuple[float, float]

    def as_json(self) -> dict[str, object]:
        """Return the report as plain values, figures to four digits."""
        return {
            "family": "kinds",
            "n": self.n,
            "f1": {name: round(value, 4) for name, value in self.f1},
            "macro_f1": round(self.macro_f1, 4),
            "macro_f1_interval": [round(x, 4) for x in self.macro_f1_interval],
        }


def evaluate_kinds(scorer: Scorer, rows: Sequence[Labelled], seed: int = 1) -> KindsReport:
    """Return how well ``rows`` are told, each with its language stated; ValueError for none."""
    if not rows:
        raise ValueError("no texts to evaluate; expected at least one")
    truth = _with_other(np.array([[k.name in r.kinds for k in KINDS] for r in rows]))
    scores = scorer.score([r.text for r in rows], [r.lang for r in rows])
    decided = _with_other(scores.more[:, _PLACES] >= 0.5)
    f1 = _f1(truth, decided)
    rng = np.random.default_rng(seed)
    drawn = [
        _f1(truth[at], decided[at]).mean()
        for at in rng.integers(0, len(rows), (RESAMPLES, len(rows)))
    ]
    low, high = np.quantile(drawn, (0.025, 0.975))
    named = tuple(zip(NAMES, f1.tolist(), strict=True))
    return KindsReport(len(rows), named, float(f1.mean()), (float(low), float(high)))


def _with_other(said: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.column_stack([said, ~said.any(axis=1)])


def _f1(truth: NDArray[np.bool_], decided: NDArray[np.bool_]) -> NDArray[np.float64]:
    both = truth.sum(axis=0) + decided.sum(axis=0)
    f1: NDArray[np.float64] = 2 * (truth & decided).sum(axis=0) / np.maximum(1, both)
    return f1
