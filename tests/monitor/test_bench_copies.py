"""The bench of near-copies: its copies are copies, its different texts are different."""

from __future__ import annotations

import random

import pytest

from detectors.copies import cluster_key, words
from monitor.bench import copies

TEXT = (
    "Seit dem Update gestern löscht die neue Acme App alle meine Listen und der Support antwortet"
    " einfach nicht mehr auf meine Mails"
)
POSTS = [TEXT, "Der Zug nach Kiel fällt heute aus und niemand sagt uns etwas", "Danke, alles gut!"]


def test_copies_are_made_by_a_seed_and_differ_as_they_say() -> None:
    made = copies.variants(TEXT, random.Random(1), ["Ersatz"])
    assert made == copies.variants(TEXT, random.Random(1), ["Ersatz"])
    assert cluster_key(made["tags_link"]) == cluster_key(TEXT)
    changed = {
        kind: sum(a != b for a, b in zip(words(copy), words(TEXT), strict=False))
        for kind, copy in made.items()
    }
    assert (changed["one_word"], changed["two_words"]) == (1, 2)
    assert len(words(made["third_dropped"])) < len(words(TEXT))
    assert sorted(words(made["all_shuffled"])) == sorted(words(TEXT))


def test_texts_without_long_words_are_changed_too() -> None:
    made = copies.variants("Da war ich nie", random.Random(1), ["Ersatz"])
    assert made["one_word"].count("Ersatz") == 1


@pytest.mark.parametrize("kind", copies.DIFFERENT)
def test_different_texts_differ(kind: str) -> None:
    rng = random.Random(2)
    for _ in range(100):
        one, other = copies.different(kind, rng, POSTS)
        assert one != other


def test_shares_are_told_with_their_interval() -> None:
    assert copies._share([True, False]) == "1/2 = 50.00% (9.45%-90.55%)"
    assert copies._share([]) == "0/0 = 0.00% (0.00%-100.00%)"
