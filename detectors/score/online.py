"""OnlineTone: a river classifier of tones that learns each correction in turn, on top of the shipped logits.

It always learns, and is always asked before it learns, so that its record needs no held-out texts (prequential
evaluation: Dawid 1984, "Statistical theory: the prequential approach"). On few hundred corrections the refit of
`detectors.score.taught` reads better (docs/benchmarks.md); this one is there from the first word on.
Drift is watched beside it: ADWIN (Bifet & Gavaldà 2007; river) over residuals and over unknown words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from river import base as river_base
from river.drift import ADWIN

from detectors.score.addition import Addition
from detectors.score.features import ROWS
from detectors.score.heads import TONES
from detectors.score.linear import LinearScorer, Weights
from detectors.score.taught import SPREAD, Fitted, Lesson, Verdict, addition, judged, read

RATE: Final = 0.03
"""Of AdaGrad (Duchi, Hazan & Singer 2011); 0.03, 0.1 and 0.3 looked at on one order of GermEval 2017."""
HEAVIEST: Final = 3.0
"""Most that one lesson of a rare tone weighs against one of the average tone."""
DELTA: Final = 0.002
"""Of ADWIN, as river has it: chance of a false alarm at each look."""

Floats = NDArray[np.float64]


class OnlineTone(river_base.Classifier):
    """Softmax regression over sparse features, by AdaGrad, on top of given logits.

    ``x``: feature row -> value, and ``"negative"``, ``"neutral"``, ``"positive"`` -> the shipped logits (0.0 where
    absent); ``y``: a tone's name. Tones are weighed so that each would be equally heavy. 25 MB; under 1 ms a
    text. Fails: where words change their meaning, until as many lessons say the new one.

    >>> tone = OnlineTone()
    >>> for _ in range(5):
    ...     tone = (tone.learn_one({7: 1.0}, "negative"), tone.learn_one({9: 1.0}, "neutral"), tone)[2]
    >>> tone.predict_one({7: 1.0}), tone.predict_one({9: 1.0})
    ('negative', 'neutral')
    """

    def __init__(self, rate: float = RATE) -> None:
        self.rate = rate
        self._weights = np.zeros((ROWS, 3))
        self._squares = np.full((ROWS, 3), 1e-8)
        self._offset = np.zeros(3)
        self._offset_squares = np.full(3, 1e-8)
        self._counts = np.zeros(3)

    @property
    def _multiclass(self) -> bool:
        return True

    def predict_proba_one(
        self, x: dict[Any, Any], **_: Any
    ) -> dict[bool | str | int, float]:  # as river types it
        rows, values, logits = _parts(x)
        return dict(zip(TONES, self._p(rows, values, logits).tolist(), strict=True))

    def learn_one(self, x: dict[Any, Any], y: bool | str | int) -> None:
        rows, values, logits = _parts(x)
        self.learn(rows, values, logits, TONES.index(str(y)))

    def decide(self, rows: NDArray[np.intp], values: Floats, logits: Floats) -> int:
        """Return the place of the likeliest tone."""
        return int(self._p(rows, values, logits).argmax())

    def learn(self, rows: NDArray[np.intp], values: Floats, logits: Floats, truth: int) -> None:
        """Take one step towards ``truth``, the place of a tone."""
        off = self._p(rows, values, logits)
        off[truth] -= 1.0
        self._counts[truth] += 1
        off *= min(HEAVIEST, self._counts.sum() / (3 * self._counts[truth]))
        steps = values[:, None] * off
        self._squares[rows] += steps**2
        self._weights[rows] -= self.rate * steps / np.sqrt(self._squares[rows])
        self._offset_squares += off**2
        self._offset -= self.rate * off / np.sqrt(self._offset_squares)

    def fitted(self) -> Fitted:
        """Return what was learned as columns of weights."""
        rows = np.flatnonzero(self._weights.any(axis=1))
        return Fitted(rows, SPREAD * self._weights[rows], np.zeros((3, 3)), self._offset.copy())

    def _p(self, rows: NDArray[np.intp], values: Floats, logits: Floats) -> Floats:
        told = logits + self._offset + values @ self._weights[rows]
        powers = np.exp(told - told.max())
        p: Floats = powers / powers.sum()
        return p


def _parts(x: Mapping[Any, float]) -> tuple[NDArray[np.intp], Floats, Floats]:
    rows = [name for name in x if name not in TONES]
    logits = np.array([x.get(tone, 0.0) for tone in TONES])
    return np.array(rows, np.intp), np.array([x[row] for row in rows]), logits


@dataclass(frozen=True, slots=True)
class Drift:
    """At which of the drawn texts, in their order, something had changed; empty: nothing did.

    ``residuals``: how far the tone that was read is from what people said. ``unknown``: share of a text's
    features that the weights do not know. Each by ADWIN, as places in the sequence that was given.
    """

    residuals: tuple[int, ...] = ()
    unknown: tuple[int, ...] = ()


def learned(weights: Weights, lessons: Sequence[Lesson]) -> tuple[Addition, Verdict]:
    """Return what an online learner has learned from lessons, in their order, and how it did before each.

    Raises ValueError where a label is none of ours, or there is no lesson.
    """
    if not lessons:
        raise ValueError("no lessons; expected at least one")
    x, base, truth = read(LinearScorer(weights), lessons)
    tone, told = OnlineTone(), np.zeros(len(truth), dtype=np.intp)
    for i, right in enumerate(truth.tolist()):
        span = slice(x.indptr[i], x.indptr[i + 1])
        rows, values = x.indices[span].astype(np.intp), SPREAD * x.data[span]
        told[i] = tone.decide(rows, values, base[i])
        tone.learn(rows, values, base[i], right)
    drawn = np.array([e.drawn for e in lessons])
    return addition(tone.fitted(), lessons), judged(truth, base.argmax(axis=1), told, drawn)


def drift(weights: Weights, lessons: Sequence[Lesson]) -> Drift:
    """Return where ``lessons``, oldest first, are read worse or better than before, or say new words.

    Only drawn ones are looked at. ADWIN sees a change of 0.2 in a mean after some hundred texts.
    """
    drawn = [one for one in lessons if one.drawn]
    if not drawn:
        return Drift()
    x, base, truth = read(LinearScorer(weights), drawn)
    powers = np.exp(base - base.max(axis=1, keepdims=True))
    p = powers / powers.sum(axis=1, keepdims=True)
    off = 1.0 - p[np.arange(len(truth)), truth]
    unknown = np.asarray(~weights.table.any(axis=0), dtype=np.float64)
    present = (x != 0).astype(np.float64)
    strange = (present @ unknown) / np.maximum(1.0, present.sum(axis=1).A1)
    return Drift(_changes(off.tolist()), _changes(strange.tolist()))


def _changes(values: Sequence[float]) -> tuple[int, ...]:
    watch: Any = ADWIN(delta=DELTA, clock=1)  # type: ignore[no-untyped-call] # river types parts of it
    found = []
    for place, value in enumerate(values):
        watch.update(value)
        if watch.drift_detected:
            found.append(place)
    return tuple(found)
