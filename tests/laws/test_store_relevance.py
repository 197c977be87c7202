"""What people said of a sample: the last word of each post counts; posts of no topic are found."""

from __future__ import annotations

from dataclasses import replace

from detectors.mention import Direction, Kind
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


def test_the_newest_mentions_are_read_as_a_query_looks_at_them(store: Store) -> None:
    rows = [
        b.filed(1, topics=(), text="eins", title="Titel", tags=("acme", "#bahn"), lang="fr"),
        b.filed(2, direction=Direction.OWN, cluster=7, kind=Kind.DM),
        b.filed(3, at=b.after(hours=1)),
    ]
    file_batch(store, rows)
    with store.begin() as tx:
        tx.mark_deleted(rows[2].id, b.after(hours=2))
    third, second, first = store.read.recent(10)
    assert (first.text, first.title, first.tags) == ("eins", "Titel", ("acme", "#bahn"))
    assert (first.lang, first.source, first.kind, first.at) == ("fr", b.SOURCE, "post", b.T0)
    assert (second.own, second.cluster, second.kind) == (True, 7, "dm")
    assert (first.own, first.gone, third.gone, third.text) == (False, False, True, "")
    assert [row.matched for row in (first, second, third)] == [False, True, True]
    assert third.observed_at == b.after(hours=1, seconds=3)


def test_recent_mentions_come_page_by_page_each_once(store: Store) -> None:
    file_batch(store, [b.filed(n) for n in range(7)])
    nums, before = [], None
    while page := store.read.recent(3, before):
        nums += [row.num for row in page]
        before = page[-1].num
    assert nums == sorted(set(nums), reverse=True)
    assert len(nums) == 7
