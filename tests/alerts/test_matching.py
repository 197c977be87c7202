"""Matchers: what is written is what is meant, and what nobody can mean is refused with an example."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.matching import Comparison, Field, Matcher, ceiling, matches, parse, show
from detectors.detection import Level, Reason, ReasonCode
from tests.alerts.samples import alert

NOON = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)  # 12:00 in Berlin
SEEN = replace(
    alert(),
    topic="acme-bahn",
    brand="acme",
    level=Level.STRONG_WIND,
    timezone="Europe/Berlin",
    languages=("de", "en"),
    sources=("forum",),
    tags=("Strike",),
    terms=("double charge", "hotline"),
    reasons=(
        Reason(ReasonCode.NEGATIVE_BURST, 30, 7),
        Reason(ReasonCode.TRIPWIRE, 1, 3, met=False),
    ),
)


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("", True),
        ("topic=acme-bahn", True),
        ("topic=other,acme-*", True),
        ("topic=acme", False),
        ("topic!=acme-bahn", False),
        ("BRAND=Acme", True),
        ("level<=4", True),
        ("level>=5", False),
        ("level=3,4", True),
        ("level!=4", False),
        ("language=en", True),
        ("language!=en", False),
        ("language!=fr", True),
        ("source=forum topic=acme-bahn", True),
        ("source=forum topic=other", False),
        ("tag=#strike", True),
        ('term="double charge"', True),
        ("term=double*", True),
        ("reason=negative_burst", True),
        ("reason=tripwire", False),  # a reason that was not met is none
        ("hour=12-13", True),
        ("hour=22-6", False),
        ("hour=11:30-12", False),  # the end is left out
        ("hour=12-12", True),  # all day
        ("hour!=22-6", True),
    ],
)
def test_a_text_of_matchers_means_what_it_says(text: str, fits: bool) -> None:
    assert matches(parse(text), SEEN, NOON) is fits


def test_hours_are_those_of_the_alerts_zone() -> None:
    late = datetime(2026, 7, 1, 20, 30, tzinfo=UTC)  # 22:30 in Berlin, summer
    assert matches(parse("hour=22-6"), SEEN, late)
    assert not matches(parse("hour=22-6"), replace(SEEN, timezone="UTC"), late)


def test_what_an_alert_does_not_have_fits_no_equal_sign() -> None:
    bare = replace(SEEN, brand="", languages=(), tags=())
    assert not matches(parse("brand=*"), bare, NOON)
    assert not matches(parse("language=*"), bare, NOON)
    assert matches(parse("brand!=acme"), bare, NOON)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("topc=acme", 'did you mean "topic"?'),
        ("topic", "is no matcher"),
        ("topic=", "is no matcher"),
        ("topic=a, level=4", "is no matcher"),
        ("level<=seven", "from 0 to 6"),
        ("topic<=acme", "is for one level"),
        ("level<=3,4", "is for one level"),
        ("hour=25-3", "span of local time"),
        ("hour=noon", "span of local time"),
        ('topic=""', "a value is empty"),
        ("topic=a " * 21, "at most 20"),
        ("x" * 2001, "at most 2000"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_was_expected(text: str, says: str) -> None:
    with pytest.raises(ValueError, match="expected") as caught:
        parse(text)
    assert says in str(caught.value)


def test_the_highest_level_that_is_let_through() -> None:
    assert ceiling(parse("topic=a level<=4")) is Level.STRONG_WIND
    assert ceiling(parse("level=3,5 level<=6")) is Level.STORM
    assert ceiling(parse("level>=4")) is None


NAMES = st.text(st.characters(exclude_characters='"', exclude_categories=["C"]), min_size=1).filter(
    str.strip
)


@st.composite
def matchers(draw: st.DrawFn) -> Matcher:
    field = draw(st.sampled_from(list(Field)))
    if field is Field.LEVEL:
        comparison = draw(st.sampled_from(list(Comparison)))
        return Matcher(field, (draw(st.sampled_from("0123456")),), comparison)
    comparison = draw(st.sampled_from([Comparison.IS, Comparison.NOT]))
    if field is Field.HOUR:
        return Matcher(field, (draw(st.sampled_from(["22-6", "0-24", "8:15-9:45"])),), comparison)
    return Matcher(field, tuple(draw(st.lists(NAMES, min_size=1, max_size=3))), comparison)


@given(st.lists(matchers(), max_size=5))
def test_what_is_shown_is_read_as_the_same(made: list[Matcher]) -> None:
    assert parse(show(made)) == tuple(made)


@given(st.text(max_size=80))
def test_no_text_does_anything_but_mean_something_or_be_refused(text: str) -> None:
    try:
        found = parse(text)
    except ValueError:
        return
    matches(found, SEEN, NOON)
    assert parse(show(found)) == found
