"""Changes of rotas: kept with their numbers, found by their span, taken back once and never deleted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from alerts.duty import DutyChange, DutyKind
from monitor.ports import Store
from tests.builders import T0

HOUR = timedelta(hours=1)


def change(person: str = "kim", since: float = 0, until: float = 8) -> DutyChange:
    """A change of the rota ``community``, in hours after T0."""
    return DutyChange(
        DutyKind.OVERRIDE, "community", person, T0 + since * HOUR, T0 + until * HOUR, T0
    )


def keep(store: Store, *changes: DutyChange) -> list[DutyChange]:
    with store.begin() as tx:
        return [tx.add_duty(one) for one in changes]


def test_a_change_comes_back_as_it_was_kept(store: Store) -> None:
    given = replace(change(), actor="lee", note="Zahnarzt „9 Uhr“")
    away = replace(given, kind=DutyKind.ABSENCE, rota="")
    [first, second] = keep(store, given, away)
    assert first == replace(given, id=first.id)
    assert (second.kind, second.rota) == (DutyKind.ABSENCE, "")
    assert store.read.duty_change(first.id) == first
    assert store.read.duty_change(first.id + 99) is None
    assert store.read.totals()["duty"] == 2


def test_changes_are_found_by_their_span_in_the_order_in_which_they_were_made(store: Store) -> None:
    keep(store, change("late", 10, 20), change("early", -20, 2), change("mid", 1, 5))

    def found(since: float, until: float | None) -> list[str]:
        end = None if until is None else T0 + until * HOUR
        return [c.person for c in store.read.duty(T0 + since * HOUR, end)]

    assert found(-30, None) == ["late", "early", "mid"]
    assert found(2, None) == ["late", "mid"]  # an end is no longer part of it
    assert found(-30, 1) == ["early"]  # nor is the end of what is asked
    assert found(5, 10) == []


def test_at_an_instant_only_what_holds_then_is_found(store: Store) -> None:
    keep(store, change("one", 0, 4), change("two", 2, 6), change("three", 9, 10))

    def found(hours: float) -> list[str]:
        return [c.person for c in store.read.duty_at(T0 + hours * HOUR)]

    assert [found(h) for h in (-1, 0, 2, 4, 6)] == [[], ["one"], ["one", "two"], ["two"], []]


def test_what_was_taken_back_stands_no_longer_and_is_still_known(store: Store) -> None:
    [kept] = keep(store, change())
    with store.begin() as tx:
        assert tx.end_duty(kept.id, T0 + HOUR, "lee")
        assert not tx.end_duty(kept.id, T0 + 2 * HOUR, "ben")  # once
        assert not tx.end_duty(kept.id + 99, T0, "ben")
        assert tx.duty_at(T0 + 2 * HOUR) == []
    assert store.read.duty(T0) == []
    [known] = store.read.duty(T0, ended=True)
    assert (known.ended_at, known.ended_by, known.held_until) == (T0 + HOUR, "lee", T0 + HOUR)


def test_a_change_that_is_not_committed_changes_nothing(store: Store) -> None:
    try:
        with store.begin() as tx:
            tx.add_duty(change())
            raise LookupError
    except LookupError:
        pass
    assert store.read.duty(T0 - HOUR, ended=True) == []


def test_whoever_writes_can_ask_meanwhile_what_is_committed(store: Store) -> None:
    """A step of a chain asks who is on call inside of its transaction; it must never wait for itself."""
    keep(store, change("kim", 0, 4))
    with store.begin() as tx:
        tx.add_duty(change("lee", 0, 4))
        assert [c.person for c in store.read.duty_at(T0)] == ["kim"]
        assert [c.person for c in tx.duty_at(T0)] == ["kim", "lee"]
    assert [c.person for c in store.read.duty_at(T0)] == ["kim", "lee"]
