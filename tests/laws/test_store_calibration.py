"""What operators taught: misses and moves come back as they were kept; of two movers one is first."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from detectors.topic import Query, Topic
from monitor.desk import calibration as desk
from monitor.desk.errors import Conflict
from monitor.ports import Missed, Moved, Store
from tests import builders as b
from tests.threads import together

MISS = Missed(b.TOPIC, b.after(hours=-3), b.after(hours=-1), "„Ausfall“ <b>", "kim", b.T0)
SHOWN = {"pages": 3, "lost": [{"ref": "AB-1", "was": "Sturm"}]}
MOVE = Moved(b.TOPIC, "level4_authors", 8.0, 9.0, "why", "kim", b.T0, shown=SHOWN)

AUTHORS = "level4_authors"
TOPICS = {b.TOPIC: Topic(b.TOPIC, "Acme Bahn", Query(any=("acme bahn",)))}


def keep(store: Store, move: Moved, newest: int) -> Moved | None:
    with store.begin() as tx:
        return tx.add_calibration(move, newest)


def test_misses_come_back_by_their_span_until_they_are_withdrawn(store: Store) -> None:
    earlier = replace(MISS, since=b.after(hours=-9))
    with store.begin() as tx:
        second, first = tx.add_missed(MISS), tx.add_missed(earlier)
        assert first is not None
        assert second is not None
        tx.add_missed(replace(MISS, topic="other"))
        assert tx.missed(b.TOPIC) == [first, second]
    assert store.read.missed(b.TOPIC) == [first, second]
    assert second == replace(MISS, id=second.id)
    assert second.id > 0
    with store.begin() as tx:
        assert not tx.withdraw_missed("other", first.id, b.after(hours=1))
        assert tx.withdraw_missed(b.TOPIC, first.id, b.after(hours=1))
        assert not tx.withdraw_missed(b.TOPIC, first.id, b.after(hours=2))
    assert store.read.missed(b.TOPIC) == [second]
    gone = replace(first, withdrawn=b.after(hours=1))
    assert store.read.missed(b.TOPIC, withdrawn=True) == [gone, second]
    assert store.read.missed("nothing") == []


def test_moves_come_back_in_order_with_what_was_shown(store: Store) -> None:
    assert store.read.calibration_version() == 0
    first = keep(store, MOVE, 0)
    assert first is not None
    undone = keep(store, replace(MOVE, before=9.0, after=8.0, undoes=first.id), first.id)
    assert undone is not None
    other = keep(store, replace(MOVE, topic="other"), 0)
    assert other is not None
    assert store.read.calibrations(b.TOPIC) == [first, undone]
    assert first == replace(MOVE, id=first.id)
    assert first.id < undone.id
    assert store.read.calibration_version() == 3
    with store.begin() as tx:
        assert tx.calibrations("other") == [other]
        assert tx.calibration_version() == 3


def test_whoever_saw_an_older_newest_move_changes_nothing(store: Store) -> None:
    first = keep(store, MOVE, 0)
    assert first is not None
    assert keep(store, replace(MOVE, after=10.0), 0) is None
    assert keep(store, replace(MOVE, after=10.0), first.id + 1) is None
    assert store.read.calibrations(b.TOPIC) == [first]


def test_of_many_that_move_at_once_one_is_first(store: Store) -> None:
    kept: list[Moved | None] = []

    def work(actor: str) -> None:
        kept.append(keep(store, replace(MOVE, actor=actor), 0))

    together(*(partial(work, f"person{n}") for n in range(8)))
    won = [move for move in kept if move is not None]
    assert len(kept) == 8
    assert store.read.calibrations(b.TOPIC) == won
    assert len(won) == 1


def test_of_many_who_mark_the_same_span_at_once_one_is_first(store: Store) -> None:
    kept: list[Missed | None] = []

    def work(actor: str) -> None:
        with store.begin() as tx:
            kept.append(tx.add_missed(replace(MISS, actor=actor)))

    together(*(partial(work, f"person{n}") for n in range(6)))
    won = [miss for miss in kept if miss is not None]
    assert len(kept) == 6
    assert len(won) == 1
    assert store.read.missed(b.TOPIC) == won
    with store.begin() as tx:
        assert tx.withdraw_missed(b.TOPIC, won[0].id, b.T0)
        assert tx.add_missed(MISS) is not None, "what was withdrawn may be marked again"


# --- as people confirm them ---------------------------------------------------------------------


def race(store: Store, proposals: list[desk.Proposal], days: float = 0) -> list[Moved | Conflict]:
    """Return what each of the people that confirm at once was answered."""
    told: list[Moved | Conflict] = []

    def confirm(number: int, proposal: desk.Proposal) -> None:
        try:
            now = b.after(days=days)
            told.append(desk.confirm(store, TOPICS, proposal, f"person{number}", "", now))
        except Conflict as error:
            told.append(error)

    together(*(partial(confirm, n, proposal) for n, proposal in enumerate(proposals)))
    return told


def proposal(store: Store, after: float) -> desk.Proposal:
    moves = store.read.calibrations(b.TOPIC)
    before = desk.value_of(desk.moved(TOPICS[b.TOPIC], moves), AUTHORS)
    seen = desk.Outlook(1, 2, gone=("AB-1",))
    return desk.Proposal(b.TOPIC, AUTHORS, before, after, seen, moves[-1].id if moves else 0)


def test_of_many_that_confirm_one_proposal_one_counts_and_the_others_are_told(
    store: Store,
) -> None:
    told = race(store, [proposal(store, 9)] * 6)
    refused = [str(answer) for answer in told if isinstance(answer, Conflict)]
    assert len(refused) == 5
    assert all("moved by somebody else since" in answer for answer in refused)
    assert store.read.calibrations(b.TOPIC) == [m for m in told if isinstance(m, Moved)]


def test_a_quarter_a_month_holds_however_many_confirm_at_once(store: Store) -> None:
    """Each round some want more and some less, as far as they were shown; 8 stays within 6 and 10."""
    for day in range(4):
        now = b.after(days=day)
        moves = store.read.calibrations(b.TOPIC)
        value = desk.value_of(desk.moved(TOPICS[b.TOPIC], moves), AUTHORS)
        room = desk.allowed(AUTHORS, value, moves, now)
        assert room.low <= room.high
        race(store, [proposal(store, after) for after in (room.low, room.high) * 3], day)
    moves = store.read.calibrations(b.TOPIC)
    assert [m.before for m in moves[1:]] == [m.after for m in moves[:-1]]
    values = [8.0, *(m.after for m in moves)]
    assert len(moves) == 4
    assert all(abs(one - other) <= 0.25 * other for one in values[1:] for other in values[:1])


def test_of_many_that_take_one_move_back_one_does(store: Store) -> None:
    (move,) = (m for m in race(store, [proposal(store, 9)]) if isinstance(m, Moved))
    refused: list[str] = []

    def undo(actor: str) -> None:
        try:
            desk.undo(store, TOPICS, b.TOPIC, move.id, actor, "", b.after(days=1))
        except Conflict as error:
            refused.append(str(error))

    together(*(partial(undo, f"person{n}") for n in range(4)))
    assert len(refused) == 3
    assert len(store.read.calibrations(b.TOPIC)) == 2
