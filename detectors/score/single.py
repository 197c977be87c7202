"""One text at a time: what `linear` decides for many, in plain numbers where arrays of one cost more than they hold.

The same features, the same sums of integers, every float computed by the same steps in the same order, powers
by numpy as well: the same score to the last bit (tests/detectors/test_score_single.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.score.base import Scores, Tone
from detectors.score.features import Features, extract, plain
from detectors.score.heads import MORE, NO_CLAIM, TONES
from detectors.score.lanes import unpacked
from detectors.score.language import READ, detect, detect_one

_TONES: Final = (Tone.NEGATIVE, Tone.NEUTRAL, Tone.POSITIVE)
_DIGITS: Final = 1e6
"""Probabilities are rounded to six digits, as `ndarray.round` does it."""


@dataclass(frozen=True, slots=True)
class Decision:
    """How the scores of one language become answers; places are of columns.

    ``tones``: of each score its place and its slope for each tone; ``offset``: of the tones, None where no
    claim is made. ``asked``: place, slope, offset and claim of each yes-or-no question.
    """

    tones: tuple[tuple[int, tuple[float, ...]], ...]
    offset: tuple[float, ...] | None
    asked: tuple[tuple[int, float, float, bool], ...]


class Single:
    """Scores one text. ``groups``, ``scale`` (2, heads), ``bias`` (heads,): as `LinearScorer` holds them;
    ``learned``: the columns of the languages, if any."""

    def __init__(
        self,
        groups: NDArray[np.int64],
        scale: NDArray[np.float64],
        bias: NDArray[np.float64],
        learned: Sequence[int],
        decisions: Mapping[str, Decision],
    ) -> None:
        self._groups, self._scale, self._bias = groups, scale, bias
        self._learned = tuple(learned) if len(learned) == len(READ) else ()
        self._decisions = decisions

    def score(self, text: str, stated: str) -> Scores:
        """Return the score of ``text``; ``stated``: its language as the source gives it, or ""."""
        features = extract([plain(text)])
        raw = self._raw(features)
        name, readable = self._language(features, raw, stated)
        decision = self._decisions.get(name) if readable else None
        if decision is None:
            return _scores(name, Tone.UNREAD, (0.0, 0.0, 0.0), 0.0, _NOTHING)
        return _decided(name, decision, raw)

    def _raw(self, features: Features) -> list[float]:
        rows = np.concatenate((features.grams.ravel(), features.words.ravel()))
        weights = self._groups.take(rows, axis=0)
        sums = np.add.reduceat(weights, (0, features.grams.size), axis=0)
        grams, words = unpacked(sums[..., None]).reshape(2, -1)[:, : len(self._bias)]
        raw = grams * self._scale[0]
        raw += words * self._scale[1]
        raw /= features.norm
        raw += self._bias
        return raw.tolist()  # type: ignore[no-any-return]  # numpy's stubs know no shape here

    def _language(self, features: Features, raw: list[float], stated: str) -> tuple[str, bool]:
        learned = [raw[place] for place in self._learned]
        told = detect_one(features, learned, stated)
        if told is not None:
            return told
        names, readable = detect(
            features, np.array(learned)[:, None] if learned else None, [stated]
        )
        return names[0], bool(readable[0])


_NOTHING: Final = [NO_CLAIM] * len(MORE)


def _decided(name: str, decision: Decision, raw: list[float]) -> Scores:
    logits = list(decision.offset or (0.0,) * len(TONES))
    for place, slope in decision.tones:
        score = raw[place]
        for i, factor in enumerate(slope):
            logits[i] += factor * score
    top = max(logits)
    powers = [logit - top for logit in logits]
    powers += [-(raw[place] * slope + offset) for place, slope, offset, _ in decision.asked]
    powers = np.exp(powers).tolist()
    total = powers[0] + powers[1] + powers[2]
    tones = [round(power / total * _DIGITS) / _DIGITS for power in powers[:3]]
    answers = [round(1.0 / (1.0 + power) * _DIGITS) / _DIGITS for power in powers[3:]]
    claims = [claim for _, _, _, claim in decision.asked]
    more = [p if claim else NO_CLAIM for p, claim in zip(answers[1:], claims[1:], strict=True)]
    offensive = answers[0] if claims[0] else 0.0
    if decision.offset is None:
        return _scores(name, Tone.UNREAD, (0.0, 0.0, 0.0), offensive, more)
    return _scores(name, _TONES[tones.index(max(tones))], tones, offensive, more)


def _scores(
    name: str, tone: Tone, p: Sequence[float], offensive: float, more: list[float]
) -> Scores:
    return Scores(
        [name],
        np.array([tone], dtype=np.int8),
        np.array([p], dtype=np.float32),
        np.array([offensive], dtype=np.float32),
        np.array([more], dtype=np.float32),
    )
