"""Inhibition over a real store: the bigger speaks for the smaller, never across other words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from alerts.alert import Alert, NotifyReason
from alerts.book import Book
from alerts.fact import FactKind
from alerts.incident import Incident, Outcome
from detectors.detection import Level, Reason, ReasonCode
from monitor.desk import incidents as desk
from monitor.desk.silences import Wish, silence
from monitor.pipeline import inhibiting
from monitor.pipeline.errands import run_due
from monitor.pipeline.waking import Waking
from monitor.ports import NoSignals
from monitor.store.database import SqliteStore
from tests import builders as b

M = timedelta(minutes=1)
WAKING = Waking(Book(channels=frozenset({"room"})), NoSignals())
BIG = replace(b.incident(topics=("bahn",), level=Level.HURRICANE), ref="B-1")
SMALL = replace(b.incident(topics=("bus",), level=Level.STRONG_WIND), ref="S-1")
WORDS = ("charged twice", "no refund")
DANGER = Reason(ReasonCode.TRIPWIRE, 2, 2, True, "recall")


@pytest.fixture
def store() -> Iterator[SqliteStore]:
    opened = SqliteStore.open("sqlite://")
    with opened.begin() as tx:
        assert tx.save_incident(BIG, 0)
        assert tx.save_incident(SMALL, 0)
        tx.enqueue(alert_of(BIG), ("room",), b.T0)
    yield opened
    opened.close()


def alert_of(of: Incident, **fields: Any) -> Alert:
    values = {"brand": "Acme", "terms": WORDS, "id": f"first-{of.ref}", "reasons": ()}
    return replace(b.alert(of), **(values | fields))


def held(store: SqliteStore, now: datetime = b.T0, **fields: Any) -> str:
    """Return the reference of the incident that speaks for the small one, "" for none."""
    small = store.read.incident(SMALL.id)
    assert small is not None
    with store.begin() as tx:
        found = inhibiting.held(tx, small, alert_of(small, **fields), ("room",), "", now)
    return found.ref if found else ""


def said(store: SqliteStore) -> list[str]:
    return [d.alert.reason.value for d in store.read.deliveries(SMALL.id)]


def run(store: SqliteStore, now: datetime) -> int:
    return run_due(store, WAKING.handlers, now)


def change(store: SqliteStore, of: Incident, **fields: Any) -> None:
    with store.begin() as tx:
        found = tx.incident(of.id)
        assert found is not None
        assert tx.save_incident(replace(found, **fields), found.version)


def test_what_a_bigger_one_speaks_for_is_held_back_and_told(store: SqliteStore) -> None:
    assert held(store) == "B-1"
    assert said(store) == []
    [fact] = [f for f in store.read.facts(SMALL.id) if f.kind is FactKind.INHIBITED]
    assert fact.payload["bigger"] == "B-1"
    assert run(store, b.T0 + 5 * M) == 1
    assert run(store, b.T0 + 10 * M) == 1
    assert said(store) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"terms": ("charged twice", "broken heating")},  # another word: perhaps another storm
        {"terms": ()},  # nothing to compare
        {"brand": "Other"},
        {"brand": ""},
        {"reasons": (DANGER,)},
    ],
)
def test_other_words_another_brand_and_danger_speak_for_themselves(
    store: SqliteStore, fields: dict[str, Any]
) -> None:
    assert held(store, **fields) == ""
    assert store.read.next_errand() is None


def test_an_equal_storm_a_watch_and_one_that_has_ended_speak_for_nobody(
    store: SqliteStore,
) -> None:
    change(store, BIG, level=SMALL.level)
    assert held(store) == ""
    change(store, BIG, level=Level.HURRICANE)
    desk.resolve(store, BIG.id, "kim", Outcome.REAL, "", b.T0)
    assert held(store) == ""


@pytest.mark.parametrize("how", ["ended", "fell", "rose"])
def test_it_speaks_itself_once_nothing_bigger_does(store: SqliteStore, how: str) -> None:
    held(store)
    if how == "ended":
        desk.resolve(store, BIG.id, "kim", Outcome.REAL, "", b.T0 + M)
    elif how == "fell":
        change(store, BIG, level=Level.FRESH_BREEZE)
    else:
        change(store, SMALL, level=Level.HURRICANE)
    assert run(store, b.T0 + 5 * M) == 1
    assert said(store) == [NotifyReason.INHIBITION_OVER.value]
    assert run(store, b.T0 + 60 * M) == 0


def test_what_somebody_has_or_ended_is_not_said_afterwards(store: SqliteStore) -> None:
    held(store)
    desk.acknowledge(store, SMALL.id, "kim", b.T0)
    desk.resolve(store, BIG.id, "kim", Outcome.REAL, "", b.T0 + M)
    run(store, b.T0 + 5 * M)
    assert "inhibition_over" not in said(store)


def test_a_rise_of_what_somebody_has_is_never_held_back(store: SqliteStore) -> None:
    desk.acknowledge(store, SMALL.id, "kim", b.T0)
    change(store, SMALL, level=Level.STORM)
    assert held(store, id="risen", level=Level.STORM) == ""


def test_a_lull_loses_nothing(store: SqliteStore) -> None:
    held(store)
    desk.resolve(store, BIG.id, "kim", Outcome.REAL, "", b.T0 + M)
    change(store, SMALL, level=Level.LIGHT_BREEZE)
    run(store, b.T0 + 5 * M)
    assert said(store) == []
    change(store, SMALL, level=Level.STRONG_WIND)
    run(store, b.T0 + 10 * M)
    assert said(store) == ["inhibition_over"]


def test_a_silence_that_stands_by_then_holds_it_back(store: SqliteStore) -> None:
    held(store)
    silence(store, Wish("topic=bus", "we know"), "kim", b.T0)
    desk.resolve(store, BIG.id, "kim", Outcome.REAL, "", b.T0 + M)
    run(store, b.T0 + 5 * M)
    assert said(store) == []
    assert FactKind.SILENCED in [f.kind for f in store.read.facts(SMALL.id)]


def test_a_later_alert_of_the_small_one_takes_the_place_of_the_first(store: SqliteStore) -> None:
    held(store)
    assert held(store, b.T0 + M, id="risen", terms=("broken heating",)) == ""
    assert store.read.next_errand() is None
