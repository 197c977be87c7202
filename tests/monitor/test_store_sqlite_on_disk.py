"""SQLite: what stands in the file, where names are, and that it does not outgrow its use."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from msgspec.structs import replace as change

from detectors.mention import AccountType, Author, Media, Metrics
from monitor.ports import Filed
from monitor.store.database import SqliteStore
from monitor.stream.embedded import EmbeddedLog
from tests import builders as b
from tests.laws.filing import file_batch
from tests.monitor.querying import query


def test_everything_a_source_told_is_kept(store: SqliteStore) -> None:
    told = b.mention(
        1,
        thread_id="t",
        parent_id="p",
        tags=("bahn",),
        links=("https://example.org",),
        media=(Media(type="image", alt="Gleis"),),
        metrics=Metrics(likes=1),
        rating=1.5,
        country="DE",
    )
    file_batch(store, [b.filed(of=told), b.filed(2)])
    [(extra, metrics), plain] = query(store, "SELECT extra, metrics FROM mention ORDER BY num")
    assert json.loads(str(extra)) == {
        "thread_id": "t",
        "parent_id": "p",
        "tags": ["bahn"],
        "links": ["https://example.org"],
        "media": [{"type": "image", "alt": "Gleis"}],
        "country": "DE",
        "rating": 1.5,
    }
    assert json.loads(str(metrics)) == {"likes": 1}
    assert plain == (None, None)


def test_names_are_in_the_vault_and_nowhere_else(store: SqliteStore) -> None:
    file_batch(store, [b.filed(1, handle="kim.secret")])
    with store.begin() as tx:
        tx.keep_evidence("storm", [1])
    connection = sqlite3.connect(store.path)
    for (table,) in connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table'"
    ).fetchall():
        rows = connection.execute(f'SELECT * FROM "{table}"').fetchall()
        assert ("kim.secret" in str(rows)) == (table == "author"), table
    connection.close()


def author(n: int, minutes: float, **fields: object) -> Filed:
    who = change(Author(handle="kim", name="Kim", followers=10), **fields)
    at = b.after(minutes=minutes)
    return change(
        b.filed(of=change(b.mention(n, at=at), author=who), at=at), author=b.filed(0).author
    )


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # the newest name stands, whatever the order of arrival
        ([author(1, 60, name="New"), author(2, 0, name="Old")], ("New", 10, None, "")),
        # what a later post does not state is kept
        ([author(1, 0, verified=True), author(2, 60, followers=None)], ("Kim", 10, True, "")),
        # a change within the hour is taken
        ([author(1, 0), author(2, 1, followers=11)], ("Kim", 11, None, "")),
        ([author(1, 0), author(2, 1, account_type=AccountType.ORG)], ("Kim", 10, None, "org")),
    ],
)
def test_the_vault_knows_an_author_as_last_seen(
    store: SqliteStore, rows: list[Filed], expected: tuple[object, ...]
) -> None:
    for row in rows:
        file_batch(store, [row])
    assert query(store, "SELECT name, followers, verified, type FROM author") == [expected]


def test_an_authors_first_bin_is_the_earliest_whatever_the_order(store: SqliteStore) -> None:
    rows = [
        b.filed(1, at=b.after(minutes=12)),
        b.filed(2, at=b.after(minutes=7)),
        b.filed(3, at=b.after(minutes=30)),
    ]
    file_batch(store, rows[:1])
    file_batch(store, rows[1:])
    start = int(b.T0.timestamp()) + 300
    assert query(store, "SELECT topic, first_bin_s FROM author_first") == [(b.TOPIC, start)]


def test_a_private_store_leaves_nothing_behind() -> None:
    store = SqliteStore.open("sqlite://")
    file_batch(store, [b.filed(1)])
    folder = store.path.parent
    assert store.path.exists()
    store.close()
    assert not folder.exists()


def test_the_log_never_outgrows_what_it_once_held(tmp_path: Path) -> None:
    log = EmbeddedLog.open(tmp_path / "log.db")
    sizes = []
    for _ in range(12):
        for n in range(10):
            log.append([b.entry(b"%d" % n + b"x" * 50_000) for _ in range(4)])
        while got := log.read("g", "c", 8):
            log.ack("g", [e.position for e in got])
        assert log.trim() == 40
        pages = sqlite3.connect(tmp_path / "log.db")
        sizes.append(pages.execute("PRAGMA page_count").fetchone()[0] * 4096)
        pages.close()
    assert sizes[-1] <= sizes[0] * 1.1
    log.close()
