"""What people said of a sample: the last word of each post counts; posts of no topic are found."""

from __future__ import annotations

from dataclasses import replace

from detectors.query_health import Mark
from monitor.ports import Store
from tests import builders as b
from tests.laws.filing import file_batch

MARK = Mark(b.TOPIC, 7, "2026-11", True, "kim", b.T0)


def test_the_last_word_on_a_post_counts(store: Store) -> None:
    later = replace(MARK, ours=False, actor="robin", at=b.after(hours=1))
    others = [replace(MARK, num=3), replace(MARK, month="2026-10"), replace(MARK, topic="other")]
    with store.begin() as tx:
        for mark in (MARK, *others, later):
            tx.mark_relevance(mark)
    assert store.read.marks(b.TOPIC, "2026-11") == [others[0], later]
    assert store.read.marks(b.TOPIC) == [others[1], others[0], later]
    assert store.read.marks("nothing") == []


def test_posts_of_no_topic_are_found_newest_first(store: Store) -> None:
    rows = [b.filed(n, at=b.after(hours=n), topics=() if n % 2 else (b.TOPIC,)) for n in range(8)]
    file_batch(store, rows)
    posts = store.read.posts(store.read.unmatched(b.after(hours=2), 10))
    assert [p.at for p in posts] == [b.after(hours=h) for h in (7, 5, 3)]
    assert len(store.read.unmatched(b.after(hours=2), 2)) == 2
