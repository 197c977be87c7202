"""What is usually said with a topic, in a store: kept whole, replaced whole, rolled back whole."""

from __future__ import annotations

import pytest

from detectors.vocabulary import NOTHING, Vocabulary
from monitor.ports import Store
from tests import builders as b

KNOWN = Vocabulary(b.T0, 120.5, 80.25, 100.0, {"abschl": 12.333, "größe": 1.0, 'a"b': 0.5})


def test_a_topic_never_saved_has_an_empty_one(store: Store) -> None:
    with store.begin() as tx:
        assert tx.vocabulary(b.TOPIC) == NOTHING


def test_it_comes_back_as_it_was(store: Store) -> None:
    with store.begin() as tx:
        tx.save_vocabulary(b.TOPIC, KNOWN)
        assert tx.vocabulary(b.TOPIC) == KNOWN  # in the same transaction too
        assert tx.vocabulary("another") == NOTHING
    with store.begin() as tx:
        assert tx.vocabulary(b.TOPIC) == KNOWN


def test_the_newest_replaces_the_one_before(store: Store) -> None:
    newer = Vocabulary(b.after(days=1), 1.0, 0.0, 0.0, {"neu": 1.0})
    for each in (KNOWN, newer):
        with store.begin() as tx:
            tx.save_vocabulary(b.TOPIC, each)
    with store.begin() as tx:
        assert tx.vocabulary(b.TOPIC) == newer
    assert store.read.totals()["vocabulary"] == 1


def test_what_is_rolled_back_was_never_there(store: Store) -> None:
    def breaks() -> None:
        with store.begin() as tx:
            tx.save_vocabulary(b.TOPIC, KNOWN)
            raise RuntimeError("the disk said no")

    with pytest.raises(RuntimeError):
        breaks()
    with store.begin() as tx:
        assert tx.vocabulary(b.TOPIC) == NOTHING
