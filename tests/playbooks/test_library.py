"""The shipped playbooks keep what they promise."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.words import TRIPWIRE_NAMES
from detectors.detection import Level
from playbooks.actions import ACTIONS
from playbooks.load import load_library
from playbooks.match import GENERAL
from playbooks.playbook import ROLE_WORDS, Playbook, Role, Text, Trigger

LIBRARY = load_library()


def texts(playbook: Playbook) -> list[Text]:
    found = [playbook.title, playbook.summary]
    for step in playbook.steps:
        found += [step.title, step.text, *step.questions]
    return found


def test_three_playbooks_are_shipped() -> None:
    assert sorted(LIBRARY) == ["abrechnungsfehler", "allgemein", "produktgefahr"]


def test_the_general_one_asks_for_nothing_but_the_level() -> None:
    trigger = LIBRARY[GENERAL].trigger
    assert trigger == Trigger(min_level=Level.STRONG_WIND)


@pytest.mark.parametrize("id", sorted(LIBRARY))
def test_the_first_hour_has_seven_to_nine_steps_and_begins_within_ten_minutes(id: str) -> None:
    steps = LIBRARY[id].steps
    assert 7 <= len(steps) <= 9
    assert steps[0].due <= timedelta(minutes=10)
    assert steps[-1].due <= timedelta(hours=2)


@pytest.mark.parametrize("id", sorted(LIBRARY))
def test_every_text_is_there_in_both_languages_and_they_differ(id: str) -> None:
    for text in texts(LIBRARY[id]):
        assert text.de != text.en, text.de


@pytest.mark.parametrize("id", sorted(LIBRARY))
def test_nobody_is_addressed_and_nothing_is_shouted(id: str) -> None:
    """Voice of the house: nouns and infinitives, no exclamation marks."""
    for text in texts(LIBRARY[id]):
        assert "!" not in text.de + text.en
        assert not {"du", "dein", "Ihr", "Ihre", "Ihnen"} & set(text.de.split())


@pytest.mark.parametrize("id", sorted(LIBRARY))
def test_somebody_checks_before_anybody_speaks(id: str) -> None:
    steps = LIBRARY[id].steps
    speaks = next(i for i, s in enumerate(steps) if s.action == "hold_statement")
    assert speaks >= 3
    assert steps[0].questions, "the first step asks whether it is real"


@pytest.mark.parametrize("id", sorted(LIBRARY))
def test_posts_are_paused_before_the_statement_goes_out(id: str) -> None:
    actions = [s.action for s in LIBRARY[id].steps]
    assert actions.index("pause_posts") < actions.index("hold_statement")


def test_every_tripwire_that_a_trigger_names_is_shipped() -> None:
    assert load_library(tripwires=set(TRIPWIRE_NAMES)) == LIBRARY


def test_every_role_has_words_in_both_languages() -> None:
    assert set(ROLE_WORDS) == set(Role)


def test_every_action_says_what_to_do_by_hand() -> None:
    for name, action in ACTIONS.items():
        assert action.name == name
        assert action.by_hand.de != action.by_hand.en
