"""Word lists: what is banned wins over every model, what is suspect is only marked."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.score.base import UNMARKED, Marks
from detectors.score.linear import LinearScorer
from detectors.score.ruled import Ruled
from detectors.score.words import WordLists
from detectors.term import BadTerm

LINEAR = LinearScorer.load()
CALM = "Der Zug kam heute pünktlich, danke"


def ruled(*banned: str, suspect: tuple[str, ...] = ()) -> Ruled:
    return Ruled(LINEAR, WordLists(banned, suspect))


@pytest.mark.parametrize(
    ("term", "text", "lang", "found"),
    [
        ("zug", CALM, "de", True),
        ("zug", "Die Züge standen, ein Zugausfall", "de", False),  # whole words
        ("zug*", "Schon wieder ein Zugausfall", "de", True),
        ('"heute pünktlich"', CALM, "de", True),
        ("zug~", "Der Zugführer war da", "de", True),
        ("FAHR ZUR HÖLLE", "fahr zur hölle!", "de", True),
        ("lang:de zug", CALM, "de", True),
        ("lang:en gift", "Das ist Gift für uns", "de", False),
        ("lang:en gift", "gift", "und", True),  # no language told: the word counts
        ("#dreck", "so ein #Dreck", "de", True),
    ],
)
def test_a_list_is_written_as_queries_are(term: str, text: str, lang: str, found: bool) -> None:
    assert WordLists((term,)).marks(text, lang) == (Marks(banned=term) if found else UNMARKED)
    assert WordLists((), (term,)).marks(text, lang) == (Marks(suspect=term) if found else UNMARKED)


def test_a_banned_word_is_offensive_whatever_the_model_says() -> None:
    [plain], [listed] = (
        LINEAR.score([CALM], ["de"]).rows(),
        ruled("zug").score([CALM], ["de"]).rows(),
    )
    assert plain.offensive < 0.5
    assert (listed.offensive, listed.marks) == (1.0, Marks(banned="zug"))
    assert (listed.tone, listed.p, listed.more) == (plain.tone, plain.p, plain.more)


def test_a_suspect_word_is_marked_and_changes_no_answer() -> None:
    [plain], [listed] = (
        LINEAR.score([CALM], ["de"]).rows(),
        ruled(suspect=("zug",)).score([CALM], ["de"]).rows(),
    )
    assert listed.marks == Marks(suspect="zug")
    assert listed.offensive == plain.offensive


def test_both_lists_are_told_and_the_first_term_of_each() -> None:
    lists = WordLists(("heute", "zug"), ("pünktlich", "danke"))
    assert lists.marks(CALM, "de") == Marks(banned="heute", suspect="pünktlich")
    many = WordLists([f"wort{n}" for n in range(20)])
    assert many.marks("wort19 wort2 wort10", "").banned == "wort2"


def test_a_banned_word_in_a_language_that_nobody_reads_still_counts() -> None:
    [score] = ruled("жулик*").score(["Вы все жулики"], [""]).rows()
    assert (score.offensive, score.marks.banned) == (1.0, "жулик*")


def test_a_banned_word_that_is_quoted_is_banned_and_not_unsure() -> None:
    [score] = ruled("idiot").score(['Wer "Idiot" sagt, fliegt raus.'], ["de"]).rows()
    assert score.marks == Marks(banned="idiot")


def test_without_lists_scores_are_those_of_the_model() -> None:
    texts = [CALM, "Ihr seid doch alle Idioten.", "", "123"]
    plain, same = LINEAR.score(texts, [""] * 4), Ruled(LINEAR).score(texts, [""] * 4)
    assert np.array_equal(plain.offensive, same.offensive)
    assert same.rows() == plain.rows()
    assert Ruled(LINEAR).version == LINEAR.version


def test_the_scores_of_the_model_are_left_as_they_were() -> None:
    class Keeping:
        version = "kept"
        scores = LINEAR.score([CALM], ["de"])

        def score(self, texts: object, langs: object) -> object:
            return self.scores

        reasons = LINEAR.reasons

    keeping = Keeping()
    Ruled(keeping, WordLists(("zug",))).score([CALM], ["de"])  # type: ignore[arg-type]  # a stand-in
    assert keeping.scores.offensive[0] < 0.5


@pytest.mark.parametrize("term", ["", "*", "ab*", "lang: x"])
def test_a_term_by_which_nothing_can_be_found_is_refused(term: str) -> None:
    with pytest.raises(BadTerm):
        WordLists((term,))
