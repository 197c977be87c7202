"""A partition of topics that cannot be judged holds up neither filing nor the others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from detectors.topic import Query, Topic
from detectors.watch import Closed, TopicWatch
from detectors.window import HOLD
from monitor.clock import ManualClock
from monitor.pipeline import Pipeline
from monitor.pipeline.ownership import partition_of
from monitor.pipeline.work import PAUSE_MAX, work
from monitor.ports import EntryKind, Fenced, NewEntry, NoSignals
from monitor.stream.embedded import EmbeddedLog
from tests.flow.conftest import Flow
from tests.flow.installed import soon
from tests.flow.scenes import MONDAY, post

SICK = Topic("sick", "Sick", Query(any=("kranke bahn",)), brand="s")
WELL = Topic("well", "Well", Query(any=("gute bahn",)), brand="u")
CLOSED = MONDAY + timedelta(minutes=5) + HOLD
WHY = "ZeroDivisionError: no expectation"
PARTITIONS = 2


@dataclass
class Illness:
    """A bug in the detectors of one topic, and how often it was met."""

    error: Exception = field(default_factory=lambda: ZeroDivisionError("no expectation"))
    cured: bool = False
    met: int = 0


@pytest.fixture
def illness(monkeypatch: pytest.MonkeyPatch) -> Illness:
    found = Illness()
    close = TopicWatch.close

    def raising(self: TopicWatch, bin: Any, *args: Any, **kwargs: Any) -> Closed:
        if bin.topic == SICK.id and not found.cured:
            found.met += 1
            raise found.error
        return close(self, bin, *args, **kwargs)

    monkeypatch.setattr(TopicWatch, "close", raising)
    return found


@pytest.fixture
def made(flow: Callable[..., Flow], illness: Illness) -> Flow:
    assert partition_of(SICK, PARTITIONS) != partition_of(WELL, PARTITIONS)
    made = flow(topics=(SICK, WELL))
    made.pipeline = Pipeline(made.store, made.parts, NoSignals(), partitions=PARTITIONS)
    made.pipeline.begin_at(MONDAY)
    return made


def judged(made: Flow, topic: Topic) -> int:
    """Return how many bins of a topic have a result."""
    return len(made.store.read.results(topic.id, MONDAY, MONDAY + timedelta(days=1)))


def test_the_others_are_judged_and_the_failure_is_told(made: Flow, illness: Illness) -> None:
    made.pipeline.tick(CLOSED)
    assert (judged(made, SICK), judged(made, WELL)) == (0, 1)
    assert made.pipeline.trouble == WHY


def test_it_is_tried_less_and_less_often_and_then_catches_up(made: Flow, illness: Illness) -> None:
    for second in range(600):
        made.pipeline.tick(CLOSED + timedelta(seconds=second))
    longest = PAUSE_MAX.total_seconds()
    assert 600 / longest < illness.met < 600 / longest + 10
    illness.cured = True
    made.pipeline.tick(CLOSED + timedelta(seconds=600 + longest))
    assert made.pipeline.trouble == ""
    assert judged(made, SICK) == judged(made, WELL) == 3


def test_one_that_another_worker_took_is_left_alone(made: Flow, illness: Illness) -> None:
    illness.error = Fenced("topics/1")
    for second in range(60):
        made.pipeline.tick(CLOSED + timedelta(seconds=second))
    assert illness.met == 1
    assert made.pipeline.trouble == ""
    assert (judged(made, SICK), judged(made, WELL)) == (0, 1)
    illness.cured = True
    made.pipeline.own({"topics/0": 2, "topics/1": 2})
    made.pipeline.tick(CLOSED + timedelta(seconds=60))
    assert judged(made, SICK) == judged(made, WELL) == 1


def test_a_replay_says_at_once_what_is_wrong(made: Flow, illness: Illness) -> None:
    replay = Pipeline(made.store, made.parts, NoSignals(), live=False)
    with pytest.raises(ZeroDivisionError):
        replay.tick(CLOSED)


def test_filing_goes_on_at_full_pace(made: Flow, illness: Illness, tmp_path: Path) -> None:
    clock = ManualClock(CLOSED)
    log = EmbeddedLog.open(tmp_path / "log.db", synchronous="OFF", clock=clock)
    told: list[str] = []
    with working(made.pipeline, log, clock, told):
        for n in range(30):
            mention = post(n, clock.now(), "Gute Bahn")
            payload = msgspec.json.encode([mention])
            log.append([NewEntry(EntryKind.CREATED, "forum", clock.now(), payload)])
            assert soon(lambda n=n: made.store.read.totals()["mention"] == n + 1)  # type: ignore[misc]
            clock.move(timedelta(seconds=2))
        assert told == [WHY]  # and not once for each turn
        illness.cured = True
        clock.move(PAUSE_MAX)
        assert soon(lambda: told == [WHY, ""])
    log.close()
    assert judged(made, SICK) > 0


@contextmanager
def working(
    pipeline: Pipeline, log: EmbeddedLog, clock: ManualClock, told: list[str]
) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(
        target=work, args=(pipeline, log, clock, stop), kwargs={"on_trouble": told.append}
    )
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(60)
        assert not thread.is_alive()
