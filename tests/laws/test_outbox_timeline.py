"""What every outbox tells the timeline: sent, failed and sent again, each once."""

from __future__ import annotations

from alerts.alert import NotifyReason
from alerts.fact import MACHINE, FactKind
from alerts.outbox import Outbox
from monitor.ports import Store
from tests import builders as b
from tests.laws.queued import (
    ACCEPTED,
    DEAD,
    FIRST,
    LATER,
    NOW,
    PENDING,
    RETRY,
    SENT,
    STORM,
    WORSE,
    begun,
    end,
    enqueue,
)


def test_sent_and_failed_stand_on_the_timeline(store: Store, outbox: Outbox) -> None:
    enqueue(store, FIRST, WORSE)
    sent = end(outbox, SENT, NOW)
    failed = end(outbox, DEAD, LATER)
    one, two = store.read.facts(STORM.id)
    assert (one.kind, one.at, one.actor) == (FactKind.ALERT_SENT, NOW, MACHINE)
    assert one.payload == {"channel": "pd", "delivery": sent, "alert": FIRST.id, "attempts": 1}
    assert (two.kind, two.at) == (FactKind.ALERT_FAILED, LATER)
    assert two.payload == {
        "channel": "pd",
        "delivery": failed,
        "alert": WORSE.id,
        "attempts": 1,
        "error": "400",
    }


def test_a_retry_is_not_worth_a_line(store: Store, outbox: Outbox) -> None:
    enqueue(store, FIRST)
    outbox.finish(begun(outbox), RETRY, PENDING, NOW, retry_at=LATER)
    assert store.read.facts(STORM.id) == []


def test_finishing_twice_writes_one_line(store: Store, outbox: Outbox) -> None:
    enqueue(store, FIRST)
    attempt = begun(outbox)
    outbox.finish(attempt, ACCEPTED, SENT, NOW)
    outbox.finish(attempt, ACCEPTED, SENT, NOW)
    assert len(store.read.facts(STORM.id)) == 1


def test_a_dead_delivery_is_sent_again_in_somebodys_name(store: Store, outbox: Outbox) -> None:
    enqueue(store, FIRST)
    dead = end(outbox, DEAD)
    assert outbox.resend(dead, "kim", LATER)
    assert not outbox.resend(dead, "kim", LATER), "it is pending again"
    assert not outbox.resend(10**9, "kim", LATER)
    fact = store.read.facts(STORM.id)[-1]
    assert (fact.kind, fact.actor, fact.payload["channel"]) == (FactKind.ALERT_RESENT, "kim", "pd")
    assert begun(outbox, LATER).number == 2


def test_a_test_alert_has_no_timeline(store: Store, outbox: Outbox) -> None:
    trial = b.alert(b.incident(counter=9), reason=NotifyReason.TEST, test=True)
    enqueue(store, trial)
    end(outbox, SENT)
    assert store.read.facts(trial.incident) == []
