"""The whole way: mentions in, a level, an incident, an alert in the outbox, a running playbook."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

import monitor.pipeline.speaking as speaking
from monitor.app.replaying import replay
from monitor.store.database import SqliteStore
from tests.flow.conftest import TOPIC, Flow
from tests.flow.scenes import MONDAY, calm, in_order, storm

STORM_AT = MONDAY + timedelta(days=5, hours=13)


def history() -> list:
    end = STORM_AT + timedelta(hours=2)
    return in_order(calm(MONDAY, end, 12), storm(STORM_AT, 90, 0.5, 12))


def test_a_storm_opens_one_incident_pages_and_starts_a_playbook(flow: Callable[..., Flow]) -> None:
    made = flow(live=False)
    lines = list(replay(history(), made.parts, made.store))

    opened = [x for x in lines if x.type == "incident" and x.data["event"] == "opened"]
    first = [x for x in lines if x.type == "alert" and x.data["reason"] == "first"]
    assert len({x.data["incident"] for x in first}) == 1
    assert len(opened) <= 2  # a watch may come before it
    assert first[0].data["level"] >= 4
    assert STORM_AT < first[0].at <= STORM_AT + timedelta(minutes=45)
    assert [x.data["playbook"] for x in lines if x.type == "run"]
    assert lines[-1].type == "summary"
    assert lines[-1].data["peak_level"] >= 5
    [delivery, *_] = made.store.read.deliveries(made.store.read.incidents()[0].id)
    assert delivery.channel == "pager"
    assert delivery.alert.negatives > delivery.alert.expected
    assert 1 <= len(delivery.alert.quotes) <= 3
    assert delivery.alert.next_step


def test_calm_days_alone_wake_nobody(flow: Callable[..., Flow]) -> None:
    made = flow(live=False)
    lines = list(replay(calm(MONDAY, MONDAY + timedelta(days=8), 12), made.parts, made.store))
    assert [x for x in lines if x.type == "alert"] == []
    assert lines[-1].data["peak_level"] < 4


def test_the_same_recording_tells_the_same_story_however_it_is_cut(
    flow: Callable[..., Flow], monkeypatch
) -> None:
    told = []
    for chunk in (1000, 37):
        monkeypatch.setattr("monitor.app.replaying.CHUNK", chunk)
        made = flow(live=False)
        lines = list(replay(history(), made.parts, made.store))
        told.append([x.json() for x in lines if x.type != "summary"])
    assert told[0] == told[1]


def test_a_restart_in_the_middle_changes_nothing(flow: Callable[..., Flow]) -> None:
    mentions = history()
    whole, cut = flow(live=False), flow(live=False)
    told = {id(whole): [], id(cut): []}
    for made in (whole, cut):
        made.pipeline.begin_at(mentions[0].published_utc)
        for at in range(0, len(mentions), 200):
            part = mentions[at : at + 200]
            if made is cut:
                made.restart()
            made.pipeline.filing.create([(m, m.published_utc) for m in part])
            told[id(made)] += [x.json() for x in made.tick(part[-1].published_utc)]
    assert told[id(whole)] == told[id(cut)]
    assert whole.counted() == cut.counted()


def test_a_batch_delivered_twice_counts_once(flow: Callable[..., Flow]) -> None:
    made = flow()
    mentions = in_order(calm(MONDAY, MONDAY + timedelta(hours=6), 60))
    made.pipeline.begin_at(MONDAY)
    entry = made.entry(mentions, MONDAY + timedelta(hours=6))
    first = made.pipeline.take([entry])
    again = made.pipeline.take([entry, entry])
    assert first.new == len(mentions)
    assert again.new == 0
    rows, counted = made.counted()
    assert rows == counted == len(mentions)


def test_a_failed_commit_is_repeated_from_the_same_state(
    flow: Callable[..., Flow], monkeypatch
) -> None:
    mentions = history()
    made, control = flow(live=False), flow(live=False)
    for each in (made, control):
        each.pipeline.begin_at(mentions[0].published_utc)
        each.pipeline.filing.create([(m, m.published_utc) for m in mentions])
    end = mentions[-1].published_utc

    real, calls = speaking.Speaking.queue, []

    def breaks(self, *args):
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("the disk said no")
        return real(self, *args)

    monkeypatch.setattr(speaking.Speaking, "queue", breaks)
    with pytest.raises(RuntimeError):
        made.tick(end)
    assert made.store.read.incidents() == []
    told = [x.json() for x in made.tick(end)]
    assert told == [x.json() for x in control.tick(end)]
    assert TOPIC.id in told[0]


def test_a_temporary_store_is_private() -> None:
    one, two = SqliteStore.open("sqlite://"), SqliteStore.open("sqlite://")
    assert one.secret("author") != two.secret("author")
    one.close()
    two.close()
