"""Near-copies through the pipeline: which mentions are filed as one text, and that it stays so."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from detectors.copies import cluster_key
from detectors.mention import Mention
from monitor.pipeline import Pipeline, clusters
from monitor.ports import NoSignals
from tests import builders as b
from tests.flow.conftest import Flow

TEXT = (
    "Seit dem Update gestern löscht die neue App der Acme Bahn alle Fahrkarten und der Support"
    " antwortet einfach nicht mehr"
)
COPIES = (
    TEXT,
    f"Bitte alle lesen! {TEXT}",
    f"{TEXT} (via Tagesblatt Nord)",
    TEXT.replace("gestern", "heute"),
    f"Wow. {TEXT.replace('einfach ', '')}",
)


def mentions(*texts: str, first: int = 1) -> list[Mention]:
    return [
        b.mention(n, text=text, at=b.after(seconds=n)) for n, text in enumerate(texts, start=first)
    ]


def ids(flow: Flow) -> dict[str, int]:
    """Return the stored cluster of every text."""
    return {row.text: row.cluster for row in flow.store.read.recent(1000)}


def test_reworded_copies_are_filed_as_one_text(flow: Callable[..., Flow]) -> None:
    made = flow()
    made.take(mentions(*COPIES), b.after(minutes=1))
    assert ids(made) == dict.fromkeys(COPIES, cluster_key(TEXT))


def test_a_mention_of_no_topic_keeps_its_exact_key(flow: Callable[..., Flow]) -> None:
    made = flow()
    others = [text.replace("Acme Bahn", "Stadtwerke") for text in COPIES]
    made.take(mentions(*others), b.after(minutes=1))
    assert ids(made) == {text: cluster_key(text) for text in others}


def test_while_load_is_shed_nothing_is_looked_for(flow: Callable[..., Flow]) -> None:
    made = flow()
    made.pipeline.filing.strained = True
    made.take(mentions(*COPIES), b.after(minutes=1))
    assert set(ids(made).values()) == {0}


def test_a_killed_process_goes_on_with_the_same_ids(flow: Callable[..., Flow]) -> None:
    whole, killed = flow(), flow()
    for n, text in enumerate(COPIES, start=1):
        for made in (whole, killed):
            made.take(mentions(text, first=n), b.after(hours=3 * n))
        killed.restart()
    assert ids(killed) == ids(whole) == dict.fromkeys(COPIES, cluster_key(TEXT))


def test_a_batch_that_comes_twice_changes_nothing(flow: Callable[..., Flow]) -> None:
    made = flow()
    batch = mentions(*reversed(COPIES))
    made.take(batch, b.after(minutes=1))
    before = ids(made)
    made.restart()
    made.take(list(reversed(batch)), b.after(minutes=2))
    assert ids(made) == before
    assert len(set(before.values())) < len(batch)


def test_a_batch_whose_commit_failed_gets_the_same_ids(
    flow: Callable[..., Flow], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, batch = flow(), mentions(*COPIES)
    with monkeypatch.context() as broken:
        broken.setattr(made.pipeline.filing, "_file", _fails)
        with pytest.raises(OSError):
            made.take(batch, b.after(minutes=1))
    made.take(batch, b.after(minutes=1))
    assert set(ids(made).values()) == {cluster_key(TEXT)}


def test_copies_of_a_deleted_text_stay_together(flow: Callable[..., Flow]) -> None:
    made = flow()
    batch = mentions(TEXT, f"Lesen! {TEXT}")
    made.take(batch, b.after(minutes=1))
    with made.store.begin() as tx:
        tx.mark_deleted(batch[0].id, b.after(minutes=2))
    made.restart()
    made.take(mentions(f"{TEXT}. Danke!", first=3), b.after(minutes=3))
    assert set(ids(made).values()) == {cluster_key(TEXT)}


def test_what_others_filed_is_learned_when_the_shards_change(flow: Callable[..., Flow]) -> None:
    made, (first, copy, later, *_) = flow(), COPIES
    made.take(mentions("Die Acme Bahn fährt heute wieder durch den ganzen Tag, danke"), b.after())
    other = Pipeline(made.store, made.parts, NoSignals())
    other.filing.create([(mention, b.after(minutes=1)) for mention in mentions(first, first=2)])
    made.take(mentions(copy, first=3), b.after(minutes=2))
    held = dict.fromkeys(made.pipeline.topics, 1)
    made.pipeline.own({**held, "shard/0": 2})
    made.pipeline.own(held)
    made.take(mentions(later, first=4), b.after(minutes=3))
    found = ids(made)
    assert found[copy] == cluster_key(copy)  # two workers, two ids
    assert found[later] == found[first]


def test_only_the_newest_posts_are_learned(
    flow: Callable[..., Flow], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "LEARNED", 10)
    monkeypatch.setattr(clusters, "PAGE", 5)
    made, copy = flow(), f"Lesen! {TEXT}"
    fillers = [f"Zug {n} der Acme Bahn" for n in range(20)]
    made.take(mentions(TEXT, *fillers[:12], copy, *fillers[12:]), b.after(minutes=1))
    made.restart()
    made.take(mentions(f"Wow. {TEXT}", *fillers, first=50), b.after(minutes=2))
    made.restart()
    made.take(mentions(f"Oh nein. {TEXT}", first=90), b.after(minutes=3))
    found = ids(made)
    assert found[f"Wow. {TEXT}"] == cluster_key(TEXT)  # the copy stood in for the first text
    assert found[f"Oh nein. {TEXT}"] != cluster_key(TEXT)


def test_what_was_seen_more_than_a_day_ago_is_not_learned(flow: Callable[..., Flow]) -> None:
    made = flow()
    made.take(mentions(TEXT), b.after())
    made.restart()
    made.take(mentions(COPIES[1], first=2), b.after(hours=25))
    assert ids(made)[COPIES[1]] == cluster_key(COPIES[1])


def _fails(*_: object) -> None:
    raise OSError("the disk is full")
