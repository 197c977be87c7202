"""Labelled texts into weights: NB-weighted logistic regression over the features of `features`.

Each head is trained alone on the sets of its own label scheme; schemes are never pooled. Weights
of the naive Bayes log-odds times inverse document frequency scale the features before a
regularised logistic regression (Wang and Manning 2012, "Baselines and Bigrams"), one head against
the rest; both fold into one number per row, stored as int8.

Validation parts serve for calibration alone. A validation text that shares half of its word
6-grams with any training text is left out of it, and out of our figures: the collections
overlap (of 2,000 SemEval validation tweets 1,469 are also in a training part).
Needs scikit-learn (extra ``[train]``). Takes about three minutes and 2 GB on one core.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.score.evaluate import FAMILIES, HARM, TONES, confusion, read_labelled, unlike
from detectors.score.features import CHAR_ROWS, ROWS, chunks, extract
from detectors.score.language import READ
from detectors.score.linear import (
    LANGUAGES,
    OFFENSIVE,
    SENTIMENT,
    Calibration,
    LinearScorer,
    Weights,
    calibrated,
)
from detectors.score.phrases import own_texts

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

TRAIN, CALIBRATE = "train", "calibrate"
STRENGTH: Final = 3.0
"""Inverse of the penalty; 1 and 3 compared on the validation parts, 3 was ahead on all four."""
SMOOTHING: Final = 1.0
IDF_UNIT: Final = 6.0
UNCLIPPED: Final = 0.9999
FOLDS: Final = 5


class Example(NamedTuple):
    """One labelled text: for which family of heads, in which language, and what it may serve."""

    family: str
    lang: str
    use: str
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the data folder, what it serves, and the licence its SOURCE.md states."""

    path: str
    family: str
    lang: str
    use: str
    permissive: str = ""
    """The licence, where it allows shipping a model; else empty."""


def _umsab(lang: str, name: str) -> tuple[Part, Part]:
    return (
        Part(f"umsab/{name}.train.tsv", "sentiment", lang, TRAIN),
        Part(f"umsab/{name}.validation.tsv", "sentiment", lang, CALIBRATE),
    )


PARTS: Final = (
    *_umsab("de", "german"),
    *_umsab("en", "english"),
    Part("sb10k-rest/train.tsv", "sentiment", "de", TRAIN),
    Part("potts/train.tsv", "sentiment", "de", TRAIN),
    Part("potts/validation.tsv", "sentiment", "de", CALIBRATE),
    Part("guhr-emotions/train.tsv", "sentiment", "de", TRAIN, "MIT"),
    Part("semeval2017-sentiment/train.tsv", "sentiment", "en", TRAIN),
    Part("semeval2017-sentiment/validation.tsv", "sentiment", "en", CALIBRATE),
    Part("germeval2018/train.tsv", "offensive", "de", TRAIN, "CC-BY-4.0"),
    Part("germeval2018/validation.tsv", "offensive", "de", CALIBRATE, "CC-BY-4.0"),
    Part("germeval2019/train.tsv", "offensive", "de", TRAIN),
    Part("tweeteval-offensive/train.tsv", "offensive", "en", TRAIN),
    Part("tweeteval-offensive/validation.tsv", "offensive", "en", CALIBRATE),
    *(
        Part(f"umsab/{name}.train.tsv", "language", lang, TRAIN)
        for name, lang in (
            ("french", "fr"), ("spanish", "es"), ("italian", "it"), ("portuguese", "pt"),
            ("hindi", "hi"), ("german", "de"), ("english", "en"),
        )
    ),
    Part("sb10k-rest/train.tsv", "language", "de", TRAIN),
    Part("germeval2018/train.tsv", "language", "de", TRAIN, "CC-BY-4.0"),
    Part("tweeteval-offensive/train.tsv", "language", "en", TRAIN),
)  # fmt: skip


def read_parts(data: Path, permissive_only: bool = False, seed: int = 1) -> list[Example]:
    """Return the examples of all `PARTS` under ``data`` and our own (`phrases`).

    Raises `DataError` for a missing file.

    Permissive parts alone hold no validation part for sentiment: every tenth text of such a
    family, by hash, is then held out for calibration.
    """
    parts = [part for part in PARTS if part.permissive or not permissive_only]
    examples = [
        Example(part.family, part.lang, part.use, label, text)
        for part in parts
        for label, text in read_labelled(data / part.path)
    ]
    examples += [
        Example("sentiment", lang, TRAIN, tone, text) for lang, tone, text in own_texts(seed)
    ]
    if not permissive_only:
        return examples
    # One language cannot be told from others without any others: the vote of words must do.
    examples = [e for e in examples if e.family != "language"]
    served = {(e.family, e.lang) for e in examples if e.use == CALIBRATE}
    return [
        e._replace(use=CALIBRATE) if (e.family, e.lang) not in served and _tenth(e.text) else e
        for e in examples
    ]


