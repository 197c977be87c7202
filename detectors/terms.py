"""Burst terms: which words a burst is about, against what was said before."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import pairwise

from detectors.fold import fold

PRIOR_WEIGHT = 500.0
"""Total weight of the prior, in words: a term must outgrow what chance does to a small sample."""
MIN_TEXTS = 3
"""Texts a term must stand in: fewer are one person's word."""
_TOKEN = re.compile(r"[#@]?\w[\w'-]*|[.,;:!?()]")
_NOISE = re.compile(r"https?://\S+|www\.\S+|&\w+;")


@dataclass(frozen=True, slots=True)
class BurstTerm:
    """A word, word pair or hashtag of a burst. ``count`` texts hold it; ``expected`` would have,
    by what was said before; ``factor`` = count / max(expected, 1)."""

    term: str
    count: int
    expected: float
    factor: float


def burst_terms(now: Sequence[str], before: Sequence[str], limit: int = 6) -> list[BurstTerm]:
    """Return the terms that set ``now`` apart from ``before``, most telling first.

    Each term is counted once a text. Ranked by the z-score of the log-odds ratio with an
    informative Dirichlet prior (Monroe, Colaresi & Quinn 2008, "Fightin' Words"), the prior being
    both sides together. Function words (de, en), handles, links and bare numbers are left out;
    hashtags stay. A word is dropped where a pair that holds it stands in nearly as many texts.
    Without ``before`` the most frequent terms are given. Deterministic: ties go to the alphabet.
    """
    here, there = _count(now), _count(before)
    if not here:
        return []
    n, m = sum(here.values()), sum(there.values())
    ranked = []
    for term, count in here.items():
        if count < MIN_TEXTS:
            continue
        prior = PRIOR_WEIGHT * (count + there[term]) / (n + m)
        z = _z(count, n, there[term], m, prior)
        expected = len(now) * there[term] / len(before) if before else 0.0
        if not before:
            ranked.append((-float(count), term, count, 0.0))
        elif z > 1.96 and count > expected:
            ranked.append((-z, term, count, expected))
    ranked.sort()
    kept: list[BurstTerm] = []
    for _, term, count, expected in ranked:
        if len(kept) == limit:
            break
        if not any(_covers(other.term, other.count, term, count) for other in kept):
            kept.append(BurstTerm(term, count, expected, count / max(expected, 1.0)))
    return kept


def words(text: str) -> set[str]:
    """Return the words of a text that may be burst terms, folded, each once; hashtags with their sign."""
    stop = _stop_words()
    found = (_word(token, stop) for token in _TOKEN.findall(fold(_NOISE.sub(" ", text))))
    return {word for word in found if word}


def _z(a: int, n: int, b: int, m: int, prior: float) -> float:
    rest = PRIOR_WEIGHT - prior
    if not rest:
        return 0.0  # nothing else was said, now or before
    odds = math.log((a + prior) / (n - a + rest)) - math.log((b + prior) / (m - b + rest))
    return odds / math.sqrt(1.0 / (a + prior) + 1.0 / (b + prior))


def _covers(kept: str, kept_count: int, term: str, count: int) -> bool:
    """True when one term is part of the other and both tell of the same texts."""
    mine, other = set(term.split()), set(kept.split())
    overlap = bool(mine & other)
    return overlap and min(count, kept_count) >= 0.6 * max(count, kept_count)


def _count(texts: Iterable[str]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(_terms(text))
    return counts


def _terms(text: str) -> set[str]:
    stop = _stop_words()
    # A pair must not reach over a sign or a word that is left out: those become gaps.
    words = [_word(t, stop) for t in _TOKEN.findall(fold(_NOISE.sub(" ", text)))]
    pairs = {f"{a} {b}" for a, b in pairwise(words) if a and b and "#" not in a + b}
    return {w for w in words if w} | pairs


def _word(token: str, stop: frozenset[str]) -> str:
    token = token.rstrip("-'")
    if token.startswith("@") or token in stop or token.lstrip("#").isdigit():
        return ""
    return token if len(token) >= 3 else ""


@cache
def _stop_words() -> frozenset[str]:
    words: set[str] = set()
    for lang in ("de", "en"):
        text = resources.files("detectors").joinpath("stopwords", f"{lang}.txt")
        lines = text.read_text(encoding="utf-8").splitlines()
        words.update(w for line in lines if not line.startswith("#") for w in line.split())
    return frozenset(words)
