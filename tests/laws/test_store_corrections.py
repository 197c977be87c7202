"""What people said of tones: the last word counts, rows and windows follow, versions are kept."""

from __future__ import annotations

import threading
from dataclasses import replace

from detectors.score.base import Tone
from monitor.ports import Correction, Known, Speaking, Store, Taught
from monitor.store.corrections import KEPT
from tests import builders as b
from tests.laws.filing import OTHER, file_batch

SAID = Correction(
    num=7,
    topic=b.TOPIC,
    label=Tone.NEUTRAL,
    was=Tone.NEGATIVE,
    was_negative=0.75,
    was_positive=0.05,
    model="linear-1",
    lang="de",
    text="die bahn @ steht",
    drawn=False,
    actor="kim",
    at=b.T0,
)
VERSION = Taught(
    "linear-1",
    "linear-1+a",
    "refit",
    240,
    90,
    0.5,
    0.6,
    0.02,
    b.T0,
    (b.T0,),
    (b.after(1), b.after(2)),
)


def test_the_last_word_on_a_post_counts(store: Store) -> None:
    with store.begin() as tx:
        first = tx.add_correction(SAID)
        other = tx.add_correction(replace(SAID, num=8, topic=OTHER, drawn=True))
        last = tx.add_correction(replace(SAID, label=Tone.POSITIVE, at=b.after(hours=1)))
    read = store.read
    assert read.correction_of(7) == last
    assert read.correction_of(9) is None
    assert read.corrections() == [other, last]
    assert read.corrections(b.TOPIC) == [last]
    assert read.corrections(since=b.after(minutes=1)) == [last]
    everything = read.corrections(withdrawn=True)
    assert everything == [replace(first, withdrawn=b.after(hours=1)), other, last]


def test_a_word_is_taken_back_once(store: Store) -> None:
    with store.begin() as tx:
        kept = tx.add_correction(SAID)
        assert tx.withdraw_correction(kept.id, b.after(hours=1))
        assert not tx.withdraw_correction(kept.id, b.after(hours=2))
        assert not tx.withdraw_correction(kept.id + 1, b.T0)
    assert store.read.correction_of(7) is None


def test_the_version_grows_with_each_word_and_each_withdrawal(store: Store) -> None:
    seen = [store.read.corrections_version()]
    with store.begin() as tx:
        kept = tx.add_correction(SAID)
        seen.append(tx.corrections_version())
        tx.withdraw_correction(kept.id, b.T0)
        seen.append(tx.corrections_version())
    assert seen == sorted(set(seen))
    assert seen[0] == 0


def test_another_tone_stands_in_the_post_and_in_every_window(store: Store) -> None:
    file_batch(store, [b.filed(1, topics=(b.TOPIC, OTHER))])
    num = store.read.post_list(b.TOPIC, b.T0, b.after(hours=1), tone=None, limit=1, before=None)[
        0
    ].num
    with store.begin() as tx:
        before = tx.read_of(num)
        assert before is not None
        assert before.words == store.read.posts([num])[0].text
        tx.relabel(num, Tone.POSITIVE, 0.0, 1.0, before.model + "; corrected")
        after = tx.read_of(num)
        assert after is not None
        assert (after.tone, after.negative, after.positive) == (Tone.POSITIVE, 0.0, 1.0)
        assert after.model == before.model + "; corrected"
        assert after.known.counts.positives == 1 == before.known.counts.negatives
    post = store.read.posts([num])[0]
    assert (post.tone, post.score) == (Tone.POSITIVE, 1.0)
    for topic in (b.TOPIC, OTHER):
        window = store.read.window(topic, b.T0, b.after(hours=1))
        assert (window.tone, window.certainty, window.negative) == ([1], [100], [0])


def test_a_post_that_is_not_stored_is_read_by_nobody(store: Store) -> None:
    with store.begin() as tx:
        assert tx.read_of(4711) is None


def test_what_its_platform_deleted_teaches_nobody(store: Store) -> None:
    row = b.filed(1)
    file_batch(store, [row])
    with store.begin() as tx:
        known = tx.known(row.id)
        assert known is not None
        tx.add_correction(replace(SAID, num=known.num))
        tx.mark_deleted(row.id, b.after(hours=1))
    assert [one.text for one in store.read.corrections()] == [""]


def test_two_who_change_one_post_see_each_others_change(store: Store) -> None:
    row = b.filed(1)
    file_batch(store, [row])
    saw: list[Known | None] = []
    inside = threading.Event()

    def other() -> None:
        inside.wait(10)
        with store.begin() as tx:
            saw.append(tx.known(row.id))

    thread = threading.Thread(target=other)
    thread.start()
    with store.begin() as tx:
        known = tx.known(row.id)
        assert known is not None
        inside.set()
        thread.join(0.2)
        tx.relabel(known.num, Tone.POSITIVE, 0.0, 1.0, "by hand")
    thread.join(10)
    assert saw[0] is not None
    assert saw[0].counts.positives == 1


def test_versions_are_kept_once_and_found_with_what_they_add(store: Store) -> None:
    with store.begin() as tx:
        kept = tx.add_taught(VERSION, b"weights")
        assert kept is not None
        assert tx.add_taught(replace(VERSION, at=b.after(hours=1)), b"again") is None
        other = tx.add_taught(replace(VERSION, learner="online"), b"other")
    assert store.read.taught() == [other, kept]
    assert store.read.taught_content(kept.id) == (kept, b"weights")
    assert store.read.taught_content(kept.id + 9) is None


def test_old_versions_go_but_for_the_one_that_speaks(store: Store) -> None:
    with store.begin() as tx:
        first = tx.add_taught(VERSION, b"first")
        assert first is not None
        assert tx.add_speaking(Speaking(first.id, "kim", b.T0), 0) is not None
        for n in range(KEPT + 3):
            tx.add_taught(replace(VERSION, name=f"linear-1+{n}"), b"more")
    read = store.read
    assert read.taught_content(first.id) == (first, b"first")
    assert len(read.taught(100)) == KEPT + 1


def test_who_speaks_is_decided_one_after_the_other(store: Store) -> None:
    with store.begin() as tx:
        first = tx.add_speaking(Speaking(3, "kim", b.T0, "better"), 0)
        assert first is not None
        assert tx.add_speaking(Speaking(4, "robin", b.T0), 0) is None
        back = tx.add_speaking(Speaking(None, "robin", b.after(hours=1)), first.id)
    assert store.read.speaking() == [back, first]
