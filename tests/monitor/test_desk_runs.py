"""What people do with a run, on the real store."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial

import pytest

from alerts.fact import MACHINE, FactKind
from monitor.desk import runs
from monitor.desk.errors import Conflict, Invalid, NotFound
from monitor.store.database import SqliteStore
from playbooks.run import Run, StepState
from tests.builders import after, incident, playbook, run
from tests.threads import together

NOW = after(minutes=30)


@pytest.fixture
def store() -> Iterator[SqliteStore]:
    opened = SqliteStore.open("sqlite://")
    yield opened
    opened.close()


def begun(store: SqliteStore, steps: int = 2) -> Run:
    storm = incident()
    fresh = run(storm, book=playbook(steps=steps))
    with store.begin() as tx:
        assert tx.save_incident(storm, 0)
        assert tx.save_run(fresh, 0)
    return stored(store, fresh)


def stored(store: SqliteStore, of: Run) -> Run:
    return next(r for r in store.read.runs(of.incident) if r.id == of.id)


def test_a_tick_is_stored_with_its_fact(store: SqliteStore) -> None:
    fresh = begun(store)
    done = runs.tick(store, fresh.id, "step-1", "kim", NOW, "three posts read")
    assert done == stored(store, fresh)
    assert done.step("step-1").state is StepState.DONE
    [told] = store.read.facts(fresh.incident)
    assert (told.kind, told.actor, told.payload["step"], told.payload["note"]) == (
        FactKind.STEP_DONE,
        "kim",
        "step-1",
        "three posts read",
    )


def test_a_ticked_step_tells_who_was_first_and_stays_as_it_is(store: SqliteStore) -> None:
    fresh = begun(store)
    done = runs.tick(store, fresh.id, "step-1", "kim", NOW)
    for again in (
        lambda: runs.tick(store, fresh.id, "step-1", "robin", after(minutes=31)),
        lambda: runs.skip(store, fresh.id, "step-1", "robin", "late", after(minutes=31)),
        lambda: runs.take(store, fresh.id, "step-1", "robin", after(minutes=31)),
    ):
        with pytest.raises(Conflict) as caught:
            again()
        assert (caught.value.by, caught.value.at) == ("kim", NOW)
    assert stored(store, fresh) == done
    assert len(store.read.facts(fresh.incident)) == 1


def test_the_last_step_finishes_the_run_and_the_timeline_says_so(store: SqliteStore) -> None:
    fresh = begun(store)
    runs.tick(store, fresh.id, "step-1", "kim", NOW)
    done = runs.skip(store, fresh.id, "step-2", "kim", "not needed", after(minutes=31))
    assert done.finished_at == after(minutes=31)
    kinds = [(f.kind, f.actor) for f in store.read.facts(fresh.incident)]
    assert kinds == [
        (FactKind.STEP_DONE, "kim"),
        (FactKind.STEP_SKIPPED, "kim"),
        (FactKind.RUN_FINISHED, MACHINE),
    ]


def test_a_taken_step_has_its_owner_and_can_be_taken_over(store: SqliteStore) -> None:
    fresh = begun(store)
    runs.take(store, fresh.id, "step-1", "kim", NOW)
    assert runs.take(store, fresh.id, "step-1", "robin", NOW).step("step-1").owner == "robin"
    owners = [f.payload["owner"] for f in store.read.facts(fresh.incident)]
    assert owners == ["kim", "robin"]


def test_skipping_without_a_reason_changes_nothing(store: SqliteStore) -> None:
    fresh = begun(store)
    with pytest.raises(Invalid):
        runs.skip(store, fresh.id, "step-1", "kim", " ", NOW)
    with pytest.raises(Invalid):
        runs.tick(store, fresh.id, "step-1", "kim", NOW, "x" * 4_001)
    assert stored(store, fresh) == fresh
    assert store.read.facts(fresh.incident) == []


def test_unknown_runs_and_steps_are_not_found(store: SqliteStore) -> None:
    fresh = begun(store)
    with pytest.raises(NotFound, match='run "nope"'):
        runs.tick(store, "nope", "step-1", "kim", NOW)
    with pytest.raises(NotFound, match='step "step-9"'):
        runs.tick(store, fresh.id, "step-9", "kim", NOW)


def test_people_who_tick_side_by_side_lose_nothing(store: SqliteStore) -> None:
    """Eight people, eight steps, and each also tries the neighbour's."""
    fresh = begun(store, steps=8)
    start = threading.Barrier(8)
    wins: list[str] = []

    def work(n: int) -> None:
        start.wait(timeout=10)
        for step in (n, n % 8 + 1):
            try:
                runs.tick(store, fresh.id, f"step-{step}", f"p{n}", NOW)
            except Conflict:
                continue
            wins.append(f"step-{step}")

    together(*(partial(work, n) for n in range(1, 9)))
    assert sorted(wins) == [f"step-{n}" for n in range(1, 9)]
    done = stored(store, fresh)
    assert done.finished_at == NOW
    kinds = [f.kind for f in store.read.facts(fresh.incident)]
    assert kinds.count(FactKind.STEP_DONE) == 8
    assert kinds.count(FactKind.RUN_FINISHED) == 1
