"""Which labelled sets teach which questions, and the examples read from them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from detectors.score.evaluate import read_labelled
from detectors.score.heads import FAMILIES, KINDS
from detectors.score.kinds import labelled
from detectors.score.phrases import own_texts

TRAIN, HELD = "train", "held"
"""What is fitted on, and validation parts: never fitted on, for figures alone."""
EASY: Final = ("guhr-emotions", "")
"""Sets (our own is "") that say too plainly what they are to calibrate on, where a language has others."""


class Example(NamedTuple):
    """One labelled text: for which family of heads, in which language, and what it may serve."""

    family: str
    lang: str
    use: str
    label: str
    text: str
    group: str = ""
    """Texts of one group stand in one fold, as near-copies do."""
    source: str = ""
    """The folder of the set that it comes from, "" for our own."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the data folder, what it serves, and the licence its SOURCE.md states."""

    path: str
    family: str
    lang: str
    use: str
    permissive: str = ""
    """The licence, where it allows shipping a model; else empty."""
    column: str = "label"
    yes: str = ""
    """Of yes-or-no questions: what stands in the column for yes; "" where the words are our own."""

    @property
    def source(self) -> str:
        """Return the folder of the set."""
        return self.path.split("/", 1)[0]

    def label(self, word: str) -> str:
        """Return our own label for what stands in the file."""
        if not self.yes:
            return word
        no, yes = FAMILIES[self.family].labels
        return yes if word == self.yes else no


def _umsab(lang: str, name: str) -> tuple[Part, Part]:
    return (
        Part(f"umsab/{name}.train.tsv", "sentiment", lang, TRAIN),
        Part(f"umsab/{name}.validation.tsv", "sentiment", lang, HELD),
    )


PARTS: Final = (
    *_umsab("de", "german"),
    *_umsab("en", "english"),
    Part("sb10k-rest/train.tsv", "sentiment", "de", TRAIN),
    Part("potts/train.tsv", "sentiment", "de", TRAIN),
    Part("potts/validation.tsv", "sentiment", "de", HELD),
    Part("guhr-emotions/train.tsv", "sentiment", "de", TRAIN, "MIT"),
    Part("semeval2017-sentiment/train.tsv", "sentiment", "en", TRAIN),
    Part("semeval2017-sentiment/validation.tsv", "sentiment", "en", HELD),
    Part("germeval2018/train.tsv", "offensive", "de", TRAIN, "CC-BY-4.0"),
    Part("germeval2018/validation.tsv", "offensive", "de", HELD, "CC-BY-4.0"),
    Part("germeval2019/train.tsv", "offensive", "de", TRAIN),
    Part("tweeteval-offensive/train.tsv", "offensive", "en", TRAIN),
    Part("tweeteval-offensive/validation.tsv", "offensive", "en", HELD),
    *(
        Part(f"{name}/train.tsv", fine, "de", TRAIN, licence, "fine", fine)
        for name, licence in (("germeval2018", "CC-BY-4.0"), ("germeval2019", ""))
        for fine in ("insult", "abuse", "profanity")
    ),
    Part("gahd/train.tsv", "hate", "de", TRAIN, "CC-BY-4.0"),
    Part("tweeteval-hate/train.tsv", "hate", "en", TRAIN),
    Part("germeval2021/train.tsv", "toxic_comment", "de", TRAIN),
    Part("germeval2021/train.tsv", "engaging", "de", TRAIN, "", "engaging", "1"),
    Part("germeval2021/train.tsv", "fact_claiming", "de", TRAIN, "", "fact_claiming", "1"),
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


def examples_of(part: Part, data: Path) -> list[Example]:
    """Return the examples of one part under ``data``; raises `DataError` for a missing file."""
    return [
        Example(part.family, part.lang, part.use, part.label(word), text, source=part.source)
        for word, text in read_labelled(data / part.path, part.column)
    ]


def own_examples(seed: int) -> list[Example]:
    """Return our own sentences (`phrases`), frames filled by ``seed``."""
    return [Example("sentiment", lang, TRAIN, tone, text) for lang, tone, text in own_texts(seed)]


def read_parts(data: Path, permissive_only: bool = False, seed: int = 1) -> list[Example]:
    """Return the examples of all `PARTS` under ``data`` and our own (`phrases`).

    Raises `DataError` for a missing file.
    """
    parts = [part for part in PARTS if part.permissive or not permissive_only]
    examples = [example for part in parts for example in examples_of(part, data)]
    examples += _of_kinds() + own_examples(seed)
    if permissive_only:
        # One language cannot be told from others without any others: the vote of words must do.
        return [e for e in examples if e.family != "language"]
    return examples


def _of_kinds() -> list[Example]:
    """Return our own texts, one example for each kind; the test part stays out."""
    return [
        Example(
            kind.name, one.lang, TRAIN, kind.labels[kind.name in one.kinds], one.text, one.situation
        )
        for one in labelled()
        if not one.is_test
        for kind in KINDS
    ]
