"""Stale acknowledgements over a real store, on a moved clock: asked, answered, lapsed; once, also after a kill."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from alerts.alert import NotifyReason
from alerts.book import Book
from alerts.errand import Kind
from alerts.escalation import Chain, Step
from alerts.fact import FactKind, standing
from alerts.incident import Incident, Outcome, Status
from alerts.people import Method, Person
from alerts.stale import LOOK
from detectors.detection import Level
from monitor.desk import incidents as desk
from monitor.desk import runs
from monitor.desk.errors import Conflict
from monitor.pipeline.errands import run_due
from monitor.pipeline.waking import Waking
from monitor.ports import NoSignals, Store
from playbooks.run import StepState
from tests import builders as b
from tests.laws.homes import STORES
from tests.threads import together

M, H = timedelta(minutes=1), timedelta(hours=1)
ACKED = b.T0 + M
EVENING = b.after(hours=8)
"""21:00 in Berlin, two hours before 23:00."""
MORNING = b.after(hours=17, minutes=30)
ASKED = ACKED + 2 * H
CHAIN = Chain("night", (Step(("person.kim",), 10 * M), Step(("person.lee",), 5 * M)))
BOOK = Book(
    channels=frozenset({"pager", "mail", "room"}),
    people={
        "kim": Person("kim", "Kim Nordin", (Method("pager"),)),
        "lee": Person("lee", "Lee", (Method("mail", "lee@example.org"),)),
        "robin": Person("robin", "Robin", (Method("mail", "robin@example.org"),)),
    },
    chains={"night": CHAIN},
)


@pytest.fixture(params=sorted(STORES))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    home = STORES[request.param](tmp_path)
    opened = home.open()
    yield opened
    opened.close()
    home.drop()


@pytest.fixture
def waking() -> Waking:
    return Waking(BOOK, NoSignals())


def storm(store: Store, waking: Waking, *, by: str = "kim", chain: str = "night") -> Incident:
    """Open an incident, call the chain's first step, and acknowledge it a minute later."""
    made = b.incident(level=Level.STORM, opened_at=b.T0)
    alert = replace(b.alert(made), id="a1", at=b.T0)
    with store.begin() as tx:
        assert tx.save_incident(made, 0)
        called = waking.start(tx, made, alert, chain, b.T0)
        tx.enqueue(alert, ("room", *called), b.T0)
    return desk.acknowledge(store, made.id, by, ACKED)


def stands(store: Store, of: Incident) -> Incident:
    found = store.read.incident(of.id)
    assert found is not None
    return found


def until(store: Store, waking: Waking, end: datetime) -> list[tuple[datetime, str, str]]:
    """Do everything that is due up to ``end``; return when, why and to whom something was queued."""
    before = {d.id for i in store.read.incidents() for d in store.read.deliveries(i.id)}
    while (due := store.read.next_errand()) is not None and due <= end:
        assert run_due(store, waking.handlers, due) == 1
    fresh = [d for i in store.read.incidents() for d in store.read.deliveries(i.id)]
    fresh = [d for d in fresh if d.id not in before]
    return [
        (d.created_at, d.alert.reason.value, d.channel) for d in sorted(fresh, key=lambda d: d.id)
    ]


def test_two_hours_later_whoever_has_it_and_the_lead_are_asked_once(
    store: Store, waking: Waking
) -> None:
    of = storm(store, waking)
    assert until(store, waking, ASKED - timedelta(seconds=1)) == []
    desk.assign(store, of.id, "kim", "Robin", ACKED)
    assert until(store, waking, ASKED) == [
        (ASKED, "still", "pager/kim"),
        (ASKED, "still", "mail/robin"),
    ]
    asked = [f for f in store.read.facts(of.id) if f.kind is FactKind.ASKED]
    assert [(f.payload["who"], f.observed_at) for f in asked] == [("kim", ASKED)]
    assert stands(store, of).acked_level is Level.STORM, "asked is not lapsed"


