"""What a store keeps of the install: sources, media, what was set aside, secrets; restarts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from monitor.ports import Entry, EntryKind, Store
from tests import builders as b
from tests.laws.failing import Broken
from tests.laws.filing import OTHER, file_batch
from tests.laws.homes import StoreHome
from tests.threads import together

# --- sources and media ----------------------------------------------------------------------


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


# --- a restart ------------------------------------------------------------------------------


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
