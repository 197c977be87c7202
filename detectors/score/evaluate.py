"""Labelled files in, figures out: how well a scorer decides, with an interval.

A text that the scorer does not read counts as a wrong decision, in a column of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from detectors.score.base import Scorer, Tone
from detectors.score.heads import FAMILIES, MORE, TONES, Family

_SAME: Final = {
    "offense": "offensive",
    "off": "offensive",
    "other": "not-offensive",
    "not": "not-offensive",
    "toxic": "toxic-comment",
    "not-toxic": "not-toxic-comment",
}
"""Label words of GermEval 2018/2019, OLID and GermEval 2021 for our own."""

RESAMPLES: Final = 2_000
OVERLAP_WORDS: Final = 6
_NO_WORD = re.compile(r"http\S*|@\w+|\\u[0-9a-f]{4}|&\w+;")
_WORDS = re.compile(r"\w+")

T = TypeVar("T")


class DataError(ValueError):
    """A labelled file that cannot be used; says file, line and what was expected."""


def read_labelled(path: Path, column: str = "label") -> list[tuple[str, str]]:
    """Return (label, text) of each row of a TSV file with the columns ``column`` and ``text``.

    No quoting, further columns are ignored, labels come in lower case in the words of `FAMILIES`.
    Raises `DataError` for a missing file, header or field.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: {error}; expected a UTF-8 file of labelled texts") from error
    header = lines[0].rstrip("\r").split("\t")
    if column not in header or "text" not in header:
        raise DataError(f"{path}:1: columns {header}; expected a header with {column} and text")
    label, text = header.index(column), header.index("text")
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        if not line:
            continue
        fields = line.rstrip("\r").split("\t")
        if len(fields) != len(header):
            raise DataError(f"{path}:{number}: {len(fields)} fields; expected {len(header)}")
        word = fields[label].strip().lower()
        rows.append((_SAME.get(word, word), fields[text]))
    return rows


def family_of(labels: Iterable[str]) -> Family:
    """Return which family of heads decides between ``labels``; raises `DataError` for others."""
    seen = set(labels)
    for family in FAMILIES.values():
        if seen and seen <= set(family.labels):
            return family
    known = "; ".join(" and ".join(f.labels) for f in FAMILIES.values())
    raise DataError(f"labels {sorted(seen)[:6]}; expected those of one question: {known}")


def word_grams(text: str) -> set[int]:
    """Return hashes of the 6-grams of words of a text, links, handles and marks left out."""
    words = _WORDS.findall(_NO_WORD.sub(" ", text.lower()))
    return {
        hash(tuple(words[i : i + OVERLAP_WORDS])) for i in range(len(words) - OVERLAP_WORDS + 1)
    }


def unlike(items: Iterable[T], others: Iterable[T], text: Callable[[T], str]) -> list[T]:
    """Return the items that share less than half of their word 6-grams with all ``others``.

    Texts of under six words have none and stay. Cost: one set of all 6-grams of ``others``.
    """
    known: set[int] = set()
    for other in others:
        known |= word_grams(text(other))
    kept = []
    for item in items:
        grams = word_grams(text(item))
        if 2 * len(grams & known) < max(1, len(grams)):
            kept.append(item)
    return kept


@dataclass(frozen=True, slots=True)
class Report:
    """How well one labelled file was decided. Figures in [0, 1]; intervals hold 95 %.

    ``confusion`` (truth, decision), the last column being the texts that were not read.
    """

    family: str
    labels: tuple[str, ...]
    n: int
    confusion: NDArray[np.int64]
    macro_f1: float
    macro_f1_interval: tuple[float, float]
    macro_recall: float
    macro_recall_interval: tuple[float, float]

    @property
    def unread(self) -> int:
        """How many texts were not read."""
        return int(self.confusion[:, -1].sum())

    def as_json(self) -> dict[str, object]:
        """Return the report as plain values, figures to four digits."""
        return {
            "family": self.family,
            "n": self.n,
            "unread": self.unread,
            "macro_f1": round(self.macro_f1, 4),
            "macro_f1_interval": [round(x, 4) for x in self.macro_f1_interval],
            "macro_recall": round(self.macro_recall, 4),
            "macro_recall_interval": [round(x, 4) for x in self.macro_recall_interval],
            "labels": list(self.labels),
            "confusion": self.confusion.tolist(),
        }


def evaluate(
    scorer: Scorer, rows: Sequence[tuple[str, str]], lang: str = "", seed: int = 1
) -> Report:
    """Return the report of ``scorer`` on (label, text) rows, ``lang`` being stated for each.

    Raises `DataError` for no rows or labels of no known family.
    """
    family = family_of(label for label, _ in rows)
    truth = np.array([family.labels.index(label) for label, _ in rows])
    return report(family, truth, decide(scorer, family, [text for _, text in rows], lang), seed)


def report(
    family: Family, truth: NDArray[np.int64], decided: NDArray[np.int64], seed: int = 1
) -> Report:
    """Return the report of decisions, given as `decide` does; ``truth`` (texts,): place of the label.

    The interval is a percentile bootstrap over texts (Efron), `RESAMPLES` times, seeded.
    """
    n, table = len(truth), confusion(truth, decided, len(family.labels))
    flat = np.random.default_rng(seed).multinomial(n, (table / n).ravel(), size=RESAMPLES)
    drawn = flat.reshape(RESAMPLES, *table.shape)
    return Report(
        family.name, family.labels, n, table,
        float(macro_f1(table)), _interval(macro_f1(drawn)),
        float(macro_recall(table)), _interval(macro_recall(drawn)),
    )  # fmt: skip


def decide(
    scorer: Scorer, family: Family, texts: Sequence[str], lang: str = ""
) -> NDArray[np.int64]:
    """Return the place of the decided label of each text, or the number of labels if it was not read, or
    the head does not speak its language."""
    scores = scorer.score(texts, [lang] * len(texts))
    unread = scores.tone == Tone.UNREAD
    if family.name == "sentiment":
        return np.where(unread, len(TONES), scores.tone.astype(np.int64) + 1)
    if family.name in MORE:
        p = scores.more[:, MORE.index(family.name)]
        unread = p < 0.0
    else:
        p = scores.offensive
    return np.where(unread, 2, (p >= 0.5).astype(np.int64))


def confusion(
    truth: NDArray[np.int64], decided: NDArray[np.int64], labels: int
) -> NDArray[np.int64]:
    """Return counts (truth, decision), with a last column for texts that were not read."""
    cells = np.bincount(truth * (labels + 1) + decided, minlength=labels * (labels + 1))
    return cells.reshape(labels, labels + 1)


def macro_recall(table: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the mean recall over labels, for one confusion table or a stack of them."""
    recall: NDArray[np.float64] = _ratio(_hits(table), table.sum(axis=-1)).mean(axis=-1)
    return recall


def macro_f1(table: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the mean F1 over labels, for one confusion table or a stack of them."""
    labels = table.shape[-2]
    both = table.sum(axis=-1) + table.sum(axis=-2)[..., :labels]
    f1: NDArray[np.float64] = _ratio(2 * _hits(table), both).mean(axis=-1)
    return f1


def _hits(table: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.diagonal(table, axis1=-2, axis2=-1)


def _ratio(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = part / np.maximum(whole, 1)
    return result


def _interval(values: NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)
