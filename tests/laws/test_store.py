"""What every store keeps: each id once, counts of new rows only, all or nothing, first come wins."""

from __future__ import annotations

import random
import tempfile
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec.structs import replace as change

from alerts.incident import Outcome, Status
from detectors.detection import Level
from detectors.mention import Kind, Metrics
from detectors.score.base import Tone
from detectors.window import BIN, COUNT_FIELDS, Counts
from monitor.ports import CountKey, CurvePoint, Entry, EntryKind, Filed, Store
from tests import builders as b
from tests.laws.children import killed_after, start
from tests.laws.filing import file_batch, file_in
from tests.laws.homes import STORES, StoreHome

DAY = timedelta(days=1)
OTHER = "acme-strom"
MINUTE = int(b.T0.timestamp()) // 60


class Broken(Exception):
    """Stands for whatever goes wrong inside a transaction."""


def counted(store: Store, topic: str = b.TOPIC) -> Counts:
    return store.read.counts(topic, b.T0 - 400 * DAY, b.T0 + 400 * DAY)


def together(*work: Callable[[], None]) -> None:
    """Run functions at the same time; what one of them raises is raised here."""
    errors: list[BaseException] = []

    def guarded(one: Callable[[], None]) -> None:
        try:
            one()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


# --- each id once ---------------------------------------------------------------------------


def test_a_mention_is_new_once(store: Store) -> None:
    rows = [b.filed(1), b.filed(2)]
    assert file_batch(store, rows) == [True, True]
    assert file_batch(store, [b.filed(2), b.filed(3), b.filed(1)]) == [False, True, False]
    assert store.read.totals()["mention"] == 3
    assert counted(store).mentions == 3


def test_of_two_equal_ids_in_one_call_the_first_is_new(store: Store) -> None:
    rows = [b.filed(1, text="first"), b.filed(1, text="second"), b.filed(2), b.filed(1)]
    assert file_batch(store, rows) == [True, False, True, False]
    [post] = store.read.posts(store.read.window(b.TOPIC, b.T0, b.T0 + BIN).num[:1])
    assert post.text == "first"


def test_a_second_arrival_changes_nothing(store: Store) -> None:
    file_batch(store, [b.filed(1, followers=10)])
    before = (store.read.totals(), store.read.window(b.TOPIC, b.T0, b.T0 + BIN))
    later = b.filed(1, text="edited", at=b.T0 + 3 * DAY, topics=(OTHER,), followers=99, handle="x")
    assert file_batch(store, [later]) == [False]
    assert (store.read.totals(), store.read.window(b.TOPIC, b.T0, b.T0 + BIN)) == before
    assert counted(store, OTHER) == Counts()


def test_the_same_id_of_two_sources_is_two_mentions(store: Store) -> None:
    assert file_batch(store, [b.filed(1, source="a"), b.filed(1, source="b")]) == [True, True]


def test_a_batch_larger_than_any_statement_keeps_its_flags_in_order(store: Store) -> None:
    file_batch(store, [b.filed(n) for n in range(0, 2400, 3)])
    flags = file_batch(store, [b.filed(n) for n in range(2400)])
    assert flags == [n % 3 != 0 for n in range(2400)]
    ids = [b.filed(n).id for n in range(2400)]
    assert store.read.known([*ids, b"?" * 16]) == set(ids)


def test_adding_nothing_is_nothing(store: Store) -> None:
    with store.begin() as tx:
        assert tx.add_mentions([]) == []
        tx.add_counts({})
        tx.add_facts("nobody", [])
        tx.keep_evidence("nobody", [])
        tx.reopen(b.TOPIC, [])
        assert tx.enqueue(b.alert(), [], b.T0) == 0
    assert store.read.known([]) == set()
    assert store.read.posts([]) == []


def test_an_unmatched_mention_is_stored_without_a_topic(store: Store) -> None:
    file_batch(store, [b.filed(1, topics=())])
    totals = store.read.totals()
    assert (totals["mention"], totals["mention_topic"], totals["count"]) == (1, 0, 0)
    with store.begin() as tx:
        known = tx.known(b.filed(1).id)
    assert known is not None
    assert known.topics == ()


