"""The sides of `bench sentiment`: our scorer, and what else tells the tone of a post on one processor.

Every side says of a text which tone it has. Nothing of a side is imported before it is made, so that
``python -m monitor.bench.sentiment_sides NAME FOLDER`` can tell the memory that the side alone brings.
"""

from __future__ import annotations

import os
import pickle
import random
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.bench.machine import rss_bytes

TONES = ("negative", "neutral", "positive")
UNREAD = len(TONES)
"""The decision of a side that makes no claim for a text."""
OURS = "ours"
_SURE = 0.05
"""VADER's own threshold for positive and, below zero, negative (its README, "About the Scoring")."""
_WARMING = ("Der Zug ist zu spät.", "What a wonderful day!") * 5
Row = tuple[str, str]
"""(label, text)."""


@dataclass(frozen=True, slots=True)
class Side:
    """One way to tell tones. ``one`` and ``many`` return places in `TONES`, or `UNREAD`.

    ``many`` is None where it knows no batches.
    """

    one: Callable[[str], int]
    many: Callable[[Sequence[str]], list[int]] | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """How a side is made from the folder with what was taught, and the languages that it is meant for."""

    make: Callable[[Path], Side]
    langs: tuple[str, ...] = ("de", "en")
    package: str = ""
    """What has to be installed; empty for what Sturmglas itself needs."""


def _ours(_folder: Path) -> Side:
    from detectors.score.linear import LinearScorer

    scorer = LinearScorer.load()
    place = {-1: 0, 0: 1, 1: 2, 2: UNREAD}

    def many(texts: Sequence[str]) -> list[int]:
        # No language is stated: telling it is part of the work.
        return [place[tone] for tone in scorer.score(texts, [""] * len(texts)).tone.tolist()]

    return Side(lambda text: many([text])[0], many)


def _vader(_folder: Path) -> Side:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    scores = SentimentIntensityAnalyzer().polarity_scores
    return Side(lambda text: _by_sign(scores(text)["compound"], _SURE))


@contextmanager
def _old() -> Iterator[None]:
    """Let a package be imported that is written as Python was ten years ago, whatever warnings count for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _textblob(_folder: Path) -> Side:
    with _old():
        from textblob.en.sentiments import PatternAnalyzer

    analyze = PatternAnalyzer().analyze
    return Side(lambda text: _by_sign(analyze(text).polarity))


def _textblob_de(_folder: Path) -> Side:
    with _old():
        from textblob_de.sentiments import PatternAnalyzer

    # The analyzer alone: its TextBlobDE cuts sentences first, with a model that has to be fetched.
    analyze = PatternAnalyzer().analyze
    return Side(lambda text: _by_sign(analyze(text).polarity))


def _by_sign(polarity: float, sure: float = 0.0) -> int:
    """Return negative, neutral or positive; without a word of the lexicon the polarity is 0."""
    if polarity and polarity <= -sure:
        return 0
    return 2 if polarity and polarity >= sure else 1


def _river(folder: Path) -> Side:
    model = pickle.loads((folder / "river.pickle").read_bytes())
    return Side(lambda text: TONES.index(model.predict_one(text)))


def _sklearn(folder: Path) -> Side:
    model = pickle.loads((folder / "sklearn.pickle").read_bytes())

    def many(texts: Sequence[str]) -> list[int]:
        return [TONES.index(label) for label in model.predict(list(texts))]

    return Side(lambda text: many([text])[0], many)


KINDS = {
    OURS: Kind(_ours),
    "VADER": Kind(_vader, package="vaderSentiment"),
    "TextBlob": Kind(_textblob, ("en",), "textblob"),
    "TextBlob-de": Kind(_textblob_de, ("de",), "textblob-de"),
    "river": Kind(_river),
    "scikit-learn": Kind(_sklearn, package="scikit-learn"),
}


def teach(folder: Path, rows: Sequence[Row], seed: int, say: Callable[[str], None]) -> None:
    """Write the models of the sides that learn into ``folder``; one whose package lacks is left out.

    All tones weigh the same in both, as they do in ours. Takes about two minutes for 66,000 texts.
    """
    rows = random.Random(seed).sample(rows, len(rows))
    for name, learn in (("river", _taught_river), ("sklearn", _taught_sklearn)):
        try:
            model = learn(rows)
        except ModuleNotFoundError as error:
            say(f"{name}: {error}")
            continue
        (folder / f"{name}.pickle").write_bytes(pickle.dumps(model))
        say(f"{name}: taught with {len(rows):,} texts")


def _taught_river(rows: Sequence[Row]) -> Any:
    # Any: neither library tells its types.
    from river import feature_extraction, linear_model, multiclass

    model: Any = feature_extraction.BagOfWords() | multiclass.OneVsRestClassifier(
        linear_model.LogisticRegression()
    )
    counts = Counter(label for label, _ in rows)
    for label, text in rows:
        model.learn_one(text, label, w=len(rows) / len(counts) / counts[label])
    return model


def _taught_sklearn(rows: Sequence[Row]) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2),
        LogisticRegression(class_weight="balanced", max_iter=1000),
    )
    return model.fit([text for _, text in rows], [label for label, _ in rows])


def made(folder: Path, lang: str) -> tuple[dict[str, Side], dict[str, str]]:
    """Return the sides meant for a language, and why others are left out, each by its name."""
    sides: dict[str, Side] = {}
    left_out: dict[str, str] = {}
    for name, kind in KINDS.items():
        if lang not in kind.langs:
            continue
        try:
            sides[name] = kind.make(folder)
        except (ModuleNotFoundError, FileNotFoundError):
            left_out[name] = f"needs {kind.package}: pip install 'sturmglas[bench]'"
    return sides, left_out


def main(name: str, folder: str) -> None:
    """Print the memory that making a side and reading ten texts with it adds to a bare process, MiB."""
    before = rss_bytes(os.getpid())
    side = KINDS[name].make(Path(folder))
    for text in _WARMING:
        side.one(text)
    print(f"{(rss_bytes(os.getpid()) - before) / 2**20:.1f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
