"""What people do with a run: tick a step, skip it with a reason, take it.

Each function is one transaction by compare-and-set, with its fact on the incident's timeline. It
returns the run as stored, and raises `NotFound`, `Conflict` or `Invalid`; then nothing was changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from alerts.fact import MACHINE, Fact, FactKind
from monitor.desk.errors import Conflict, Invalid, NotFound
from monitor.desk.incidents import TEXT_LIMIT
from monitor.ports import Store
from playbooks import run as moves
from playbooks.run import AlreadyDone, ReasonMissing, Run, UnknownStep


def tick(store: Store, run: str, step: str, actor: str, now: datetime, note: str = "") -> Run:
    """Return the run with ``step`` done; a step ticked or skipped before raises `Conflict`.

    The step's action, if it names one, was done by hand: ticking records it.
    """
    note = _short(note)
    return _moved(
        store,
        run,
        step,
        FactKind.STEP_DONE,
        actor,
        now,
        lambda found: moves.tick(found, step, actor, now, note),
    )


def skip(store: Store, run: str, step: str, actor: str, reason: str, now: datetime) -> Run:
    """Return the run with ``step`` left out; `Invalid` without a reason, `Conflict` when closed."""
    reason = _short(reason)
    return _moved(
        store,
        run,
        step,
        FactKind.STEP_SKIPPED,
        actor,
        now,
        lambda found: moves.skip(found, step, actor, reason, now),
    )


def take(store: Store, run: str, step: str, actor: str, now: datetime) -> Run:
    """Return the run in which ``actor`` owns ``step``; taking from somebody is allowed and told."""
    return _moved(
        store,
        run,
        step,
        FactKind.STEP_ASSIGNED,
        actor,
        now,
        lambda found: moves.take(found, step, actor),
    )


def _moved(
    store: Store,
    run: str,
    step: str,
    kind: FactKind,
    actor: str,
    now: datetime,
    move: Callable[[Run], Run],
) -> Run:
    with store.begin() as tx:
        before = tx.run(run)
        if before is None:
            raise NotFound(f'run "{run}"')
        try:
            after = move(before)
        except UnknownStep as error:
            raise NotFound(f'step "{step}" of run "{run}"') from error
        except AlreadyDone as error:
            what = f'step "{step}" is {error.state.value} already'
            raise Conflict(what, error.by, error.at) from error
        except ReasonMissing as error:
            raise Invalid(str(error)) from error
        if not tx.save_run(after, before.version):
            raise Conflict(f'run "{run}" was changed by somebody else at the same moment')
        tx.add_facts(after.incident, _facts(before, after, step, kind, actor, now))
    return replace(after, version=before.version + 1)


def _facts(
    before: Run, after: Run, step: str, kind: FactKind, actor: str, now: datetime
) -> list[Fact]:
    plan, done = after.playbook.step(step), after.step(step)
    payload = {
        "run": after.id,
        "playbook": after.playbook.id,
        "step": step,
        "note": done.note,
        "action": plan.action,
        "owner": done.owner,
    }
    facts = [Fact(kind, now, now, actor, payload)]
    if after.finished_at is not None and before.finished_at is None:
        ended = {"run": after.id, "playbook": after.playbook.id}
        facts.append(Fact(FactKind.RUN_FINISHED, now, now, MACHINE, ended))
    return facts


def _short(text: str) -> str:
    if len(text) > TEXT_LIMIT:
        raise Invalid(f"the note has {len(text)} characters; expected at most {TEXT_LIMIT}")
    return text.strip()
