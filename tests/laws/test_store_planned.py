"""What is planned: kept with its version, found by its span, and read in the transaction that closes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from detectors.planned import Kind, Planned
from detectors.window import BIN
from monitor.ports import Store
from tests import builders as b

HOUR = timedelta(hours=1)


def keep(store: Store, *entries: Planned) -> None:
    with store.begin() as tx:
        for entry in entries:
            assert tx.save_planned(entry, 0)


def test_an_entry_comes_back_as_it_was_kept(store: Store) -> None:
    entry = b.planned(title="Hauptversammlung „2026“", topics=("a", "b"), uplift=None)
    keep(store, entry)
    assert store.read.planned_entry(entry.id) == replace(entry, version=1)
    assert store.read.planned_entry("another") is None


def test_whoever_saw_an_older_version_changes_nothing(store: Store) -> None:
    entry = b.planned()
    keep(store, entry)
    with store.begin() as tx:
        assert tx.save_planned(replace(entry, title="Second"), 1)
        assert not tx.save_planned(replace(entry, title="Third"), 1)
        assert not tx.save_planned(replace(entry, title="Anew"), 0)
    kept = store.read.planned_entry(entry.id)
    assert kept is not None
    assert (kept.title, kept.version) == ("Second", 2)


def test_entries_are_found_by_their_span_in_order_of_start(store: Store) -> None:
    later = b.planned("later", starts=b.T0 + 5 * HOUR, hours=1)
    long = b.planned("long", starts=b.T0 - 300 * HOUR, hours=336)
    post = b.planned("post", kind=Kind.POST, starts=b.T0 + HOUR, hours=0)
    keep(store, later, long, post, b.planned("gone", starts=b.T0 - 9 * HOUR))

    def found(since: float, until: float) -> list[str]:
        return [e.id for e in store.read.planned(b.T0 + since * HOUR, b.T0 + until * HOUR)]

    assert found(0, 10) == ["long", "post", "later"]
    assert found(1, 1) == ["long", "post"]  # both ends count
    assert found(2, 4) == ["long"]
    assert found(40, 50) == []


def test_what_was_called_off_is_only_found_where_asked_for(store: Store) -> None:
    off = b.planned("off", cancelled=b.after(hours=-1))
    keep(store, off, b.planned("on"), b.planned("other", type="fair"))
    span = (b.T0, b.T0 + HOUR)
    assert [e.id for e in store.read.planned(*span)] == ["on", "other"]
    assert [e.id for e in store.read.planned(*span, cancelled=True)] == ["off", "on", "other"]
    assert [e.id for e in store.read.planned(*span, type="fair")] == ["other"]


def test_a_transaction_sees_the_bins_it_has_just_closed(store: Store) -> None:
    first = replace(b.result(uplift=4.0), expected_mentions=8.0)
    with store.begin() as tx:
        tx.add_results([first, b.result(b.T0 + BIN)])
        assert [r.uplift for r in tx.results(b.TOPIC, b.T0, b.T0 + HOUR)] == [4.0, 1.0]
        assert store.read.results(b.TOPIC, b.T0, b.T0 + HOUR) == []
    assert store.read.results(b.TOPIC, b.T0, b.T0 + BIN) == [first]
