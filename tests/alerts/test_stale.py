"""A stale acknowledgement: when somebody is asked, what counts as an answer, and when it lapses."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.incident import Incident, Status
from alerts.moves import acknowledge, lapse
from alerts.stale import LOOK, Ack, Next, step
from detectors.detection import Level
from tests import builders as b

M = timedelta(minutes=1)
H = timedelta(hours=1)
HELD, _ = acknowledge(b.incident(level=Level.STORM), "kim", b.T0)
ACK = Ack(1, b.T0, "a1", "night", ("pager",))


def at(
    now: datetime,
    ack: Ack = ACK,
    incident: Incident | None = HELD,
    act: datetime | None = None,
    **more: object,
) -> tuple[Next, datetime | None, datetime | None]:
    found = step(ack, incident, act, now, **more)  # type: ignore[arg-type]
    return found.next, found.due_at, found.ack.asked_at


def test_after_two_hours_without_a_sign_of_life_whoever_has_it_is_asked() -> None:
    assert at(b.T0 + 5 * M) == (Next.WAIT, b.T0 + 2 * H, None)
    assert at(b.T0 + 2 * H - M) == (Next.WAIT, b.T0 + 2 * H, None)
    asked = b.T0 + 2 * H
    assert at(asked, wait=10 * M) == (Next.ASK, asked + 10 * M, asked)


def test_what_a_person_does_on_the_incident_postpones_the_question() -> None:
    act = b.T0 + 90 * M
    assert at(b.T0 + 2 * H, act=act) == (Next.WAIT, act + 2 * H, None)
    assert at(act + 2 * H, act=act)[0] is Next.ASK


def test_a_question_without_an_answer_lapses_the_acknowledgement() -> None:
    asked = replace(ACK, asked_at=b.T0 + 2 * H)
    assert at(b.T0 + 2 * H + 4 * M, asked) == (Next.WAIT, b.T0 + 2 * H + 5 * M, asked.asked_at)
    assert at(b.T0 + 2 * H + 5 * M, asked)[0] is Next.LAPSE


def test_an_act_after_the_question_is_an_answer_and_one_before_it_is_none() -> None:
    asked = replace(ACK, asked_at=b.T0 + 2 * H)
    act = b.T0 + 2 * H + M
    assert at(b.T0 + 2 * H + 5 * M, asked, act=act) == (Next.WAIT, act + 2 * H, None)
    assert at(b.T0 + 2 * H + 5 * M, asked, act=b.T0 + M)[0] is Next.LAPSE


@pytest.mark.parametrize(
    "calm",
    [
        replace(HELD, level=Level.STRONG_WIND),  # less than what was acknowledged
        replace(HELD, level=Level.FRESH_BREEZE, acked_level=Level.FRESH_BREEZE),  # wakes nobody
    ],
)
def test_while_it_blows_less_nobody_is_asked_and_it_is_looked_again(calm: Incident) -> None:
    now = b.T0 + 9 * H
    assert at(now, incident=calm) == (Next.WAIT, now + LOOK, None)
    asked = replace(ACK, asked_at=now - M)
    assert at(now, asked, calm) == (Next.WAIT, now + LOOK, None)


def test_while_a_chain_calls_nobody_is_asked() -> None:
    now = b.T0 + 9 * H
    assert at(now, calling=True) == (Next.WAIT, now + LOOK, None)


@pytest.mark.parametrize(
    "gone",
    [
        None,
        replace(HELD, status=Status.RESOLVED),
        replace(HELD, episode=2),
        replace(HELD, acked_at=b.T0 + H),  # acknowledged again: that one has its own errand
        lapse(HELD, b.T0 + H)[0],
    ],
)
def test_an_acknowledgement_that_no_longer_holds_is_over(gone: Incident | None) -> None:
    assert at(b.T0 + 9 * H, incident=gone) == (Next.OVER, None, None)


def test_where_it_is_turned_off_nobody_is_ever_asked() -> None:
    assert at(b.T0 + 900 * H, after=timedelta())[0] is Next.OVER


def test_a_lapsed_one_is_nobodys_and_rings_under_another_key() -> None:
    after, facts = lapse(HELD, b.T0 + H)
    assert (after.status, after.acked_level, after.acked_by) == (Status.NEW, None, "kim")
    assert [f.payload["by"] for f in facts] == ["kim"]
    assert HELD.ring == HELD.key
    assert after.ring == after.ring_again != after.key
    again, facts = acknowledge(after, "kim", b.T0 + 2 * H)
    assert facts
    assert again.ring == again.key
    assert again.ring_again != after.ring


def test_still_on_it_is_a_new_acknowledgement_only_where_it_was_asked() -> None:
    assert acknowledge(HELD, "kim", b.T0 + H)[1] == ()
    after, facts = acknowledge(HELD, "kim", b.T0 + H, stale=True)
    assert len(facts) == 1
    assert after.acked_at == b.T0 + H


@given(
    st.lists(st.integers(0, 600), max_size=12),
    st.lists(st.integers(3, 6), min_size=30, max_size=30),
)
def test_nobody_is_asked_within_two_hours_of_a_sign_of_life_and_none_lapses_unasked(
    acts: list[int], levels: list[int]
) -> None:
    """Walk ten hours of errands over any acts and levels."""
    ack, due, asked = ACK, b.T0 + LOOK, None
    while due is not None and due <= b.T0 + 10 * H:
        now = due
        done = [b.T0 + n * M for n in acts if b.T0 + n * M <= now]
        level = Level(levels[int((now - b.T0) / (20 * M)) % 30])
        storm = replace(HELD, level=level, peak=Level.HURRICANE)
        found = step(ack, storm, max(done, default=None), now)
        life = max([b.T0, *done])
        assert found.due_at is None or found.due_at > now, "an errand never stands still"
        if found.next is Next.ASK:
            assert now - life >= 2 * H
            asked = now
        if found.next is Next.LAPSE:
            assert asked is not None
            assert life <= asked
            assert now - asked >= 5 * M
        ack, due = found.ack, found.due_at
