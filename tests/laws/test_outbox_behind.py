"""What waits behind a delivery may go out with it: in order, due, and never an end."""

from __future__ import annotations

from alerts.alert import NotifyReason
from alerts.outbox import Attempt, Outbox
from monitor.ports import Store
from tests import builders as b
from tests.laws.queued import (
    ACCEPTED,
    FIRST,
    LATER,
    NOW,
    OVER,
    PENDING,
    RETRY,
    SENT,
    STORM,
    UNKNOWN,
    WORSE,
    begun,
    enqueue,
    head,
    stored,
)

AGAIN = b.alert(STORM, reason=NotifyReason.UNANSWERED)


def test_what_is_due_behind_goes_along_in_order_up_to_the_end(store: Store, outbox: Outbox) -> None:
    enqueue(store, FIRST, WORSE, AGAIN, OVER)
    enqueue(store, FIRST, channels=("mail",))
    behind = outbox.begin_behind(begun_of(outbox, "pd"), NOW, 10)
    assert [d.alert.reason for d, _ in behind] == [WORSE.reason, AGAIN.reason]
    assert [a.number for _, a in behind] == [1, 1]
    assert [d.channel for d in outbox.due(NOW, 10)] == ["mail"]


def test_no_more_go_along_than_asked_for_and_none_before_its_time(
    store: Store, outbox: Outbox
) -> None:
    enqueue(store, FIRST, WORSE)
    enqueue(store, AGAIN, at=LATER)
    attempt = begun(outbox)
    assert outbox.begin_behind(attempt, NOW, 0) == []
    assert len(outbox.begin_behind(attempt, NOW, 10)) == 1


def test_behind_an_end_or_an_attempt_that_is_over_nothing_goes_along(
    store: Store, outbox: Outbox
) -> None:
    enqueue(store, FIRST, WORSE)
    attempt = begun(outbox)
    outbox.finish(attempt, RETRY, PENDING, NOW, retry_at=LATER)
    assert outbox.begin_behind(attempt, NOW, 10) == []
    enqueue(store, OVER, AGAIN, channels=("end",))
    assert outbox.begin_behind(begun_of(outbox, "end"), NOW, 10) == []


def test_each_that_went_along_has_its_own_trail_and_end(store: Store, outbox: Outbox) -> None:
    enqueue(store, FIRST, WORSE)
    first = begun(outbox)
    [(_, second)] = outbox.begin_behind(first, NOW, 10)
    for attempt in (first, second):
        outbox.finish(attempt, UNKNOWN, PENDING, NOW, retry_at=LATER)
    assert all(d.may_repeat for d in stored(store))
    assert head(outbox, LATER).alert == FIRST
    first = begun(outbox, LATER)
    [(_, second)] = outbox.begin_behind(first, LATER, 10)
    for attempt in (first, second):
        outbox.finish(attempt, ACCEPTED, SENT, LATER)
    assert [(d.state, d.attempts) for d in stored(store)] == [(SENT, 2), (SENT, 2)]


def test_a_killed_sender_leaves_all_of_them_with_an_unknown_outcome(
    store: Store, outbox: Outbox
) -> None:
    enqueue(store, FIRST, WORSE)
    outbox.begin_behind(begun(outbox), NOW, 10)
    assert outbox.recover(LATER, LATER) == 2
    assert [(d.state, d.may_repeat) for d in stored(store)] == [(PENDING, True)] * 2


def begun_of(outbox: Outbox, channel: str) -> Attempt:
    [delivery] = [d for d in outbox.due(NOW, 10) if d.channel == channel]
    attempt = outbox.begin(delivery, NOW)
    assert attempt is not None
    return attempt
