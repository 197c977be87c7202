"""LinearScorer: hashed n-gram heads with shipped int8 weights; numpy alone, no download.

All heads share one reading of the text (`features`). Weights of three heads lie side by side in
one 64-bit integer, 21 bits each, so that one gather and one segment sum serve three heads; sums
of integers are exact, hence the same alone and in any batch. Cost: see docs/model-card.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.score.base import Scores, Tone
from detectors.score.features import ROWS, Features, chunks, extract, plain
from detectors.score.heads import FAMILIES, MORE, NO_CLAIM, OFFENSIVE, SENTIMENT, TONES
from detectors.score.lanes import LANES, packed, summed, unpacked
from detectors.score.language import READ, detect
from detectors.score.single import Decision, Single

SHIPPED: Final = Path(__file__).parent / "weights" / "linear.npz"
SENTIMENT_COLUMNS: Final = ("sentiment.negative", "sentiment.neutral", "sentiment.positive")
TAUGHT_COLUMNS: Final = tuple(f"taught.{tone}" for tone in TONES)
"""What corrections add to the three tones (`detectors.score.taught`); absent from shipped weights."""
LANGUAGES: Final = tuple(f"language.{name}" for name in READ)
FORMAT: Final = 1

_ASKED: Final = (OFFENSIVE.name, *MORE)
_LANG_PLACE: Final = {name: i for i, name in enumerate(READ)}
_UNREAD: Final = np.int8(Tone.UNREAD)
_TONES: Final = np.array([Tone.NEGATIVE, Tone.NEUTRAL, Tone.POSITIVE], dtype=np.int8)


class WeightsError(ValueError):
    """A weights file that this version cannot use; says which file and what to do."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Scores of one head into probabilities of its labels, for one language.

    ``slope`` (labels, scores) and ``offset`` (labels,), before a softmax; a binary head has one
    row and takes a sigmoid. ``confusion`` (truth, decision): counts on the calibration texts,
    cross-fitted, for correcting shares of labels counted over many texts.
    """

    slope: NDArray[np.float64]
    offset: NDArray[np.float64]
    confusion: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Weights:
    """What a weights file holds.

    ``table`` int8 (heads, `ROWS`), ``scale`` (heads, 2), ``bias`` (heads,): the score of a text is
    ``(scale[0] * its n-gram weights + scale[1] * its word weights) / norm + bias``.
    ``calibration``: by head family
    ("sentiment", "offensive") and language.
    """

    version: str
    heads: tuple[str, ...]
    table: NDArray[np.int8]
    scale: NDArray[np.float64]
    bias: NDArray[np.float64]
    calibration: dict[tuple[str, str], Calibration]
    trained_on: tuple[str, ...] = ()

    def save(self, path: Path) -> None:
        """Write the weights to ``path`` (.npz, compressed, no pickle)."""
        about = {
            "format": FORMAT,
            "version": self.version,
            "heads": self.heads,
            "trained_on": self.trained_on,
            "calibration": [
                [family, lang, c.slope.tolist(), c.offset.tolist(), c.confusion.tolist()]
                for (family, lang), c in sorted(self.calibration.items())
            ],
        }
        with path.open("wb") as file:
            np.savez_compressed(
                file, about=np.array(json.dumps(about)), table=self.table, scale=self.scale,
                bias=self.bias,
            )  # fmt: skip


def load_weights(path: Path) -> Weights:
    """Return the weights in ``path``; raises `WeightsError` for anything it cannot use."""
    try:
        with np.load(path, allow_pickle=False) as file:
            about = json.loads(str(file["about"]))
            table, scale, bias = file["table"], file["scale"], file["bias"]
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise WeightsError(
            f"{path}: no weights of ours ({error}); make some with `sturmglas train`"
        ) from error
    heads = tuple(about["heads"])
    if (
        about["format"] != FORMAT
        or table.shape != (len(heads), ROWS)
        or scale.shape != (len(heads), 2)
    ):
        raise WeightsError(
            f"{path}: weights of format {about['format']} with tables "
            f"of {table.shape} and {scale.shape}, expected "
            f"format {FORMAT} with {ROWS} rows; train again with this version"
        )
    missing = [name for name in SENTIMENT_COLUMNS if name not in heads]
    if not any(column_of(OFFENSIVE.name, lang) in heads for lang in READ):
        missing.append(OFFENSIVE.name)
    if missing:
        raise WeightsError(f"{path}: lacks the heads {', '.join(missing)}; train again")
    calibration = {
        (family, lang): Calibration(np.array(slope), np.array(offset), np.array(confusion))
        for family, lang, slope, offset, confusion in about["calibration"]
    }
    return Weights(
        about["version"], heads, table, scale, bias, calibration, tuple(about["trained_on"])
    )


def shipped_version() -> str:
    """Return the version of the shipped weights, without the weights; under 1 ms."""
    with np.load(SHIPPED, allow_pickle=False) as file:
        return str(json.loads(str(file["about"]))["version"])


class LinearScorer:
    """The default `Scorer`: sentiment, harm, worth and kinds for German and English.

    Reads the first 2,000 characters of a text. Holds some 35 MB; loading takes about 0.2 s.
    Fails on irony, on abuse that is quoted, negated or only implied, and on other domains than
    public posts (docs/model-card.md).
    """

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self._groups = packed(weights.table)
        self._place = {name: i for i, name in enumerate(weights.heads)}
        self._scale = weights.scale.T[:, :, None]
        self._bias = weights.bias[:, None]
        self._languages = np.array([self._place[n] for n in LANGUAGES if n in self._place])
        taught = TAUGHT_COLUMNS if TAUGHT_COLUMNS[0] in self._place else ()
        self._tones = np.array([self._place[name] for name in (*SENTIMENT_COLUMNS, *taught)])
        self._slope = np.zeros((len(self._tones), len(READ) + 1, len(TONES)))
        self._offset = np.zeros((len(READ) + 1, len(TONES)))
        self._toned = np.zeros(len(READ) + 1, dtype=bool)
        # Of each yes-or-no question: where its column stands for each language, slope, offset, claim.
        self._asked = np.zeros((len(_ASKED), len(READ) + 1), dtype=np.intp)
        self._asked_slope = np.zeros(self._asked.shape)
        self._asked_offset = np.zeros(self._asked.shape)
        self._asked_claims = np.zeros(self._asked.shape, dtype=bool)
        self._stack()
        self._single = Single(
            self._groups, weights.scale.T, weights.bias, self._languages.tolist(), self._decisions()
        )

    def _stack(self) -> None:
        """Put all calibrations side by side: by score, language and label. The last language is
        "none"; a family without calibration for a language (small weights) makes no claim."""
        for (family, lang), one in self.weights.calibration.items():
            i = READ.index(lang)
            if family == SENTIMENT.name:
                self._slope[: one.slope.shape[1], i] = one.slope.T
                self._offset[i], self._toned[i] = one.offset, True
                continue
            at = _ASKED.index(family), i
            self._asked[at] = self._place[column_of(family, lang)]
            self._asked_slope[at], self._asked_offset[at] = one.slope[0, 0], one.offset[0]
            self._asked_claims[at] = True

    def _decisions(self) -> dict[str, Decision]:
        """Return how each language is decided, in plain numbers, from what `_stack` put side by side."""
        return {
            lang: Decision(
                tuple(
                    zip(self._tones.tolist(), map(tuple, self._slope[:, i].tolist()), strict=True)
                ),
                tuple(self._offset[i].tolist()) if self._toned[i] else None,
                tuple(
                    zip(
                        self._asked[:, i].tolist(),
                        self._asked_slope[:, i].tolist(),
                        self._asked_offset[:, i].tolist(),
                        self._asked_claims[:, i].tolist(),
                        strict=True,
                    )
                ),
            )
            for i, lang in enumerate(READ)
        }

    @classmethod
    def load(
        cls,
        path: Path | None = None,
        change: Callable[[Weights], Weights] = lambda weights: weights,
    ) -> LinearScorer:
        """Return a scorer with the weights in ``path``, or the shipped ones, as ``change`` makes them. Its
        ``weights`` have no table any more (10 MB): scoring and reasons read the packed one."""
        scorer = cls(change(load_weights(path or SHIPPED)))
        scorer.weights = replace(scorer.weights, table=np.zeros((0, 0), dtype=np.int8))
        return scorer

    @property
    def version(self) -> str:
        """Name and revision of the model, as stored beside every score."""
        return self.weights.version

    def score(self, texts: Sequence[str], langs: Sequence[str]) -> Scores:
        """Score ``texts``; see `Scorer.score`. Raises ValueError for lists of unequal length."""
        if len(texts) != len(langs):
            raise ValueError(f"{len(texts)} texts but {len(langs)} languages; give one for each")
        if len(texts) == 1:
            return self._single.score(texts[0], langs[0])
        names: list[str] = []
        tone = np.full(len(texts), _UNREAD)
        p = np.zeros((len(texts), 3), dtype=np.float32)
        offensive = np.zeros(len(texts), dtype=np.float32)
        more = np.full((len(texts), len(MORE)), NO_CLAIM, dtype=np.float32)
        for chunk in chunks(texts):
            span = slice(len(names), len(names) + len(chunk))
            features = extract(chunk)
            raw = self.raw(features)
            learned = (
                raw.take(self._languages, axis=0) if len(self._languages) == len(READ) else None
            )
            found, readable = detect(features, learned, langs[span])
            names += found
            lang = np.fromiter((_LANG_PLACE.get(n, len(READ)) for n in found), np.intp, len(found))
            self._decide(lang, readable, raw, tone[span], p[span])
            self._answer(lang, readable, raw, offensive[span], more[span])
        return Scores(names, tone, p, offensive, more)

    def raw(self, features: Features) -> NDArray[np.float64]:
        """Return the uncalibrated scores, shape (heads, texts), in the order of the weights."""
        sums = np.empty((2, self._groups.shape[1], len(features.heads)), dtype=np.int64)
        sums[0] = summed(self._groups, features.grams, features.heads)
        sums[1] = summed(self._groups, features.words, features.token_heads)
        lanes = unpacked(sums).reshape(2, -1, len(features.heads))
        grams, words = lanes[:, : len(self._bias)]
        raw: NDArray[np.float64] = grams * self._scale[0]
        raw += words * self._scale[1]
        raw /= features.norm
        raw += self._bias
        return raw

    def logits(self, texts: Sequence[str], langs: Sequence[str]) -> NDArray[np.float64]:
        """Return the calibrated logits of the three tones, shape (texts, 3); ``langs``: as they were read,
        others than ours are read by the first of ours."""
        lang = np.array([_LANG_PLACE.get(name, 0) for name in langs], np.intp)
        found = np.zeros((len(texts), len(TONES)))
        start = 0
        for chunk in chunks(texts):
            span = slice(start, start + len(chunk))
            found[span] = self._logits(lang[span], self.raw(extract(chunk)))
            start = span.stop
        return found

    def _logits(self, lang: NDArray[np.intp], raw: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the calibrated logits of the tones, shape (texts, 3)."""
        # Term by term: a matrix product would round by the shape of the batch.
        terms = self._slope.take(lang, axis=1)
        terms *= raw.take(self._tones, axis=0)[:, :, None]
        logits = self._offset.take(lang, axis=0)
        for term in terms:
            logits += term
        return logits

    def _decide(
        self,
        lang: NDArray[np.intp],
        readable: NDArray[np.bool_],
        raw: NDArray[np.float64],
        tone: NDArray[np.int8],
        p: NDArray[np.float32],
    ) -> None:
        """Write the calibrated tones of one chunk."""
        tones = softmax(self._logits(lang, raw))
        toned = readable & self._toned.take(lang)
        np.copyto(tone, _TONES.take(tones.argmax(axis=1)), where=toned)
        np.multiply(tones, toned[:, None], out=p, casting="same_kind")

    def _answer(
        self,
        lang: NDArray[np.intp],
        readable: NDArray[np.bool_],
        raw: NDArray[np.float64],
        offensive: NDArray[np.float32],
        more: NDArray[np.float32],
    ) -> None:
        """Write the answers to all yes-or-no questions of one chunk, where a head speaks the language."""
        logits = raw[self._asked.take(lang, axis=1), np.arange(len(lang))]
        logits *= self._asked_slope.take(lang, axis=1)
        logits += self._asked_offset.take(lang, axis=1)
        answers = (1.0 / (1.0 + np.exp(-logits))).round(6)
        claims = self._asked_claims.take(lang, axis=1)
        claims &= readable
        np.multiply(answers[0], claims[0], out=offensive, casting="same_kind")
        np.copyto(more, answers[1:].T, where=claims[1:].T, casting="same_kind")

    def reasons(self, text: str, lang: str = "", limit: int = 3) -> list[tuple[str, float]]:
        """Return the words and word pairs that weighed most for the decided tone.

        A word carries its own weight, that of its n-grams and of its negated form; positive
        speaks for the decision, in logits against the mean of the other two. Empty if unread.
        """
        scores = self.score([text], [lang])
        if scores.tone[0] == Tone.UNREAD:
            return []
        decided = int(scores.p[0].argmax())
        slope = self.weights.calibration["sentiment", scores.langs[0]].slope
        towards = slope[decided] - np.delete(slope, decided, axis=0).mean(axis=0)
        features = extract([plain(text)])
        places = self._tones
        factor = towards[:, None] * self.weights.scale[places] / features.norm[0]

        def weight(rows: NDArray[np.intp], kind: int) -> NDArray[np.float64]:
            found = np.zeros(rows.shape)
            for place, one in zip(places.tolist(), factor[:, kind], strict=True):
                group, lane = divmod(place, LANES)
                found += one * unpacked(self._groups[rows, group])[..., lane, :]
            return found

        return _strongest(features, weight(features.grams, 0), weight(features.words, 1), limit)


