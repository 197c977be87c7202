"""An announced event through the whole pipeline: loud brings no page, going wrong pages in time."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from detectors.detection import Reason, ReasonCode
from detectors.mention import Mention
from detectors.planned import Planned
from detectors.window import BIN
from monitor.app.replaying import replay
from tests import builders as b
from tests.flow.conftest import TOPIC, Flow
from tests.flow.scenes import ANGRY, CALM, MONDAY, calm, in_order, post, storm

EVENT_AT = MONDAY + timedelta(days=5, hours=13)
END = EVENT_AT + timedelta(hours=4)
HOUR = timedelta(hours=1)


def webinar(uplift: float | None = 10.0, **fields: object) -> Planned:
    entry = b.planned(starts=EVENT_AT, hours=2, uplift=uplift, topics=(TOPIC.id,), **fields)
    assert entry.ends == EVENT_AT + 2 * HOUR
    return entry


def crowd(start: datetime, per_hour: float, hours: float = 2, seed: int = 7) -> Iterator[Mention]:
    """Yield the usual mix of posts, one in ten angry, from people who are new here."""
    rng = random.Random(seed)
    at, n = start, 0
    while at < start + hours * HOUR:
        n += 1
        text = rng.choice(ANGRY) if rng.random() < 0.1 else rng.choice(CALM)
        yield post(f"crowd{n}-{start:%d%H}", at, f"{text} ({n})", author=f"gast{n}")
        at += timedelta(hours=rng.expovariate(per_hour))


def played(made: Flow, mentions: list[Mention], *entries: Planned) -> list:
    with made.store.begin() as tx:
        for entry in entries:
            assert tx.save_planned(entry, 0)
    return list(replay(mentions, made.parts, made.store))


def first_page(lines: list) -> datetime | None:
    return next((x.at for x in lines if x.type == "alert"), None)


def said(made: Flow, at: datetime) -> list[Reason]:
    """Return every reason that names what was announced, in the bins of the hour before ``at``."""
    found = made.store.read.results(TOPIC.id, at - HOUR, at)
    reasons = [r for one in found if one.assessment for r in one.assessment.reasons]
    return [r for r in reasons if r.code is ReasonCode.EXPECTED_EVENT]


def loud() -> list[Mention]:
    return in_order(calm(MONDAY, END, 20), crowd(EVENT_AT, 200))


def test_ten_times_the_mentions_at_an_announced_event_wake_nobody_and_it_says_so(
    flow: Callable[..., Flow],
) -> None:
    made = flow(live=False)
    lines = played(made, loud(), webinar())
    assert first_page(lines) is None
    assert lines[-1].data["peak_level"] < 4
    [middle] = made.store.read.results(TOPIC.id, EVENT_AT + HOUR, EVENT_AT + HOUR + BIN)
    [before] = made.store.read.results(TOPIC.id, EVENT_AT - HOUR, EVENT_AT - HOUR + BIN)
    assert (before.uplift, middle.uplift) == (1.0, 10.0)
    assert middle.expected_mentions > 5 * before.expected_mentions


def test_more_than_was_announced_is_told_as_above_what_was_announced(
    flow: Callable[..., Flow],
) -> None:
    made = flow(live=False)
    played(made, loud(), webinar(2.0))
    told = said(made, EVENT_AT + 2 * HOUR)
    assert {r.text for r in told} == {"Webinar on fares"}
    assert max(r.value for r in told) > 2.5


def test_an_announced_event_that_goes_wrong_pages_as_soon_as_one_unannounced(
    flow: Callable[..., Flow],
) -> None:
    mentions = in_order(
        calm(MONDAY, END, 20), crowd(EVENT_AT, 100), storm(EVENT_AT + HOUR / 2, 60, 0.5, 10)
    )
    plain, announced = flow(live=False), flow(live=False)
    without = first_page(played(plain, mentions))
    with_entry = first_page(played(announced, mentions, webinar()))
    assert without is not None
    assert with_entry is not None
    assert with_entry <= without


def test_what_is_expected_of_negatives_is_the_same_with_and_without_an_entry(
    flow: Callable[..., Flow],
) -> None:
    plain, announced = flow(live=False), flow(live=False)
    played(plain, loud())
    played(announced, loud(), webinar())
    span = (TOPIC.id, EVENT_AT - HOUR, EVENT_AT + BIN)
    assert [r.expected_negatives for r in plain.store.read.results(*span)] == [
        r.expected_negatives for r in announced.store.read.results(*span)
    ]


def test_past_ones_of_the_type_tell_what_to_expect_of_the_next(flow: Callable[..., Flow]) -> None:
    made = flow(live=False)
    days = [MONDAY + timedelta(days=d, hours=h) for d, h in ((8, 9), (9, 15), (10, 19))]
    next_at = MONDAY + timedelta(days=11, hours=13)
    past = [
        b.planned(f"past{n}", starts=at, uplift=None, topics=(TOPIC.id,))
        for n, at in enumerate(days)
    ]
    coming = b.planned("next", starts=next_at, uplift=None, topics=(TOPIC.id,))
    mentions = in_order(calm(MONDAY, next_at + HOUR, 20), *(crowd(at, 100) for at in days))
    played(made, mentions, *past, coming)
    uplifts = [made.store.read.results(TOPIC.id, at, at + BIN)[0].uplift for at in (*days, next_at)]
    assert uplifts[0] == 1.5
    assert uplifts == sorted(uplifts)
    assert 4.0 < uplifts[-1] < 7.0  # 120 an hour where 20 are usual


def test_what_was_called_off_or_is_of_another_topic_lets_nothing_be_expected(
    flow: Callable[..., Flow],
) -> None:
    made = flow(live=False)
    off = webinar(cancelled=EVENT_AT - HOUR)
    other = b.planned("other", starts=EVENT_AT, topics=("another",))
    played(made, list(calm(EVENT_AT - 2 * HOUR, END, 20)), off, other)
    found = made.store.read.results(TOPIC.id, EVENT_AT - HOUR, END)
    assert {r.uplift for r in found} == {1.0}


def test_a_late_post_to_an_announced_hour_keeps_what_was_expected(
    flow: Callable[..., Flow],
) -> None:
    made = flow()
    with made.store.begin() as tx:
        tx.save_planned(webinar(), 0)
    start = EVENT_AT - 2 * HOUR
    made.pipeline.begin_at(start)
    for hour in range(4):
        until = start + (hour + 1) * HOUR
        made.take(list(calm(start + hour * HOUR, until, 60)), until)
        made.tick(until + timedelta(minutes=2))
    late = EVENT_AT + timedelta(minutes=32)
    [before] = made.store.read.results(TOPIC.id, EVENT_AT + HOUR / 2, EVENT_AT + HOUR / 2 + BIN)
    made.take([post("late", late, CALM[0])], start + 4 * HOUR + timedelta(minutes=3))
    made.tick(start + 4 * HOUR + timedelta(minutes=4))
    [after] = made.store.read.results(TOPIC.id, EVENT_AT + HOUR / 2, EVENT_AT + HOUR / 2 + BIN)
    assert (before.revision, after.revision) == (0, 1)
    assert after.uplift == before.uplift == 10.0
    assert after.expected_mentions > 3 * after.mentions / 10