def test_a_mention_of_two_topics_stands_in_both(store: Store) -> None:
    file_batch(store, [b.filed(1, topics=(b.TOPIC, OTHER))])
    assert counted(store).mentions == counted(store, OTHER).mentions == 1
    assert (
        store.read.window(OTHER, b.T0, b.T0 + BIN).num
        == store.read.window(b.TOPIC, b.T0, b.T0 + BIN).num
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


filed_rows = st.builds(
    lambda n, minute, tone, topics: b.filed(
        n, at=b.after(minutes=minute), tone=tone, topics=topics
    ),
    st.integers(0, 30),
    st.integers(-20, 20),
    st.sampled_from(Tone),
    st.sampled_from([(), (b.TOPIC,), (OTHER,), (b.TOPIC, OTHER)]),
)


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


@pytest.mark.parametrize("seed", range(4))
def test_a_killed_writer_leaves_whole_batches(store_home: StoreHome, seed: int) -> None:
    said = killed_after(start("write", store_home.spec, str(seed)), 5 + 9 * seed)
    store = store_home.open()
    totals = store.read.totals()
    assert totals["mention"] == totals["seen"] == totals["mention_topic"]
    assert counted(store).mentions == totals["mention"]
    # What was said to be committed is there: replay the same batches, and see how many were new.
    rng = random.Random(seed)
    batches = [
        [b.filed(rng.randrange(n + 40), at=b.after(n)) for _ in range(20)]
        for n in range(len(said) + 1)
    ]
    for batch in batches[: len(said)]:
        assert file_batch(store, batch) == [False] * 20
    assert store.read.totals()["mention"] == totals["mention"]
    ids = {row.id for batch in batches for row in batch}
    assert totals["mention"] <= len(ids)
    store.close()


# --- all or nothing -------------------------------------------------------------------------


def write_everything_and_fail(store: Store) -> None:
    storm = b.incident()
    with store.begin() as tx:
        file_in(tx, [b.filed(1)])
        tx.save_incident(storm, 0)
        tx.add_facts(storm.id, [b.fact()])
        tx.enqueue(b.alert(storm), ["slack"], b.T0)
        tx.save_run(b.run(storm), 0)
        tx.save_watch(b.watch())
        tx.add_result(b.result())
        tx.reopen(b.TOPIC, [b.T0])
        tx.save_source(b.source_state())
        tx.set_media(b.TOPIC, 4, "kim", b.T0)
        tx.keep_evidence(storm.id, [1])
        raise Broken


def test_an_exception_inside_leaves_nothing(store: Store) -> None:
    file_batch(store, [b.filed(0)])
    before = store.read.totals()
    with pytest.raises(Broken):
        write_everything_and_fail(store)
    assert store.read.totals() == before
    assert counted(store).mentions == 1


def test_the_store_goes_on_after_a_transaction_failed(store: Store) -> None:
    with pytest.raises(Broken), store.begin():
        raise Broken
    assert file_batch(store, [b.filed(1)]) == [True]


def test_nobody_reads_what_is_not_committed(store: Store) -> None:
    with store.begin() as tx:
        file_in(tx, [b.filed(1)])
        assert len(tx.window(b.TOPIC, b.T0, b.T0 + BIN)) == 1
        assert len(store.read.window(b.TOPIC, b.T0, b.T0 + BIN)) == 0
    assert len(store.read.window(b.TOPIC, b.T0, b.T0 + BIN)) == 1


def test_writers_in_many_threads_take_turns(store: Store) -> None:
    def work(start: int) -> Callable[[], None]:
        def run() -> None:
            for n in range(start, start + 10):
                file_batch(store, [b.filed(n)])

        return run

    together(*(work(start) for start in (0, 5, 10, 15)))
    assert counted(store).mentions == 25


def test_readers_never_see_half_a_transaction(store: Store) -> None:
    stop = threading.Event()
    seen: list[tuple[int, int]] = []

    def write() -> None:
        for n in range(40):
            file_batch(store, [b.filed(2 * n), b.filed(2 * n + 1)])
        stop.set()

    def look() -> None:
        while not stop.is_set():
            totals = store.read.totals()
            seen.append((totals["mention"], totals["mention_topic"]))

    together(write, look, look)
    assert all(mentions == narrow and mentions % 2 == 0 for mentions, narrow in seen)


# --- what is known of a mention -------------------------------------------------------------


def test_known_tells_what_was_counted(store: Store) -> None:
    row = b.filed(
        1,
        topics=(b.TOPIC, OTHER),
        offensive=0.7,
        tripwire="recall",
        kind=Kind.ARTICLE,
        metrics=Metrics(views=5000),
    )
    file_batch(store, [row])
    with store.begin() as tx:
        known = tx.known(row.id)
        assert tx.known(b"?" * 16) is None
    assert known is not None
    assert (known.source, known.at, known.topics) == (b.SOURCE, b.T0, (b.TOPIC, OTHER))
    assert known.counts == b.counts_of(row)
    assert known.counts.reach == 5000
    assert not known.deleted


def test_an_edit_replaces_text_and_scores_and_keeps_time_and_number(store: Store) -> None:
    file_batch(store, [b.filed(1), b.filed(2)])
    num = store.read.window(b.TOPIC, b.T0, b.T0 + BIN).num[0]
    edited = b.filed(1, text="Danke, geht wieder", tone=Tone.POSITIVE, at=b.after(hours=2))
    with store.begin() as tx:
        tx.rewrite(edited)
    window = store.read.window(b.TOPIC, b.T0, b.T0 + BIN)
    assert window.num[0] == num
    assert window.tone == [int(Tone.POSITIVE), int(Tone.NEGATIVE)]
    [post] = store.read.posts([num])
    assert (post.text, post.at, post.score) == ("Danke, geht wieder", b.T0, edited.score.score)


def test_an_edit_may_move_a_mention_to_another_topic(store: Store) -> None:
    file_batch(store, [b.filed(1)])
    with store.begin() as tx:
        tx.rewrite(b.filed(1, topics=(OTHER,)))
        known = tx.known(b.filed(1).id)
    assert known is not None
    assert known.topics == (OTHER,)
    assert len(store.read.window(b.TOPIC, b.T0, b.T0 + BIN)) == 0
    assert len(store.read.window(OTHER, b.T0, b.T0 + BIN)) == 1


def test_an_edit_of_nothing_is_an_error(store: Store) -> None:
    with pytest.raises(KeyError, match="is not stored"), store.begin() as tx:
        tx.rewrite(b.filed(1))


def test_a_deleted_mention_loses_its_words_and_stays_counted(store: Store) -> None:
    row = b.filed(1, url="https://example.org/@kim/1", title="Ärger")
    file_batch(store, [row])
    with store.begin() as tx:
        assert tx.mark_deleted(row.id, b.after(60))
        assert not tx.mark_deleted(row.id, b.after(61))
        assert not tx.mark_deleted(b"?" * 16, b.T0)
        known = tx.known(row.id)
        tx.rewrite(b.filed(1, text="comes back"))
    assert known is not None
    assert known.deleted
    assert known.counts == b.counts_of(row) + Counts(deleted=1)
    window = store.read.window(b.TOPIC, b.T0, b.T0 + BIN)
    [post] = store.read.posts(window.num)
    assert (post.text, post.title, post.url, post.handle, post.deleted) == ("", "", "", "", True)
    assert counted(store) == b.counts_of(row)


def test_counters_are_taken_over_as_far_as_stated(store: Store) -> None:
    row = b.filed(1, followers=120)
    file_batch(store, [row])
    with store.begin() as tx:
        assert tx.set_metrics(row.id, Metrics(likes=5))
        assert tx.set_metrics(row.id, Metrics(views=900))
        assert tx.set_metrics(row.id, Metrics(likes=7))
        assert not tx.set_metrics(b"?" * 16, Metrics(likes=1))
    window = store.read.window(b.TOPIC, b.T0, b.T0 + BIN)
    assert window.reach == [900]
    assert store.read.posts(window.num)[0].reach == 900


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


# --- detectors and sources ------------------------------------------------------------------


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


def test_sources_come_back_as_saved(store: Store) -> None:
    broken = b.source_state(
        "mastodon",
        cursor={"id": "10", "seen": [1, 2]},
        ok_at=b.T0,
        error="401",
        error_at=b.after(5),
    )
    with store.begin() as tx:
        tx.save_source(b.source_state())
        tx.save_source(b.source_state("mastodon"))
        tx.save_source(broken)
        assert tx.sources() == {b.SOURCE: b.source_state(), "mastodon": broken}
    assert store.read.sources()["mastodon"] == broken


def test_media_is_what_was_set_last(store: Store) -> None:
    with store.begin() as tx:
        assert tx.media(b.TOPIC) == 0
        tx.set_media(b.TOPIC, 4, "kim", b.T0)
        tx.set_media(b.TOPIC, 2, "lou", b.after(60))
        assert (tx.media(b.TOPIC), tx.media(OTHER)) == (2, 0)


# --- incidents ------------------------------------------------------------------------------


def test_an_incident_comes_back_as_saved(store: Store) -> None:
    plain = b.incident(topics=(OTHER, b.TOPIC), counter=1)
    full = b.incident(
        counter=2,
        status=Status.RESOLVED,
        acked_level=Level(5),
        acked_at=b.after(1.5),
        acked_by="kim",
        owner="lou",
        outcome=Outcome.REAL,
        resolved_at=b.after(90),
        quiet_since=b.after(80),
        end_proposed=True,
        reasons=(b.reason(value=float("inf")),),
    )
    with store.begin() as tx:
        assert tx.save_incident(plain, 0)
        assert tx.save_incident(full, 0)
    assert store.read.incident(plain.id) == replace(plain, version=1)
    assert store.read.incident(full.ref) == replace(full, version=1)
    assert store.read.incident("none") is None
    assert [i.id for i in store.read.incidents(open_only=True)] == [plain.id]
    assert len(store.read.incidents()) == 2
    assert len(store.read.incidents(limit=1)) == 1


def test_an_incident_belongs_to_all_its_topics(store: Store) -> None:
    with store.begin() as tx:
        both = b.incident(topics=(OTHER, b.TOPIC))
        tx.save_incident(both, 0)
        tx.save_incident(b.incident(counter=2, onset=b.after(hours=1)), 0)
        newest = tx.last_incident(b.TOPIC)
        assert newest is not None
        assert newest.onset == b.after(hours=1)
        assert tx.last_incident(OTHER) == replace(both, version=1)
        assert tx.last_incident("third") is None
        assert (tx.count_incidents(b.TOPIC), tx.count_incidents(OTHER)) == (2, 1)
        assert tx.save_incident(replace(both, topics=(b.TOPIC, "third")), 1)
        grown = tx.incident(both.id)
        assert grown is not None
        assert grown.topics == (b.TOPIC, "third")
        assert tx.count_incidents(OTHER) == 0
        assert tx.open_incidents()[0].id == both.id


def test_only_the_version_one_has_read_can_be_written(store: Store) -> None:
    storm = b.incident()
    with store.begin() as tx:
        assert not tx.save_incident(storm, 1), "there is nothing to change yet"
        assert tx.save_incident(storm, 0)
        assert not tx.save_incident(replace(storm, owner="late"), 0)
        assert tx.save_incident(replace(storm, owner="kim"), 1)
        assert not tx.save_incident(replace(storm, owner="late"), 1)
        saved = tx.incident(storm.id)
    assert saved is not None
    assert (saved.owner, saved.version) == ("kim", 2)


def test_of_many_who_acknowledge_at_once_one_is_first(store: Store) -> None:
    storm = b.incident()
    with store.begin() as tx:
        tx.save_incident(storm, 0)
    won: list[str] = []

    def claim(who: str) -> Callable[[], None]:
        def run() -> None:
            with store.begin() as tx:
                if tx.save_incident(replace(storm, acked_by=who), 1):
                    won.append(who)

        return run

    together(*(claim(who) for who in "abcdef"))
    saved = store.read.incident(storm.id)
    assert saved is not None
    assert won == [saved.acked_by]


def test_facts_are_numbered_without_gaps_in_the_order_of_writing(store: Store) -> None:
    def write(who: str) -> Callable[[], None]:
        def run() -> None:
            for n in range(5):
                with store.begin() as tx:
                    tx.add_facts("storm", [b.fact(actor=who, n=n), b.fact(actor=who, n=n + 0.5)])
                with pytest.raises(Broken):
                    write_everything_and_fail(store)

        return run

    together(write("a"), write("b"))
    facts = store.read.facts("storm")
    assert len(facts) == 20
    for who in "ab":
        assert [f.payload["n"] for f in facts if f.actor == who] == [n / 2 for n in range(10)]
    assert store.read.facts("other") == []


def test_a_fact_comes_back_as_written(store: Store) -> None:
    given = b.fact(at=b.after(0.000001), actor="kim", level=4, names=["ä"], worst=float("inf"))
    with store.begin() as tx:
        tx.add_facts("storm", [given])
    assert store.read.facts("storm") == [given]


def test_a_run_comes_back_with_its_playbook_frozen_inside(store: Store) -> None:
    run = b.run(why=("level 4",))
    with store.begin() as tx:
        assert tx.run(run.id) is None
        assert not tx.save_run(run, 3)
        assert tx.save_run(run, 0)
        assert not tx.save_run(run, 0), "starting twice is starting once"
        assert tx.save_run(replace(run, finished_at=b.after(60)), 1)
        assert not tx.save_run(run, 1)
        assert tx.run(run.id) == replace(run, finished_at=b.after(60), version=2)
    assert [r.version for r in store.read.runs(run.incident)] == [2]
    assert store.read.runs("other") == []


# --- posts and evidence ---------------------------------------------------------------------


def test_posts_come_in_the_order_asked_for(store: Store) -> None:
    file_batch(store, [b.filed(n, text=str(n), handle="Kim") for n in range(3)])
    one, two, three = store.read.window(b.TOPIC, b.T0, b.T0 + BIN).num
    posts = store.read.posts([three, 10**9, one, two])
    assert [p.text for p in posts] == ["2", "0", "1"]
    assert {p.handle for p in posts} == {"Kim"}


def test_pages_of_posts_neither_repeat_nor_skip(store: Store) -> None:
    # Arrival and event time disagree, and three share a second.
    offsets = [30, 10, 20, 10, 10, 50, 0]
    file_batch(store, [b.filed(n, at=b.after(at), text=str(n)) for n, at in enumerate(offsets)])
    found: list[str] = []
    before: int | None = None
    while page := store.read.post_list(
        b.TOPIC, b.T0, b.T0 + BIN, tone=None, limit=2, before=before
    ):
        found += [p.text for p in page]
        before = page[-1].num
    assert found == ["5", "0", "2", "4", "3", "1", "6"]


def test_posts_can_be_asked_for_by_tone(store: Store) -> None:
    file_batch(store, [b.filed(1), b.filed(2, tone=Tone.POSITIVE, text="gut")])
    args = {"limit": 10, "before": None}
    good = store.read.post_list(b.TOPIC, b.T0, b.T0 + BIN, tone=int(Tone.POSITIVE), **args)
    assert [p.text for p in good] == ["gut"]
    none = store.read.post_list(b.TOPIC, b.T0, b.T0 + BIN, tone=None, limit=10, before=10**9)
    assert none == []


def test_evidence_keeps_the_words_of_a_post_that_was_deleted(store: Store) -> None:
    row = b.filed(
        1,
        text="Danke @acmebahn und @kim@example.org, Mail an a@b.de",
        url="https://x.example/@kim/1",
    )
    file_batch(store, [row, b.filed(2)])
    one, two = store.read.window(b.TOPIC, b.T0, b.T0 + BIN).num
    with store.begin() as tx:
        tx.keep_evidence("storm", [one, two, 10**9])
        tx.keep_evidence("storm", [one])
        tx.rewrite(b.filed(2, text="edited later"))
    kept, other = store.read.evidence("storm")
    assert (kept.text, kept.url, kept.handle) == (row.mention.text, row.mention.url, "kim")
    assert other.text == b.filed(2).mention.text, "the snapshot is of then"
    with store.begin() as tx:
        tx.mark_deleted(row.id, b.after(60))
        tx.keep_evidence("later", [one])
    kept = store.read.evidence("storm")[0]
    assert kept.text == "Danke @… und @…, Mail an a@b.de"
    assert (kept.url, kept.handle, kept.deleted) == ("", "", True)
    assert kept.author == row.author
    assert store.read.evidence("later") == [], "there was nothing left to keep"


# --- what cannot be filed -------------------------------------------------------------------


def bad(position: str, payload: bytes = b"[1]", at: datetime = b.T0) -> Entry:
    return Entry(position, EntryKind.UPDATED, "forum", at, payload)


def test_a_parked_entry_comes_back_whole_after_a_restart(store_home: StoreHome) -> None:
    store = store_home.open()
    with store.begin() as tx:
        tx.park(bad("17", b'[{"a": "\xc3\xbc"}]'), "KeyError at filing.py:1", b.after(5))
    store.close()
    store = store_home.open()
    [parked] = store.read.parked(10)
    store.close()
    again = replace(bad("17", b'[{"a": "\xc3\xbc"}]'), redelivered=True)
    assert (parked.entry, parked.error) == (again, "KeyError at filing.py:1")
    assert parked.at == b.after(5)


def test_an_entry_is_parked_once_however_often_it_comes(store: Store) -> None:
    for payload, error in ((b"[1,2]", "first"), (b"[2]", "second")):
        with store.begin() as tx:
            tx.park(bad("17", payload), error, b.T0)
    [parked] = store.read.parked(10)
    assert (parked.entry.payload, parked.error) == (b"[2]", "second")
    assert store.read.parked_count() == 1


def test_a_log_that_counts_from_one_again_replaces_nothing(store: Store) -> None:
    with store.begin() as tx:
        tx.park(bad("1"), "old", b.T0)
        tx.park(bad("1", at=b.after(60)), "new", b.after(60))
    assert [p.error for p in store.read.parked(10)] == ["old", "new"]


def test_parked_entries_come_in_pages_and_leave_one_by_one(store: Store) -> None:
    with store.begin() as tx:
        for n in range(5):
            tx.park(bad(str(n)), "x" * 10_000, b.T0)
    first = store.read.parked(2)
    rest = store.read.parked(10, first[-1].number)
    assert [p.entry.position for p in (*first, *rest)] == ["0", "1", "2", "3", "4"]
    assert len(first[0].error) <= 500
    with store.begin() as tx:
        assert tx.unpark(first[1].number)
        assert not tx.unpark(first[1].number)
    assert [p.entry.position for p in store.read.parked(10)] == ["0", "2", "3", "4"]


def test_what_is_parked_in_a_transaction_that_fails_is_not(store: Store) -> None:
    def fail_inside() -> None:
        with store.begin() as tx:
            tx.park(bad("1"), "never", b.T0)
            raise Broken

    with pytest.raises(Broken):
        fail_inside()
    assert store.read.parked_count() == 0


# --- the install ----------------------------------------------------------------------------


def test_a_secret_is_made_once_and_stays(store_home: StoreHome) -> None:
    store = store_home.open()
    secrets: list[bytes] = []
    together(*(lambda: secrets.append(store.secret("author")) for _ in range(4)))
    store.close()
    store = store_home.open()
    assert {*secrets, store.secret("author")} == {secrets[0]}
    assert len(secrets[0]) == 32
    assert store.secret("other") != secrets[0]
    store.close()


def test_all_of_it_is_there_after_a_restart(store_home: StoreHome) -> None:
    store = store_home.open()
    file_batch(store, [b.filed(1), b.filed(2)])
    before = store.read.totals()
    store.close()
    store = store_home.open()
    assert store.read.totals() == before
    assert file_batch(store, [b.filed(2), b.filed(3)]) == [False, True]
    store.close()
