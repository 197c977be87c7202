"""Calibrating on an invented past: a false page goes, a real storm is named, live judging follows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from alerts.incident import Outcome, Status
from detectors.mention import Mention
from detectors.topic import Topic
from detectors.window import HOLD
from monitor.app.recorded import watching
from monitor.app.replaying import replay
from monitor.desk import calibration as desk
from monitor.pipeline import Pipeline
from monitor.pipeline.calibrating import Checked, propose, verify
from monitor.pipeline.past import woke
from monitor.pipeline.work import Parts
from monitor.ports import NoSignals
from monitor.settings import Settings
from monitor.store.database import SqliteStore
from tests.flow.scenes import MONDAY, calm, in_order, storm

HOUR = timedelta(hours=1)
END = MONDAY + timedelta(days=5)
FALSE, REAL = MONDAY + timedelta(days=2, hours=9), MONDAY + timedelta(days=4, hours=9)
NOW = END + HOUR


def parts(**thresholds: float) -> Parts:
    made = watching(Settings(), ["acme bahn"], 7.0)
    (topic,) = made.topics.values()
    return replace(made, topics={topic.id: replace(topic, thresholds=thresholds)})


def past(
    big: Iterator[Mention] | None = None, days: float = 5, **thresholds: float
) -> tuple[SqliteStore, Topic]:
    """Return a store with a small burst of 9 people, and a storm; both as the pipeline filed them."""
    store, decided = SqliteStore.open("sqlite://"), parts(**thresholds)
    posts = in_order(
        calm(MONDAY, MONDAY + timedelta(days=days), per_hour=4),
        storm(FALSE, 16, 0.5, 1e9, seed=3),
        big or storm(REAL, 100, 0.5, 30),
    )
    list(replay(posts, decided, store))
    return store, next(iter(decided.topics.values()))


def say(store: SqliteStore, outcomes: dict[datetime, Outcome]) -> list[str]:
    """Let a person have said what the incidents of these times were; return their names."""
    refs = []
    for at, outcome in outcomes.items():
        (found,) = [i for i in store.read.incidents() if at <= i.opened_at < at + 3 * HOUR]
        with store.begin() as tx:
            assert tx.save_incident(replace(found, outcome=outcome), found.version)
        refs.append(found.ref)
    return refs


@pytest.fixture
def judged() -> Iterator[tuple[SqliteStore, Topic]]:
    store, topic = past()
    say(store, {FALSE: Outcome.FALSE_ALARM, REAL: Outcome.REAL})
    yield store, topic
    store.close()


def test_the_false_page_goes_and_the_storm_stays(judged: tuple[SqliteStore, Topic]) -> None:
    store, topic = judged
    (false,) = [i.ref for i in store.read.incidents() if i.outcome is Outcome.FALSE_ALARM]
    found = propose(store.read, topic, NOW)
    assert [i.ref for i in found.verdicts.false] == [false]
    best = found.proposals[0]
    assert best.outlook.gone == (false,)
    assert (best.outlook.lost, best.outlook.untold) == ((), ())
    assert (best.outlook.before, best.outlook.pages) == (2, 1)
    assert all(p.after > p.before for p in found.proposals)
    assert [(c.name, c.right) for c in found.checks] == [(false, False)]


def test_a_confirmed_move_is_what_the_rehearsal_is_held_to(
    judged: tuple[SqliteStore, Topic],
) -> None:
    store, topic = judged
    best = propose(store.read, topic, NOW).proposals[0]
    move = desk.confirm(store, {topic.id: topic}, best, "kim", "", NOW)
    assert [c.right for c in verify(store.read, topic, NOW).checks] == [True]
    desk.undo(store, {topic.id: topic}, topic.id, move.id, "kim", "", NOW)
    assert [c.right for c in verify(store.read, topic, NOW).checks] == [False]


def test_a_storm_that_a_move_would_lose_is_named_and_such_a_move_comes_last() -> None:
    small = MONDAY + timedelta(days=6, hours=9)
    store, topic = past(storm(small, 18, 0.6, 1e9, seed=6), days=7)
    (false, lost) = say(store, {FALSE: Outcome.FALSE_ALARM, small: Outcome.REAL})
    found = propose(store.read, topic, small + 10 * HOUR).proposals
    losing = [p for p in found if p.outlook.lost]
    assert losing
    assert all((p.outlook.lost, p.outlook.gone) == ((lost,), (false,)) for p in losing)
    assert found[-len(losing) :] == tuple(losing)
    store.close()


def test_where_no_move_of_a_quarter_silences_a_page_none_is_proposed(
    judged: tuple[SqliteStore, Topic],
) -> None:
    store, topic = judged
    both = {i.ref: i for i in store.read.incidents() if i.outcome is not None}
    small = next(i for i in both.values() if i.outcome is Outcome.FALSE_ALARM)
    large = next(i for i in both.values() if i.outcome is Outcome.REAL)
    with store.begin() as tx:
        assert tx.save_incident(replace(small, outcome=Outcome.REAL), small.version)
        assert tx.save_incident(replace(large, outcome=Outcome.NOT_OURS), large.version)
    found = propose(store.read, topic, NOW)
    assert found.proposals == ()
    assert [i.ref for i in found.verdicts.real] == [small.ref]


def test_a_marked_miss_is_caught_by_a_lower_threshold() -> None:
    store, topic = past(level4_authors=11)
    assert [woke(i) for i in store.read.incidents()].count(True) == 1
    say(store, {REAL: Outcome.REAL})
    topics = {topic.id: topic}
    missed = desk.miss(store, topics, topic.id, FALSE, FALSE + HOUR, "trains", "kim", NOW)
    found = propose(store.read, topic, NOW)
    best = found.proposals[0]
    store.close()
    assert (best.threshold, best.before) == ("level4_authors", 11)
    assert best.after < 11
    assert best.outlook.caught == (desk.name_of(missed),)
    assert best.outlook.lost == ()
    assert [(c.kind, c.right) for c in found.checks] == [("missed", False)]


def test_what_is_no_longer_kept_is_said_to_be_untestable(judged: tuple[SqliteStore, Topic]) -> None:
    store, topic = judged
    store.housekeep(END, 1)
    (check,) = verify(store.read, topic, NOW).checks
    assert isinstance(check, Checked)
    assert check.right is None


def test_without_verdicts_nothing_is_tried() -> None:
    store = SqliteStore.open("sqlite://")
    (topic,) = parts().topics.values()
    assert propose(store.read, topic, NOW).proposals == ()
    assert verify(store.read, topic, NOW).checks == ()
    store.close()


@pytest.mark.parametrize("again", [False, True], ids=["while running", "after a restart"])
@pytest.mark.parametrize("undone", [False, True], ids=["moved", "undone"])
def test_live_judging_takes_up_a_move_and_its_undoing(again: bool, undone: bool) -> None:
    """One process judges, another confirms; the next burst is judged by the moved threshold."""
    store, decided = SqliteStore.open("sqlite://"), parts()
    (topic,) = decided.topics.values()
    topics = {topic.id: topic}

    def pipeline() -> Pipeline:
        made = Pipeline(store, decided, NoSignals())
        made.begin_at(MONDAY)
        return made

    runs = pipeline()
    bursts = [MONDAY + timedelta(days=2 * n + 2, hours=9) for n in range(2)]
    posts = in_order(
        calm(MONDAY, bursts[1] + 3 * HOUR, 4),
        *(storm(at, 18, 0.5, 1e9, seed=3) for at in bursts),
    )

    def until(end: datetime) -> int:
        """File and judge up to ``end`` bin by bin; return how many alerts that brought."""
        nonlocal at
        alerts = 0
        while at < end:
            at += timedelta(minutes=5)
            some = [m for m in posts if at - timedelta(minutes=5) <= m.published_utc < at]
            runs.filing.create([(m, m.published_utc) for m in some])
            alerts += sum(line.type == "alert" for line in runs.tick(at + HOLD))
        return alerts

    def resolve() -> None:
        for one in store.read.incidents(open_only=True):
            done = replace(one, status=Status.RESOLVED, outcome=Outcome.FALSE_ALARM, resolved_at=at)
            with store.begin() as tx:
                assert tx.save_incident(done, one.version)

    at = MONDAY
    assert until(bursts[0] + 3 * HOUR) > 0
    resolve()
    until(bursts[1] - HOUR)
    proposal = desk.Proposal(topic.id, "level4_authors", 8, 10, desk.Outlook(0, 0), 0)
    move = desk.confirm(store, topics, proposal, "kim", "", at)
    if again:
        runs = pipeline()
    until(bursts[1] - HOUR / 2)
    if undone:
        desk.undo(store, topics, topic.id, move.id, "kim", "", at)
        if again:
            runs = pipeline()
    assert (until(bursts[1] + 3 * HOUR) > 0) is undone
    store.close()