def test_without_an_answer_the_chain_starts_again_from_its_first_step(
    store: Store, waking: Waking
) -> None:
    of = storm(store, waking)
    until(store, waking, ASKED)
    again = ASKED + 10 * M
    assert until(store, waking, again + 10 * M) == [
        (again, "stale", "pager/kim"),
        (again + 10 * M, "unanswered", "mail/lee"),
    ]
    after = stands(store, of)
    assert (after.status, after.acked_level, after.acked_by) == (Status.NEW, None, "kim")
    told = standing(store.read.facts(of.id))
    assert told is not None
    assert told.status is Status.NEW, "the timeline alone tells it"
    desk.acknowledge(store, of.id, "lee", again + 11 * M)
    assert stands(store, of).acked_by == "lee"
    assert [e.kind for e in store.read.errands(of.id)] == [Kind.STALE]


def test_still_on_it_renews_and_is_asked_again_two_hours_later(
    store: Store, waking: Waking
) -> None:
    of = storm(store, waking)
    until(store, waking, ASKED)
    renewed = ASKED + 3 * M
    desk.acknowledge(store, of.id, "kim", renewed)
    assert stands(store, of).acked_at == renewed
    assert [e.kind for e in store.read.errands(of.id)] == [Kind.STALE]
    [*_, first] = until(store, waking, renewed + 2 * H)
    assert first == (renewed + 2 * H, "still", "pager/kim")
    acks = [f for f in store.read.facts(of.id) if f.kind is FactKind.ACKNOWLEDGED]
    assert len(acks) == 2


def test_unasked_it_is_not_renewed_and_asked_anybody_may_take_it(
    store: Store, waking: Waking
) -> None:
    of = storm(store, waking)
    desk.acknowledge(store, of.id, "kim", ACKED + H)
    assert stands(store, of).acked_at == ACKED
    with pytest.raises(Conflict):
        desk.acknowledge(store, of.id, "lee", ACKED + H)
    until(store, waking, ASKED)
    desk.acknowledge(store, of.id, "lee", ASKED + M)
    assert stands(store, of).acked_by == "lee"


@pytest.mark.parametrize("act", ["note", "assign", "tick", "media"])
def test_anything_a_person_does_there_postpones_the_question(
    store: Store, waking: Waking, act: str
) -> None:
    of = storm(store, waking)
    at = ACKED + 90 * M
    until(store, waking, at)
    _do(store, of, act, at)
    assert until(store, waking, at + 2 * H - M) == []
    assert until(store, waking, at + 2 * H) == [(at + 2 * H, "still", "pager/kim")]
    _do(store, of, act, at + 2 * H + M)  # and answers it
    assert until(store, waking, at + 4 * H) == []


def _do(store: Store, of: Incident, act: str, at: datetime) -> None:
    if act == "note":
        desk.note(store, of.id, "lee", "looking at it", at)
    elif act == "assign":
        desk.assign(store, of.id, "lee", f"kim {at:%H%M}", at)
    elif act == "media":
        desk.set_media(store, b.TOPIC, 2, "lee", at)
    else:
        run = b.run(of)
        with store.begin() as tx:
            known = tx.run(run.id)
            assert known is not None or tx.save_run(run, 0)
        open_ones = [s.step for s in (known or run).steps if s.state is StepState.OPEN]
        runs.tick(store, run.id, open_ones[0], "lee", at)


def test_while_the_wind_is_lower_nobody_is_asked_and_soon_after_it_is_back_somebody_is(
    store: Store, waking: Waking
) -> None:
    of = storm(store, waking)
    with store.begin() as tx:
        assert tx.save_incident(replace(of, level=Level.STRONG_WIND), of.version)
    assert until(store, waking, ASKED + H) == []
    with store.begin() as tx:
        held = stands(store, of)
        assert tx.save_incident(replace(held, level=Level.STORM), held.version)
    [(at, reason, _)] = until(store, waking, ASKED + H + LOOK)
    assert reason == "still"
    assert at > ASKED + H


@pytest.mark.parametrize("chain", ["", "removed"])
def test_without_a_chain_all_who_heard_are_asked_and_told(
    store: Store, waking: Waking, chain: str
) -> None:
    of = storm(store, waking, by="somebody on the page", chain=chain)
    again = ASKED + 5 * M
    assert until(store, waking, again + 9 * H) == [
        (ASKED, "still", "room"),
        (again, "stale", "room"),
    ]
    assert stands(store, of).acked_level is None


