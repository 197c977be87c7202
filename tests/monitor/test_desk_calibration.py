"""What a month allows, whoever confirms what; what a person marked, confirmed and took back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.topic import Query, Topic
from monitor.desk import calibration as desk
from monitor.desk.calibration import MONTH, Outlook, Proposal
from monitor.desk.errors import Conflict, DeskError, Invalid, NotFound
from monitor.ports import Moved, Store
from monitor.store.database import SqliteStore
from tests import builders as b

TOPIC = Topic(b.TOPIC, "Acme Bahn", Query(any=("acme bahn",)), thresholds={"level4_multiple": 4.0})
TOPICS = {TOPIC.id: TOPIC}
SEEN = Outlook(2, 3, gone=("AB-1",), lost=("AB-2",))
AUTHORS = "level4_authors"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    made = SqliteStore.open(f"sqlite:///{tmp_path / 's.db'}")
    yield made
    made.close()


def proposed(store: Store, after: float, threshold: str = AUTHORS) -> Proposal:
    moves = store.read.calibrations(TOPIC.id)
    before = desk.value_of(desk.moved(TOPIC, moves), threshold)
    return Proposal(TOPIC.id, threshold, before, after, SEEN, moves[-1].id if moves else 0)


def confirm(store: Store, after: float, threshold: str = AUTHORS, days: float = 0) -> Moved:
    found = proposed(store, after, threshold)
    return desk.confirm(store, TOPICS, found, "kim", "too loud", b.after(days=days))


def undo(store: Store, id: int, days: float = 0) -> Moved:
    return desk.undo(store, TOPICS, TOPIC.id, id, "robin", "", b.after(days=days))


def value(store: Store, threshold: str = AUTHORS) -> float:
    return desk.value_of(desk.moved(TOPIC, store.read.calibrations(TOPIC.id)), threshold)


# --- a quarter a month ------------------------------------------------------------------------

ACTS = st.lists(
    st.tuples(
        st.floats(0, 40),  # days since the act before
        st.sampled_from(["up", "down", "wild", "undo"]),
        st.sampled_from(desk.MOVABLE),
        st.floats(0.01, 3),
    ),
    max_size=14,
)


@settings(max_examples=25, deadline=None)
@given(ACTS)
def test_no_confirmation_leads_further_than_a_quarter_from_any_value_of_the_month(
    acts: list[tuple[float, str, str, float]],
) -> None:
    store = SqliteStore.open("sqlite://")
    held = {name: [(-1e9, value(store, name))] for name in desk.MOVABLE}
    at = 0.0
    for later, what, threshold, times in acts:
        at += later
        now = b.after(days=at)
        moves = store.read.calibrations(TOPIC.id)
        room = desk.allowed(threshold, value(store, threshold), moves, now)
        if what == "undo":
            left = desk.standing(moves)
            if not left:
                continue
            undone = undo(store, left[-1].id, at)
            held[undone.threshold].append((at, undone.after))
            continue
        tried = {"up": room.high, "down": room.low}.get(what, times * value(store, threshold))
        month = [v for day, v in held[threshold] if day > at - MONTH.days]
        month.append([v for day, v in held[threshold] if day <= at - MONTH.days][-1])
        with suppress(Invalid):
            confirm(store, tried, threshold, at)
            held[threshold].append((at, tried))
            for before in month:
                assert abs(tried - before) <= 0.25 * before + 1e-6
            if threshold in desk.WHOLE:
                assert tried == int(tried)
    store.close()


def test_many_small_moves_come_to_a_quarter_and_a_month_later_to_another(store: Store) -> None:
    for after in (9.0, 10.0):
        confirm(store, after)
    with pytest.raises(Invalid, match="expected 8 to 10"):
        confirm(store, 11.0)
    confirm(store, 11.0, days=30)
    assert value(store) == 11.0


def test_what_was_taken_back_counts_against_the_month_as_well(store: Store) -> None:
    undo(store, confirm(store, 10.0).id)
    with pytest.raises(Invalid, match="expected 8 to 10"):
        confirm(store, 6.0)
    assert confirm(store, 9.0).before == 8.0


def test_a_count_of_people_is_only_moved_by_whole_ones(store: Store) -> None:
    assert desk.steps(AUTHORS, 8, desk.Range(6, 10), up=True) == [9, 10]
    assert desk.steps(AUTHORS, 8, desk.Range(6, 10), up=False) == [7, 6]
    few = desk.allowed(AUTHORS, 3, [], b.T0)
    assert desk.steps(AUTHORS, 3, few, up=True) == desk.steps(AUTHORS, 3, few, up=False) == []
    assert desk.steps("rarity_family", 1.0, desk.Range(0.75, 1.25), up=True) == [1.1, 1.25]
    with pytest.raises(Invalid):
        confirm(store, 8.5)


# --- confirm and undo -------------------------------------------------------------------------


def test_a_move_is_kept_with_what_was_shown_and_counts_over_the_settings(store: Store) -> None:
    move = confirm(store, 9.0)
    assert (move.before, move.after, move.actor, move.note) == (8.0, 9.0, "kim", "too loud")
    assert move.shown["lost"] == ["AB-2"]
    found = desk.moved(TOPIC, store.read.calibrations(TOPIC.id))
    assert found.thresholds == {"level4_multiple": 4.0, AUTHORS: 9.0}


def test_undo_brings_back_the_value_before_and_only_of_the_newest_move(store: Store) -> None:
    first, second = confirm(store, 9.0), confirm(store, 10.0)
    with pytest.raises(Conflict, match=f"take back move {second.id} first"):
        undo(store, first.id)
    undone = undo(store, second.id)
    assert (undone.before, undone.after, undone.undoes) == (10.0, 9.0, second.id)
    assert value(store) == 9.0
    with pytest.raises(Conflict, match="taken back already \\(by robin\\)"):
        undo(store, second.id)
    with pytest.raises(NotFound):
        undo(store, undone.id)
    undo(store, first.id)
    assert desk.moved(TOPIC, store.read.calibrations(TOPIC.id)) == TOPIC


def test_of_two_confirmations_of_one_page_the_second_is_told(store: Store) -> None:
    seen = proposed(store, 9.0)
    other = proposed(store, 5.0, "level4_multiple")
    desk.confirm(store, TOPICS, seen, "kim", "", b.T0)
    with pytest.raises(Conflict, match="moved by somebody else since \\(by kim\\)"):
        desk.confirm(store, TOPICS, other, "robin", "", b.T0)
    assert len(store.read.calibrations(TOPIC.id)) == 1


def test_a_proposal_is_another_once_what_it_shows_has_changed(store: Store) -> None:
    before = proposed(store, 9.0)
    assert before.id == proposed(store, 9.0).id
    confirm(store, 5.0, "level4_multiple")
    assert before.id != proposed(store, 9.0).id


# --- "we missed one" --------------------------------------------------------------------------


def mark(store: Store, since: float, until: float, note: str = "trains stood") -> None:
    span = (b.after(hours=since), b.after(hours=until))
    desk.miss(store, TOPICS, TOPIC.id, *span, note, "kim", b.T0)


def test_a_miss_is_a_past_span_of_a_week_at_most(store: Store) -> None:
    for since, until, told in (
        (-1, 1, "until: lies in the future"),
        (-1, -1, "until: is not after its start"),
        (-1, -2, "until: is not after its start"),
        (-7 * 24 - 1, 0, "until: more than 7 days"),
    ):
        with pytest.raises(Invalid, match=told):
            mark(store, since, until)
    with pytest.raises(Invalid, match="note: has 501"):
        mark(store, -2, -1, "x" * 501)
    assert store.read.missed(TOPIC.id) == []
    mark(store, -7 * 24, 0, "two\nlines")
    assert [m.note for m in store.read.missed(TOPIC.id)] == ["two lines"]


def test_the_same_span_is_marked_once_and_withdrawn_once(store: Store) -> None:
    mark(store, -2, -1)
    with pytest.raises(Conflict, match="marked as missed already \\(by kim\\)"):
        mark(store, -2, -1)
    [kept] = store.read.missed(TOPIC.id)
    desk.withdraw(store, TOPICS, TOPIC.id, kept.id, b.T0)
    with pytest.raises(NotFound):
        desk.withdraw(store, TOPICS, TOPIC.id, kept.id, b.T0)
    assert not desk.verdicts(store.read, TOPIC.id, b.T0)
    with pytest.raises(DeskError):
        desk.withdraw(store, TOPICS, "nothing", 1, b.T0)
