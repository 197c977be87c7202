"""Adding rows to a file: what is written of authors, and what the bench says of it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace as change
from sqlalchemy import text

from detectors.mention import Author
from detectors.window import BIN_S
from monitor.bench.insert import Wal, run
from monitor.ports import Filed
from monitor.store.codec import seconds
from monitor.store.database import SqliteStore
from monitor.store.filed_rows import NARROW, WIDE, narrow_rest, wide_row
from tests import builders as b
from tests.laws.filing import file_batch, file_in
from tests.monitor.querying import query

HOUR = timedelta(hours=1)


class Stop(Exception):
    """Ends a transaction without a commit."""


def file_and_stop(store: SqliteStore, row: Filed) -> None:
    with store.begin() as tx:
        file_in(tx, [row])
        raise Stop


def by(n: int, hours: float, name: str = "Kim", key: int = 77) -> Filed:
    at = b.T0 + hours * HOUR
    who = Author(handle="@kim", name=name)
    return b.filed(of=change(b.mention(n, at=at), author=who), at=at, observed_at=at, author=key)


def vault(store: SqliteStore) -> list[tuple[object, ...]]:
    return query(store, "SELECT name, last_seen_us / 3600000000 FROM author")


def hours(name: str, n: int) -> list[tuple[object, ...]]:
    return [(name, seconds(b.T0) // 3600 + n)]


def test_an_author_who_writes_all_day_is_written_once_an_hour(store: SqliteStore) -> None:
    for n, at in enumerate((0, 0.5, 0.9)):
        file_batch(store, [by(n, at)])
        assert vault(store) == hours("Kim", 0)
    file_batch(store, [by(10, 1)])
    assert vault(store) == hours("Kim", 1)


def test_a_change_of_name_is_written_at_once_and_an_older_name_never(store: SqliteStore) -> None:
    file_batch(store, [by(1, 2, "Kim")])
    file_batch(store, [by(2, 2.1, "Kim B.")])
    file_batch(store, [by(3, 2.05, "Kim")])
    assert vault(store) == hours("Kim B.", 2)
    file_batch(store, [by(4, 2.2, "Kim")])
    assert vault(store) == hours("Kim", 2)


def test_what_was_rolled_back_is_written_by_the_next(store: SqliteStore) -> None:
    with pytest.raises(Stop):
        file_and_stop(store, by(1, 0))
    assert vault(store) == []
    file_batch(store, [by(1, 0.1)])
    assert vault(store) == hours("Kim", 0)
    assert query(store, "SELECT count(*) FROM author_first") == [(1,)]


def test_a_rolled_back_change_of_name_is_not_taken_for_written(store: SqliteStore) -> None:
    file_batch(store, [by(1, 0)])
    with pytest.raises(Stop):
        file_and_stop(store, by(2, 0.1, "Kim B."))
    file_batch(store, [by(3, 0.2, "Kim B.")])
    assert vault(store) == hours("Kim B.", 0)


def test_two_stores_on_one_file_agree_on_an_author(store: SqliteStore, tmp_path: Path) -> None:
    file_batch(store, [by(1, 3)])
    other = SqliteStore.open(f"sqlite:///{tmp_path}/sturmglas.db")
    file_batch(other, [by(2, 1)])  # earlier: the first bin moves back, the name stays
    other.close()
    file_batch(store, [by(3, 2)])  # between the two: changes nothing
    first = seconds(b.T0 + HOUR)
    assert query(store, "SELECT first_bin_s FROM author_first") == [(first - first % BIN_S,)]
    assert vault(store) == hours("Kim", 3)


def test_within_one_batch_the_newest_name_and_the_earliest_bin_count(store: SqliteStore) -> None:
    file_batch(store, [by(1, 2, "Kim"), by(2, 2.1, "Kim B."), by(3, 1, "Kim")])
    assert vault(store) == hours("Kim B.", 2)
    first = seconds(b.T0 + HOUR)
    assert query(store, "SELECT first_bin_s FROM author_first") == [(first - first % BIN_S,)]


def test_an_author_who_was_deleted_is_written_again(store: SqliteStore) -> None:
    file_batch(store, [by(1, 0)])
    with store._write() as c:
        c.execute(text("DELETE FROM author"))
        c.execute(text("DELETE FROM author_first"))
    file_batch(store, [by(2, 0.1)])
    assert vault(store) == hours("Kim", 0)
    assert query(store, "SELECT count(*) FROM author_first") == [(1,)]


def test_a_narrow_row_says_what_the_wide_one_does(store: SqliteStore) -> None:
    row = b.filed(1)
    file_batch(store, [row])
    expected = (row.topics[0], seconds(row.at), *narrow_rest(1, row), "")
    assert query(store, f"SELECT {','.join(NARROW)} FROM mention_topic") == [expected]
    assert len(wide_row(1, row, 0, 0)) == len(WIDE)


def test_bench_insert_files_every_row_and_reports_by_part(tmp_path: Path) -> None:
    said: list[str] = []
    result = run(2_500, seed=3, say=said.append)
    record = result.record()
    assert record["rows"] == 2_500
    assert len(said) == len(result.parts) == 1
    assert result.parts[0].until == 2_500
    assert result.parts[0].rows_per_s > 0
    assert 300 < (result.bytes_per_row or 0) < 1_500
    assert (result.parts[0].wal_bytes or 0) > (result.bytes_per_row or 0) / 2


def test_the_bench_counts_what_goes_into_the_log(store: SqliteStore, tmp_path: Path) -> None:
    file_batch(store, [b.filed(1_000)])
    wal = Wal(tmp_path / "sturmglas.db")
    before = (tmp_path / "sturmglas.db-wal").stat().st_size
    file_batch(store, [b.filed(n) for n in range(50)])
    after = (tmp_path / "sturmglas.db-wal").stat().st_size
    assert wal.written() == after - before > 0
    assert wal.written() == 0
