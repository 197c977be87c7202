"""Whose storm is it? A namesake's words are strange, a scandal's new words are not. Invented texts."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import timedelta

import pytest

from detectors.thresholds import Thresholds
from detectors.topic import Query
from detectors.vocabulary import (
    ENOUGH,
    LIMIT,
    NOTHING,
    Vocabulary,
    learn,
    names_of,
    strange,
    vocabulary_json,
    vocabulary_of,
)
from tests import builders as b

POWER = Query(any=("nordlicht", "@nordlicht_energie", "nordlicht energie"))
BREWERY = Query(any=("falcon", "#falconbeer"))
THRESHOLD = Thresholds()["strange"]

USUAL_DE = (
    "Nordlicht hat meinen Abschlag schon wieder erhöht, {}",
    "Die Rechnung von Nordlicht stimmt nicht, {}",
    "Wer kennt einen besseren Stromtarif als Nordlicht? {}",
    "Zähler abgelesen und in der App von Nordlicht eingetragen, {}",
    "Nordlicht liefert bei uns Strom und Gas, {}",
    "Wechsel zu Nordlicht, Vertrag kam per Post, {}",
    "Hotline von Nordlicht erreicht, Techniker kommt, {}",
)
USUAL_EN = (
    "Falcon pale ale on tap again, {}",
    "Bottles of Falcon lager were flat, {}",
    "The Falcon brewery tour and the taproom, {}",
    "Falcon beer at the pub quiz, {}",
    "New cans by Falcon, hops and malt, {}",
    "A pint of Falcon stout and crisps, {}",
)
ASIDES = tuple(
    """
