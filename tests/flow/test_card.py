"""The card of a storm, from posts to fact: kept at every rise, the same for the same recording."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from alerts.fact import Fact, FactKind
from detectors.card import Card, card_of
from detectors.detection import WATCH
from detectors.matcher import Matcher
from detectors.mention import Mention
from detectors.score.linear import LinearScorer
from detectors.tripwires import Tripwires
from monitor.app.replaying import replay
from monitor.pipeline.work import Parts
from monitor.store.database import SqliteStore
from playbooks.load import load_library
from tests.flow.conftest import BOOK, PAGER, TOPIC
from tests.flow.scenes import MONDAY, calm, in_order, storm

STORM_AT = MONDAY + timedelta(days=2, hours=13, minutes=2)
RISES = {FactKind.OPENED, FactKind.LEVEL_ROSE, FactKind.REOPENED}


def history() -> list[Mention]:
    end = STORM_AT + timedelta(minutes=50)
    return in_order(calm(MONDAY, end, 12), storm(STORM_AT, 50, 0.5, 12))


@dataclass(frozen=True)
class Told:
    """What a recording left behind."""

    store: SqliteStore
    facts: list[Fact]

    @property
    def cards(self) -> list[Fact]:
        return [f for f in self.facts if f.kind is FactKind.CARD]

    @property
    def newest(self) -> Card:
        return card_of(self.cards[-1].payload)


def play(scorer: LinearScorer) -> Told:
    parts = Parts(
        topics={TOPIC.id: TOPIC},
        matcher=Matcher([TOPIC]),
        scorer=scorer,
        tripwires=Tripwires.load(),
        playbooks=load_library(),
        routes=PAGER,
        book=BOOK,
    )
    store = SqliteStore.open("sqlite://")
    list(replay(history(), parts, store))
    return Told(store, [f for i in store.read.incidents() for f in store.read.facts(i.id)])


@pytest.fixture(scope="module")
def told(scorer: LinearScorer) -> Iterator[Told]:
    made = play(scorer)
    yield made
    made.store.close()


def without_keys(fact: Fact) -> str:
    """Return a card as text, without the authors' keys: each store has a secret of its own."""
    authors = [{**a, "key": ""} for a in fact.payload["authors"]]
    return json.dumps({**fact.payload, "authors": authors})


def test_a_card_is_kept_when_it_opens_and_at_every_rise(told: Told) -> None:
    rises = [f for f in told.facts if f.kind in RISES and f.payload["level"] >= WATCH]
    whens = list(dict.fromkeys((f.at, f.payload["level"]) for f in rises))
    assert [(f.at, f.payload["level"]) for f in told.cards] == whens
    assert len(whens) >= 2


def test_it_dates_the_storm_to_its_first_post_and_says_what_it_is_about(told: Told) -> None:
    newest = told.newest
    first = min(m.published_utc for m in history() if m.source_id.startswith("storm"))
    assert timedelta(0) <= newest.onset - first.replace(microsecond=0) < timedelta(minutes=12)
    assert newest.new_share > 0.8  # ever new people
    assert {part.name for part in newest.sources} == {"forum", "kurz"}
    assert {part.name for part in newest.languages} >= {"de", "en"}
    assert sum(part.count for part in newest.sources) == newest.looked_at
    assert newest.terms
    assert newest.silent


def test_no_text_of_a_post_stands_in_a_fact(told: Told) -> None:
    kept = json.dumps([f.payload for f in told.cards], ensure_ascii=False)
    assert not [m.text for m in history() if m.text in kept]
    assert not [m.author.handle for m in history() if m.author and f'"{m.author.handle}"' in kept]


def test_the_alert_says_since_when_with_which_words_and_what_would_have_silenced_it(
    told: Told,
) -> None:
    incident = told.store.read.incidents()[0]
    alert = told.store.read.deliveries(incident.id)[0].alert
    card = next(c for c in map(card_of, (f.payload for f in told.cards)) if c.at == alert.at)
    assert alert.terms == tuple(t.term for t in card.terms[:3])
    assert alert.silent == card.silent[:1]
    assert incident.onset <= alert.since < incident.onset + timedelta(minutes=5)
    assert alert.since == card.onset


def test_the_posts_of_a_card_are_kept_as_evidence(told: Told) -> None:
    cards = [card_of(f.payload) for f in told.cards]
    kept = {p.num for i in told.store.read.incidents() for p in told.store.read.evidence(i.id)}
    assert {p.num for c in cards for p in c.posts} <= kept


def test_the_same_recording_gives_the_same_cards(told: Told, scorer: LinearScorer) -> None:
    again = play(scorer)
    assert [without_keys(f) for f in again.cards] == [without_keys(f) for f in told.cards]
    again.store.close()
