"""Query health: what a topic's query may be missing, and how much of what it finds is ours.

Pure. *Suggestions* are names that stand in many of a topic's posts, that its query does not name, and
that are rare elsewhere: whoever writes only those is not found yet. *Precision* is the share of found
posts that a person calls ours, from 20 a month, drawn by chance.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b

from detectors.fold import fold
from detectors.measures import wilson
from detectors.term import bare
from detectors.topic import Topic

SAMPLE = 20
"""Posts of a month that a person is asked about, and posts of a new topic from which on they are."""
ENOUGH = 10
"""Marks below which nothing is said of precision: nine posts of ten are then between 60 and 98 %."""
WANTED = 0.80
"""Share of found posts that should be ours. The estimate decides, not the interval: 16 ours of 20
leave 58 to 92 %. The upper end would be below this only from 12 on, and the lower end above it only
where all 20 are ours."""
SURELY = 1.96
"""Standard deviations from which on a name is more than chance, and width of the interval: 95 %."""
LEAST_POSTS, LEAST_SHARE = 5, 0.02
"""A name must stand in so many posts and in such a share of them: fewer bring nothing."""
LEAST_AUTHORS = 3
"""...written by so many: one person's signature is no name for us."""
PRIOR = 0.5
"""Added to each count, so that what never stood elsewhere is not infinitely telling (Haldane and
Anscombe's correction of the log odds ratio)."""

_NOISE = re.compile(r"https?://\S+|www\.\S+|&\w+;")
_TAG = re.compile(r"(?<![\w@#])[#@]\w[\w.-]*\w")
_WORD = r"[^\W\d_][\w-]+"
_RUN = re.compile(rf"(?<![\w#@])({_WORD}(?: {_WORD})*)")


class Sort(StrEnum):
    """What a suggestion is."""

    HASHTAG = "hashtag"
    HANDLE = "handle"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Said:
    """A post as far as suggestions go: its words, and a key of who wrote it (0: unknown)."""

    text: str
    author: int = 0


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A name for the query: in ``posts`` of the topic, a ``share`` of those looked at; ``elsewhere``
    in such a share of others. ``z``: standard deviations of its log odds above none."""

    term: str
    sort: Sort
    posts: int
    share: float
    elsewhere: float
    z: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A person's word on one post of a topic's sample; ``month`` as "2026-11"."""

    topic: str
    num: int
    month: str
    ours: bool
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Precision:
    """``ours`` of ``marked`` posts; share, and its Wilson interval of 95 %."""

    ours: int
    marked: int
    share: float
    low: float
    high: float

    @property
    def known(self) -> bool:
        return self.marked >= ENOUGH

    @property
    def too_low(self) -> bool:
        """True where so much is not ours that the query should be changed."""
        return self.known and self.share < WANTED


def month_of(at: datetime) -> str:
    """Return the month of a moment, as marks name it.

    >>> month_of(datetime(2026, 11, 22))
    '2026-11'
    """
    return f"{at:%Y-%m}"


def sample(topic: str, month: str, nums: Iterable[int], size: int = SAMPLE) -> list[int]:
    """Return ``size`` of a month's posts by chance, always the same ones for the same posts.

    The smallest by a hash of topic, month and number: each post has the same chance, and a post
    more changes one at most.
    """

    def lot(num: int) -> bytes:
        return blake2b(f"{topic}\n{month}\n{num}".encode(), digest_size=8).digest()

    return sorted(set(nums), key=lambda num: (lot(num), num))[:size]


def precision(marks: Iterable[Mark]) -> Precision:
    """Return how much of what was marked is ours."""
    said = [mark.ours for mark in marks]
    ours = sum(said)
    low, high = wilson(ours, len(said), SURELY)
    return Precision(ours, len(said), ours / len(said) if said else 0.0, low, high)


def suggest(
    topic: Topic, posts: Sequence[Said], others: Sequence[Said], limit: int = 8
) -> list[Suggestion]:
    """Return names that the query lacks, most telling first.

    ``others``: posts of other topics, or of none. Without them nothing can be said to be rare
    elsewhere, and how often a name stands here decides. Names are hashtags, handles, words with a
    capital or digit inside ("BahnCard") and runs of two or three capitalised words, as single ones are
    any noun in German. Deterministic: ties go to the alphabet.
    """
    here, there = _count(posts), _count(others)
    named = _named(topic)
    found = []
    for term, (count, authors, sort) in here.items():
        if count < max(LEAST_POSTS, LEAST_SHARE * len(posts)) or authors < LEAST_AUTHORS:
            continue
        if _is_named(term, named):
            continue
        other = there[term][0] if term in there else 0
        z = _z(count, len(posts), other, len(others)) if others else math.sqrt(count)
        if z > SURELY:
            share, elsewhere = count / len(posts), other / max(1, len(others))
            found.append(Suggestion(term, sort, count, share, elsewhere, z))
    found.sort(key=lambda s: (-s.z, s.term))
    return found[:limit]


def _z(a: int, n: int, b: int, m: int) -> float:
    """Return the log odds ratio of ``a`` of ``n`` against ``b`` of ``m``, in standard deviations."""
    cells = [x + PRIOR for x in (a, n - a, b, m - b)]
    ratio = math.log(cells[0] / cells[1]) - math.log(cells[2] / cells[3])
    return ratio / math.sqrt(sum(1.0 / x for x in cells))


def _count(posts: Sequence[Said]) -> dict[str, tuple[int, int, Sort]]:
    """Return per name: posts that hold it, how many wrote them, and what it is."""
    counts: Counter[str] = Counter()
    authors: dict[str, set[int]] = {}
    sorts: dict[str, Sort] = {}
    for n, post in enumerate(posts):
        for term, sort in _names(post.text).items():
            counts[term] += 1
            # Who is unknown may be anybody.
            authors.setdefault(term, set()).add(post.author or -1 - n)
            sorts[term] = sort
    return {term: (count, len(authors[term]), sorts[term]) for term, count in counts.items()}


def _names(text: str) -> dict[str, Sort]:
    """Return the names in a text, folded."""
    text = _NOISE.sub(" ", text)
    found = {
        fold(tag): Sort.HASHTAG if tag.startswith("#") else Sort.HANDLE
        for tag in _TAG.findall(text)
    }
    for run in _RUN.findall(_TAG.sub(". ", text)):
        words = run.split(" ")
        for i, word in enumerate(words):
            if any(c.isupper() or c.isdigit() for c in word[1:]) and not word.isupper():
                found[fold(word)] = Sort.NAME
            for length in (2, 3):
                some = words[i : i + length]
                # The first word of a sentence is capitalised whatever it is.
                if i and len(some) == length and all(w[0].isupper() for w in some):
                    found[fold(" ".join(some))] = Sort.NAME
    return found


def _named(topic: Topic) -> tuple[str, ...]:
    """Return what the query names already, rivals and exclusions among it, without signs."""
    queries = (topic.query, *topic.rivals.values())
    terms = {t for q in queries for t in (*q.any, *q.all, *q.none)} | {topic.name}
    return tuple(sorted({_bare(bare(t)) for t in terms} - {""}))


def _bare(term: str) -> str:
    return "".join(c for c in fold(term) if c.isalnum())


def _is_named(term: str, named: tuple[str, ...]) -> bool:
    """True where the term holds one that the query names, or is part of it: it would be found anyway."""
    bare = _bare(term)
    return any(name in bare or bare in name for name in named)
