"""Escalation: steps in order and in time, empty ones skipped at once, none after an answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.escalation import Chain, Escalation, State, Step, Taken, take
from detectors.detection import Level
from tests import builders as b

M = timedelta(minutes=1)
CHAIN = Chain("night", (Step(("rota.a",), 5 * M), Step(("person.lee", "channel.pager"), 10 * M)), 2)
START = Escalation("incident", 1, Level.STORM, "night", "alert", b.T0)
REACH = {
    "rota.a": ("pager/kim",),
    "person.lee": ("mail/lee", "pager"),
    "channel.pager": ("pager",),
}


def reach(receiver: str) -> tuple[str, ...]:
    return REACH.get(receiver, ())


def nobody(receiver: str) -> tuple[str, ...]:
    return ()


def walk(chain: Chain, reach: object, start: Escalation = START) -> list[tuple[datetime, Taken]]:
    """Take each step at the second it is due, until there is none."""
    told, now, found = [], start.due_at, start
    while found.state is State.RUNNING:
        now = max(now, found.due_at)
        found, taken = take(found, chain, reach, now)  # type: ignore[arg-type]
        assert taken is not None
        told.append((now, taken))
    return told


def test_steps_come_in_order_and_after_their_waits() -> None:
    told = walk(CHAIN, reach)
    assert [(int((at - b.T0) / M), t.round, t.step, t.targets) for at, t in told] == [
        (0, 1, 1, ("pager/kim",)),
        (5, 1, 2, ("mail/lee", "pager")),  # each once
        (15, 2, 1, ("pager/kim",)),
        (20, 2, 2, ("mail/lee", "pager")),
        (30, 0, 0, ()),
    ]
    assert told[-1][1].exhausted


def test_an_empty_step_is_skipped_at_once_and_told() -> None:
    found, taken = take(START, CHAIN, lambda r: () if r == "rota.a" else reach(r), b.T0)
    assert taken == Taken(2, 1, ("mail/lee", "pager"), (1,))
    assert found.due_at == b.T0 + 10 * M


def test_where_nobody_can_be_reached_it_says_so_at_once() -> None:
    found, taken = take(START, CHAIN, nobody, b.T0)
    assert found.state is State.EXHAUSTED
    assert taken == Taken(skipped=(1, 2), exhausted=True)


@pytest.mark.parametrize("state", [State.ANSWERED, State.ENDED, State.EXHAUSTED])
def test_nothing_comes_after_an_answer(state: State) -> None:
    ended = replace(START, state=state)
    assert take(ended, CHAIN, reach, b.after(days=1)) == (ended, None)


def test_nothing_comes_before_its_time() -> None:
    assert take(START, CHAIN, reach, b.T0 - timedelta(microseconds=1)) == (START, None)


def test_after_a_stop_of_an_hour_one_step_is_taken_and_waits_as_long_as_ever() -> None:
    found, taken = take(replace(START, step=1), CHAIN, reach, b.after(hours=1))
    assert taken is not None
    assert taken.step == 2
    assert found.due_at == b.after(hours=1) + 10 * M


def test_a_chain_that_was_shortened_goes_on_with_its_next_round() -> None:
    _, taken = take(replace(START, step=5), replace(CHAIN, steps=CHAIN.steps[:1]), reach, b.T0)
    assert taken == Taken(1, 2, ("pager/kim",))


def test_a_chain_without_steps_is_none() -> None:
    with pytest.raises(ValueError, match="at least one step"):
        Chain("empty", ())


@given(st.lists(st.booleans(), min_size=1, max_size=5), st.integers(1, 3), st.integers(0, 3))
def test_every_reachable_step_is_taken_once_a_round(
    reachable: list[bool], rounds: int, waits: int
) -> None:
    steps = tuple(
        Step((f"r{n}" if yes else "none",), timedelta(minutes=waits))
        for n, yes in enumerate(reachable)
    )
    chain = Chain("any", steps, rounds)
    told = walk(chain, lambda r: () if r == "none" else (r,))
    taken = [t.targets for _, t in told if t.targets]
    assert taken == [(f"r{n}",) for n, yes in enumerate(reachable) if yes] * rounds
    assert told[-1][1].exhausted
