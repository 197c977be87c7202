"""Reminders over a real store: said again while nobody has answered, and never after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from alerts.alert import Delivery
from alerts.fact import FactKind
from alerts.incident import Outcome
from detectors.detection import Level
from detectors.window import Counts
from monitor.desk import incidents as desk
from monitor.desk.silences import Wish, silence
from monitor.pipeline.errands import run_due
from monitor.pipeline.reminding import Reminding
from monitor.pipeline.silencing import Silencing
from monitor.ports import CountKey, NoSignals
from monitor.store.database import SqliteStore
from tests import builders as b

HOUR = timedelta(hours=1)
REMINDING = Reminding(Silencing(), NoSignals())
OF = b.incident(level=Level.STORM)


@pytest.fixture
def store() -> Iterator[SqliteStore]:
    opened = SqliteStore.open("sqlite://")
    with opened.begin() as tx:
        assert tx.save_incident(OF, 0)
    begin(opened)
    yield opened
    opened.close()


def begin(
    store: SqliteStore,
    id: str = "first",
    every: timedelta | None = HOUR,
    targets: Sequence[str] = ("room",),
) -> None:
    with store.begin() as tx:
        alert = replace(b.alert(OF), id=id)
        tx.enqueue(alert, targets, b.T0)
        REMINDING.start(tx, alert, targets, every, b.T0)


def run(store: SqliteStore, now: datetime) -> int:
    return run_due(store, REMINDING.handlers, now)


def said(store: SqliteStore) -> list[Delivery]:
    return [d for d in store.read.deliveries(OF.id) if d.alert.reason == "repeated"]


def test_it_is_said_again_each_time_to_the_same_with_the_numbers_of_now(
    store: SqliteStore,
) -> None:
    with store.begin() as tx:
        minute = int((b.T0 + timedelta(minutes=40)).timestamp()) // 60
        tx.add_counts({CountKey(b.TOPIC, b.SOURCE, minute): Counts(mentions=9, negatives=7)})
    assert run(store, b.T0 + HOUR - timedelta(seconds=1)) == 0
    assert run(store, b.T0 + HOUR) == 1
    assert run(store, b.T0 + HOUR) == 0
    [again] = said(store)
    assert (again.channel, again.alert.mentions, again.alert.negatives) == ("room", 9, 7)
    assert again.alert.key == OF.key
    assert run(store, b.T0 + 2 * HOUR) == 1
    assert len(said(store)) == 2
    queued = [f for f in store.read.facts(OF.id) if f.kind is FactKind.ALERT_QUEUED]
    assert [f.payload["reason"] for f in queued] == ["repeated", "repeated"]


def test_after_a_stop_of_hours_it_is_said_once(store: SqliteStore) -> None:
    assert run(store, b.T0 + 5 * HOUR) == 1
    assert run(store, b.T0 + 5 * HOUR) == 0
    assert store.read.next_errand() == b.T0 + 6 * HOUR


def test_after_an_acknowledgement_or_the_end_nothing_is_said(store: SqliteStore) -> None:
    desk.acknowledge(store, OF.id, "kim", b.T0)
    assert run(store, b.T0 + HOUR) == 0
    desk.resolve(store, OF.id, "kim", Outcome.REAL, "", b.T0)
    assert run(store, b.T0 + 9 * HOUR) == 0
    assert said(store) == []


def test_a_later_alert_takes_over_also_when_it_repeats_nothing(store: SqliteStore) -> None:
    begin(store, "second", every=2 * HOUR)
    assert run(store, b.T0 + HOUR) == 0
    assert run(store, b.T0 + 2 * HOUR) == 1
    begin(store, "third", every=None)
    assert run(store, b.T0 + 9 * HOUR) == 0


def test_below_level_3_it_keeps_still_and_goes_on_when_it_blows_again(store: SqliteStore) -> None:
    with store.begin() as tx:
        [found] = tx.open_incidents()
        tx.save_incident(replace(found, level=Level.LIGHT_BREEZE), found.version)
    assert run(store, b.T0 + HOUR) == 1
    assert said(store) == []
    with store.begin() as tx:
        [found] = tx.open_incidents()
        tx.save_incident(replace(found, level=Level.STRONG_WIND), found.version)
    assert run(store, b.T0 + 2 * HOUR) == 1
    [again] = said(store)
    assert again.alert.level == Level.STRONG_WIND


def test_a_silence_holds_a_reminder_back(store: SqliteStore) -> None:
    silence(store, Wish(f"topic={b.TOPIC} level<=5", "we know", 4 * HOUR), "kim", b.T0)
    assert run(store, b.T0 + HOUR) == 1
    assert said(store) == []
    held = [f for f in store.read.facts(OF.id) if f.kind is FactKind.SILENCED]
    assert [f.payload["channels"] for f in held] == [["room"]]


def test_a_new_episode_is_not_reminded_of_by_the_one_before(store: SqliteStore) -> None:
    with store.begin() as tx:
        [found] = tx.open_incidents()
        tx.save_incident(replace(found, episode=2), found.version)
    assert run(store, b.T0 + HOUR) == 1
    assert (said(store), store.read.next_errand()) == ([], None)