def test_the_end_of_an_incident_ends_the_watch(store: Store, waking: Waking) -> None:
    of = storm(store, waking)
    desk.resolve(store, of.id, "kim", Outcome.REAL, "", ACKED + H)
    assert store.read.next_errand() is None


def test_turned_off_nobody_is_asked(store: Store) -> None:
    off = Waking(replace(BOOK, stale_after=timedelta()), NoSignals())
    storm(store, off)
    assert until(store, off, ACKED + 48 * H) == []
    assert store.read.next_errand() is None


def test_after_a_stop_of_a_day_somebody_is_asked_before_it_lapses(
    store: Store, waking: Waking
) -> None:
    of = storm(store, waking)
    late = ACKED + 24 * H
    assert run_due(store, waking.handlers, late) == 1
    assert [d.alert.reason for d in store.read.deliveries(of.id)][-1] is NotifyReason.STILL
    assert store.read.next_errand() == late + 10 * M
    assert stands(store, of).acked_level is Level.STORM


def test_at_night_a_question_that_may_wake_nobody_waits_for_the_morning(
    store: Store, waking: Waking
) -> None:
    made = b.incident(level=Level.STRONG_WIND, opened_at=b.T0)
    with store.begin() as tx:
        assert tx.save_incident(made, 0)
        tx.enqueue(replace(b.alert(made), id="a1", at=b.T0), ("room",), b.T0)
    desk.acknowledge(store, made.id, "kim", EVENING)
    assert until(store, waking, MORNING - M) == []
    assert until(store, waking, MORNING) == [(MORNING, "still", "pager/kim")]


def test_a_kill_before_the_commit_leaves_the_question_due(
    store: Store, waking: Waking, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = storm(store, waking)
    until(store, waking, ASKED - M)
    [errand] = store.read.errands(of.id)
    before = len(store.read.deliveries(of.id))

    def dies() -> None:
        with store.begin() as tx:
            assert waking.stale(tx, errand, ASKED)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dies()
    assert len(store.read.deliveries(of.id)) == before
    assert until(store, Waking(BOOK, NoSignals()), ASKED) == [(ASKED, "still", "pager/kim")]


@pytest.mark.parametrize("due", [ASKED, ASKED + 10 * M])
def test_two_nodes_ask_and_lapse_once(store: Store, waking: Waking, due: datetime) -> None:
    of = storm(store, waking)
    until(store, waking, due - timedelta(seconds=1))
    before = len(store.read.deliveries(of.id))
    nodes = [Waking(BOOK, NoSignals()) for _ in range(4)]
    together(*(partial(run_due, store, node.handlers, due) for node in nodes))
    kinds = [f.kind for f in store.read.facts(of.id)]
    assert kinds.count(FactKind.ASKED) == 1
    assert kinds.count(FactKind.LAPSED) == (due > ASKED)
    assert len(store.read.deliveries(of.id)) == before + 1


def test_somebody_who_acts_at_the_instant_of_the_lapse_is_not_overrun(
    store: Store, waking: Waking
) -> None:
    of = storm(store, waking)
    until(store, waking, ASKED)
    lapse = ASKED + 10 * M
    [errand] = store.read.errands(of.id)
    desk.acknowledge(store, of.id, "kim", lapse)  # after the node has read what is due
    with store.begin() as tx:
        assert not waking.stale(tx, errand, lapse)
    assert stands(store, of).acked_level is Level.STORM


def test_the_question_and_the_new_chain_ring_where_it_was_acknowledged(
    store: Store, waking: Waking
) -> None:
    of = storm(store, waking)
    until(store, waking, ASKED + 10 * M)
    rung = {
        d.alert.reason: d.alert.dedup_keys
        for d in store.read.deliveries(of.id)
        if d.channel == "pager/kim"
    }
    again = rung[NotifyReason.STILL]
    assert again == rung[NotifyReason.STALE] != (of.key,)
    desk.acknowledge(store, of.id, "kim", ASKED + 12 * M)
    last = max(store.read.deliveries(of.id), key=lambda d: d.id)
    assert last.alert.reason is NotifyReason.ACKNOWLEDGED
    assert last.alert.dedup_keys == (of.key, *again)
