"""Adjusted counting: the share of negative texts among many, corrected for how single ones are misread.

Counting hard labels is off by a tenth: a scorer that misreads a third of the negatives and a fifth of
the others pulls every share to its own middle. Here the shares are those under which the calibrated
probabilities of all texts are likeliest.

Source: Saerens, Latinne & Decaestecker (2002), "Adjusting the outputs of a classifier to new a priori
probabilities", Neural Computation 14. Compared on validation texts, windows of 200 with a random mix of
tones, mean absolute error of the negative share, German / English: hard labels 0.122 / 0.096, corrected by
the confusion matrix 0.078 / 0.064, this 0.054 / 0.041 (`sturmglas bench share`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.score.base import Tone

STEPS: Final = 60
"""Rounds of expectation and maximisation; shares move by less than 0.001 after some forty."""
GRID: Final = np.linspace(0.0, 1.0, 51)
"""Shares that are tried for the ends of the interval."""
DROP: Final = 1.92
"""Log-likelihood below its highest that an end of the 95 % interval has (half of chi-square, one degree)."""
CALIBRATION: Final = 0.05
"""With this the interval holds the truth in 90 to 100 of 100 windows of 50 to 1,000 validation texts."""
LABELLED: Final = 30
"""Drawn texts of a topic that people must have read before they say how far its shares are off."""
SMALL: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Adjusted:
    """Shares of (negative, neutral, positive), sum to 1, of ``texts`` that were read.

    ``low``, ``high``: the 95 % interval of the negative share, in [0, 1]: chance and misreading by the
    likelihood, and ``error`` on both sides for the calibration's own.
    """

    negative: float
    neutral: float
    positive: float
    low: float
    high: float
    texts: int


def probabilities(
    tone: Sequence[int], certainty: Sequence[int], negative: Sequence[int]
) -> NDArray[np.float64]:
    """Return probabilities (n, 3) from what rows keep: the tone, its probability and p(negative), in percent.

    Of a negative text the rest is split between the other two: nothing keeps how.
    """
    tones = np.asarray(tone)[:, None]
    sure, bad = np.asarray(certainty)[:, None] / 100, np.asarray(negative)[:, None] / 100
    rest = np.maximum(0.0, 1.0 - bad - sure)
    p = np.hstack([bad, np.where(tones == Tone.NEUTRAL, sure, rest), rest])
    p[:, 2:] = np.where(tones == Tone.POSITIVE, sure, rest)
    half = (1.0 - bad) / 2
    p[:, 1:] = np.where(tones == Tone.NEGATIVE, half, p[:, 1:])
    return np.where(tones == Tone.UNREAD, 0.0, p)


NOTHING: Final = Adjusted(0.0, 0.0, 0.0, 0.0, 1.0, 0)


def adjusted(p: NDArray[np.floating], error: float = CALIBRATION) -> Adjusted:
    """Return the shares of tones among texts with probabilities ``p`` (n, 3), as the scorer gives them:
    calibrated to equally frequent tones. Rows of zeros (unread) are left out.

    ``error``: how far calibration may be off on texts of the kind it was learned from; on texts of another
    kind it may be off by far more (a topic's own sample tells). About 5 ms for 200 texts, 25 ms for 1,000;
    nothing read is `NOTHING`.
    """
    read = np.asarray(p, dtype=np.float64)
    read = np.maximum(read[read.sum(axis=1) > 0.0], SMALL)
    if not len(read):
        return NOTHING
    shares = _likeliest(read)
    low, high = _ends(read, float(shares[0]))
    return Adjusted(
        float(shares[0]),
        float(shares[1]),
        float(shares[2]),
        max(0.0, low - error),
        min(1.0, high + error),
        len(read),
    )


def own_error(p: NDArray[np.floating], negatives: int) -> float:
    """Return how far shares of a topic may be off, from its texts that were drawn at random and read by people.

    ``p`` (n, 3) as the scorer gave them, ``negatives`` of them so to people. Never below `CALIBRATION`. The shares
    themselves are left as they are: corrected by a few hundred of a topic's own labels, by an offset for each tone or by
    a confusion matrix of its own, they came out further off (docs/decisions/0019-adjusted-counting.md).
    """
    if len(p) < LABELLED:
        return CALIBRATION
    return max(CALIBRATION, abs(adjusted(p).negative - negatives / len(p)))


def _likeliest(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the shares under which ``p`` is likeliest, by expectation and maximisation."""
    shares = np.full(3, 1.0 / 3.0)
    for _ in range(STEPS):
        weighed = p * shares
        shares = (weighed / weighed.sum(axis=1, keepdims=True)).mean(axis=0)
    return shares


def _ends(p: NDArray[np.float64], best: float) -> tuple[float, float]:
    """Return the lowest and highest negative share that the profile likelihood allows.

    For each share of negatives the rest is split between the other two as is likeliest.
    """
    share = np.append(GRID, best)[:, None]
    negative, neutral, positive = (p[:, i][None, :] for i in range(3))
    split = np.full_like(share, 0.5)
    for _ in range(STEPS // 2):
        others = (1.0 - share) * (split * neutral + (1.0 - split) * positive)
        whole = share * negative + others
        # How much of what is not negative is neutral, weighed by how likely a text is none.
        mine = (1.0 - share) * split * neutral / whole
        rest = np.maximum((others / whole).sum(axis=1, keepdims=True), SMALL)
        split = mine.sum(axis=1, keepdims=True) / rest
    whole = share * negative + (1.0 - share) * (split * neutral + (1.0 - split) * positive)
    told = np.log(whole).sum(axis=1)
    held = np.append(GRID, best)[told >= told.max() - DROP]
    return float(held.min()), float(held.max())
