"""Tripwires: words of danger, and what only looks like them."""

from __future__ import annotations

import tomllib
from importlib import resources

import pytest

from detectors.fold import fold
from detectors.thresholds import THRESHOLDS
from detectors.tripwires import LANGUAGES, Tripwires

WIRES = Tripwires.load()


@pytest.mark.parametrize(
    ("text", "lang", "category"),
    [
        ("Bei dem Unfall wurden zwei Fahrgäste SCHWER VERLETZT", "de", "injury"),
        ("Mein Kind liegt im Krankenhaus nach eurem Joghurt", "de", "injury"),
        ("Salmonellen in der Wurst!", "de", "poisoning"),
        ("Der Akku brennt lichterloh", "de", "fire_explosion"),
        ("Warum gibt es keine Info? Die Rückrufaktion läuft doch schon", "de", "recall"),
        ("Datenleck: alle Kundendaten im Netz", "de", "data_leak"),
        ("Razzia in der Zentrale", "de", "raid"),
        ("ich weiss wo ihr wohnt", "de", "threat"),
        ("Es gab ein Todesopfer", "de", "death"),
        ("Kinderarbeit in der Lieferkette", "de", "abuse"),
        ("three people were injured on your train", "en", "injury"),
        ("Got food poisoning from this place", "en", "poisoning"),
        ("my charger caught fire", "en", "fire_explosion"),
        ("safety recall issued today", "en", "recall"),
        ("huge DATA BREACH at acme", "en", "data_leak"),
        ("police raid at their office", "en", "raid"),
        ("i know where you live", "en", "threat"),
        ("a passenger was found dead", "en", "death"),
        # a language that could not be told, or that has no list, is tried against all
        ("Datenleck", "", "data_leak"),
        ("data breach", "und", "data_leak"),
        ("ransomware chez acme", "fr", "data_leak"),
    ],
)
def test_danger_is_found(text: str, lang: str, category: str) -> None:
    assert WIRES.hit(text, lang) == category


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("Zum Glück wurde niemand schwer verletzt", "de"),
        ("schwer verletzt wurde niemand", "de"),
        ("Es gibt keine Todesopfer", "de"),
        ("Das ist keine Rückrufaktion", "de"),
        ("Ich warte seit Tagen auf euren Rückruf", "de"),
        ("ohne Datenleck wäre das nicht passiert", "de"),
        ("luckily no one was injured", "en"),
        ("there wasn't a data breach", "en"),
        ("nobody was seriously injured", "en"),
        ("never had food poisoning here", "en"),
        ("der Zug ist wieder zu spät, unglaublich", "de"),
        ("this is the bomb, I love it", "en"),
        ("Bomberjacke im Angebot", "de"),
        ("", "de"),
    ],
)
def test_what_is_denied_or_harmless_is_not(text: str, lang: str) -> None:
    assert WIRES.hit(text, lang) == ""


@pytest.mark.parametrize(
    ("text", "lang", "category"),
    [
        ("kein Rückruf, aber Salmonellen", "de", "poisoning"),
        ("nicht nur Salmonellen, auch Listerien", "de", "poisoning"),
        ("Nobody cares. A battery exploded", "en", "fire_explosion"),
        ("Es gab keine Hilfe. Zwei wurden verletzt.", "de", "injury"),
    ],
)
def test_a_denial_reaches_no_further_than_its_clause(text: str, lang: str, category: str) -> None:
    assert WIRES.hit(text, lang) == category


def test_own_lists_go_beside_the_shipped_ones() -> None:
    wires = Tripwires.load({"de": {"strike": ["streikaufruf"]}, "fr": {"recall": ["rappel"]}})
    assert wires.hit("Streikaufruf für Montag", "de") == "strike"
    assert wires.hit("Razzia", "de") == "raid"
    assert wires.hit("rappel de produits", "fr") == "recall"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_shipped_category_has_its_number_of_voices_and_clean_phrases(lang: str) -> None:
    text = resources.files("detectors.tripwires").joinpath(f"{lang}.toml").read_text("utf-8")
    lists = tomllib.loads(text)
    for category, entry in lists.items():
        assert f"trip_{category}" in THRESHOLDS
        phrases = [fold(p) for p in entry["phrases"]]
        assert len(phrases) == len(set(phrases)), category
        for phrase in entry["phrases"]:
            assert len(phrase) >= 4, phrase


def test_both_languages_have_the_same_categories() -> None:
    found = [
        set(
            tomllib.loads(
                resources.files("detectors.tripwires").joinpath(f"{x}.toml").read_text("utf-8")
            )
        )
        for x in LANGUAGES
    ]
    assert found[0] == found[1]
