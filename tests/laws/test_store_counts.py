"""Counts in a store: those of its rows whatever happens; windows, bins, curves, concluded bins."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec.structs import replace as change

from detectors.detection import Level
from detectors.score.base import Tone
from detectors.window import BIN, COUNT_FIELDS, Counts
from monitor.ports import Capped, CountKey, CurvePoint, Filed, Store
from tests import builders as b
from tests.laws.failing import Broken
from tests.laws.filing import OTHER, counted, file_batch, file_in
from tests.laws.homes import STORES, StoreHome

DAY = timedelta(days=1)
MINUTE = int(b.T0.timestamp()) // 60


# --- those of the rows ----------------------------------------------------------------------


filed_rows = st.builds(
    lambda n, minute, tone, topics: b.filed(
        n, at=b.after(minutes=minute), tone=tone, topics=topics
    ),
    st.integers(0, 30),
    st.integers(-20, 20),
    st.sampled_from(Tone),
    st.sampled_from([(), (b.TOPIC,), (OTHER,), (b.TOPIC, OTHER)]),
)


class Filing(RuleBasedStateMachine):
    """Batches with repeats, roll-backs, edits, deletions and restarts, in any order."""

    kind = "sqlite"

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.home: StoreHome = STORES[self.kind](Path(self.folder.name))
        self.store = self.home.open()
        self.rows: dict[bytes, Filed] = {}
        self.deleted: set[bytes] = set()

    @rule(data=st.data(), fails=st.booleans())
    def files(self, data: st.DataObject, fails: bool) -> None:
        rows = data.draw(st.lists(filed_rows, min_size=1, max_size=12))
        try:
            with self.store.begin() as tx:
                flags = file_in(tx, rows)
                if fails:
                    raise Broken
        except Broken:
            return
        expected = []
        for row in rows:
            expected.append(row.id not in self.rows)
            self.rows.setdefault(row.id, row)
        assert flags == expected

    @rule(n=st.integers(0, 30), tone=st.sampled_from(Tone))
    def edits(self, n: int, tone: Tone) -> None:
        id = b.filed(n).id
        with self.store.begin() as tx:
            known = tx.known(id)
            assert (known is not None) == (id in self.rows)
            if known is None or known.deleted:
                return
            row = change(b.filed(n, tone=tone), at=known.at, topics=known.topics)
            tx.rewrite(row)
            tx.add_counts(
                {
                    CountKey(t, known.source, int(known.at.timestamp()) // 60, 1): b.counts_of(row)
                    + -known.counts
                    for t in known.topics
                }
            )
        self.rows[id] = row

    @rule(n=st.integers(0, 30), tone=st.sampled_from(Tone), stale=st.booleans())
    def rescores(self, n: int, tone: Tone, stale: bool) -> None:
        row = self.rows.get(b.filed(n).id) or b.filed(n)
        score = b.score(tone, offensive=0.7)
        with self.store.begin() as tx:
            before = tx.known(row.id)
            read = change(row, model="another by now") if stale else row
            done = tx.rescore(read, score, "second-1")
            after = tx.known(row.id)
            alive = row.id in self.rows and row.id not in self.deleted
            assert done == (alive and not stale)
            if not done:
                assert after == before
                return
            assert before is not None
            assert after is not None
            minute = int(before.at.timestamp()) // 60
            delta = after.counts + -before.counts
            tx.add_counts({CountKey(t, before.source, minute, 1): delta for t in before.topics})
        self.rows[row.id] = change(row, score=score, model="second-1")

    @rule(n=st.integers(0, 30))
    def deletes(self, n: int) -> None:
        id = b.filed(n).id
        with self.store.begin() as tx:
            assert tx.mark_deleted(id, b.T0) == (id in self.rows and id not in self.deleted)
        if id in self.rows:
            self.deleted.add(id)

    @rule()
    def restarts(self) -> None:
        self.store.close()
        self.store = self.home.open()

    @invariant()
    def counts_are_those_of_the_rows(self) -> None:
        totals = self.store.read.totals()
        assert totals["seen"] == totals["mention"] == len(self.rows)
        assert totals["mention_topic"] == sum(len(row.topics) for row in self.rows.values())
        for topic in (b.TOPIC, OTHER):
            mine = [row for row in self.rows.values() if topic in row.topics]
            expected = sum(map(b.counts_of, mine), Counts())
            assert counted(self.store, topic) == expected
            window = self.store.read.window(topic, b.T0 - DAY, b.T0 + DAY)
            assert sorted(window.at) == sorted(int(row.at.timestamp()) for row in mine)
            assert window.at == sorted(window.at)
            assert sorted(window.tone) == sorted(int(row.score.tone) for row in mine)

    def teardown(self) -> None:
        self.store.close()
        self.home.drop()
        self.folder.cleanup()


@pytest.mark.parametrize("kind", sorted(STORES))
def test_counts_are_those_of_the_rows_whatever_happens(kind: str) -> None:
    machine = type(f"Filing_{kind}", (Filing,), {"kind": kind}).TestCase
    machine.settings = settings(
        max_examples=20 if kind == "sqlite" else 5,  # each takes a database of a server
        stateful_step_count=20,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    machine("runTest").runTest()


# --- windows, bins, counts ------------------------------------------------------------------


def test_a_window_holds_every_column_oldest_first(store: Store) -> None:
    rows = [
        b.filed(1, at=b.after(50), tone=Tone.POSITIVE, offensive=0.5, cluster=-7, thread=2**62),
        b.filed(2, at=b.after(10.9), tripwire="injury", handle=None, lang="en", followers=None),
    ]
    file_batch(store, rows)
    window = store.read.window(b.TOPIC, b.T0, b.T0 + BIN)
    start_s = int(b.T0.timestamp())
    assert window.at == [start_s + 10, start_s + 50]
    assert window.author == [0, rows[0].author]
    assert window.source == [b.SOURCE] * 2
    assert (window.thread, window.cluster) == ([0, 2**62], [0, -7])
    assert window.tone == [-1, 1]
    assert window.offensive == [False, True]
    assert window.reach == [0, 120]
    assert (window.lang, window.kind) == (["en", "de"], ["post"] * 2)
    assert window.tripwire == ["injury", ""]


def test_a_window_is_half_open_and_keeps_the_newest_of_too_many(store: Store) -> None:
    file_batch(store, [b.filed(n, at=b.after(10 * n)) for n in range(6)])
    start_s = int(b.T0.timestamp())
    half = store.read.window(b.TOPIC, b.after(10), b.after(30))
    assert [at - start_s for at in half.at] == [10, 20]
    newest = store.read.window(b.TOPIC, b.T0, b.T0 + BIN, 2)
    assert [at - start_s for at in newest.at] == [40, 50]


def test_adding_counts_adds(store: Store) -> None:
    key = CountKey(b.TOPIC, b.SOURCE, MINUTE)
    every = Counts(*range(1, len(COUNT_FIELDS) + 1))
    with store.begin() as tx:
        tx.add_counts({key: every})
    with store.begin() as tx:
        tx.add_counts({key: every, key._replace(revision=1): -every})
    assert counted(store) == every


def test_bins_sum_sources_minutes_and_revisions(store: Store) -> None:
    one = Counts(mentions=1, negatives=1)
    with store.begin() as tx:
        tx.add_counts(
            {
                CountKey(b.TOPIC, "a", MINUTE): one,
                CountKey(b.TOPIC, "b", MINUTE + 4): one,
                CountKey(b.TOPIC, "a", MINUTE, 2): one,
                CountKey(b.TOPIC, "a", MINUTE + 5): one,
                CountKey(b.TOPIC, "a", MINUTE + 15): one,
                CountKey(OTHER, "a", MINUTE): one,
            }
        )
        assert tx.bins(b.TOPIC, b.T0, b.T0 + 3 * BIN) == {
            b.T0: one + one + one,
            b.T0 + BIN: one,
        }
        assert tx.bins(b.TOPIC, b.T0 + 30 * BIN, b.T0 + 31 * BIN) == {}
    assert store.read.bins(b.TOPIC, b.T0, b.T0 + 3 * BIN) == {
        b.T0: one + one + one,
        b.T0 + BIN: one,
    }
    assert list(store.read.bins(b.TOPIC, b.T0, b.T0 + 4 * BIN)) == [
        b.T0,
        b.T0 + BIN,
        b.T0 + 3 * BIN,
    ]


def test_a_curve_shows_minutes_beside_what_was_expected(store: Store) -> None:
    with store.begin() as tx:
        tx.add_counts({CountKey(b.TOPIC, "a", MINUTE + n): Counts(mentions=n) for n in (1, 7)})
        tx.add_result(
            b.result(b.T0, expected_mentions=10.0, expected_negatives=5.0, level=Level(2))
        )
    by_minute = store.read.curve(b.TOPIC, b.T0, b.T0 + 2 * BIN, 60)
    assert [p.mentions for p in by_minute] == [0, 1, 0, 0, 0, 0, 0, 7, 0, 0]
    assert by_minute[1] == CurvePoint(b.after(60), 1, 0, 2.0, 1.0, 2)
    assert by_minute[5] == CurvePoint(b.after(300), 0, 0, None, None, None)
    [both] = store.read.curve(b.TOPIC, b.T0, b.T0 + 2 * BIN, 600)
    # Half of the step is concluded: what is known of it is scaled to the whole.
    assert both == CurvePoint(b.T0, 8, 0, 20.0, 10.0, 2)


def test_a_curve_of_odd_steps_shares_bins_out(store: Store) -> None:
    with store.begin() as tx:
        for n, expected in enumerate((10.0, 20.0, 0.0)):
            tx.add_result(b.result(b.T0 + n * BIN, expected_mentions=expected, level=Level(n)))
    points = store.read.curve(b.TOPIC, b.T0, b.T0 + 3 * BIN, 180)
    assert [p.expected_mentions for p in points] == pytest.approx([6.0, 8.0, 12.0, 4.0, 0.0])
    assert [p.level for p in points] == [0, 1, 1, 2, 2]


@pytest.mark.parametrize("step_s", [0, 30, 90, 7200])
def test_a_curve_of_impossible_steps_is_refused(store: Store, step_s: int) -> None:
    with pytest.raises(ValueError, match="step_s"):
        store.read.curve(b.TOPIC, b.T0, b.T0 + BIN, step_s)


# --- bins that were concluded, and again ----------------------------------------------------


def test_a_watch_comes_back_as_saved(store: Store) -> None:
    with store.begin() as tx:
        empty = tx.watch(b.TOPIC)
        tx.save_watch(b.watch(until=b.after(0.25), mean=1.5, worst=0.1 + 0.2, names=["ä"]))
        tx.save_watch(b.watch(OTHER, until=None))
    with store.begin() as tx:
        assert tx.watch(b.TOPIC) == b.watch(
            until=b.after(0.25), mean=1.5, worst=0.1 + 0.2, names=["ä"]
        )
        assert tx.watch(OTHER) == b.watch(OTHER, until=None)
    assert (empty.closed_until, dict(empty.state)) == (None, {})


def test_results_come_in_time_order_and_newest_revision(store: Store) -> None:
    first = b.result(b.T0, assessed=b.assessment(return_period_days=float("inf")))
    second = b.result(b.T0 + BIN, level=Level(1))
    again = b.result(b.T0, revision=1, mentions=9)
    assert store.read.latest(b.TOPIC) is None
    assert store.read.latest_assessment(b.TOPIC) is None
    with store.begin() as tx:
        for result in (second, first, again, b.result(b.T0, topic=OTHER)):
            tx.add_result(result)
            tx.add_result(result)
    assert store.read.results(b.TOPIC, b.T0, b.T0 + 2 * BIN) == [again, second]
    assert store.read.results(b.TOPIC, b.T0 + BIN, b.T0 + 2 * BIN) == [second]
    assert store.read.latest(b.TOPIC) == second
    assert store.read.latest_assessment(b.TOPIC) == first.assessment


def test_reopened_bins_are_taken_once_with_all_their_counts(store: Store) -> None:
    starts = [b.T0, b.T0 + BIN]
    with store.begin() as tx:
        tx.add_counts({CountKey(b.TOPIC, "a", MINUTE): Counts(mentions=5)})
        assert tx.revisions(b.TOPIC, starts) == {b.T0: 1, b.T0 + BIN: 1}
        tx.add_counts({CountKey(b.TOPIC, "a", MINUTE, 1): Counts(mentions=2)})
        tx.reopen(b.TOPIC, [b.T0, b.T0])
        assert tx.revisions(b.TOPIC, starts) == {b.T0: 2, b.T0 + BIN: 1}
        tx.reopen(b.TOPIC, [b.T0])
    with store.begin() as tx:
        [reopened] = tx.take_reopened([b.TOPIC])
        assert tx.take_reopened([b.TOPIC]) == []
        assert tx.revisions(b.TOPIC, [b.T0]) == {b.T0: 3}
    assert (reopened.start, reopened.revision, reopened.counts) == (b.T0, 2, Counts(mentions=7))


def test_spans_before_what_is_kept_are_forgotten(store: Store) -> None:
    old = Capped("feed", b.after(hours=-100), b.after(hours=-99))
    new = Capped("feed", b.after(hours=-3), b.after(hours=-2))
    with store.begin() as tx:
        tx.add_capped(old)
        tx.add_capped(new)
    for days, left in ((0, [old, new]), (2, [new])):
        store.housekeep(b.T0, days)
        assert store.read.capped(b.after(hours=-200), b.T0) == left


def test_spans_of_which_only_a_part_came_are_found_by_time(store: Store) -> None:
    early = Capped("feed", b.after(minutes=-60), b.after(minutes=-50))
    late = Capped("feed", b.T0, b.after(minutes=5))
    longer = Capped("feed", b.T0, b.after(minutes=7))
    other = Capped("other", b.T0, b.after(minutes=1))
    with store.begin() as tx:
        for span in (early, other, late, longer, late):
            tx.add_capped(span)
        assert tx.capped(b.after(minutes=-70), b.after(minutes=70)) == [early, longer, other]
    assert store.read.capped(b.after(minutes=-50), b.T0) == []
    assert store.read.capped(b.after(minutes=6), b.after(minutes=9)) == [longer]
    assert store.read.capped(b.after(minutes=-51), b.after(minutes=-50)) == [early]


def test_posts_taken_back_are_counted_when_that_was_whenever_they_were_written(
    store: Store,
) -> None:
    file_batch(store, [b.filed(n) for n in (1, 2, 3)])
    for n, minutes in ((1, 600), (2, 604), (3, 605)):
        for _ in range(2):  # told twice, taken back once
            with store.begin() as tx:
                tx.mark_deleted(b.filed(n).id, b.after(minutes=minutes))
    then = b.T0 + timedelta(minutes=600)
    with store.begin() as tx:
        assert tx.taken_back(b.T0, then) == {}
        assert tx.taken_back(then, then + BIN) == {b.TOPIC: {then: 2}}
        assert tx.taken_back(b.T0, then + 2 * BIN) == {b.TOPIC: {then: 2, then + BIN: 1}}
    store.housekeep(then + timedelta(days=3), 2)
    with store.begin() as tx:
        assert tx.taken_back(b.T0, then + 2 * BIN) == {}