garten fenster kaffee regen sonne hund katze brille schrank teppich lampe strasse ampel fahrrad schule
pause kuchen suppe nudeln salat gabel teller tasse jacke schuhe mantel schal mütze koffer urlaub strand
berg wald wiese fluss brücke turm kirche markt bäcker friseur zahnarzt onkel tante cousin nachbar chef
kollege büro drucker papier stift ordner kalender uhrwerk wecker bett kissen decke vorhang balkon blume
tulpe rose kaktus gras hecke zaun tor garage auto motor reifen bremse tank lenkrad gurt sitz radio lied
geige trommel chor bühne theater kino roman gedicht zeitung rätsel karte würfel schach puppe ball drachen
""".split()  # noqa: SIM905 - a hundred words are read as a text
)
"""What else people mention: so many things that each is rare."""

FOOTBALL_DE = (
    "Nordlicht verschießt den Elfmeter, was für ein Versager",
    "Dieser Trainer macht Nordlicht kaputt, Abstieg droht, furchtbar",
    "Nordlicht kassiert das dritte Tor, Abwehr schläft, peinlich",
    "Schiedsrichter verpfeift das Derby, Nordlicht ein Witz, Abstieg",
    "Elfmeter für Nordlicht wär klar gewesen, Schiedsrichter blind",
    "Nordlicht: Trainer raus! Drittes Tor nach Ecke, schlimm",
)
BIRD_EN = (
    "Someone shot a falcon near the nest, disgusting poachers",
    "The falcon chicks were poisoned, poachers again, horrible",
    "Falcon nest destroyed, rangers furious, poachers vile",
    "Poisoned falcon found by rangers, sick people",
    "Rangers say the falcon chicks starved after the nest was robbed, awful",
    "Poachers took the falcon chicks, shame on them",
)
SCANDAL_DE = (
    "Nordlicht soll Minister bestochen haben, Razzia im Vorstand, unfassbar",
    "Bestechung bei Nordlicht, und ich zahle brav meinen Abschlag, widerlich",
    "Razzia bei Nordlicht wegen Schmiergeld, ich kündige meinen Vertrag",
    "Schmiergeld vom Vorstand! Nordlicht finanziert das mit unseren Rechnungen",
    "Nordlicht: Bestechung, Minister, Razzia. Für meinen Strom nie wieder die",
    "Vorstand von Nordlicht verhaftet, Schmiergeld, ekelhaft",
)
SCANDAL_EN = (
    "Falcon owner filmed harassing barmaids, never drinking that lager again",
    "Harassing barmaids for years, boycott Falcon, pour their beer away",
    "Boycott Falcon. Barmaids silenced, lawyers hired, disgusting",
    "Barmaids speak out about the Falcon owner, my pub drops their ale",
    "Lawyers of Falcon threaten barmaids, what a vile brewery",
    "Boycott! Falcon lawyers, harassing, shame. Hand me another beer instead",
)


def usual(texts: Sequence[str], n: int = 1_000, seed: int = 1) -> list[str]:
    rng = random.Random(seed)
    return [rng.choice(texts).format(rng.choice((*ASIDES, *[""] * 100))) for _ in range(n)]


def said(texts: Sequence[str], n: int = 60, seed: int = 2) -> list[str]:
    rng = random.Random(seed)
    return [f"{rng.choice(texts)}! {rng.choice(ASIDES)}" for _ in range(n)]


GERMAN = learn(NOTHING, usual(USUAL_DE), POWER, b.T0)
ENGLISH = learn(NOTHING, usual(USUAL_EN), BREWERY, b.T0)


@pytest.mark.parametrize(
    ("texts", "known", "query"), [(FOOTBALL_DE, GERMAN, POWER), (BIRD_EN, ENGLISH, BREWERY)]
)
def test_a_namesakes_storm_is_strange(
    texts: tuple[str, ...], known: Vocabulary, query: Query
) -> None:
    assert strange(said(texts), known, query) >= THRESHOLD


@pytest.mark.parametrize(
    ("texts", "known", "query"), [(SCANDAL_DE, GERMAN, POWER), (SCANDAL_EN, ENGLISH, BREWERY)]
)
def test_a_scandal_with_new_words_is_ours(
    texts: tuple[str, ...], known: Vocabulary, query: Query
) -> None:
    share = strange(said(texts), known, query)
    assert 0 < share < THRESHOLD  # some posts say nothing but the new words, and that is no matter


def test_the_usual_anger_is_not_strange_at_all() -> None:
    angry = [f"Frechheit! {text}" for text in usual(USUAL_DE, 60, seed=9)]
    assert strange(angry, GERMAN, POWER) == 0.0


def test_a_namesakes_storm_beside_our_own_hides_nothing() -> None:
    ours = [f"Frechheit! {text}" for text in usual(USUAL_DE, 40, seed=9)]
    assert strange([*said(FOOTBALL_DE, 60), *ours], GERMAN, POWER) < THRESHOLD


def test_who_writes_our_handle_or_full_name_means_us() -> None:
    football = said(FOOTBALL_DE)
    assert strange([f"@nordlicht_energie {t}" for t in football], GERMAN, POWER) == 0.0
    assert strange([f"{t} Nordlicht Energie" for t in football], GERMAN, POWER) == 0.0
    # Where the query has only the long name, the long name may be somebody else's.
    alone = Query(any=("nordlicht energie",))
    known = learn(NOTHING, usual(USUAL_DE), alone, b.T0)
    assert strange([f"{t} Nordlicht Energie" for t in football], known, alone) >= THRESHOLD


def test_a_young_memory_says_nothing() -> None:
    young = learn(NOTHING, usual(USUAL_DE, int(ENOUGH) - 1), POWER, b.T0)
    assert strange(said(FOOTBALL_DE), young, POWER) == 0.0
    assert strange(said(FOOTBALL_DE), NOTHING, POWER) == 0.0


def test_a_brand_without_words_of_its_own_says_nothing() -> None:
    rng = random.Random(3)
    noise = [
        "Nordlicht " + "".join(rng.choices("bdfgklmnprst" * 2 + "aeiou", k=9)) for _ in range(500)
    ]
    known = learn(NOTHING, noise, POWER, b.T0)
    assert known.coverage < 0.5
    assert strange(said(FOOTBALL_DE), known, POWER) == 0.0


def test_few_posts_are_no_share() -> None:
    assert strange(list(FOOTBALL_DE[:5]), GERMAN, POWER) == 0.0


def test_it_fails_where_a_scandal_speaks_of_nothing_that_is_usual() -> None:
    """Known, and written down: nobody here speaks as a customer. It is capped, shown and said why."""
    foreign = ("Nordlicht: Bestechung, Minister, Razzia", "Razzia! Nordlicht, Minister, Haft")
    assert strange(said(foreign), GERMAN, POWER) >= THRESHOLD


def test_it_fails_where_the_namesake_is_of_the_same_trade() -> None:
    other = ("Nordlicht in Norwegen: Strom weg", "Stromausfall, Nordlicht Oslo, Rechnung trotzdem")
    assert strange(said(other), GERMAN, POWER) == 0.0


# --- the memory -------------------------------------------------------------------------------


def test_what_is_not_said_any_more_fades() -> None:
    later = learn(GERMAN, usual(USUAL_EN, 50), POWER, b.T0 + timedelta(days=28))
    assert later.stems["strom"] == pytest.approx(GERMAN.stems["strom"] * 0.5**2.8, abs=0.01)
    gone = learn(GERMAN, (), POWER, b.T0 + timedelta(days=150))
    assert gone.stems == {}
    assert not gone.speaks


def test_it_is_bounded_whatever_is_said() -> None:
    rng = random.Random(4)
    texts = [
        " ".join("".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=8)) for _ in range(40))
        for _ in range(600)
    ]
    known = learn(GERMAN, texts, POWER, b.T0 + timedelta(days=1))
    assert len(known.stems) == LIMIT
    assert len(json.dumps(vocabulary_json(known))) < 48 * 1024
    assert known.usual("strom")  # what is said often stays, whatever else comes


def test_names_of_the_brand_are_no_words_of_its_vocabulary() -> None:
    assert names_of(POWER) == {"nordli", "energi"}
    assert "nordli" not in GERMAN.stems


def test_it_survives_as_json() -> None:
    assert vocabulary_of(json.loads(json.dumps(vocabulary_json(GERMAN)))) == GERMAN
    assert vocabulary_of(vocabulary_json(NOTHING)) == NOTHING


def test_learning_twice_from_the_same_gives_the_same() -> None:
    assert learn(NOTHING, usual(USUAL_DE), POWER, b.T0) == GERMAN
