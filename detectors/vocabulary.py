"""Vocabulary: which words are usually said with a brand, and how strange those of a burst are.

A name may have other bearers: a river, a play, a footballer. Their storms reach us too, and nothing in
their numbers says whose they are; their words do. But a real scandal brings new words as well. So a post
is *strange* only if it holds a new word that many say **and** not one of the words that are usual here
(products, places, the trade): people who are angry at a brand mostly say what they have to do with it.

When it fails. Silent though it should speak: a namesake of the same trade; a name that is always said
with its handle or hashtag; a young topic (no memory, or one that does not cover its own posts); a topic
with no words of its own. Speaks though it should be silent: a scandal of which everybody talks in terms
foreign to the trade ("bribery, minister, prosecutor") and nobody as a customer. That is why it never
closes a case: it is a reason shown, and caps a level only by the ensemble's rule; words of danger wake
all the same.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from typing import Any

from detectors.fold import fold
from detectors.terms import words
from detectors.topic import Query

HALF_LIFE = timedelta(days=10)
"""After 28 days a seventh of a text's weight is left."""
LIMIT = 2_000
"""Stems that are kept, the most said: about 30 KiB as JSON."""
STEM = 6
"""Letters by which words are one: Rechnung and Rechnungen, and a compound by its first part."""
ENOUGH = 100.0
"""Texts that must be known before anything may be called strange to them."""
USUAL_TEXTS, USUAL_SHARE = 2.0, 0.015
"""A word is usual from so many texts on, and from such a share of them: rarer ones are everybody's."""
COVERED = 0.5
"""Share of usual posts that must hold a usual word; below, having none says nothing."""
LEAST = 6
"""Posts of a burst below which no share is formed."""
OFTEN_TEXTS, OFTEN_SHARE = 3, 0.05
"""A new word is telling from so many posts of a burst on, and from such a share of them."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Fading counts of what was said with a brand.

    ``at`` up to when it has learned; ``texts`` their faded number; ``stems`` in how many of them each
    stem stood; ``covered`` of ``asked`` (both faded) later texts held a usual stem when they came.
    """

    at: datetime | None = None
    texts: float = 0.0
    covered: float = 0.0
    asked: float = 0.0
    stems: Mapping[str, float] = field(default_factory=dict)

    @property
    def coverage(self) -> float:
        """Share of usual posts that hold a usual word, 0..1; 0 while nobody has asked."""
        return self.covered / self.asked if self.asked else 0.0

    @property
    def speaks(self) -> bool:
        """True where it knows enough for a missing word to mean something."""
        return self.texts >= ENOUGH and self.coverage >= COVERED

    def usual(self, stem: str) -> bool:
        """True where ``stem`` is usually said here."""
        return self.stems.get(stem, 0.0) >= max(USUAL_TEXTS, USUAL_SHARE * self.texts)


NOTHING = Vocabulary()


def learn(before: Vocabulary, texts: Iterable[str], query: Query, at: datetime) -> Vocabulary:
    """Return the memory after ``texts``, oldest first, that were said up to ``at``.

    Each is asked of what was known, then learned. What is older fades by the time since. About 60 us
    a text, and 1 ms for the whole.
    """
    past = (at - before.at) / HALF_LIFE if before.at is not None and at > before.at else 0.0
    fade = 0.5**past
    stems: Counter[str] = Counter()
    for stem, n in before.stems.items():
        stems[stem] = n * fade
    known, covered, asked = before.texts * fade, before.covered * fade, before.asked * fade
    names = names_of(query)
    for text in texts:
        said = stems_of(text) - names
        if known >= ENOUGH:
            least = max(USUAL_TEXTS, USUAL_SHARE * known)
            asked += 1.0
            covered += any(stems[stem] >= least for stem in said)
        stems.update(said)
        known += 1.0
    kept = sorted(stems.items(), key=lambda item: (-item[1], item[0]))[:LIMIT]
    left = {stem: round(n, 3) for stem, n in kept if n >= 0.3}
    return Vocabulary(at, round(known, 3), round(covered, 3), round(asked, 3), left)


def strange(texts: Sequence[str], vocabulary: Vocabulary, query: Query) -> float:
    """Return the share of a burst's negative ``texts`` that do not speak of this brand, 0..1.

    A strange text holds a telling word (new here, and said by many of these texts), no usual word, and
    nothing of the query that is nobody else's: a handle, a hashtag, a name of several words where
    there is a shorter one too. 0 where the vocabulary does not know enough. About 20 us a text.
    """
    if len(texts) < LEAST or not vocabulary.speaks:
        return 0.0
    names, sure = names_of(query), _sure(query)
    said = [stems_of(text) - names for text in texts]
    counts = Counter(stem for stems in said for stem in stems)
    often = max(OFTEN_TEXTS, math.ceil(OFTEN_SHARE * len(texts)))
    telling = {s for s, n in counts.items() if n >= often and s not in vocabulary.stems}
    found = sum(
        bool(stems & telling)
        and not any(vocabulary.usual(stem) for stem in stems)
        and not any(phrase in fold(text) for phrase in sure)
        for stems, text in zip(said, texts, strict=True)
    )
    return found / len(texts)


def stems_of(text: str) -> set[str]:
    """Return the stems of a text's words; words of every day are left out."""
    return {_stem(word) for word in words(text) - _everyday()}


def names_of(query: Query) -> set[str]:
    """Return the stems that every text of a query holds because it was asked for."""
    return {
        _stem(word) for phrase in (*query.any, *query.all) for word in words(phrase.rstrip("*"))
    }


def _stem(word: str) -> str:
    return word.lstrip("#")[:STEM]


def _sure(query: Query) -> tuple[str, ...]:
    """Return the phrases of a query, folded, that hardly mean anybody else."""
    phrases = [fold(phrase.rstrip("*")) for phrase in query.any]
    single = any(" " not in phrase and phrase[:1] not in "#@" for phrase in phrases)
    return tuple(p for p in phrases if p and (p[0] in "#@" or (single and " " in p)))


@cache
def _everyday() -> frozenset[str]:
    found: set[str] = set()
    for lang in ("de", "en"):
        file = resources.files("detectors").joinpath("stopwords", f"everyday.{lang}.txt")
        lines = file.read_text(encoding="utf-8").splitlines()
        found.update(w for line in lines if not line.startswith("#") for w in line.split())
    return frozenset(found)


def vocabulary_json(of: Vocabulary) -> dict[str, Any]:
    """Return a vocabulary as JSON-ready data."""
    return {
        "at": None if of.at is None else int(of.at.timestamp()),
        "texts": of.texts,
        "covered": of.covered,
        "asked": of.asked,
        "stems": dict(of.stems),
    }


def vocabulary_of(data: Mapping[str, Any]) -> Vocabulary:
    """Return what `vocabulary_json` was given; KeyError or ValueError names what does not fit."""
    at = data["at"]
    return Vocabulary(
        at=None if at is None else datetime.fromtimestamp(int(at), UTC),
        texts=float(data["texts"]),
        covered=float(data["covered"]),
        asked=float(data["asked"]),
        stems={str(stem): float(n) for stem, n in data["stems"].items()},
    )
