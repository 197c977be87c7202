"""Answers from outside: the same one has its effect once, also when many bring it at a time."""

from __future__ import annotations

from monitor.ports import Store
from tests import builders as b
from tests.threads import together


def answer(store: Store, key: str, actor: str = "kim") -> bool:
    with store.begin() as tx:
        return tx.answer_once(key, b.T0, actor)


def test_an_answer_has_its_effect_once(store: Store) -> None:
    assert answer(store, "a")
    assert not answer(store, "a")
    assert not answer(store, "a", "lee")
    assert answer(store, "b")


def test_what_was_rolled_back_may_be_answered_again(store: Store) -> None:
    class Stop(Exception):
        pass

    try:
        with store.begin() as tx:
            assert tx.answer_once("a", b.T0, "kim")
            raise Stop
    except Stop:
        pass
    assert answer(store, "a")


def test_of_many_at_the_same_moment_one_has_the_effect(store: Store) -> None:
    effects: list[bool] = []
    together(*[lambda: effects.append(answer(store, "a")) for _ in range(8)])
    assert sorted(effects) == [False] * 7 + [True]