def _tenth(text: str) -> bool:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=1).digest()[0] < 26


def fit(
    examples: Sequence[Example],
    seed: int = 1,
    *,
    version: str = "linear-1",
    tell: Callable[[str], None] = lambda line: None,
) -> Weights:
    """Return the weights fitted on ``examples``. Deterministic for one seed and library version.

    ``tell`` hears a line about each step. Raises ValueError where a head has no texts.
    """
    training = [e for e in examples if e.use == TRAIN]
    families = {
        "sentiment": (SENTIMENT, TONES),
        "offensive": ((OFFENSIVE,), HARM[1:]),
        "language": (LANGUAGES, READ),
    }
    heads: list[str] = []
    columns: list[NDArray[np.float64]] = []
    biases: list[float] = []
    for family, (names, labels) in families.items():
        own = [e for e in training if e.family == family]
        if not own:
            if family == "language":
                continue
            raise ValueError(f"no training texts for {family}; give some in the data folder")
        tell(f"{family}: {len(own):,} texts")
        truth = np.array([e.lang if family == "language" else e.label for e in own])
        weights, bias = _fit_family([e.text for e in own], truth, labels, seed)
        heads += names
        columns += weights
        biases += bias
    table, scale = _quantised(np.array(columns))
    bare = Weights(version, tuple(heads), table, scale, np.array(biases), {})
    held = unlike([e for e in examples if e.use == CALIBRATE], training, lambda e: e.text)
    tell(f"calibration: {len(held):,} texts that resemble no training text")
    trained_on = tuple(sorted({f"{e.family}/{e.lang}" for e in training}))
    return Weights(
        _stamped(version, bare), bare.heads, table, scale, bare.bias,
        _calibrations(bare, held, seed), trained_on,
    )  # fmt: skip


def _stamped(version: str, weights: Weights) -> str:
    """Return the version with a short digest of the weights, so that two fits never share one."""
    digest = hashlib.blake2b(weights.table.tobytes(), digest_size=4)
    digest.update(weights.scale.tobytes() + weights.bias.tobytes())
    return f"{version}-{digest.hexdigest()}"


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


def _fit_family(
    texts: Sequence[str], truth: NDArray[np.str_], labels: Sequence[str], seed: int
) -> tuple[list[NDArray[np.float64]], list[float]]:
    """Return one column of weights and one bias for each of ``labels`` against the rest."""
    from scipy.sparse import diags
    from sklearn.linear_model import LogisticRegression

    x = matrix(texts)
    present = x.copy()
    present.data[:] = 1
    frequency = np.asarray(present.sum(axis=0)).ravel()
    idf = (np.log((1 + len(texts)) / (1 + frequency)) + 1) / IDF_UNIT
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


def _quantised(
    columns: NDArray[np.float64],
) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    """Return int8 weights and, for each head, the factors of its n-grams and of its words.

    Words weigh several times as much as n-grams, so one factor for both would round most n-grams
    to nothing. The largest weights are clipped: finer steps for all are worth more.
    """
    table = np.zeros(columns.shape, dtype=np.int8)
    scale = np.zeros((len(columns), 2))
    for i, block in enumerate((slice(1, CHAR_ROWS), slice(CHAR_ROWS, ROWS))):
        scale[:, i] = np.quantile(np.abs(columns[:, block]), UNCLIPPED, axis=1) / 127
        scale[:, i] = np.maximum(scale[:, i], 1e-12)
        steps = np.rint(columns[:, block] / scale[:, i, None])
        table[:, block] = np.clip(steps, -127, 127).astype(np.int8)
    return table, scale


def _calibrations(
    weights: Weights, held: Sequence[Example], seed: int
) -> dict[tuple[str, str], Calibration]:
    """Return a calibration for each family and language that has held-out texts of each label."""
    scorer = LinearScorer(weights)
    found: dict[tuple[str, str], Calibration] = {}
    for family, heads in (("sentiment", SENTIMENT), ("offensive", (OFFENSIVE,))):
        labels = FAMILIES[family]
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
        slope, offset = _logistic(raw[:, fold != k], truth[fold != k])
        logits = calibrated(Calibration(slope, offset, _NONE), raw[:, fold == k])
        decided[fold == k] = logits[0] >= 0 if len(logits) == 1 else logits.argmax(axis=0)
    slope, offset = _logistic(raw, truth)
    return Calibration(slope, offset, confusion(truth, decided, labels)[:, :labels])


_NONE: Final = np.zeros((0, 0), dtype=np.int64)


def _logistic(
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
