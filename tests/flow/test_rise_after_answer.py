"""Somebody acknowledged when the wind had fallen already: what rises above that calls again, once a level."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from alerts.book import Book
from alerts.errand import Kind
from alerts.escalation import Chain, Step
from alerts.incident import Incident
from alerts.routing import Route
from detectors.detection import Level
from monitor.bench.blowing import Blowing, topic
from monitor.desk import incidents as desk
from monitor.pipeline.waking import Waking
from monitor.ports import NoSignals
from monitor.store.database import SqliteStore
from tests import builders as b

CHAIN = Chain("night", (Step(("channel.pager",), timedelta(minutes=30)),))
BOOK = Book(frozenset({"pager", "room"}), chains={"night": CHAIN})


@pytest.fixture
def blowing() -> Iterator[Blowing]:
    store = SqliteStore.open("sqlite://")
    routes = [Route("room", Level.STRONG_WIND, inform=("channel.room",), wake="night")]
    yield Blowing(store, {"a": topic("a")}, Waking(BOOK, NoSignals()), routes)
    store.close()


def say(blowing: Blowing, minutes: int, level: Level) -> list[str]:
    """Say a level; return why somebody was told."""
    lines = blowing.say({"a": level}, b.after(minutes=minutes))
    return [str(line.data["reason"]) for line in lines if line.type == "alert"]


def next_steps(blowing: Blowing) -> list[datetime]:
    waiting = blowing.store.read.errands(incident(blowing).id)
    return [errand.due_at for errand in waiting if errand.kind is Kind.STEP]


def incident(blowing: Blowing) -> Incident:
    return blowing.store.read.incidents()[0]


def test_a_rise_above_the_acknowledged_level_calls_though_the_peak_was_higher(
    blowing: Blowing,
) -> None:
    assert say(blowing, 0, Level.HURRICANE) == ["first"]
    assert say(blowing, 10, Level.STRONG_WIND) == []
    desk.acknowledge(blowing.store, incident(blowing).id, "kim", b.after(minutes=11))
    assert say(blowing, 20, Level.STORM) == ["escalated"]
    assert next_steps(blowing) == [b.after(minutes=50)]
    assert say(blowing, 25, Level.STRONG_WIND) == []
    assert say(blowing, 30, Level.STORM) == []  # told already, and the chain still calls
    assert say(blowing, 35, Level.HURRICANE) == ["escalated"]


def test_a_wave_at_the_acknowledged_level_calls_once_and_nobody_waits_to_be_called(
    blowing: Blowing,
) -> None:
    say(blowing, 0, Level.STORM)
    desk.acknowledge(blowing.store, incident(blowing).id, "kim", b.after(minutes=1))
    say(blowing, 5, Level.STRONG_WIND)
    assert say(blowing, 80, Level.STORM) == ["escalated"]
    told = [d.channel for d in blowing.store.read.deliveries(incident(blowing).id)]
    assert told.count("pager") == 3  # first, that it is acknowledged, the wave
    assert next_steps(blowing) == []
