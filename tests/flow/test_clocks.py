"""Hostile clocks: no bin closes early, no page from the past, unknown is shown as unknown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from detectors.window import BIN, bin_start
from monitor.pipeline import Line
from tests.flow.conftest import TOPIC, Flow
from tests.flow.scenes import ANGRY, MONDAY, calm, in_order, post, storm

DAYS = timedelta(days=3)
NOW = MONDAY + DAYS + timedelta(hours=12)


def lived(made: Flow, until: datetime = NOW) -> None:
    """Let calm days pass in real order: seen a few seconds after publication."""
    made.pipeline.begin_at(MONDAY)
    step = timedelta(minutes=30)
    mentions = in_order(calm(MONDAY, until, 20))
    at = MONDAY
    while at < until:
        part = [m for m in mentions if at <= m.published_utc < at + step]
        made.pipeline.filing.create([(m, m.published_utc + timedelta(seconds=3)) for m in part])
        at += step
        made.tick(at)


def closed(made: Flow) -> datetime:
    until = made.pipeline.closed_until(TOPIC.id)
    assert until is not None
    return until


def pages(lines: list[Line]) -> list[Line]:
    return [x for x in lines if x.type == "alert"]


def test_a_post_from_2099_closes_no_bin_early(flow: Callable[..., Flow]) -> None:
    made = flow()
    lived(made)
    made.take([post("future", datetime(2099, 1, 1, tzinfo=UTC), ANGRY[0])], NOW)
    made.tick(NOW + timedelta(seconds=30))
    assert closed(made) <= NOW + timedelta(seconds=30)
    state = made.store.read.sources()["forum"]
    assert state.clock.watermark is not None
    assert state.clock.watermark <= NOW + timedelta(minutes=2)
    window = made.store.read.window(TOPIC.id, NOW - BIN, NOW + BIN)
    assert int(NOW.timestamp()) in window.at  # it counts when it was seen


def test_a_post_from_1970_pages_nobody_and_opens_no_old_bin(flow: Callable[..., Flow]) -> None:
    made = flow()
    lived(made)
    made.take([post("old", datetime(1970, 1, 1, tzinfo=UTC), ANGRY[0])], NOW)
    lines = made.tick(NOW + timedelta(minutes=10))
    assert pages(lines) == []
    early = datetime(1969, 1, 1, tzinfo=UTC)
    assert len(made.store.read.window(TOPIC.id, early, MONDAY)) == 0


def test_a_source_ten_hours_late_pages_nobody_about_the_past(flow: Callable[..., Flow]) -> None:
    made = flow()
    lived(made)
    blown = list(storm(NOW - timedelta(hours=10), 60, 1, 10))
    made.take(blown, NOW)
    lines = made.tick(NOW + timedelta(minutes=6))
    assert pages(lines) == []
    rows, counted = made.counted()
    assert rows == counted  # stored and counted all the same


def test_late_mentions_reopen_their_bin_under_a_revision(flow: Callable[..., Flow]) -> None:
    made = flow()
    lived(made)
    at = bin_start(NOW - timedelta(hours=2))
    made.take([post(f"late{i}", at + timedelta(seconds=i), ANGRY[0]) for i in range(3)], NOW)
    revised = [x for x in made.tick(NOW + timedelta(minutes=1)) if x.type == "revised"]
    assert [x.data["revision"] for x in revised] == [1]
    assert pages(revised) == []
    rows, counted = made.counted()
    assert rows == counted


def test_a_catch_up_that_still_blows_says_since_when(flow: Callable[..., Flow]) -> None:
    made = flow()
    lived(made)
    onset = NOW + timedelta(minutes=10)
    blown = list(storm(onset, 100, 0.6, 12))
    back = onset + timedelta(minutes=100)
    made.take(blown, back)  # the collector was blind until now
    lines = made.tick(back + timedelta(minutes=6))
    first = [x for x in pages(lines) if x.data["reason"] == "first"]
    assert len(first) == 1
    incident = made.store.read.incidents()[0]
    assert incident.onset <= back - timedelta(minutes=30)


def test_a_source_that_stops_holds_nobody_and_is_unknown(flow: Callable[..., Flow]) -> None:
    made = flow()
    lived(made)
    later = NOW + timedelta(hours=3)
    made.tick(later)
    assert closed(made) >= later - 2 * BIN
    clock = made.store.read.sources()["forum"].clock
    assert clock.silent(later)
