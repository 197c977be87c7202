"""The invented world: the same however it is cut, rhythms, storms as stated, calm loud events."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.mention import Direction, Kind, Mention
from monitor.clock import stopwatch
from monitor.sources.synthetic import (
    DEMO_TOPICS,
    NORDLICHT,
    SILENT_SOURCE,
    LoudEvent,
    Outage,
    Storm,
    Tone,
    TruthKind,
    World,
    demo_story,
    demo_world,
)
from monitor.sources.world_texts import Voice, phrasebook

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
NOON = MONDAY + timedelta(days=1, hours=12)
NEGATIVE = (Tone.NEGATIVE, Tone.SARCASM)
STORM = Storm(NOON, peak_per_hour=1200, doubling=timedelta(minutes=10), start_per_hour=10)
WORLD = World(7, NORDLICHT, storms=(STORM,))


@settings(max_examples=12, deadline=None)
@given(cuts=st.lists(st.integers(0, 4 * 3600 * 1000), max_size=6))
def test_any_cut_gives_the_same_mentions(cuts: list[int]) -> None:
    low, high = NOON - timedelta(hours=3), NOON + timedelta(hours=1)
    whole = list(WORLD.mentions(low, high))
    edges = [low, *(low + timedelta(milliseconds=c) for c in sorted(cuts)), high]
    pieces = [m for a, b in pairwise(edges) for m in WORLD.mentions(a, b)]
    assert pieces == whole


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    def made(seed: int) -> bytes:
        world = demo_world(seed, MONDAY)
        return msgspec.json.encode(list(world.mentions(NOON, NOON + timedelta(hours=6))))

    assert made(1) == made(1)
    assert made(1) != made(2)


def test_every_mention_is_valid_on_the_wire_unique_and_in_order() -> None:
    mentions = list(WORLD.mentions(NOON, NOON + timedelta(hours=2)))
    assert msgspec.json.decode(msgspec.json.encode(mentions), type=list[Mention]) == mentions
    assert len({m.id for m in mentions}) == len(mentions)
    times = [m.published_at for m in mentions]
    assert times == sorted(times)


def test_replies_name_a_thread_that_was_really_begun() -> None:
    mentions = list(WORLD.mentions(NOON - timedelta(hours=12), NOON + timedelta(hours=2)))
    known = {(m.source, m.source_id) for m in mentions}
    late = [m for m in mentions if m.published_at > NOON - timedelta(hours=4) and m.parent_id]
    assert len(late) > 100
    assert all((m.source, m.parent_id) in known for m in late)


def test_days_and_weeks_have_their_rhythm() -> None:
    calm = World(3, NORDLICHT, per_day=1_500)
    week = Counter(m.published_at.hour for m in calm.mentions(MONDAY, MONDAY + timedelta(days=7)))
    assert sum(week[h] for h in (18, 19, 20)) > 5 * sum(week[h] for h in (1, 2, 3))
    days = Counter(
        m.published_at.date().weekday() for m in calm.mentions(MONDAY, MONDAY + timedelta(days=14))
    )
    assert days[5] + days[6] < 0.95 * (days[1] + days[2])


def test_a_storm_begins_grows_peaks_and_sounds_as_stated() -> None:
    made = [
        m
        for m in WORLD.labelled(NOON - timedelta(hours=1), NOON + timedelta(hours=8))
        if "storm" in m.strand
    ]
    assert min(m.mention.published_at for m in made) >= NOON
    negative = sum(m.tone in NEGATIVE for m in made if m.mention.kind is not Kind.ARTICLE)
    assert negative / len(made) == pytest.approx(0.85, abs=0.03)
    first = [m for m in made if m.mention.source == "kurznachrichten"]
    per_ten = Counter(int((m.mention.published_at - NOON).total_seconds() // 600) for m in first)
    assert per_ten[6] / per_ten[4] == pytest.approx(4, rel=0.4)  # two doublings later
    (truth,) = WORLD.truth()
    assert (truth.kind, truth.onset, truth.peak_per_hour) == (TruthKind.STORM, NOON, 1200)
    hour = [
        m
        for m in made
        if 0
        <= (m.mention.published_at - truth.peak_at - timedelta(minutes=40)).total_seconds()
        < 2400
    ]
    assert len(hour) * 1.5 == pytest.approx(1200, rel=0.15)
    assert len({m.mention.source for m in made}) == 5
    assert max(m.mention.published_at for m in made) < truth.end + timedelta(hours=1)


def test_sources_join_a_storm_one_after_the_other() -> None:
    firsts: dict[str, datetime] = {}
    for made in WORLD.labelled(NOON, NOON + timedelta(hours=4)):
        if made.strand.startswith("storm"):
            firsts.setdefault(made.mention.source, made.mention.published_at)
    for place, source in enumerate(STORM.sources):
        assert firsts[source] >= NOON + place * STORM.spread


def test_a_loud_event_is_loud_and_friendly_and_announced() -> None:
    world = World(5, NORDLICHT, events=(LoudEvent(NOON, peak_per_hour=900),))
    made = list(world.labelled(NOON - timedelta(hours=3), NOON + timedelta(hours=2)))
    event = [m for m in made if m.strand.startswith("event")]
    assert len(event) > 1400
    assert sum(m.tone in NEGATIVE for m in event) / len(event) < 0.08
    assert sum(m.tone is Tone.PRAISE for m in event) / len(event) > 0.5
    own = [m.mention for m in made if m.mention.direction is Direction.OWN]
    assert NOON - timedelta(hours=2) in [m.published_at for m in own]


def test_an_outage_silences_one_source() -> None:
    out = Outage("stadtforum", NOON, NOON + timedelta(hours=6))
    world = World(5, NORDLICHT, per_day=9000, outages=(out,))
    sources = Counter(m.source for m in world.mentions(NOON, NOON + timedelta(hours=6)))
    assert sources["stadtforum"] == 0
    assert sources["kurznachrichten"] > 500
    assert world.out("stadtforum", NOON)
    assert not world.out("stadtforum", NOON + timedelta(hours=6))


def test_texts_are_many_name_the_brand_and_read_like_posts() -> None:
    texts = [
        m.text for m in World(9, NORDLICHT, per_day=8000).mentions(NOON, NOON + timedelta(days=1))
    ]
    assert len(set(texts)) > 0.8 * len(texts)
    assert all("nordlicht" in text.casefold() for text in texts if len(text) > 0)
    assert 60 <= median(len(text) for text in texts) <= 160
    assert not any("{" in text or "  " in text for text in texts)


def test_near_copies_of_a_storm_are_near_copies() -> None:
    copies = [
        m.mention.text
        for m in WORLD.labelled(NOON, NOON + timedelta(hours=3))
        if "doppelt ab!" in m.mention.text
    ]
    assert len(copies) > 10
    assert len(set(copies)) > 3


def test_both_languages_have_the_same_themes() -> None:
    german, english = phrasebook("de"), phrasebook("en")
    assert german.sections.keys() == english.sections.keys()
    for name, section in german.sections.items():
        assert section.keys() == english.sections[name].keys(), name
    total = sum(
        len(lines)
        for book in (german, english)
        for s in book.sections.values()
        for lines in s.values()
    )
    assert total >= 600
    for book in (german, english):
        voice = Voice(NORDLICHT, book.lang)
        known = {*book.slots, "brand", "handle", "tag", "product"}
        used = {
            slot
            for s in book.sections.values()
            for lines in s.values()
            for parts in lines
            for _, slot in parts
        }
        assert used - {""} <= known
        assert voice.book is book


def test_the_demo_tells_its_story() -> None:
    story, world = demo_story(MONDAY), demo_world(1, MONDAY)
    assert (
        story.begin
        < story.rumour_at
        < story.event_at
        < story.silent_at
        < story.live_from
        < story.storm_at
        < story.end
    )
    truth = {t.theme: t for t in world.truth()}
    assert truth["billing"].onset == story.storm_at
    assert truth["livestream"].onset == story.event_at
    rail = [
        m
        for m in world.mentions(story.silent_at - timedelta(days=1), story.end)
        if m.source == SILENT_SOURCE
    ]
    assert rail
    assert max(m.published_at for m in rail) < story.silent_at
    assert [t.id for t in DEMO_TOPICS] == [
        "nordlicht",
        "nordlicht-rechnung",
        "nordlicht-app",
        "falkenbahn",
    ]
    storm = [m for m in world.labelled(story.storm_at, story.end) if "storm1" in m.strand]
    assert {"de", "en"} <= {m.mention.lang for m in storm}


def test_it_is_cheap() -> None:
    """The bar is 20,000 mentions/s on a loud world; asserted with tenfold slack."""
    began = stopwatch()
    number = sum(1 for _ in WORLD.mentions(NOON + timedelta(hours=1), NOON + timedelta(hours=4)))
    assert number / (stopwatch() - began) > 2_000
