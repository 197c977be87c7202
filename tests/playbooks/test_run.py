"""A run, step by step: what is due, who did it, and what never happens twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.detection import Level
from playbooks.playbook import Playbook, Role, Step, Text, Trigger
from playbooks.run import (
    NOTICE,
    AlreadyDone,
    ReasonMissing,
    Run,
    RunError,
    StepState,
    UnknownStep,
    next_step,
    overdue,
    raise_level,
    run_id,
    skip,
    start,
    steps_due_first,
    take,
    tick,
)

T0 = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
WORD = Text("Wort", "word")


def minutes(n: float) -> datetime:
    return T0 + timedelta(minutes=n)


def step(id: str, due: int, min_level: int = 0) -> Step:
    return Step(id, WORD, WORD, Role.LEAD, timedelta(minutes=due), min_level=Level(min_level))


PLAYBOOK = Playbook(
    id="p",
    title=WORD,
    summary=WORD,
    trigger=Trigger(),
    steps=(step("look", 5), step("pause", 15), step("boss", 20, 5), step("say", 45)),
    version="v",
)


def begun(level: int = 4) -> Run:
    return start(PLAYBOOK, "abc", 1, Level(level), T0, ("level:4",))


def following(run: Run, now: datetime) -> str:
    found = next_step(run, now)
    return found.step if found else ""


def test_a_run_starts_with_due_times_for_what_the_level_asks() -> None:
    run = begun()
    assert run.id == run_id("abc", 1, "p") == "abc-1-p"
    assert [s.due_at for s in run.steps] == [minutes(5), minutes(15), None, minutes(45)]
    assert run.why == ("level:4",)
    assert run.finished_at is None


def test_starting_twice_is_the_same_run() -> None:
    assert begun() == begun()


def test_the_next_step_is_the_earliest_due_and_skips_what_waits() -> None:
    run = begun()
    assert following(run, T0) == "look"
    run = tick(tick(run, "look", "kim", minutes(3)), "pause", "kim", minutes(4))
    assert following(run, minutes(4)) == "say"


def test_an_overdue_step_comes_before_all_others() -> None:
    run = replace(begun(), steps=begun().steps[::-1])
    assert following(run, minutes(16)) == "look"
    assert [s.step for s in overdue(run, minutes(16))] == ["look", "pause"]


def test_a_step_is_overdue_only_after_its_time() -> None:
    assert overdue(begun(), minutes(5)) == ()
    assert [s.step for s in overdue(begun(), minutes(5.1))] == ["look"]


def test_ticking_records_who_when_and_what_was_said() -> None:
    done = tick(begun(), "look", "kim", minutes(3), "  real, one forum ").step("look")
    assert done.state is StepState.DONE
    assert (done.by, done.at, done.note, done.owner) == (
        "kim",
        minutes(3),
        "real, one forum",
        "kim",
    )


def test_ticking_a_ticked_step_tells_who_was_first() -> None:
    run = tick(begun(), "look", "kim", minutes(3))
    with pytest.raises(AlreadyDone) as caught:
        tick(run, "look", "robin", minutes(4))
    assert (caught.value.by, caught.value.at) == ("kim", minutes(3))


def test_a_skipped_step_is_not_ticked_nor_skipped_again() -> None:
    run = skip(begun(), "look", "kim", "known from yesterday", minutes(3))
    assert run.step("look").state is StepState.SKIPPED
    for again in (
        lambda: tick(run, "look", "robin", minutes(4)),
        lambda: skip(run, "look", "robin", "why not", minutes(4)),
        lambda: take(run, "look", "robin"),
    ):
        with pytest.raises(AlreadyDone):
            again()


@pytest.mark.parametrize("reason", ["", "  ", "\n"])
def test_skipping_needs_a_reason(reason: str) -> None:
    with pytest.raises(ReasonMissing):
        skip(begun(), "look", "kim", reason, minutes(3))


def test_the_owner_stays_when_somebody_else_ticks() -> None:
    run = tick(take(begun(), "look", "robin"), "look", "kim", minutes(3))
    assert (run.step("look").owner, run.step("look").by) == ("robin", "kim")


def test_an_unknown_step_is_named() -> None:
    with pytest.raises(UnknownStep, match='no step "nope"'):
        tick(begun(), "nope", "kim", T0)


def test_a_rising_level_wakes_the_steps_that_waited_for_it() -> None:
    early = raise_level(begun(), Level.STORM, minutes(2))
    assert early.step("boss").due_at == minutes(20)
    late = raise_level(begun(), Level.STORM, minutes(60))
    assert late.step("boss").due_at == minutes(60) + NOTICE, "nobody is late for what was not asked"
    assert raise_level(late, Level.HURRICANE, minutes(90)) == late


def test_a_falling_level_takes_nothing_back() -> None:
    run = begun(5)
    assert raise_level(run, Level.CALM, minutes(10)) == run


def test_a_run_is_finished_when_nothing_due_is_open_and_goes_on_when_the_level_rises() -> None:
    run = begun()
    for id in ("look", "pause"):
        run = tick(run, id, "kim", minutes(9))
    assert run.finished_at is None
    run = skip(run, "say", "kim", "nothing to say", minutes(10))
    assert run.finished_at == minutes(10)
    assert next_step(run, minutes(11)) is None
    again = raise_level(run, Level.STORM, minutes(30))
    assert again.finished_at is None
    assert following(again, minutes(30)) == "boss"


def test_a_step_that_waits_for_its_level_may_be_done_early() -> None:
    run = tick(begun(), "boss", "kim", minutes(1))
    assert raise_level(run, Level.STORM, minutes(2)) == run


def test_a_page_lists_due_then_waiting_then_closed() -> None:
    run = tick(begun(), "look", "kim", minutes(3))
    assert [s.step for s in steps_due_first(run)] == ["pause", "say", "boss", "look"]


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["tick", "skip", "take", "raise"]),
        st.sampled_from([s.id for s in PLAYBOOK.steps]),
        st.sampled_from(["kim", "robin"]),
        st.integers(0, 6),
    ),
    max_size=20,
)


@given(st.integers(0, 6), MOVES)
def test_whatever_people_do_a_step_closes_once_and_the_playbook_stays(
    level: int, moves: list[tuple[str, str, str, int]]
) -> None:
    run = begun(level)
    closed: dict[str, object] = {}
    for at, (move, id, actor, to) in enumerate(moves):
        now = minutes(at)
        before = run
        try:
            match move:
                case "tick":
                    run = tick(run, id, actor, now)
                case "skip":
                    run = skip(run, id, actor, "reason", now)
                case "take":
                    run = take(run, id, actor)
                case _:
                    run = raise_level(run, Level(to), now)
        except RunError:
            assert id in closed, "only a closed step refuses"
            assert run == before
            continue
        if move in ("tick", "skip"):
            assert id not in closed
            closed[id] = run.step(id)
        assert run.playbook == PLAYBOOK
        assert [s.step for s in run.steps] == [s.id for s in PLAYBOOK.steps]
        assert all(run.step(i) == s for i, s in closed.items()), "what is closed never changes"
        for was, is_ in zip(before.steps, run.steps, strict=True):
            assert was.due_at is None or was.due_at == is_.due_at, "a due time never moves"
        found = next_step(run, now)
        late = overdue(run, now)
        assert (found is None) == (not [s for s in run.steps if s.state == "open" and s.due_at])
        assert not late or found == late[0]
        if run.finished_at is not None:
            assert found is None
