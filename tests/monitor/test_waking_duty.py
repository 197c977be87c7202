"""A chain that runs obeys whoever takes over meanwhile, and the next call says so before it is made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.incident import Incident
from detectors.detection import Level
from monitor.app.wiring import book_of
from monitor.desk import duty as desk
from monitor.desk.escalations import next_call
from monitor.pipeline.errands import run_due
from monitor.pipeline.waking import Waking
from monitor.ports import NoSignals
from monitor.store.database import SqliteStore
from tests import builders as b
from tests.monitor.duty_house import house

M = timedelta(minutes=1)
CHAIN = {"night": {"step": [{"tell": ["rota.community"], "wait_min": 5}], "rounds": 3}}
SETTINGS = house(chains=CHAIN)


@pytest.fixture
def store() -> Iterator[SqliteStore]:
    opened = SqliteStore.open("sqlite://")
    yield opened
    opened.close()


def begin(store: SqliteStore, waking: Waking) -> Incident:
    with store.begin() as tx:
        made = b.incident(level=Level.STORM)
        assert tx.save_incident(made, 0)
        alert = replace(b.alert(made), level=Level.STORM, at=b.T0)
        tx.enqueue(alert, waking.start(tx, made, alert, "night", b.T0), b.T0)
    return store.read.incidents()[0]


def test_whoever_takes_over_is_called_next_and_whoever_gives_back_is_not(
    store: SqliteStore,
) -> None:
    book = book_of(SETTINGS, store.read)
    waking = Waking(book, NoSignals())
    of = begin(store, waking)
    told = [d.channel for d in store.read.deliveries(of.id)]
    assert told == ["push/kim"]

    def names() -> tuple[str, ...]:
        call = next_call(store.read, book, of.id)
        assert call is not None
        return call.names

    assert names() == ("community (Kim Behrens)",)
    asked = desk.Asked("lee", None, b.T0 + 60 * M)
    people, rotas = SETTINGS.people, SETTINGS.to_rotas()
    change = desk.take_over(store, rotas, people, "community", asked, "lee", b.T0 + M)
    assert names() == ("community (Lee Hansen)",)
    assert run_due(store, waking.handlers, b.T0 + 5 * M) == 1
    assert [d.channel for d in store.read.deliveries(of.id)] == ["push/kim", "mail/lee"]
    desk.take_back(store, change.id, "lee", b.T0 + 6 * M)
    assert names() == ("community (Kim Behrens)",)
    assert run_due(store, waking.handlers, b.T0 + 10 * M) == 1
    assert [d.channel for d in store.read.deliveries(of.id)][2:] == ["push/kim"]


def test_a_step_that_reaches_nobody_because_all_are_away_is_told(store: SqliteStore) -> None:
    for person in ("kim", "ben"):
        desk.away(store, SETTINGS.people, desk.Asked(person, None, b.T0 + 60 * M), "lee", b.T0)
    of = begin(store, Waking(book_of(SETTINGS, store.read), NoSignals()))
    assert store.read.deliveries(of.id) == []
    kinds = [f.kind.value for f in store.read.facts(of.id)]
    assert "escalation" in kinds
