"""Errands: kept once, due in order, moved by one, and cancelled with their incident."""

from __future__ import annotations

from dataclasses import replace

from alerts.errand import Errand, Kind
from monitor.ports import Store
from tests import builders as b

ERRAND = Errand("step/a/1/4", Kind.STEP, "a", b.after(minutes=5), {"step": 1, "who": "kim"})


def add(store: Store, *errands: Errand) -> list[bool]:
    with store.begin() as tx:
        return [tx.add_errand(one) for one in errands]


def test_the_same_key_is_one_errand_also_when_it_is_done(store: Store) -> None:
    assert add(store, ERRAND, ERRAND) == [True, False]
    with store.begin() as tx:
        [kept] = tx.errands("a")
        assert tx.move_errand(kept, None, {})
    assert add(store, replace(ERRAND, due_at=b.T0)) == [False]
    assert store.read.next_errand() is None


def test_what_is_due_comes_oldest_first_and_nothing_before_its_time(store: Store) -> None:
    add(
        store, ERRAND, replace(ERRAND, key="b", due_at=b.T0), replace(ERRAND, key="c", incident="c")
    )
    assert store.read.next_errand() == b.T0
    due = store.read.due_errands(b.after(minutes=4, seconds=59), 10)
    assert [one.key for one in due] == ["b"]
    due = store.read.due_errands(b.after(minutes=5), 10)
    assert [one.key for one in due] == ["b", ERRAND.key, "c"]
    assert [one.key for one in store.read.due_errands(b.after(minutes=5), 1)] == ["b"]
    assert due[1].content == ERRAND.content


def test_an_errand_is_moved_by_one_of_two(store: Store) -> None:
    add(store, ERRAND)
    [seen] = store.read.errands("a")
    with store.begin() as tx:
        assert tx.move_errand(seen, b.after(hours=1), {"step": 2})
        assert not tx.move_errand(seen, b.after(hours=1), {"step": 2})
    [moved] = store.read.errands("a")
    assert (moved.due_at, moved.content, moved.version) == (b.after(hours=1), {"step": 2}, 2)


def test_with_its_incident_everything_that_waits_is_cancelled(store: Store) -> None:
    add(store, ERRAND, replace(ERRAND, key="b"), replace(ERRAND, key="c", incident="c"))
    [seen, _] = store.read.errands("a")
    with store.begin() as tx:
        assert tx.cancel_errands("a") == 2
        assert not tx.move_errand(seen, b.T0, {})
        assert tx.cancel_errands("a") == 0
    assert store.read.errands("a") == []
    assert [one.key for one in store.read.due_errands(b.after(days=1), 10)] == ["c"]


def test_errands_of_one_kind_can_be_cancelled_alone(store: Store) -> None:
    add(store, ERRAND, replace(ERRAND, key="stale", kind=Kind.STALE))
    with store.begin() as tx:
        assert tx.cancel_errands("a", kinds=[Kind.STEP]) == 1
    assert [one.key for one in store.read.errands("a")] == ["stale"]
