"""Which playbook is offered, and why."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.detection import Level
from playbooks.load import load_library
from playbooks.match import Match, MatchCode, match, term_pattern, why_text
from playbooks.playbook import Playbook, Trigger

LIBRARY = load_library()


def ids(found: list[Match]) -> list[str]:
    return [m.playbook.id for m in found]


def offered(level: int = 4, terms: list[str] | None = None, **rest: object) -> list[Match]:
    tripwires = rest.get("tripwires", ())
    assert isinstance(tripwires, (tuple, list))
    return match(
        LIBRARY, level=Level(level), topic="t", brand="b", terms=terms or [], tripwires=tripwires
    )


def playbook(id: str, **trigger: object) -> Playbook:
    return replace(LIBRARY["allgemein"], id=id, trigger=Trigger(**trigger))  # type: ignore[arg-type]


def test_a_storm_about_bills_gets_the_billing_playbook_first_and_the_general_one_beside() -> None:
    found = offered(4, ["Doppelabbuchung", "Nordlicht hat zweimal abgebucht"])
    assert ids(found) == ["abrechnungsfehler", "allgemein"]
    assert found[0].why == ("term:abbuchung", "term:abgebucht", "level:3")


def test_a_tripwire_outranks_any_number_of_terms() -> None:
    found = offered(5, ["abbuchung rechnung refund outage billing"], tripwires=["recall"])
    assert ids(found) == ["produktgefahr", "abrechnungsfehler", "allgemein"]


def test_nothing_is_offered_below_the_level_of_every_playbook() -> None:
    assert offered(2, ["abbuchung"], tripwires=["recall"]) == []


def test_from_level_four_something_is_always_offered() -> None:
    own = [playbook("rail", topics=("rail",)), playbook("app", topics=("app",), brands=("b",))]
    found = match(own, level=Level.STRONG_WIND, topic="other")
    assert ids(found) == ["rail"], "the one that states least"
    assert found[0].why == ("nothing_else",)
    assert match(own, level=Level.FRESH_BREEZE, topic="other") == []
    assert match([], level=Level.HURRICANE, topic="other") == []


def test_all_that_a_trigger_states_must_hold() -> None:
    own = [playbook("both", topics=("t",), terms=("panne",)), LIBRARY["allgemein"]]
    assert ids(match(own, level=Level.STORM, topic="t", terms=["alles gut"])) == ["allgemein"]
    assert ids(match(own, level=Level.STORM, topic="u", terms=["Panne"])) == ["allgemein"]
    assert ids(match(own, level=Level.STORM, topic="t", terms=["Panne"])) == ["both", "allgemein"]


def test_the_brand_is_compared_without_case() -> None:
    own = [playbook("ours", brands=("Nordlicht",))]
    found = match(own, level=Level.STORM, topic="t", brand="nordlicht")
    assert found[0].why == ("brand:Nordlicht", "level:4")


@pytest.mark.parametrize(
    ("term", "text", "hit"),
    [
        ("gift", "das ist gift", True),
        ("gift", "eine giftige sache", False),  # whole words, unless asked for more
        ("gift*", "eine giftige sache", True),
        ("*abbuchung*", "die doppelabbuchungen", True),
        ("charged twice", "was charged  twice", True),
        ("charged twice", "discharged twice", False),
        ("a.b", "a-b", False),  # nothing in a term is a pattern but the star at its ends
        ("straße", "STRASSE".casefold(), True),
    ],
)
def test_terms_are_whole_words_unless_they_have_a_star(term: str, text: str, hit: bool) -> None:
    assert bool(term_pattern(term).search(text)) is hit


@given(
    st.integers(0, 6),
    st.lists(st.sampled_from(["Abbuchung", "Ausfall", "refund", "Sonne", "(((", "*"]), max_size=6),
    st.lists(st.sampled_from(["recall", "injury", "own"]), max_size=3),
    st.randoms(),
)
def test_the_order_of_what_comes_in_does_not_matter(
    level: int, terms: list[str], tripwires: list[str], chance: object
) -> None:
    def once(playbooks: list[Playbook]) -> list[Match]:
        return match(playbooks, level=Level(level), topic="t", terms=terms, tripwires=tripwires)

    there = once(list(LIBRARY.values()))
    back = once(list(LIBRARY.values())[::-1])
    assert there == back
    if level >= 4:
        assert there


def test_every_reason_has_words_in_both_languages() -> None:
    for code in MatchCode:
        assert why_text(f"{code}:x", "de") != why_text(f"{code}:x", "en")
    assert why_text("term:abbuchung", "de") == "Im Ausbruch kommt „abbuchung“ vor"
    assert why_text("tripwire:recall", "de") == "Signalwort für Rückruf"
    assert why_text("tripwire:signalausfall", "en") == "tripwire: signalausfall"
    assert why_text("by hand", "de") == "by hand"