def column_of(family: str, lang: str) -> str:
    """Return the name of the column that answers a question in a language."""
    return f"{family}.{lang}" if FAMILIES[family].apart else family


def calibrated(calibration: Calibration, raw: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the logits (labels, texts). Term by term: a matrix product would round by shape."""
    logits = np.repeat(calibration.offset[:, None], raw.shape[1], axis=1)
    for k, column in enumerate(calibration.slope.T):
        logits += column[:, None] * raw[k]
    return logits


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return probabilities over the last axis, to six digits (which no machine rounds apart)."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    total = powers[:, 0] + powers[:, 1] + powers[:, 2]
    p: NDArray[np.float64] = (powers / total[:, None]).round(6)
    return p


def _strongest(
    features: Features, grams: NDArray[np.float64], words: NDArray[np.float64], limit: int
) -> list[tuple[str, float]]:
    """Return the ``limit`` words and pairs of a single text with the largest absolute weight."""
    starts = features.token_starts
    size = len(features.codes)
    # An n-gram that begins at the space before a word belongs to that word.
    owner = starts.searchsorted(np.arange(1, size + 1), side="right") - 1
    single = np.bincount(owner, weights=grams.sum(axis=0), minlength=len(starts))
    single += words[0] + words[2]
    names = [_word(features, i) for i in range(len(starts))]
    found: dict[str, float] = {}
    for i in range(1, len(starts)):
        found[names[i]] = found.get(names[i], 0.0) + float(single[i])
        if i + 1 < len(starts):
            pair = f"{names[i]} {names[i + 1]}"
            found[pair] = found.get(pair, 0.0) + float(words[1][i])
    ranked = sorted(found.items(), key=lambda item: (-abs(item[1]), item[0]))
    return [(name, round(value, 4)) for name, value in ranked[: max(0, limit)] if value]


def _word(features: Features, i: int) -> str:
    """Return token ``i`` as it was read, without the marks that follow it."""
    starts = features.token_starts
    end = starts[i + 1] if i + 1 < len(starts) else len(features.codes)
    word = "".join(map(chr, features.codes[starts[i] : end].tolist())).split(" ", 1)[0]
    return word.rstrip(".,;:") or word
