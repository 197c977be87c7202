"""Answers from outside: each key has its effect once, with what hangs on it, and is forgotten in time."""

from __future__ import annotations

import threading
from datetime import timedelta
from functools import partial
from typing import cast

import pytest

from alerts.fact import MACHINE, FactKind
from monitor.ports import Answered, KeptStore, Store
from tests import builders as b
from tests.threads import together


def once(store: Store, key: str, actor: str = "kim") -> bool:
    with store.begin() as tx:
        return tx.answer_once(key, b.T0, actor)


def test_a_key_has_its_effect_once_and_the_first_stays_known(store: Store) -> None:
    assert store.read.answered("link/1") is None
    assert once(store, "link/1")
    assert not once(store, "link/1", "lee")
    assert once(store, "link/2", "lee")
    assert store.read.answered("link/1") == Answered(b.T0, "kim")
    with store.begin() as tx:
        assert tx.answered("link/2") == Answered(b.T0, "lee")


def test_a_transaction_that_fails_leaves_the_key_unused(store: Store) -> None:
    def fails() -> None:
        with store.begin() as tx:
            assert tx.answer_once("link/1", b.T0, "kim")
            raise LookupError

    with pytest.raises(LookupError):
        fails()
    assert store.read.answered("link/1") is None
    assert once(store, "link/1")


def test_of_many_who_answer_at_once_one_is_first(store: Store) -> None:
    start = threading.Barrier(6)
    first: list[str] = []

    def press(actor: str) -> None:
        start.wait(timeout=10)
        if once(store, "link/1", actor):
            first.append(actor)

    together(*(partial(press, f"p{n}") for n in range(6)))
    found = store.read.answered("link/1")
    assert found is not None
    assert first == [found.actor]


def test_answers_are_forgotten_after_thirty_days_whatever_else_is_kept(store: Store) -> None:
    once(store, "old")
    with store.begin() as tx:
        tx.answer_once("young", b.T0 + timedelta(hours=1), "kim")
    kept = cast(KeptStore, store)
    kept.housekeep(b.T0 + timedelta(days=30), 0)
    assert store.read.answered("old") is not None
    kept.housekeep(b.T0 + timedelta(days=30, minutes=1), 0)
    assert store.read.answered("old") is None
    assert store.read.answered("young") is not None


def test_the_last_act_of_a_person_is_told_and_the_machines_are_none(store: Store) -> None:
    storm = b.incident()
    with store.begin() as tx:
        tx.save_incident(storm, 0)
        assert tx.last_act(storm.id) is None
        tx.add_facts(storm.id, [b.fact(at=b.after(minutes=1), actor="kim")])
        tx.add_facts(storm.id, [b.fact(at=b.after(minutes=2), actor="lee")])
        tx.add_facts(storm.id, [b.fact(FactKind.LEVEL_FELL, at=b.after(minutes=9), actor=MACHINE)])
        tx.add_facts("another", [b.fact(at=b.after(minutes=9), actor="kim")])
        assert tx.last_act(storm.id) == b.after(minutes=2)
