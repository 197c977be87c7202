"""What every outbox keeps: order, one sender, a trail before the send, nothing after the end."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from alerts.alert import DeliveryState, NotifyReason
from alerts.outbox import Attempt, Outbox
from monitor.ports import Store
from tests import builders as b
from tests.laws.children import start
from tests.laws.homes import StoreHome
from tests.laws.queued import (
    ACCEPTED,
    DEAD,
    FIRST,
    LATER,
    NOW,
    OVER,
    PENDING,
    REFUSED,
    RETRY,
    SENT,
    STORM,
    UNKNOWN,
    WORSE,
    begun,
    end,
    enqueue,
    head,
    reasons,
    stored,
)
from tests.threads import together

# --- enqueueing -----------------------------------------------------------------------------


def test_a_delivery_carries_its_alert_as_enqueued(store: Store, outbox: Outbox) -> None:
    rare = b.alert(STORM, return_period_days=float("inf"))
    enqueue(store, rare)
    delivery = head(outbox)
    assert delivery.alert == rare
    assert (delivery.channel, delivery.key, delivery.seq) == ("pd", STORM.key, 1)
    assert (delivery.state, delivery.attempts, delivery.may_repeat) == (PENDING, 0, False)
    assert (delivery.due_at, delivery.created_at, delivery.sent_at) == (NOW, NOW, None)


def test_the_same_alert_to_the_same_channel_is_one_delivery(store: Store, outbox: Outbox) -> None:
    assert enqueue(store, FIRST, channels=("pd", "slack", "pd")) == 2
    assert enqueue(store, FIRST, channels=("slack", "mail")) == 1
    assert sorted(d.channel for d in stored(store)) == ["mail", "pd", "slack"]


def test_the_same_alert_after_it_was_sent_is_not_sent_again(store: Store, outbox: Outbox) -> None:
    enqueue(store, FIRST)
    end(outbox, SENT)
    assert enqueue(store, FIRST) == 0
    assert outbox.due(LATER, 10) == []


def test_cancelling_drops_what_was_never_tried(store: Store, outbox: Outbox) -> None:
    enqueue(store, FIRST, WORSE)
    outbox.finish(begun(outbox), RETRY, PENDING, NOW, retry_at=LATER)
    with store.begin() as tx:
        assert tx.cancel(STORM.key, NOW) == 1
        assert tx.cancel(STORM.key, NOW) == 0
        assert tx.cancel("another key", NOW) == 0
    assert [d.alert.reason for d in stored(store)] == [NotifyReason.FIRST]
    assert enqueue(store, WORSE) == 0, "the same alert stays cancelled"
    end(outbox, SENT, LATER)
    assert outbox.due(LATER, 10) == []


def test_what_waits_for_a_full_channel_hides_nothing_of_the_others(
    store: Store, outbox: Outbox
) -> None:
    for counter in range(2, 6):
        enqueue(store, b.alert(b.incident(counter=counter)), channels=("pd",))
    enqueue(store, FIRST, channels=("slack",))
    assert [d.channel for d in outbox.due(NOW, 2, {"pd"})] == ["slack"]
    assert outbox.due(NOW, 2, {"pd", "slack"}) == []
    assert len(outbox.due(NOW, 9)) == 5


# --- order ----------------------------------------------------------------------------------


def test_one_key_goes_out_in_the_order_of_enqueueing(store: Store, outbox: Outbox) -> None:
    enqueue(store, FIRST, WORSE, OVER)
    assert reasons(outbox) == [NotifyReason.FIRST]
    end(outbox, SENT)
    assert reasons(outbox) == [NotifyReason.ESCALATED]
    end(outbox, SENT)
    assert reasons(outbox) == [NotifyReason.RESOLVED]


def test_what_waits_for_a_retry_holds_up_only_its_own_key_and_channel(
    store: Store, outbox: Outbox
) -> None:
    other = b.incident(counter=2)
    enqueue(store, FIRST, WORSE, channels=("pd", "slack"))
    enqueue(store, b.alert(other))
    by_channel = {(d.channel, d.key): d for d in outbox.due(NOW, 10)}
    assert set(by_channel) == {("pd", STORM.key), ("slack", STORM.key), ("pd", other.key)}
    attempt = outbox.begin(by_channel["pd", STORM.key], NOW)
    assert attempt is not None
    assert len(outbox.due(NOW, 10)) == 2, "one that is being sent blocks what follows it"
    outbox.finish(attempt, RETRY, PENDING, NOW, retry_at=LATER)
    assert {(d.channel, d.key) for d in outbox.due(NOW, 10)} == {
        ("slack", STORM.key),
        ("pd", other.key),
    }
    assert {(d.channel, d.key) for d in outbox.due(LATER, 10)} == set(by_channel)


def test_a_dead_delivery_does_not_hold_up_the_next(store: Store, outbox: Outbox) -> None:
    enqueue(store, FIRST, OVER)
    end(outbox, DEAD)
    assert reasons(outbox) == [NotifyReason.RESOLVED]


def test_whoever_holds_an_old_list_cannot_jump_the_queue(store: Store, outbox: Outbox) -> None:
    enqueue(store, FIRST, WORSE)
    first = head(outbox)
    end(outbox, DEAD)
    second = head(outbox)
    assert outbox.resend(first.id, "kim", NOW)
    assert outbox.begin(second, NOW) is None, "the one sent again comes first"
    assert reasons(outbox) == [NotifyReason.FIRST]


def test_the_oldest_due_comes_first_and_no_more_than_asked(store: Store, outbox: Outbox) -> None:
    for n in (3, 1, 2):
        enqueue(store, b.alert(b.incident(counter=n)), at=b.after(n))
    due = outbox.due(b.after(3), 2)
    assert [d.due_at for d in due] == [b.after(1), b.after(2)]
    assert [d.due_at for d in outbox.due(b.after(1), 9)] == [b.after(1)]


def test_next_due_is_of_what_could_go_out(store: Store, outbox: Outbox) -> None:
    assert outbox.next_due() is None
    enqueue(store, FIRST, WORSE, at=NOW)
    assert outbox.next_due() == NOW
    attempt = begun(outbox)
    assert outbox.next_due() is None, "the next waits for the one under way"
    outbox.finish(attempt, RETRY, PENDING, NOW, retry_at=LATER)
    assert outbox.next_due() == LATER, "and then for its retry"
    end(outbox, SENT, LATER)
    assert outbox.next_due() == NOW


# --- nothing after the end ------------------------------------------------------------------


def test_no_trigger_is_sent_again_once_its_resolve_went_out(store: Store, outbox: Outbox) -> None:
    enqueue(store, FIRST, OVER)
    trigger = end(outbox, DEAD)
    end(outbox, SENT)
    assert not outbox.resend(trigger, "kim", LATER)
    assert outbox.due(LATER, 10) == []
    assert outbox.next_due() is None


def test_nor_while_the_resolve_is_on_its_way(store: Store, outbox: Outbox) -> None:
    enqueue(store, FIRST, OVER)
    trigger = end(outbox, DEAD)
    attempt = begun(outbox)
    assert not outbox.resend(trigger, "kim", NOW)
    outbox.finish(attempt, UNKNOWN, PENDING, NOW, retry_at=LATER)
    assert not outbox.resend(trigger, "kim", NOW), "the resolve may have arrived"


def test_a_resolve_that_was_refused_ends_nothing(store: Store, outbox: Outbox) -> None:
    enqueue(store, FIRST, OVER)
    trigger = end(outbox, DEAD)
    resolve = end(outbox, DEAD)
    assert outbox.resend(resolve, "kim", NOW)
    assert outbox.resend(trigger, "kim", NOW)
    assert reasons(outbox) == [NotifyReason.FIRST]


def test_a_new_episode_is_another_key_and_pages_again(store: Store, outbox: Outbox) -> None:
    enqueue(store, FIRST, OVER)
    end(outbox, SENT)
    end(outbox, SENT)
    again = b.alert(b.incident(episode=2), reason=NotifyReason.REOPENED)
    assert enqueue(store, again) == 1
    assert reasons(outbox) == [NotifyReason.REOPENED]


# --- attempts -------------------------------------------------------------------------------


def test_an_attempt_is_on_record_before_anything_is_sent(store: Store, outbox: Outbox) -> None:
    enqueue(store, FIRST)
    delivery = head(outbox)
    attempt = outbox.begin(delivery, NOW)
    assert attempt == Attempt(delivery.id, 1, NOW)
    assert outbox.attempts(delivery.id) == [attempt]
    [now] = stored(store)
    assert (now.state, now.attempts) == (DeliveryState.SENDING, 1)


def test_of_many_senders_one_gets_it(store: Store, outbox: Outbox) -> None:
    enqueue(store, FIRST)
    delivery = head(outbox)
    got: list[Attempt | None] = []
    together(*[lambda: got.append(outbox.begin(delivery, NOW))] * 6)
    assert len([a for a in got if a is not None]) == 1
    assert len(got) == 6


def test_a_retry_waits_and_leaves_its_trail(store: Store, outbox: Outbox) -> None:
    enqueue(store, FIRST)
    outbox.finish(
        begun(outbox), RETRY, PENDING, b.after(1), retry_at=LATER, error="503", latency_ms=12.5
    )
    assert outbox.due(b.after(60), 10) == []
    second = begun(outbox, LATER)
    outbox.finish(second, ACCEPTED, SENT, b.after(301), latency_ms=7.0)
    assert outbox.attempts(second.delivery) == [
        Attempt(second.delivery, 1, NOW, RETRY, "503", 12.5),
        Attempt(second.delivery, 2, LATER, ACCEPTED, "", 7.0),
    ]
    [sent] = stored(store)
    assert (sent.state, sent.sent_at, sent.attempts, sent.error) == (SENT, b.after(301), 2, "")
    assert not sent.may_repeat


def test_an_unknown_outcome_is_remembered(store: Store, outbox: Outbox) -> None:
    enqueue(store, FIRST)
    outbox.finish(begun(outbox), UNKNOWN, PENDING, NOW, retry_at=LATER, error="time-out")
    assert head(outbox, LATER).may_repeat
    end(outbox, SENT, LATER)
    assert stored(store)[0].may_repeat


@pytest.mark.parametrize(
    ("state", "retry_at"),
    [(DeliveryState.SENDING, None), (PENDING, None), (SENT, LATER), (DEAD, LATER)],
)
def test_an_end_that_makes_no_sense_is_refused(
    store: Store, outbox: Outbox, state: DeliveryState, retry_at: datetime | None
) -> None:
    enqueue(store, FIRST)
    attempt = begun(outbox)
    with pytest.raises(ValueError, match="pending"):
        outbox.finish(attempt, RETRY, state, NOW, retry_at=retry_at)


def test_no_error_is_kept_at_full_length(store: Store, outbox: Outbox) -> None:
    enqueue(store, FIRST)
    outbox.finish(begun(outbox), REFUSED, DEAD, NOW, error="x" * 10_000)
    assert len(stored(store)[0].error) <= 500


# --- a sender that was killed ---------------------------------------------------------------


def test_a_killed_sender_leaves_its_delivery_to_the_next(store_home: StoreHome) -> None:
    store = store_home.open()
    with store.begin() as tx:
        tx.save_incident(STORM, 0)
        tx.enqueue(FIRST, ["pd"], NOW)
    child = start("send", store_home.spec)
    assert child.stdout is not None
    assert child.stdout.readline() == "began 1\n"
    child.kill()
    child.stdout.close()
    child.wait()
    assert store.outbox.due(LATER, 10) == []
    assert store.outbox.recover(LATER, LATER) == 1
    again = head(store.outbox, LATER)
    assert (again.attempts, again.may_repeat) == (1, True)
    [attempt] = store.outbox.attempts(again.id)
    assert attempt.outcome is UNKNOWN
    store.close()


def test_recovering_takes_only_what_began_before(store: Store, outbox: Outbox) -> None:
    enqueue(store, FIRST)
    attempt = begun(outbox, LATER)
    assert outbox.recover(LATER, NOW) == 0
    assert outbox.recover(LATER, LATER) == 1
    assert outbox.recover(LATER, LATER) == 0
    assert stored(store)[0].state is PENDING
    assert outbox.attempts(attempt.delivery)[0].outcome is UNKNOWN


def test_what_nobody_has_in_hand_is_taken_over_and_the_rest_is_not(
    store: Store, outbox: Outbox
) -> None:
    enqueue(store, FIRST)
    attempt = begun(outbox)
    assert outbox.adopt(LATER, NOW - timedelta(seconds=1), ()) == 0  # too young
    assert outbox.adopt(LATER, LATER, (attempt.delivery,)) == 0  # whoever asks has it
    assert outbox.adopt(LATER, LATER, (attempt.delivery + 1,)) == 1
    again = head(outbox, LATER)
    assert (again.state, again.may_repeat) == (PENDING, True)
    assert outbox.attempts(attempt.delivery)[0].outcome is UNKNOWN
    begun(outbox, LATER + timedelta(hours=1))
    assert outbox.adopt(LATER, LATER, ()) == 0  # the clock was set back: a start sees to that


def test_a_clock_that_was_set_back_hides_nothing(store: Store, outbox: Outbox) -> None:
    enqueue(store, FIRST)
    begun(outbox, LATER)
    assert outbox.recover(NOW, NOW) == 1


def test_an_answer_after_recovery_still_counts(store: Store, outbox: Outbox) -> None:
    enqueue(store, FIRST)
    attempt = begun(outbox)
    outbox.recover(LATER, LATER)
    outbox.finish(attempt, ACCEPTED, SENT, LATER)
    assert outbox.due(LATER, 10) == []
    assert outbox.attempts(attempt.delivery)[0].outcome is ACCEPTED


def test_an_answer_after_the_next_attempt_began_changes_only_the_trail(
    store: Store, outbox: Outbox
) -> None:
    enqueue(store, FIRST)
    first = begun(outbox)
    outbox.recover(LATER, LATER)
    begun(outbox, LATER)
    outbox.finish(first, REFUSED, DEAD, LATER, error="late")
    assert stored(store)[0].state is DeliveryState.SENDING
    assert [a.outcome for a in outbox.attempts(first.delivery)] == [REFUSED, None]
