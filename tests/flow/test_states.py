"""Whatever wind and people do to incidents over a real store, what must hold does; 100,000 moves: `bench states`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from alerts.incident import Outcome
from detectors.detection import Level
from monitor.bench import states
from monitor.bench.states_life import Life
from monitor.store.database import SqliteStore
from monitor.store.errands import ErrandKept

pytestmark = pytest.mark.long

NAMES = count(1)


@pytest.fixture(scope="module")
def store() -> Iterator[SqliteStore]:
    opened = SqliteStore.open("sqlite://")
    yield opened
    opened.close()


def machine(store: SqliteStore, moves: Counter[str]) -> type[RuleBasedStateMachine]:
    class Incidents(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.life = Life(store, f"h{next(NAMES)}")

        def teardown(self) -> None:
            moves.update(self.life.moves)
            self.life.close()

        @rule(
            one=st.sampled_from(Level),
            other=st.sampled_from(Level),
            minutes=st.sampled_from((5, 5, 65, 1_500)),
            rare=st.booleans(),
        )
        def blows(self, one: Level, other: Level, minutes: int, rare: bool) -> None:
            self.life.blows((one, other), minutes, rare=rare)

        @rule(minutes=st.sampled_from((30, 65)))
        def is_quiet(self, minutes: int) -> None:
            self.life.is_quiet(minutes)

        @rule()
        def says_the_same(self) -> None:
            self.life.says_the_same()

        @rule(level=st.sampled_from(Level))
        def comes_late(self, level: Level) -> None:
            self.life.comes_late(level)

        @rule(actor=st.sampled_from(states.PEOPLE))
        def acknowledges(self, actor: str) -> None:
            self.life.acknowledges(actor)

        @rule(owner=st.sampled_from((*states.PEOPLE, "")), text=st.sampled_from(("Gesehen.", " ")))
        def assigns_and_notes(self, owner: str, text: str) -> None:
            self.life.assigns(owner)
            self.life.notes(text)

        @rule(outcome=st.sampled_from(Outcome))
        def resolves(self, outcome: Outcome) -> None:
            self.life.resolves(outcome)

        @rule(minutes=st.sampled_from((1, 5, 30)))
        def passes(self, minutes: int) -> None:
            self.life.passes(minutes)

        @rule()
        def races_and_sends(self) -> None:
            self.life.races()
            self.life.sends()

    return Incidents


@pytest.mark.timeout(600)
def test_no_search_finds_a_move_after_which_something_does_not_hold(store: SqliteStore) -> None:
    moves = Counter[str]()
    how = settings(
        max_examples=110, stateful_step_count=40, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(machine(store, moves), settings=how)
    assert moves.total() > 3_000, moves


@pytest.mark.timeout(600)
def test_two_thousand_moves_by_chance_break_nothing_and_reach_everything() -> None:
    found = states.run(2_000, 2, lambda _: None)
    assert found["breaches"] == 0, found["first"]
    seen = found["seen"]
    assert isinstance(seen, dict)
    reached = ("reopened", "topic_joined", "end_proposed", "escalation", "held", "resolved")
    assert all(seen[kind] > 0 for kind in (*reached, "chain_runs", "deliveries")), seen


def test_a_chain_that_an_answer_does_not_end_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ErrandKept, "cancel_errands", lambda self, incident, but="", kinds=(): 0)
    found = states.run(500, 2, lambda _: None)
    assert found["breaches"] == 1, "nothing was noticed"
