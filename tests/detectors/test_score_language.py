"""Which language a short text is taken for, with and without a word from its source."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from detectors.score.evaluate import read_labelled
from detectors.score.features import extract, plain
from detectors.score.language import detect, languages, primary, votes
from detectors.score.linear import LinearScorer

SCORER = LinearScorer.load()
BESIDE = Path(__file__).resolve().parents[2] / ".." / "shared" / "data"
DATA = Path(os.environ.get("STURMGLAS_DATA", str(BESIDE)))


def language(text: str, stated: str = "") -> str:
    return SCORER.score([text], [stated]).langs[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Endlich Wochenende!", "de"),
        ("Was für ein Saftladen", "de"),
        ("Bahn verspätet, schon wieder", "de"),
        ("Can't wait for tomorrow", "en"),
        ("Delivery still missing, great", "en"),
        ("Le train est encore en retard ce matin", "fr"),
        ("El tren llega tarde otra vez y nadie dice nada", "es"),
        ("Il treno è di nuovo in ritardo", "it"),
        ("O trem está atrasado de novo e ninguém fala nada", "pt"),
        ("De trein is vandaag weer te laat", "nl"),
        ("Tåget är försenat igen och jag är inte glad", "sv"),
        ("Pociąg jest znowu opóźniony i nie wiem co robić", "pl"),
        ("Tren bugün çok geç kaldı ve kimse bir şey demiyor", "tr"),
        ("Поезд опять опаздывает", "ru"),
        ("القطار متأخر مرة أخرى", "ar"),
        ("ट्रेन फिर से लेट है", "hi"),
        ("電車がまた遅れています", "ja"),
        ("기차가 또 늦었어요", "ko"),
        ("😡😡", "und"),
        ("", "und"),
    ],
)
def test_texts_without_a_stated_language(text: str, expected: str) -> None:
    assert language(text) == expected


@pytest.mark.parametrize(
    ("text", "stated", "expected"),
    [
        ("Mega Album", "de", "de"),
        ("Mega Album", "en", "en"),
        ("ok", "de-AT", "de"),
        ("ok", "EN_us", "en"),
        ("ok", "fr", "fr"),
        ("Der Zug ist schon wieder zu spät und niemand sagt etwas dazu", "fr", "de"),
        ("The train is late again and nobody tells us why this happens", "de", "en"),
        ("Поезд опаздывает", "uk", "uk"),
        ("Поезд опаздывает", "de", "ru"),
        ("Der Zug ist zu spät", "und", "de"),
    ],
)
def test_a_stated_language_is_believed_unless_clearly_contradicted(
    text: str, stated: str, expected: str
) -> None:
    assert language(text, stated) == expected


@pytest.mark.parametrize(
    ("tag", "expected"),
    [("de", "de"), ("DE-at", "de"), ("en_US", "en"), ("und", ""), ("", ""), ("x-klingon", ""),
     ("deutsch", ""), ("zxx", ""), ("日本", ""), ("gsw-CH", "gsw")],
)  # fmt: skip
def test_only_a_real_tag_is_a_claim(tag: str, expected: str) -> None:
    assert primary(tag) == expected


def test_votes_count_function_words_and_letters() -> None:
    features = extract([plain("und das ist schön"), plain("zzz"), plain("the and you")])
    cast = votes(features)
    german, english = languages().index("de"), languages().index("en")
    assert cast[0].argmax() == german
    assert not cast[1].any()
    assert cast[2].argmax() == english


def test_the_vote_alone_tells_german_from_english() -> None:
    features = extract(["der zug ist nicht da", "the train is not here", "de trein is er niet"])
    names, readable = detect(features, None, ["", "", ""])
    assert names == ["de", "en", "nl"]
    assert readable.all()


@pytest.mark.data
@pytest.mark.skipif(not DATA.is_dir(), reason=f"labelled texts are not at {DATA}")
@pytest.mark.parametrize(
    ("name", "expected", "least"),
    [("german", "de", 0.94), ("english", "en", 0.98), ("french", "fr", 0.94),
     ("spanish", "es", 0.90), ("italian", "it", 0.84), ("portuguese", "pt", 0.75)],
)  # fmt: skip
def test_tweets_of_six_languages(name: str, expected: str, least: float) -> None:
    texts = [text for _, text in read_labelled(DATA / f"umsab/{name}.validation.tsv")]
    found = SCORER.score(texts, [""] * len(texts)).langs
    assert found.count(expected) / len(found) >= least
    if expected not in ("de", "en"):
        assert (found.count("de") + found.count("en")) / len(found) <= 0.02
