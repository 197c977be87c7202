"""Query health: names that a query lacks, a sample by chance, and how sure its share is."""

from __future__ import annotations

import doctest
from dataclasses import replace

import pytest

from detectors import query_health
from detectors.query_health import Mark, Said, Sort, precision, sample, suggest
from detectors.topic import Query, Topic
from tests.builders import T0, TOPIC

RAIL = Topic(
    TOPIC,
    "Acme Bahn",
    Query(any=("acme bahn", "#acmebahn"), none=("modellbahn",)),
    rivals={"Nordzug": Query(any=("nordzug",))},
)


def posts(text: str, count: int = 20, *, first: int = 1) -> list[Said]:
    return [Said(f"{text} ({n})", first + n) for n in range(count)]


def elsewhere(count: int = 200) -> list[Said]:
    return [Said(f"Am Morgen sah ich Neue Züge, #montag @alle ({n})", n) for n in range(count)]


def names(found: list[query_health.Suggestion]) -> list[str]:
    return [s.term for s in found]


def test_the_examples_hold() -> None:
    failed, tried = doctest.testmod(query_health)
    assert (failed, tried > 0) == (0, True)


def test_what_stands_here_often_and_rarely_elsewhere_is_suggested() -> None:
    here = [
        *posts("Die Acme Bahn steht, #bahnchaos und @acme_hilft schweigt, kauft keine BahnCard"),
        *posts("Heute sagte die Frau Petra Müller Neues zur Acme Bahn", 12, first=50),
        *posts("Acme Bahn fährt, #montag", 60, first=100),
    ]
    found = {s.term: s for s in suggest(RAIL, here, elsewhere())}
    assert found["#bahnchaos"].sort is Sort.HASHTAG
    assert found["@acme_hilft"].sort is Sort.HANDLE
    assert found["bahncard"].sort is Sort.NAME
    assert "petra mueller" in found
    assert "#montag" not in found  # of all topics
    assert (found["#bahnchaos"].posts, found["#bahnchaos"].elsewhere) == (20, 0.0)
    assert found["#bahnchaos"].share == pytest.approx(20 / 92)
    assert found["#bahnchaos"].z > found["petra mueller"].z


@pytest.mark.parametrize(
    "text",
    [
        "Das sagt #AcmeBahn",  # the query names it
        "Das sagt #acmebahnstreik",  # holds what it names
        "Das sagt @Modellbahn",  # it says that this is not meant
        "Das sagt @nordzug",  # a rival
        "siehe https://example.org/#petition",  # part of an address
        "Der Zug und die Strecke",  # nouns of German
        "Neue Strecke nach Seeburg",  # the first word of a sentence
    ],
)
def test_what_is_named_already_or_is_no_name_is_not_suggested(text: str) -> None:
    assert names(suggest(RAIL, posts(text), elsewhere())) == []


def test_one_persons_signature_and_what_stands_in_few_posts_are_not_suggested() -> None:
    one = [Said(f"Gruß, #derklaus ({n})", 7) for n in range(40)]
    few = posts("Nur #selten", 4)
    unknown = [Said(f"Ohne Namen, #viele ({n})") for n in range(40)]
    assert names(suggest(RAIL, [*one, *few, *unknown], elsewhere())) == ["#viele"]


def test_with_nothing_to_compare_what_stands_most_often_is_suggested() -> None:
    here = [*posts("#einmal", 10), *posts("#oft", 30, first=60)]
    assert names(suggest(RAIL, here, [])) == ["#oft", "#einmal"]
    assert suggest(RAIL, [], []) == []


def test_the_sample_is_drawn_by_chance_and_the_same_for_everybody() -> None:
    nums = list(range(1, 1001))
    drawn = sample("a", "2026-11", nums)
    assert drawn == sample("a", "2026-11", list(reversed(nums)))
    assert len(set(drawn)) == 20
    assert 300 < sum(drawn) / 20 < 700  # not the first ones, nor the newest
    assert set(drawn) != set(sample("b", "2026-11", nums)) != set(sample("a", "2026-12", nums))
    assert len(set(drawn) - set(sample("a", "2026-11", [*nums, 1001]))) <= 1
    assert sample("a", "2026-11", nums[:3]) != []


def marks(ours: int, marked: int) -> list[Mark]:
    mark = Mark(TOPIC, 0, "2026-11", True, "kim", T0)
    return [replace(mark, num=n, ours=n < ours) for n in range(marked)]


@pytest.mark.parametrize(
    ("ours", "marked", "known", "too_low"),
    [
        (0, 0, False, False),
        (0, 9, False, False),  # too few to say anything
        (7, 10, True, True),
        (8, 10, True, False),
        (16, 20, True, False),
        (15, 20, True, True),
    ],
)
def test_below_eighty_percent_it_is_too_low(
    ours: int, marked: int, known: bool, too_low: bool
) -> None:
    found = precision(marks(ours, marked))
    assert (found.ours, found.marked, found.known, found.too_low) == (ours, marked, known, too_low)


def test_the_interval_is_wilsons() -> None:
    found = precision(marks(16, 20))
    assert (found.low, found.high) == pytest.approx((0.584, 0.919), abs=0.001)
    assert (precision([]).low, precision([]).high) == (0.0, 1.0)
