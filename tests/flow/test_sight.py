"""What we see only a part of, or not at all, through the whole pipeline: said, and never a storm."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec
import pytest

from alerts.render.message import message
from detectors.detection import Level, Reason, ReasonCode
from detectors.mention import Mention
from detectors.window import BIN
from monitor.pipeline import Line
from monitor.pipeline.sight import Sight
from monitor.ports import Capped
from tests.flow.conftest import TOPIC, Flow
from tests.flow.scenes import ANGRY, CALM, MONDAY, calm, in_order, post, storm

NOW = MONDAY + timedelta(days=3, hours=12)
HOUR = timedelta(hours=1)
SOON = timedelta(seconds=3)


def lived(made: Flow, mentions: list[Mention], until: datetime, since: datetime = MONDAY) -> list:
    """Let everything pass in real order, seen seconds after it was published."""
    if since == MONDAY:
        made.pipeline.begin_at(MONDAY)
    lines: list[Line] = []
    at = since
    while at < until:
        step = BIN if at >= NOW - HOUR else 6 * BIN
        part = [m for m in mentions if at <= m.published_utc < at + step]
        made.pipeline.filing.create([(m, m.published_utc + SOON) for m in part])
        at += step
        lines += made.tick(at + timedelta(minutes=1))
    return lines


def split(mentions: Iterator[Mention]) -> list[Mention]:
    """Give every third post to another source."""
    return [
        msgspec.structs.replace(m, source="kurz") if n % 3 == 0 else m
        for n, m in enumerate(mentions)
    ]


def crowd(start: datetime, per_hour: float, hours: float) -> Iterator[Mention]:
    """Yield the usual mix from new people, all at one place."""
    rng = random.Random(5)
    at, n = start, 0
    while at < start + hours * HOUR:
        n += 1
        text = rng.choice(ANGRY) if rng.random() < 0.1 else rng.choice(CALM)
        yield post(f"moved{n}", at, f"{text} ({n})", source="kurz", author=f"zugezogen{n}")
        at += timedelta(hours=rng.expovariate(per_hour))


def reasons(made: Flow, code: ReasonCode, since: datetime, until: datetime) -> list[Reason]:
    found = made.store.read.results(TOPIC.id, since, until)
    return [r for x in found if x.assessment for r in x.assessment.reasons if r.code is code]


def pages(lines: list[Line]) -> list[Line]:
    return [x for x in lines if x.type == "alert"]


# --- only a part ------------------------------------------------------------------------------


def test_a_storm_in_a_capped_source_says_at_least(flow: Callable[..., Flow]) -> None:
    made = flow()
    mentions = in_order(calm(MONDAY, NOW + HOUR, 20), storm(NOW, 60, 0.6, 12))
    lived(made, mentions, NOW)
    with made.store.begin() as tx:
        tx.add_capped(Capped("forum", NOW, NOW + HOUR / 3))
        tx.add_capped(Capped("elsewhere", NOW, NOW + HOUR))
    lines = lived(made, mentions, NOW + HOUR, NOW)
    assert pages(lines)
    told = reasons(made, ReasonCode.CAPPED, NOW, NOW + HOUR)
    assert {r.text for r in told} == {"forum"}  # never heard of the topic from elsewhere
    assert reasons(made, ReasonCode.CAPPED, MONDAY, NOW) == []
    [delivery, *_] = made.store.read.deliveries(made.store.read.incidents()[0].id)
    assert message(delivery, "de").lead.startswith("Mindestens ")
    assert ". At least " in message(delivery, "en").short


@pytest.mark.parametrize(
    ("minutes", "capped"), [(-1, False), (1, True), (59, True), (65, True), (75, False)]
)
def test_a_span_counts_for_the_hour_after_it(
    flow: Callable[..., Flow], minutes: int, capped: bool
) -> None:
    """A span of ten minutes, seen from the end of a bin ``minutes`` after it began."""
    made = flow()
    made.take([post(1, NOW, CALM[0])], NOW)
    with made.store.begin() as tx:
        tx.add_capped(Capped("forum", NOW, NOW + 2 * BIN))
        end = NOW + timedelta(minutes=minutes)
        sight = Sight(tx, end, NOW + 2 * HOUR, live=True)
        assert sight.capped(TOPIC.id, end) == (("forum",) if capped else ())


# --- somebody is down -------------------------------------------------------------------------


def test_people_who_move_from_a_silent_source_wake_nobody_and_it_is_said(
    flow: Callable[..., Flow],
) -> None:
    made = flow()
    before = split(calm(MONDAY, NOW, 60))
    mentions = in_order(iter(before), crowd(NOW, 400, 1.5))
    lines = lived(made, mentions, NOW + HOUR)
    assert pages(lines) == []
    told = reasons(made, ReasonCode.MOVED, NOW, NOW + HOUR)
    assert {r.text for r in told} == {"forum"}
    found = made.store.read.results(TOPIC.id, NOW, NOW + HOUR)
    assert max(r.level for r in found) < Level.STRONG_WIND


def test_a_storm_of_those_who_moved_calls_all_the_same(flow: Callable[..., Flow]) -> None:
    made = flow()
    before = split(calm(MONDAY, NOW, 60))
    blown = [msgspec.structs.replace(m, source="kurz") for m in storm(NOW, 60, 0.8, 12)]
    lines = lived(made, in_order(iter(before), iter(blown)), NOW + HOUR)
    assert next(x.data["reason"] for x in pages(lines)) == "first"


def test_a_source_that_failed_a_moment_ago_is_not_down(flow: Callable[..., Flow]) -> None:
    made = flow()
    lived(made, split(calm(NOW - HOUR, NOW, 60)), NOW, NOW - HOUR)
    with made.store.begin() as tx:
        state = tx.sources()["forum"]
        tx.save_source(replace(state, error="HTTP 500", error_at=NOW))
        for minutes, down in ((0, ()), (9, ()), (13, ("forum",))):
            at = NOW + timedelta(minutes=minutes)
            sight = Sight(tx, at, at, live=True)
            names = {n for n in sight.down(TOPIC.id, at) if n == "forum"}
            assert tuple(names) == down


def test_where_every_source_is_silent_nobody_has_moved(flow: Callable[..., Flow]) -> None:
    made = flow()
    lived(made, split(calm(NOW - HOUR, NOW, 60)), NOW, NOW - HOUR)
    with made.store.begin() as tx:
        later = NOW + 3 * HOUR
        assert Sight(tx, later, later, live=True).down(TOPIC.id, later) == ()
        assert Sight(tx, NOW, NOW, live=False).down(TOPIC.id, NOW) == ()


# --- blind for a while ------------------------------------------------------------------------


def test_past_bins_alone_call_nobody_however_they_come_in(flow: Callable[..., Flow]) -> None:
    made = flow()
    lived(made, in_order(calm(MONDAY, NOW, 20)), NOW)
    blown = list(storm(NOW - 4 * HOUR, 60, 0.6, 12))
    made.take(blown, NOW + BIN)
    lines = made.tick(NOW + BIN + timedelta(minutes=6))
    assert pages(lines) == []
    assert any(x.type == "revised" for x in lines)


def test_a_storm_found_when_sight_came_back_says_since_when_and_until_when_we_were_blind(
    flow: Callable[..., Flow],
) -> None:
    made = flow()
    trickle = in_order(calm(MONDAY, NOW + 2 * HOUR, 20))
    lived(made, trickle, NOW)
    onset, back = NOW + 2 * BIN, NOW + 20 * BIN
    # The collector goes on closing bins over the trickle of one source; the storm is elsewhere.
    lived(made, trickle, back, NOW)
    blown = [msgspec.structs.replace(m, source="kurz") for m in storm(onset, 105, 0.6, 12)]
    made.take([m for m in blown if m.published_utc < back], back)
    lines = made.tick(back + timedelta(minutes=1))
    lines += lived(made, in_order(iter(trickle), iter(blown)), back + 2 * BIN, back)
    first = next(x for x in pages(lines) if x.data["reason"] == "first")
    assert first.data["blind_until"] == back.strftime("%Y-%m-%dT%H:%M:%SZ")
    incident = made.store.read.incidents()[0]
    [delivery, *_] = made.store.read.deliveries(incident.id)
    assert delivery.alert.blind_until == back
    assert delivery.alert.since < back - HOUR / 2
    assert "waren wir blind" in message(delivery, "de").lead


def test_a_storm_found_after_we_stood_still_says_until_when_we_were_blind(
    flow: Callable[..., Flow],
) -> None:
    made = flow()
    lived(made, in_order(calm(MONDAY, NOW, 20)), NOW)
    onset, back = NOW + 2 * BIN, NOW + 22 * BIN
    for m in storm(onset, 100, 0.6, 12):  # the door was open, but nobody judged
        made.pipeline.filing.create([(m, m.published_utc + SOON)])
    lines = made.tick(back + timedelta(minutes=6))
    first = next(x for x in pages(lines) if x.data["reason"] == "first")
    assert first.data["blind_until"] == (back + timedelta(minutes=6)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_storm_that_was_seen_as_it_came_speaks_of_no_blindness(
    flow: Callable[..., Flow],
) -> None:
    made = flow()
    mentions = in_order(calm(MONDAY, NOW + HOUR, 20), storm(NOW, 60, 0.6, 12))
    lines = lived(made, mentions, NOW + HOUR)
    assert pages(lines)
    assert all("blind_until" not in x.data for x in pages(lines))
