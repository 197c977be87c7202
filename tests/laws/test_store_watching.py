"""Beats, and what has not gone out: the newest of a name, and only what should be out by now."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from alerts.alert import Action, Alert, AttemptOutcome, Delivery, DeliveryState
from alerts.errand import Errand, Kind
from detectors.detection import Level
from monitor.ports import Beat, Store
from tests import builders as b

S = timedelta(seconds=1)
M = timedelta(minutes=1)
NOW = b.after(hours=1)


def queued(store: Store, name: str, *channels: str, level: Level = Level.STORM) -> None:
    with store.begin() as tx:
        tx.enqueue(_alert(name, level), channels, b.T0)


def _alert(name: str, level: Level = Level.STORM) -> Alert:
    made = b.alert(b.incident())
    return replace(made, id=name, key=name, level=level, action=Action.TRIGGER)


def ended(
    store: Store, delivery: Delivery, at: datetime, state: DeliveryState, retry: datetime | None
) -> None:
    attempt = store.outbox.begin(delivery, at)
    assert attempt is not None
    outcome = AttemptOutcome.ACCEPTED if state is DeliveryState.SENT else AttemptOutcome.RETRY
    store.outbox.finish(attempt, outcome, state, at, retry_at=retry, error="answered 500")


def test_of_a_name_the_newest_beat_is_kept(store: Store) -> None:
    first, later = Beat("crawler", b.T0, {"n": 1}), Beat("crawler", b.T0 + M, {"n": 2})
    for beat in (later, first, Beat("other", b.T0)):
        with store.begin() as tx:
            tx.save_beat(beat)
    with store.begin() as tx:
        assert tx.beat("crawler") == later
        assert tx.beat("nobody") is None
    assert store.read.beats() == {"crawler": later, "other": Beat("other", b.T0)}
    assert store.read.beat("crawler") == later


def test_what_is_due_and_behind_nothing_is_late(store: Store) -> None:
    queued(store, "a", "pager", "mail")
    assert store.read.outstanding(b.T0 - S, b.T0).late == ()
    late = store.read.outstanding(b.T0, b.T0).late
    assert sorted((one.target, one.since, one.sending) for one in late) == [
        ("mail", b.T0, False),
        ("pager", b.T0, False),
    ]


def test_what_waits_for_its_next_try_is_not_late_nor_what_is_behind_it(store: Store) -> None:
    queued(store, "a", "pager")
    with store.begin() as tx:
        tx.enqueue(replace(_alert("b"), key="a"), ["pager"], b.T0)
    [head] = store.outbox.due(NOW, 9)
    ended(store, head, b.T0 + M, DeliveryState.PENDING, NOW + M)
    found = store.read.outstanding(NOW, b.T0)
    assert found.late == ()
    [waits] = found.waiting
    assert (waits.target, waits.first, waits.attempts, waits.page) == ("pager", b.T0 + M, 1, True)
    assert waits.error == "answered 500"


def test_a_send_that_never_ends_is_late(store: Store) -> None:
    queued(store, "a", "pager")
    [head] = store.outbox.due(NOW, 9)
    assert store.outbox.begin(head, b.T0 + M)
    assert store.read.outstanding(b.T0 + M - S, b.T0).late == ()
    [stuck] = store.read.outstanding(b.T0 + M, b.T0).late
    assert (stuck.target, stuck.since, stuck.sending) == ("pager", b.T0 + M, True)


def test_what_was_given_up_is_told_from_when_it_was(store: Store) -> None:
    queued(store, "a", "mail")
    [head] = store.outbox.due(NOW, 9)
    ended(store, head, b.T0 + M, DeliveryState.DEAD, None)
    [dead] = store.read.outstanding(NOW, b.T0 + M).dead
    assert (dead.target, dead.at, dead.error) == ("mail", b.T0 + M, "answered 500")
    assert store.read.outstanding(NOW, b.T0 + M + S).dead == ()


def test_a_success_shows_where_something_waits(store: Store) -> None:
    queued(store, "a", "mail")
    queued(store, "b", "mail", level=Level.FRESH_BREEZE)
    first, second = store.outbox.due(NOW, 9)
    ended(store, first, b.T0 + M, DeliveryState.SENT, None)
    assert store.read.outstanding(NOW, b.T0).heard == {}
    ended(store, second, b.T0 + 2 * M, DeliveryState.PENDING, NOW + M)
    found = store.read.outstanding(NOW, b.T0)
    assert found.heard == {"mail": b.T0 + M}
    assert [one.page for one in found.waiting] == [False]


def test_sent_deliveries_are_listed_by_time(store: Store) -> None:
    queued(store, "a", "mail", "pager/kim")
    for n, delivery in enumerate(store.outbox.due(NOW, 9)):
        ended(store, delivery, b.T0 + n * M, DeliveryState.SENT, None)
    assert len(store.read.sent(b.T0, b.T0 + 2 * M)) == 2
    [last] = store.read.sent(b.T0 + M, b.T0 + 2 * M)
    assert last.sent_at == b.T0 + M
    assert store.read.sent(b.T0 + 2 * M, NOW) == []


def test_errands_that_are_overdue_are_counted(store: Store) -> None:
    with store.begin() as tx:
        tx.add_errand(Errand("a", Kind.STEP, "a", b.T0))
        tx.add_errand(Errand("b", Kind.STEP, "a", b.T0 + M))
    assert store.read.outstanding(b.T0 - S, b.T0).errands == 0
    found = store.read.outstanding(b.T0 + M, b.T0)
    assert (found.errands, found.errand_at) == (2, b.T0)
