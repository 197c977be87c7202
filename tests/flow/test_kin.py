"""One storm over several topics of a brand is one incident; two storms are two."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from alerts.fact import Fact, FactKind
from alerts.incident import Incident
from detectors.mention import Mention
from detectors.topic import Query, Topic
from monitor.app.replaying import replay
from monitor.pipeline import Line
from monitor.pipeline.ownership import partition_of
from tests.flow.conftest import Flow
from tests.flow.scenes import MONDAY, in_order, post

RAIL = Topic("bahn", "Acme Bahn", Query(any=("acme bahn",)), brand="Acme")
BUS = Topic("bus", "Acme Bus", Query(any=("acme bus",)), brand="Acme")
AT = MONDAY + timedelta(days=4, hours=12)
END = AT + timedelta(minutes=75)
LATER = timedelta(minutes=15)
CALM = ("{} fährt heute pünktlich.", "Wann fährt {} am Sonntag?", "Danke, nette Fahrt mit {}!")
FEES = (
    "{} ist eine Frechheit, doppelt abgebucht und keine Erstattung!",
    "Unfassbar schlecht: {} hat doppelt abgebucht, keine Erstattung, nie wieder!",
    "Doppelt abgebucht, Erstattung verweigert. {} ist das Letzte, ich bin so wütend.",
)
HEAT = (
    "{} ist eine Katastrophe, Klimaanlage kaputt und alle schwitzen!",
    "Furchtbar heiß in {}, Klimaanlage kaputt seit Stunden, eine Zumutung!",
    "Klimaanlage kaputt, Kinder weinen. {} ist eine Schande, so mies.",
)


def calm(seed: int, name: str) -> Iterator[Mention]:
    rng = random.Random(seed)
    at, n = MONDAY, 0
    while (at := at + timedelta(hours=rng.expovariate(10))) < END:
        n += 1
        text = f"{rng.choice(CALM).format(name)} ({n})"
        yield post(f"c{seed}-{n}", at, text, author=f"gast{seed}-{rng.randrange(60)}")


def angry(
    who: str, start: datetime, texts: tuple[str, ...], name: str, per_min: float = 4.0
) -> Iterator[Mention]:
    """Yield an hour of anger; the same ``who`` are the same people."""
    rng = random.Random(f"{who}{name}")
    for minute in range(60):
        for n in range(int(per_min) if minute > 10 else 1):
            at = start + timedelta(minutes=minute, seconds=rng.uniform(0, 59))
            text = f"{rng.choice(texts).format(name)} ({minute}/{n})"
            yield post(f"{who}{name}{minute}-{n}", at, text, author=f"{who}{rng.randrange(60)}")


def played(
    flow: Callable[..., Flow], *storms: Iterator[Mention], bus: Topic = BUS
) -> tuple[Flow, list[Line]]:
    made = flow(live=False, topics=(RAIL, bus))
    mentions = in_order(calm(1, "Acme Bahn"), calm(2, "Acme Bus"), *storms)
    return made, list(replay(mentions, made.parts, made.store))


def woken(made: Flow) -> list[Incident]:
    return [i for i in made.store.read.incidents() if i.peak >= 4]


def joined(made: Flow) -> list[Fact]:
    facts = [f for i in made.store.read.incidents() for f in made.store.read.facts(i.id)]
    return [f for f in facts if f.kind is FactKind.TOPIC_JOINED]


def firsts(lines: list[Line]) -> list[Line]:
    return [x for x in lines if x.type == "alert" and x.data["reason"] == "first"]


SCENES = {
    "posts": (
        angry("a", AT, FEES, "Acme Bahn und Acme Bus"),
        angry("b", AT, FEES, "Acme Bahn und Acme Bus", 1),
    ),
    "authors": (
        angry("a", AT, FEES, "Acme Bahn"),
        angry("a", AT + LATER, HEAT, "Acme Bus"),
    ),
    "terms": (
        angry("a", AT, FEES, "Acme Bahn"),
        angry("b", AT + LATER, FEES, "Acme Bus"),
    ),
}


@pytest.mark.parametrize("shared", SCENES)
def test_one_storm_over_two_topics_is_one_incident_and_calls_first_once(
    flow: Callable[..., Flow], shared: str
) -> None:
    made, lines = played(flow, *[iter(list(s)) for s in SCENE_POSTS[shared]])
    [incident] = woken(made)
    assert set(incident.topics) == {"bahn", "bus"}
    assert len(firsts(lines)) == 1
    [fact] = joined(made)
    assert fact.payload["shared"] == shared
    assert fact.payload["topic"] == incident.topics[1]


SCENE_POSTS = {name: [list(s) for s in storms] for name, storms in SCENES.items()}


def test_two_storms_of_one_brand_are_two_incidents(flow: Callable[..., Flow]) -> None:
    """Other people, other words."""
    made, lines = played(
        flow, angry("a", AT, FEES, "Acme Bahn"), angry("b", AT + LATER, HEAT, "Acme Bus")
    )
    assert joined(made) == []
    assert sorted(i.topics for i in woken(made)) == [("bahn",), ("bus",)]
    assert len(firsts(lines)) == 2


@pytest.mark.parametrize("brand", ["", "Other"])
def test_topics_of_another_brand_are_never_joined(flow: Callable[..., Flow], brand: str) -> None:
    made, lines = played(
        flow,
        *[iter(s) for s in SCENE_POSTS["posts"]],
        bus=replace(BUS, brand=brand),
    )
    assert joined(made) == []
    assert len(firsts(lines)) == 2


def test_a_topic_that_joins_higher_raises_the_incident_and_calls_again(
    flow: Callable[..., Flow],
) -> None:
    made, lines = played(
        flow,
        angry("a", AT, FEES, "Acme Bahn", 1.0),
        angry("b", AT + LATER, FEES, "Acme Bus", 12.0),
    )
    [incident] = woken(made)
    assert set(incident.topics) == {"bahn", "bus"}
    calls = [x.data["reason"] for x in lines if x.type == "alert"]
    assert calls[:2] == ["first", "escalated"]
    levels = [x.data["level"] for x in lines if x.type == "alert"]
    assert levels == sorted(levels)


def test_what_is_joined_is_the_same_however_the_recording_is_cut(
    flow: Callable[..., Flow], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = []
    for chunk in (1000, 61):
        monkeypatch.setattr("monitor.app.replaying.CHUNK", chunk)
        _, lines = played(flow, *[iter(s) for s in SCENE_POSTS["terms"]])
        told.append([x.json() for x in lines if x.type != "summary"])
    assert told[0] == told[1]


@pytest.mark.parametrize("partitions", [2, 16, 64])
def test_topics_of_one_brand_are_judged_by_one_worker(partitions: int) -> None:
    """Else two workers would each open an incident for the same storm."""
    many = [replace(RAIL, id=f"t{n}") for n in range(40)]
    assert len({partition_of(t, partitions) for t in (*many, BUS)}) == 1
    alone = [replace(t, brand="") for t in many]
    assert len({partition_of(t, partitions) for t in alone}) > 1
