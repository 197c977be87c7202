"""Doubt about "offensive": quoted, negated and reported words are marked; what is meant is not."""

from __future__ import annotations

import pytest

from detectors.score.base import YES
from detectors.score.doubtful import Why, doubts
from detectors.score.linear import LinearScorer
from detectors.score.ruled import Ruled
from tests.detectors.doubtful_sentences import REPORTED, TUNED, Sentence

LINEAR = LinearScorer.load()


def why(text: str, lang: str = "de") -> Why | None:
    return doubts(LINEAR, [text], LINEAR.score([text], [lang])).get(0)


def read_offensive(sentences: tuple[Sentence, ...], lang: str, meant: bool) -> list[Sentence]:
    found = [s for s in sentences if (s.lang, s.meant) == (lang, meant)]
    p = LINEAR.score([s.text for s in found], [s.lang for s in found]).offensive
    return [s for s, one in zip(found, p, strict=True) if one >= YES]


@pytest.mark.parametrize("lang", ["de", "en"])
@pytest.mark.parametrize("sentences", [TUNED, REPORTED], ids=["tuned", "only reported"])
def test_of_what_is_not_meant_most_is_marked_and_of_what_is_meant_little(
    sentences: tuple[Sentence, ...], lang: str
) -> None:
    hit, spared = read_offensive(sentences, lang, False), read_offensive(sentences, lang, True)
    assert min(len(hit), len(spared)) >= 8, "few sentences are read as offensive any more"
    marked = [s for s in hit if why(s.text, lang)]
    wrongly = [s.text for s in spared if why(s.text, lang)]
    assert len(marked) >= 0.7 * len(hit)
    assert len(wrongly) <= 0.1 * len(spared)


@pytest.mark.parametrize(
    ("opening", "closing"),
    [*('""', "„“", "„”", "“”", "””", "«»", "»«", "‹›", "›‹", "‚‘", "‘’", "''", "``")],
)
def test_quotation_marks_of_every_style_are_seen(opening: str, closing: str) -> None:
    assert why(f"Bitte nicht {opening}Idiot{closing} schreiben, danke.") is Why.QUOTED


def test_a_quoted_line_of_a_mail_is_seen() -> None:
    assert why("> Ihr seid doch alle Idioten\nDas bitte hier nicht.") is Why.QUOTED


def test_an_apostrophe_opens_no_quote() -> None:
    assert why("I don't care, you're all fucking idiots, that's it", "en") is None


@pytest.mark.parametrize(
    ("text", "lang", "found"),
    [
        ("Er ist kein Idiot", "de", Why.NEGATED),
        ("He is not an idiot", "en", Why.NEGATED),
        ("He's not really such an idiot", "en", Why.NEGATED),  # articles use up no reach
        ("Das ist nicht nur ein Idiot", "de", None),  # affirms
        ("No wonder, idiots everywhere", "en", None),
        ("Nein, nicht heute, du Idiot", "de", None),  # another clause
        ("Nicht du, aber dein Chef ist ein Idiot", "de", None),
        ("Ohne euch Idioten wäre alles gut", "de", None),  # says that they are
        ("Your agent called me an idiot and hung up", "en", Why.REPORTED),
        ("I called your hotline, you are idiots", "en", None),  # the telephone
        ("Er nennt sich Fachmann, dieser Idiot", "de", None),
        ("Mein Chef hat mich Idiot genannt. Ihr seid alle Arschlöcher!", "de", None),
    ],
)
def test_what_a_cue_does_not_reach_is_left_alone(text: str, lang: str, found: Why | None) -> None:
    assert why(text, lang) is found


def test_the_label_stays_and_texts_without_offence_are_never_marked() -> None:
    texts = ['Bitte nicht "Idiot" schreiben, danke.', 'Wer "Danke" sagt, bleibt hier.']
    plain, marked = LINEAR.score(texts, ["de"] * 2), Ruled(LINEAR).score(texts, ["de"] * 2)
    assert marked.offensive.tolist() == plain.offensive.tolist()
    assert [row.marks.unsure for row in marked.rows()] == ["quoted", ""]


def test_only_offensive_texts_with_such_words_are_scored_again() -> None:
    asked: list[int] = []

    class Counted:
        version = LINEAR.version
        reasons = LINEAR.reasons

        def score(self, texts: list[str], langs: list[str]) -> object:
            asked.append(len(texts))
            return LINEAR.score(texts, langs)

    texts = ["Der Zug ist nicht da", "Ihr Idioten", "Du bist kein Idiot", '"nett" gesagt']
    scorer = Ruled(Counted())  # type: ignore[arg-type]  # a stand-in
    scorer.score(texts, ["de"] * 4)
    assert asked == [4, 1]
    scorer.score(texts[:2], ["de"] * 2)
    assert asked == [4, 1, 2]


@pytest.mark.parametrize(
    "text",
    ["„" * 2_000, "' '" * 700, '"' * 2_001, "nicht " * 400 + "Idiot", "> \n" * 700, "call " * 400],
)
def test_no_text_is_dear_to_look_at(text: str) -> None:
    why(f"Idiot {text}")  # ends; a pattern that goes back over and over would not


def test_a_mark_is_the_same_alone_and_in_any_batch() -> None:
    texts = [s.text for s in TUNED]
    langs = [s.lang for s in TUNED]
    together = doubts(LINEAR, texts, LINEAR.score(texts, langs))
    alone = {i: found for i, s in enumerate(TUNED) if (found := why(s.text, s.lang))}
    assert together == alone
