"""The card on the incident page: onset, words, people without names, what would have silenced it."""

from __future__ import annotations

import re
from dataclasses import replace

from dashboards.web import render
from dashboards.web.views import AuthorView
from detectors.detection import Level
from tests.dashboards import incident_scenes, situation_scenes
from tests.dashboards.incident_scenes import CARD


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html))


def test_it_says_since_when_to_the_second_how_rare_and_who_is_new() -> None:
    said = text(render.incident(incident_scenes.incident("de")))
    assert "Als es Stufe 5 wurde" in said
    assert "erster Beitrag 14:03:41, seither 137 negativ" in said
    assert "142 negativ in der Stunde davor" in said
    assert "so viel auf einmal: 1× in 11 Jahren" in said
    assert "61 % von 98 Personen schrieben hier zum ersten Mal" in said


def test_what_would_have_silenced_it_is_said_as_the_alert_says_it() -> None:
    german = text(render.incident(incident_scenes.incident("de")))
    assert "mit höchstens 7 der 98 negativen Stimmen" in german
    assert (
        "mit höchstens 2,9× statt 19× dem Üblichen und höchstens 2 von 3 am Stolperdraht" in german
    )
    english = text(render.incident(incident_scenes.incident("en")))
    assert "with at most 7 of the 98 negative voices" in english


def test_an_author_without_a_name_is_told_apart_by_a_key() -> None:
    said = text(render.incident(incident_scenes.incident("en")))
    assert "@zaehlerstand_kiel" in said
    assert "person 03fa9a" in said


def test_words_and_names_on_it_are_hostile_text() -> None:
    bad = replace(
        CARD,
        terms=(replace(CARD.terms[0], term="<b>x</b>"),),
        authors=(AuthorView("00", "<i>me", 1, 1, new=True),),
    )
    html = render.incident(incident_scenes.incident("de", card=bad))
    assert "<b>x</b>" not in html
    assert "&lt;b&gt;x" in html
    assert "@<i>" not in html


def test_a_card_of_nobody_in_no_words_is_still_drawn() -> None:
    bare = replace(
        CARD,
        level=Level.FRESH_BREEZE,
        days=0.0,
        authors_known=0,
        terms=(),
        authors=(),
        sources=(),
        langs=(),
        silent=(),
    )
    said = text(render.incident(incident_scenes.incident("en", card=bare)))
    assert "When it became level 3" in said
    assert "no people stated" in said
    assert "this much at once" not in said


def test_an_incident_from_before_cards_has_none() -> None:
    assert 'id="ca"' not in render.incident(incident_scenes.incident("de", card=None))


def test_the_situation_room_names_the_same_silencers() -> None:
    view = situation_scenes.storm("de")
    assert view.detail is not None
    shown = replace(view, detail=replace(view.detail, silent=CARD.silent))
    assert "mit höchstens 7 der 98 negativen Stimmen" in text(render.situation(shown))
    assert 'class="list-b"' not in render.situation(
        replace(view, detail=replace(view.detail, silent=()))
    )
