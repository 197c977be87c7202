"""Mentions in a store: first come wins; edits, deletions, pages of posts, evidence."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from detectors.mention import Kind, Metrics
from detectors.score.base import Marks, Tone
from detectors.score.heads import MORE, NO_CLAIM
from detectors.window import BIN, Counts
from monitor.ports import Answers, Store
from tests import builders as b
from tests.laws.filing import OTHER, counted, file_batch

DAY = timedelta(days=1)


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


def test_a_second_reading_replaces_scores_and_nothing_else(store: Store) -> None:
    row = b.filed(1, topics=(b.TOPIC, OTHER), followers=120, rating=2.0)
    file_batch(store, [row, b.filed(2)])
    before = store.read.window(b.TOPIC, b.T0, b.T0 + BIN)
    with store.begin() as tx:
        assert tx.set_metrics(row.id, Metrics(views=900))  # came in while it was read
        assert tx.rescore(row, b.score(Tone.POSITIVE, offensive=0.6), "second-1")
        known = tx.known(row.id)
    assert known is not None
    assert (known.counts.positives, known.counts.offensive, known.counts.reach) == (1, 1, 900)
    assert known.counts.negativity == 5
    for topic, others in ((b.TOPIC, [int(Tone.NEGATIVE)]), (OTHER, [])):
        window = store.read.window(topic, b.T0, b.T0 + BIN)
        assert window.tone == [int(Tone.POSITIVE), *others]
        assert window.num[0] == before.num[0]
        assert (window.reach[0], window.certainty[0], window.negative[0]) == (900, 80, 5)
    [post] = store.read.posts([before.num[0]])
    assert (post.text, post.tone, post.offensive) == (row.mention.text, int(Tone.POSITIVE), 0.6)
    assert post.score == pytest.approx(0.75)


def test_a_second_reading_knows_a_text_with_a_sign_that_a_database_cannot_hold(
    store: Store,
) -> None:
    row = b.filed(1, text="nul \x00 und mehr")
    file_batch(store, [row])
    with store.begin() as tx:
        assert tx.rescore(row, b.score(Tone.POSITIVE), "second-1")


def test_a_second_reading_of_what_is_no_longer_so_changes_nothing(store: Store) -> None:
    edited, same, gone = b.filed(1), b.filed(2), b.filed(3)
    file_batch(store, [edited, same, gone])
    with store.begin() as tx:
        tx.rewrite(b.filed(1, text="Danke, geht wieder"))
        assert tx.rescore(same, same.score, "second-1")
        tx.mark_deleted(gone.id, b.after(60))
    with store.begin() as tx:
        for row in (edited, same, gone, b.filed(4)):
            before = tx.known(row.id)
            assert not tx.rescore(row, b.score(Tone.POSITIVE), "second-1")
            assert tx.known(row.id) == before


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


def test_answers_come_by_number_without_those_that_have_none(store: Store) -> None:
    asked = [NO_CLAIM] * len(MORE)
    asked[MORE.index("complaint")], asked[MORE.index("insult")] = 0.83, 0.49
    marks = Marks(banned="kein*", unsure="quoted")
    rows = [b.filed(1), *(b.filed(n) for n in (2, 3))]
    rows[1] = replace(rows[1], score=replace(rows[1].score, more=tuple(asked)))
    rows[2] = replace(rows[2], score=replace(rows[2].score, marks=marks))
    file_batch(store, rows)
    one, two, three = store.read.window(b.TOPIC, b.T0, b.T0 + BIN).num
    found = store.read.answers([three, 10**9, one, two])
    assert found == {
        two: Answers({"complaint": 83}, {}),
        three: Answers({}, {"banned": "kein*", "unsure": "quoted"}),
    }
    assert [(p.answers, p.marks) for p in store.read.posts([two, three])] == [
        ({"complaint": 83}, {}),
        ({}, {"banned": "kein*", "unsure": "quoted"}),
    ]


def test_answers_of_more_posts_than_one_statement_takes_are_all_found(store: Store) -> None:
    praise = tuple(0.9 if name == "praise" else 0.1 for name in MORE)
    rows = [b.filed(n) for n in range(1_100)]
    file_batch(store, [replace(row, score=replace(row.score, more=praise)) for row in rows])
    found = store.read.answers(store.read.window(b.TOPIC, b.T0, b.T0 + BIN).num)
    assert len(found) == 1_100
    assert all(one == Answers({"praise": 90}, {}) for one in found.values())


def test_an_edit_brings_its_own_answers_and_a_deletion_takes_them(store: Store) -> None:
    praise = tuple(0.9 if name == "praise" else 0.1 for name in MORE)
    row = b.filed(1)
    file_batch(store, [replace(row, score=replace(row.score, more=praise))])
    [num] = store.read.window(b.TOPIC, b.T0, b.T0 + BIN).num
    with store.begin() as tx:
        tx.rewrite(replace(row, score=replace(row.score, marks=Marks(suspect="acme"))))
    assert store.read.answers([num]) == {num: Answers({}, {"suspect": "acme"})}
    with store.begin() as tx:
        tx.mark_deleted(row.id, b.after(60))
    assert store.read.answers([num]) == {}


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


# --- who is new -----------------------------------------------------------------------------


def test_new_authors_are_those_whom_a_topic_first_heard_in_the_burst(store: Store) -> None:
    known = b.filed(1, handle="kim", at=b.T0 - DAY)
    again = b.filed(2, handle="kim", at=b.T0)
    fresh = b.filed(3, handle="lou", at=b.T0 + BIN / 2)
    elsewhere = b.filed(4, handle="sam", at=b.T0, topics=(OTHER,))
    file_batch(store, [known, again, fresh, elsewhere])
    asked = {row.author for row in (known, fresh, elsewhere)} | {7}
    assert store.read.new_authors(b.TOPIC, asked, b.T0 + BIN / 4) == {fresh.author}
    assert store.read.new_authors(b.TOPIC, asked, b.T0 + BIN) == set()
    assert store.read.new_authors(b.TOPIC, asked, b.T0 - DAY) == {known.author, fresh.author}
    assert store.read.new_authors(b.TOPIC, (), b.T0) == set()


def test_any_number_of_authors_may_be_asked_for(store: Store) -> None:
    rows = [b.filed(n, handle=f"h{n}") for n in range(50)]
    file_batch(store, rows)
    asked = [*range(3_000), *(row.author for row in rows)]
    assert store.read.new_authors(b.TOPIC, asked, b.T0) == {row.author for row in rows}
