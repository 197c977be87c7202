"""Days: partitions on PostgreSQL, slices of a file, and what goes with those that are old."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.ports import Store, Unavailable
from monitor.store.database import SqliteStore, open_store
from monitor.store.postgres_store import PostgresStore
from tests import builders as b
from tests.laws.filing import counted, file_batch
from tests.servers import postgres
from tests.threads import together

DAY = timedelta(days=1)


@pytest.fixture
def store(stores: tuple[PostgresStore, PostgresStore]) -> PostgresStore:
    return stores[0]


def days(url: str) -> list[str]:
    found = postgres.rows(
        url,
        "SELECT relname::text FROM pg_class WHERE relname ~ '^mention_d[0-9]+$' ORDER BY 1",
    )
    return [str(name) for (name,) in found]


def test_a_number_leads_to_the_day_and_stays_exact_in_javascript(
    store: PostgresStore, database: str
) -> None:
    file_batch(store, [b.filed(1), b.filed(2, observed_at=b.T0 + DAY)])
    day = int(b.T0.timestamp()) // 86400
    nums = [int(str(n)) for (n,) in postgres.rows(database, "SELECT num FROM mention ORDER BY num")]
    assert [num >> 36 for num in nums] == [day, day + 1]
    assert max(nums) < 2**53
    assert {f"mention_d{day}", f"mention_d{day + 1}"} <= set(days(database))


def test_today_and_a_week_are_made_ahead(store: PostgresStore, database: str) -> None:
    [(today,)] = postgres.rows(database, "SELECT (extract(epoch FROM now())::bigint / 86400)::int")
    wanted = {f"mention_d{int(str(today)) + n}" for n in range(8)}
    assert wanted <= set(days(database))


def test_two_workers_who_need_a_new_day_both_get_it(
    stores: tuple[PostgresStore, PostgresStore],
) -> None:
    for n in range(8):
        at = b.T0 - (400 + n) * DAY
        together(
            lambda n=n, at=at: file_batch(stores[0], [b.filed(f"a{n}", observed_at=at)]),
            lambda n=n, at=at: file_batch(stores[1], [b.filed(f"b{n}", observed_at=at)]),
        )
    assert stores[0].read.totals()["mention"] == 16


def test_a_day_dropped_by_another_worker_is_made_again_at_the_next_attempt(
    stores: tuple[PostgresStore, PostgresStore],
) -> None:
    one, two = stores
    old = b.T0 - 30 * DAY
    file_batch(one, [b.filed(1, observed_at=old)])
    assert two.housekeep(b.T0, 7) == 1
    with pytest.raises(Unavailable, match="dropped meanwhile"):
        file_batch(one, [b.filed(2, observed_at=old)])
    assert file_batch(one, [b.filed(2, observed_at=old)]) == [True]


def test_workers_file_while_days_are_dropped(
    stores: tuple[PostgresStore, PostgresStore],
) -> None:
    fill_days(stores[0])
    stop = threading.Event()

    def drop() -> None:
        stores[0].housekeep(b.T0, 1)
        stop.set()

    def file() -> None:
        n = 0
        while not stop.is_set():
            n += 1
            assert file_batch(stores[1], [b.filed(n)]) == [True]

    together(drop, file)
    totals = stores[0].read.totals()
    assert totals["mention"] == totals["seen"] == totals["mention_topic"]


# --- what is old, on both databases ---------------------------------------------------------


@pytest.fixture(params=["sqlite", "postgres"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqliteStore | PostgresStore]:
    url = (
        f"sqlite:///{tmp_path}/store.db"
        if request.param == "sqlite"
        else str(request.getfixturevalue("database"))
    )
    opened = open_store(url)
    yield opened
    opened.close()


def fill_days(store: Store) -> None:
    """File ten mentions a day of their own authors: ten, five and no days before T0."""
    for ago in (10, 5, 0):
        at = b.T0 - ago * DAY
        batch = [
            b.filed(f"{ago}.{n}", at=at, observed_at=at, handle=f"h{ago}.{n}") for n in range(10)
        ]
        file_batch(store, batch)


def test_what_is_old_goes_with_everything_that_hangs_on_it(
    either: SqliteStore | PostgresStore,
) -> None:
    fill_days(either)
    with either.begin() as tx:
        nums = tx.window(b.TOPIC, b.T0 - 10 * DAY, b.T0 - 9 * DAY).num
        tx.keep_evidence("storm", nums[:1])
    assert either.housekeep(b.T0, 7) == 10
    assert either.housekeep(b.T0, 7) == 0
    totals = either.read.totals()
    for table in ("mention", "seen", "mention_topic", "author", "author_first"):
        assert (table, totals[table]) == (table, 20)
    assert counted(either).mentions == 30, "what was counted stays counted"
    assert [post.handle for post in either.read.evidence("storm")] == [""], "evidence stays"
    assert either.read.posts(nums) == []
    assert len(either.read.window(b.TOPIC, b.T0 - 5 * DAY, b.T0 + DAY)) == 20


def test_after_that_the_same_post_is_new_again_and_its_author_too(
    either: SqliteStore | PostgresStore,
) -> None:
    fill_days(either)
    either.housekeep(b.T0, 7)
    again = b.filed("10.3", at=b.T0 - 10 * DAY, observed_at=b.T0, handle="h10.3")
    assert file_batch(either, [again, b.filed("5.3")]) == [True, False]
    assert either.read.totals()["author"] == 21
    assert either.read.totals()["author_first"] == 21


def test_keeping_everything_drops_nothing(either: SqliteStore | PostgresStore) -> None:
    fill_days(either)
    assert either.housekeep(b.T0 + 1000 * DAY, 0) == 0
    assert either.read.totals()["mention"] == 30


def test_a_day_is_kept_until_it_is_wholly_behind(either: SqliteStore | PostgresStore) -> None:
    fill_days(either)
    assert either.housekeep(b.T0, 10) == 0
    assert either.housekeep(b.T0 + DAY, 10) == 10


def test_more_than_a_slice_goes_as_well(
    either: SqliteStore | PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.store.housekeeping.SLICE", 3)
    fill_days(either)
    assert either.housekeep(b.T0 + 5 * DAY, 7) == 20
    totals = either.read.totals()
    for table in ("mention", "seen", "mention_topic", "author", "author_first"):
        assert (table, totals[table]) == (table, 10)
