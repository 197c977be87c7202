"""What operators taught: misses and moves come back as they were kept; of two movers one is first."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from monitor.ports import Missed, Moved, Store
from tests import builders as b
from tests.threads import together

MISS = Missed(b.TOPIC, b.after(hours=-3), b.after(hours=-1), "„Ausfall“ <b>", "kim", b.T0)
SHOWN = {"pages": 3, "lost": [{"ref": "AB-1", "was": "Sturm"}]}
MOVE = Moved(b.TOPIC, "level4_authors", 8.0, 9.0, "why", "kim", b.T0, shown=SHOWN)


def keep(store: Store, move: Moved, newest: int) -> Moved | None:
    with store.begin() as tx:
        return tx.add_calibration(move, newest)


def test_misses_come_back_by_their_span_until_they_are_withdrawn(store: Store) -> None:
    earlier = replace(MISS, since=b.after(hours=-9))
    with store.begin() as tx:
        second, first = tx.add_missed(MISS), tx.add_missed(earlier)
        tx.add_missed(replace(MISS, topic="other"))
        assert tx.missed(b.TOPIC) == [first, second]
    assert store.read.missed(b.TOPIC) == [first, second]
    assert second == replace(MISS, id=second.id)
    assert second.id > 0
    with store.begin() as tx:
        assert not tx.withdraw_missed("other", first.id, b.after(hours=1))
        assert tx.withdraw_missed(b.TOPIC, first.id, b.after(hours=1))
        assert not tx.withdraw_missed(b.TOPIC, first.id, b.after(hours=2))
    assert store.read.missed(b.TOPIC) == [second]
    gone = replace(first, withdrawn=b.after(hours=1))
    assert store.read.missed(b.TOPIC, withdrawn=True) == [gone, second]
    assert store.read.missed("nothing") == []


def test_moves_come_back_in_order_with_what_was_shown(store: Store) -> None:
    assert store.read.calibration_version() == 0
    first = keep(store, MOVE, 0)
    assert first is not None
    undone = keep(store, replace(MOVE, before=9.0, after=8.0, undoes=first.id), first.id)
    assert undone is not None
    other = keep(store, replace(MOVE, topic="other"), 0)
    assert other is not None
    assert store.read.calibrations(b.TOPIC) == [first, undone]
    assert first == replace(MOVE, id=first.id)
    assert first.id < undone.id
    assert store.read.calibration_version() == 3
    with store.begin() as tx:
        assert tx.calibrations("other") == [other]
        assert tx.calibration_version() == 3


def test_whoever_saw_an_older_newest_move_changes_nothing(store: Store) -> None:
    first = keep(store, MOVE, 0)
    assert first is not None
    assert keep(store, replace(MOVE, after=10.0), 0) is None
    assert keep(store, replace(MOVE, after=10.0), first.id + 1) is None
    assert store.read.calibrations(b.TOPIC) == [first]


def test_of_many_that_move_at_once_one_is_first(store: Store) -> None:
    kept: list[Moved | None] = []

    def work(actor: str) -> None:
        kept.append(keep(store, replace(MOVE, actor=actor), 0))

    together(*(partial(work, f"person{n}") for n in range(8)))
    won = [move for move in kept if move is not None]
    assert len(kept) == 8
    assert store.read.calibrations(b.TOPIC) == won
    assert len(won) == 1
