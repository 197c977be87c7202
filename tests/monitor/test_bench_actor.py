"""Who acts beside a bench does so until the block is left, and its failure is not lost."""

from __future__ import annotations

import threading

import pytest

from monitor.bench.actor import Actor


class Counting(Actor):
    """Counts its acts; the ``last`` one fails."""

    def __init__(self, last: int = 0) -> None:
        super().__init__(0.001)
        self.acts = 0
        self.enough = threading.Event()
        self._last = last

    def act(self) -> None:
        self.acts += 1
        if self.acts == self._last:
            self.enough.set()
            raise ValueError(f"act {self.acts}")
        if self.acts == 3:
            self.enough.set()


def test_it_acts_until_the_block_is_left() -> None:
    with Counting() as actor:
        assert actor.enough.wait(30)
    acts = actor.acts
    assert not threading.Event().wait(0.05)
    assert actor.acts == acts >= 3


def test_what_ended_it_early_is_raised_where_the_block_is_left() -> None:
    with pytest.raises(ValueError, match="act 2"), Counting(last=2) as actor:
        assert actor.enough.wait(30)
    assert actor.acts == 2


def fails_twice() -> None:
    with Counting(last=2) as actor:
        assert actor.enough.wait(30)
        raise KeyError("the block")


def test_a_failure_beside_a_failing_block_is_told_with_it() -> None:
    with pytest.raises(ValueError, match="act 2") as told:
        fails_twice()
    assert isinstance(told.value.__context__, KeyError)


def test_who_does_not_say_how_to_act_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="abstract"):
        type("Idle", (Actor,), {})(0.1)
