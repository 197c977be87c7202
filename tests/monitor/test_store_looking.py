"""Looking at a store that somebody else works on: everything is seen, nothing can be written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from monitor.ports import Reader
from monitor.store.database import open_store
from monitor.store.looking import looking
from monitor.store.sqlite import WrongFile
from tests import builders as b
from tests.laws.filing import file_batch
from tests.monitor.kept import NOW, Place, fill
from tests.servers import postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "sqlite":
        yield Place(f"sqlite:///{tmp_path}/a.db", f"sqlite:///{tmp_path}/b.db")
        return
    urls = postgres.fresh_database(), postgres.empty_database()
    yield Place(*urls)
    for url in urls:
        postgres.drop_database(url)


def test_what_others_commit_is_seen_and_what_they_have_not_is_not(place: Place) -> None:
    with closing(open_store(place.url)) as store:
        fill(store)
        with looking(place.url) as read:
            assert read.totals()["mention"] == 2
            with store.begin() as tx:
                tx.set_media(b.TOPIC, 3, "kim", NOW)
                assert _incidents(read) == 1  # no waiting for who writes
            file_batch(store, [b.filed(3, at=NOW)])
            assert read.totals()["mention"] == 3


def _incidents(read: Reader) -> int:
    return len(read.incidents())


def test_nothing_can_be_written_through_it(place: Place) -> None:
    with closing(open_store(place.url)) as store:
        fill(store)
    before = place.rows(place.url)
    with looking(place.url) as read:
        snapshot = read._snapshot  # type: ignore[attr-defined]  # what every method reads through
        with pytest.raises(Exception, match=r"(?i)read-?\s?only"), snapshot() as connection:
            connection.exec_driver_sql("DELETE FROM incident")
    assert place.rows(place.url) == before


def test_where_nothing_is_nothing_is_made(place: Place) -> None:
    with pytest.raises(WrongFile, match=r"no such file|holds nothing yet"), looking(place.empty):
        pass
    if place.empty.startswith("sqlite"):
        assert not Path(place.empty.removeprefix("sqlite:///")).exists()
    else:
        with psycopg.connect(place.empty) as server:
            query = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"
            assert server.execute(query).fetchone() == (0,)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite://", "keeps nothing"),
        ("mysql://host/name", "expected sqlite:///"),
        ("nothing at all", "expected sqlite:///"),
    ],
)
def test_what_is_no_store_is_told(url: str, said: str) -> None:
    with pytest.raises(WrongFile, match=said), looking(url):
        pass


def test_a_file_of_another_program_is_told(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("not a database at all, but long enough to be looked at" * 20)
    with (
        pytest.raises(WrongFile, match="not an SQLite file"),
        looking(f"sqlite:///{tmp_path}/text.db"),
    ):
        pass
