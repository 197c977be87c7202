"""Merging and splitting over a real store: one storm, two storms, and nobody is called for what they know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from alerts.alert import Action, AttemptOutcome, DeliveryState, NotifyReason
from alerts.errand import Errand, Kind
from alerts.fact import FactKind, standing
from alerts.incident import Incident, Outcome, Status
from detectors.detection import Level
from detectors.topic import Query, Topic
from monitor.desk import incidents as desk
from monitor.desk.errors import Conflict, Invalid, NotFound
from monitor.desk.merging import merge, split
from monitor.store.database import SqliteStore
from tests import builders as b

TOPICS = {id: Topic(id, id.title(), Query(any=(id,)), brand="Acme") for id in ("bahn", "bus")}
NOW = b.after(minutes=30)


@pytest.fixture
def store() -> Iterator[SqliteStore]:
    opened = SqliteStore.open("sqlite://")
    yield opened
    opened.close()


def opened(
    store: SqliteStore, topics: tuple[str, ...], level: Level = Level.STRONG_WIND, n: int = 1
) -> Incident:
    made = replace(b.incident(topics=topics, level=level), ref=f"{topics[0].upper()}-{n}")
    with store.begin() as tx:
        assert tx.save_incident(made, 0)
        alert = replace(b.alert(made), id=f"alert-{made.ref}")
        tx.enqueue(alert, ["pager"], b.T0)
        tx.add_errand(Errand(f"step/{made.id}", Kind.STEP, made.id, b.after(minutes=5)))
    found = store.read.incident(made.id)
    assert found is not None
    return found


def sent(store: SqliteStore) -> None:
    for delivery in store.outbox.due(NOW, 10):
        attempt = store.outbox.begin(delivery, NOW)
        assert attempt is not None
        store.outbox.finish(attempt, AttemptOutcome.ACCEPTED, DeliveryState.SENT, NOW)


def judged(store: SqliteStore, topic: str, level: Level) -> None:
    seen = b.assessment(level, topic=topic)
    with store.begin() as tx:
        tx.add_result(
            b.result(b.after(minutes=5 * int(level)), topic=topic, level=level, assessed=seen)
        )


def test_the_one_ends_and_its_topics_and_higher_level_go_on_in_the_other(
    store: SqliteStore,
) -> None:
    bus, bahn = opened(store, ("bus",), Level.STORM), opened(store, ("bahn",))
    sent(store)
    after = merge(store, bus.ref, bahn.ref, "kim", NOW)
    assert (after.topics, after.level, after.status) == (("bahn", "bus"), Level.STORM, Status.NEW)
    ended = store.read.incident(bus.id)
    assert ended is not None
    assert (ended.status, ended.outcome) == (Status.RESOLVED, Outcome.MERGED)
    [resolve] = [d for d in store.read.deliveries(bus.id) if d.alert.action is Action.RESOLVE]
    assert resolve.alert.reason is NotifyReason.MERGED
    assert store.read.errands(bus.id) == []
    assert store.read.errands(bahn.id) != []
    kinds = [f.kind for f in store.read.facts(bahn.id)]
    assert FactKind.MERGED in kinds
    told = standing(store.read.facts(bahn.id))
    assert told is not None
    assert (told.status, told.level) == (after.status, after.level)


def test_whoever_merges_has_both_where_somebody_had_one(store: SqliteStore) -> None:
    bus, bahn = opened(store, ("bus",), Level.STORM), opened(store, ("bahn",))
    desk.acknowledge(store, bus.id, "lee", NOW)
    after = merge(store, bus.ref, bahn.ref, "kim", NOW)
    assert (after.status, after.acked_level, after.acked_by) == (
        Status.ACKNOWLEDGED, Level.STORM, "kim",
    )  # fmt: skip
    assert [e.kind for e in store.read.errands(bahn.id)] == [Kind.STALE]  # it is watched


def test_what_was_merged_does_not_come_back_on_its_own(store: SqliteStore) -> None:
    bus, bahn = opened(store, ("bus",)), opened(store, ("bahn",))
    merge(store, bus.ref, bahn.ref, "kim", NOW)
    with store.begin() as tx:
        last = tx.last_incident("bus")
    assert last is not None
    assert last.id == bahn.id


def test_an_incident_whose_end_was_proposed_blows_again_with_what_joins_it(
    store: SqliteStore,
) -> None:
    bus, bahn = opened(store, ("bus",), Level.STORM), opened(store, ("bahn",))
    desk.acknowledge(store, bahn.id, "kim", NOW)
    with store.begin() as tx:
        [found] = [i for i in tx.open_incidents() if i.id == bahn.id]
        stable = replace(found, status=Status.STABILISING, end_proposed=True, level=Level.CALM)
        assert tx.save_incident(stable, found.version)
    after = merge(store, bus.ref, bahn.ref, "kim", NOW)
    assert (after.status, after.level, after.end_proposed) == (
        Status.ACKNOWLEDGED, Level.STORM, False,
    )  # fmt: skip


def test_a_watch_takes_no_storm_in_and_nothing_joins_what_has_ended(store: SqliteStore) -> None:
    bus, bahn = opened(store, ("bus",)), opened(store, ("bahn",))
    with pytest.raises(Invalid, match="merged into itself"):
        merge(store, bus.ref, bus.id, "kim", NOW)
    desk.resolve(store, bahn.id, "kim", Outcome.REAL, "", NOW)
    with pytest.raises(Conflict, match="cannot absorb an incident that is resolved"):
        merge(store, bus.ref, bahn.ref, "kim", NOW)
    with pytest.raises(Conflict, match="cannot merge an incident that is resolved"):
        merge(store, bahn.ref, bus.ref, "kim", NOW)
    with pytest.raises(NotFound):
        merge(store, bus.ref, "XX-1", "kim", NOW)


def test_a_topic_that_is_split_off_goes_on_as_an_incident_that_somebody_has(
    store: SqliteStore,
) -> None:
    both = opened(store, ("bahn", "bus"))
    judged(store, "bus", Level.STORM)
    made = split(store, TOPICS, both.ref, "bus", "kim", NOW)
    assert (made.topics, made.level, made.acked_by) == (("bus",), Level.STORM, "kim")
    assert made.status is Status.ACKNOWLEDGED
    rest = store.read.incident(both.id)
    assert rest is not None
    assert (rest.topics, rest.status) == (("bahn",), Status.NEW)
    assert store.read.deliveries(made.id) == []
    told = standing(store.read.facts(made.id))
    assert told is not None
    assert (told.status, told.level, told.episode) == (made.status, made.level, 1)
    [fact] = [f for f in store.read.facts(both.id) if f.kind is FactKind.SPLIT]
    assert fact.payload["ref"] == made.ref


def test_nothing_is_split_off_where_nothing_blows_or_nothing_is_left(store: SqliteStore) -> None:
    both, one = opened(store, ("bahn", "bus")), opened(store, ("tram",))
    with pytest.raises(Invalid, match="never judged"):
        split(store, TOPICS, both.ref, "bus", "kim", NOW)
    judged(store, "bus", Level.LIGHT_BREEZE)
    with pytest.raises(Invalid, match="level 2 in Bus; expected 3 or more"):
        split(store, TOPICS, both.ref, "bus", "kim", NOW)
    judged(store, "bus", Level.STORM)
    with pytest.raises(Conflict, match="'bus' of the topics tram"):
        split(store, TOPICS, one.ref, "bus", "kim", NOW)
    with pytest.raises(NotFound):
        split(store, TOPICS, both.ref, "boat", "kim", NOW)
