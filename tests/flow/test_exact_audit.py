"""The audit of `bench exact`: silent on a sound database, and each kind of damage is named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pytest

from monitor.bench.exact_audit import Found, audit
from monitor.store.postgres_store import PostgresStore
from tests import builders as b
from tests.laws.filing import file_batch
from tests.servers import postgres

ROWS = [b.filed(n) for n in range(4)]
ACCEPTED = {row.id for row in ROWS}


@pytest.fixture
def database() -> Iterator[str]:
    """Four mentions in one bin that was judged with all four, and one open incident."""
    url = postgres.fresh_database()
    store = PostgresStore.open(url)
    try:
        file_batch(store, ROWS)
        with store.begin() as tx:
            tx.add_result(b.result(mentions=len(ROWS)))
            tx.save_incident(b.incident(), 0)
    finally:
        store.close()
    yield url.rpartition("/")[2]
    postgres.drop_database(url)


def audited(database: str) -> Found:
    return audit(partial(postgres.server().execute, database=database), ACCEPTED)


def test_a_database_with_everything_once_is_sound(database: str) -> None:
    assert audited(database) == Found(bins=1, reopened=0, wrong=[])


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        ("DELETE FROM seen WHERE num = (SELECT min(num) FROM seen)", "1 lost, 0 too many"),
        ("INSERT INTO seen (id, num, day) VALUES ('\\x00', 99, 0)", "0 lost, 1 too many"),
        ("UPDATE mention SET source_id = '0'", "4 rows of 1 mentions"),
        ("DELETE FROM mention WHERE source_id = '0'", "3 rows of 3 mentions"),
        ("UPDATE count SET negatives = negatives - 1", "counts are not the rows"),
        ("UPDATE mention_topic SET tone = 0", "counts are not the rows"),
        ("UPDATE bin_result SET mentions = 3", "a closed bin did not see what counts for it"),
    ],
)
def test_damage_is_named(database: str, damage: str, named: str) -> None:
    postgres.server().execute(damage, database)
    [wrong] = audited(database).wrong
    assert wrong.startswith(named)


def test_a_bin_that_waits_to_be_judged_again_may_not_have_seen_all_yet(database: str) -> None:
    start = int(b.result().start.timestamp())
    for statement in (
        "UPDATE bin_result SET mentions = 3",
        "INSERT INTO bin_revision (topic, start_s, revision, waiting)"
        f" VALUES ('{b.TOPIC}', {start}, 1, true)",
    ):
        postgres.server().execute(statement, database)
    assert audited(database) == Found(bins=1, reopened=1, wrong=[])


def test_two_open_incidents_of_a_topic_are_named(database: str) -> None:
    store = PostgresStore.open(postgres.server().url(database))
    try:
        with store.begin() as tx:
            tx.save_incident(replace(b.incident(), id="other", ref="OTH-1"), 0)
    finally:
        store.close()
    assert audited(database).wrong == [f"an incident is open twice: [('{b.TOPIC}', 2)]"]
