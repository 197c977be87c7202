"""Which move is legal when, and that no sequence of what is seen and pressed makes an illegal one."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from alerts.fact import Fact, standing
from alerts.incident import TRANSITIONS, IllegalMove, Incident, Move, Outcome, Status, moved
from alerts.moves import acknowledge, advance, assign, lapse, note, resolve
from detectors.detection import Assessment, Level, Reason, ReasonCode
from tests import builders as b

TRIPPED = Reason(ReasonCode.TRIPWIRE, 2, 2, True, "recall")
JOINING = {Move.MERGE, Move.ABSORB, Move.SPLIT}
LEGAL = {
    None: {Move.WATCH, Move.WAKE},
    Status.WATCH: {Move.WAKE, Move.CLOSE, Move.ASSIGN, Move.RESOLVE} | JOINING,
    Status.NEW: {Move.PROPOSE_END, Move.REOPEN, Move.ACKNOWLEDGE, Move.ASSIGN, Move.RESOLVE}
    | JOINING,
    Status.ACKNOWLEDGED: {
        Move.PROPOSE_END,
        Move.REOPEN,
        Move.ACKNOWLEDGE,
        Move.LAPSE,
        Move.ASSIGN,
        Move.RESOLVE,
    }
    | JOINING,
    Status.STABILISING: {Move.REOPEN, Move.ACKNOWLEDGE, Move.LAPSE, Move.ASSIGN, Move.RESOLVE}
    | JOINING,
    Status.RESOLVED: {Move.REOPEN, Move.RESUME},
}


@pytest.mark.parametrize(
    ("status", "move"), list(itertools.product([None, *Status], Move)), ids=str
)
def test_every_pair_of_status_and_move_is_decided(status: Status | None, move: Move) -> None:
    if move in LEGAL[status]:
        assert moved(status, move) is TRANSITIONS[status, move]
    else:
        with pytest.raises(IllegalMove):
            moved(status, move)


def test_every_state_but_the_beginning_can_be_reached() -> None:
    assert set(TRANSITIONS.values()) == set(Status)


# --- any sequence -----------------------------------------------------------------------------

AFTER: dict[Status | None, set[Status | None]] = {
    None: {None, Status.WATCH, Status.NEW},
    **{
        status: {status} | {to for (of, _), to in TRANSITIONS.items() if of is status}
        for status in Status
    },
}
AFTER[Status.NEW].add(Status.STABILISING)  # acknowledged after its end was proposed: two moves


class IncidentLife(RuleBasedStateMachine):
    """Whatever is seen and pressed: no illegal step, and the timeline retells the incident."""

    def __init__(self) -> None:
        super().__init__()
        self.incident: Incident | None = None
        self.facts: list[Fact] = []
        self.now: datetime = b.T0
        self.count = 1

    def take(self, after: Incident | None, facts: tuple[Fact, ...]) -> None:
        before = self.incident
        same = before is not None and after is not None and before.id == after.id
        was = before.status if same and before is not None else None
        assert (after.status if after else None) in AFTER[was]
        if same and before is not None and after is not None:
            assert after.episode - before.episode in (0, 1)
            assert after.peak >= before.peak or after.episode > before.episode
        elif after is not None:
            self.facts, self.count = [], self.count + 1
        self.incident = after
        self.facts += facts

    @rule(
        level=st.sampled_from(Level),
        minutes=st.sampled_from([5, 5, 5, 30, 90, 60 * 25]),
        interrupt=st.booleans(),
        tripped=st.booleans(),
        revision=st.sampled_from([0, 0, 0, 1]),
        age=st.sampled_from([None, 0, 20, 600]),
    )
    def sees(
        self,
        level: Level,
        minutes: int,
        interrupt: bool,
        tripped: bool,
        revision: int,
        age: int | None,
    ) -> None:
        self.now += timedelta(minutes=minutes)
        seen = Assessment(
            topic=b.TOPIC,
            at=self.now,
            level=level,
            social=level,
            media=Level.CALM,
            interrupt=interrupt,
            return_period_days=float("inf") if tripped else 40.0,
            reasons=(TRIPPED,) if tripped else (b.reason(),),
            onset=None if age is None else self.now - timedelta(minutes=age),
            revision=revision,
        )
        before = self.incident
        after, facts = advance(before, seen, topic_name="Acme", counter=self.count, now=self.now)
        if revision:
            assert (after, facts) == (before, ())
        self.take(after, facts)

    @precondition(lambda self: self.incident is not None)
    @rule(what=st.sampled_from(["acknowledge", "renew", "lapse", "assign", "resolve", "note"]))
    def presses(self, what: str) -> None:
        assert self.incident is not None
        self.now += timedelta(minutes=1)
        try:
            if what == "acknowledge":
                self.take(*acknowledge(self.incident, "kim", self.now))
            elif what == "renew":
                self.take(*acknowledge(self.incident, "kim", self.now, stale=True))
            elif what == "lapse":
                self.take(*lapse(self.incident, self.now))
            elif what == "assign":
                self.take(*assign(self.incident, "kim", "lou", self.now))
            elif what == "resolve":
                self.take(*resolve(self.incident, "kim", Outcome.REAL, "", self.now))
            else:
                self.take(*note(self.incident, "kim", "seen", self.now))
        except IllegalMove as error:
            assert (self.incident.status, error.what) not in TRANSITIONS  # noqa: PT017

    @invariant()
    def the_timeline_retells_the_incident(self) -> None:
        if self.incident is None:
            return
        told = standing(self.facts)
        assert told is not None
        assert told.status is self.incident.status
        assert told.level is self.incident.level
        assert told.episode == self.incident.episode

    @invariant()
    def what_is_open_has_no_outcome(self) -> None:
        if self.incident is not None:
            assert self.incident.is_open == (self.incident.outcome is None)
            assert self.incident.is_open == (self.incident.resolved_at is None)
            assert self.incident.level <= self.incident.peak


IncidentLife.TestCase.settings = settings(
    max_examples=100, stateful_step_count=50, deadline=None, derandomize=True
)
TestIncidentLife = IncidentLife.TestCase
