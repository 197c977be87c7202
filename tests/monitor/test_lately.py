"""The curve of an alert: the closed bins of four hours, as they are stored, up to the alert's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from alerts.alert import Alert, NotifyReason
from alerts.curve import LIMIT, Curve
from detectors.window import BIN
from monitor.pipeline.again import said_again
from monitor.pipeline.lately import curve_of
from monitor.store.codec import pack, unpack
from monitor.store.database import SqliteStore
from tests import builders as b


@pytest.fixture
def store() -> Iterator[SqliteStore]:
    opened = SqliteStore.open("sqlite://")
    yield opened
    opened.close()


def closed(
    store: SqliteStore, *bins_ago: int, revision: int = 0, negatives: int | None = None
) -> None:
    with store.begin() as tx:
        for n in bins_ago:
            count = n if negatives is None else negatives
            at = b.T0 - n * BIN
            tx.add_result(
                b.result(at, revision=revision, negatives=count, expected_negatives=0.123)
            )


def curve(store: SqliteStore) -> Curve | None:
    with store.begin() as tx:
        return curve_of(tx, b.TOPIC, b.T0)


def test_four_hours_at_most_the_oldest_first(store: SqliteStore) -> None:
    closed(store, *range(1, 80))
    found = curve(store)
    assert found == Curve(b.T0, tuple((n, 0.12) for n in range(LIMIT, 0, -1)))
    assert found.since == b.T0 - timedelta(hours=4)


def test_what_is_unknown_stays_unknown_and_is_left_out_at_the_ends(store: SqliteStore) -> None:
    closed(store, 2, 4, 5)
    assert curve(store) == Curve(b.T0 - BIN, ((5, 0.12), (4, 0.12), None, (2, 0.12)))


def test_late_posts_count(store: SqliteStore) -> None:
    closed(store, 1)
    closed(store, 1, revision=1, negatives=9)
    assert curve(store) == Curve(b.T0, ((9, 0.12),))


def test_a_topic_without_closed_bins_has_none(store: SqliteStore) -> None:
    assert curve(store) is None


def test_what_is_said_again_has_the_curve_of_its_own_hour(store: SqliteStore) -> None:
    of = b.incident()
    closed(store, 1, 2)
    with store.begin() as tx:
        again = said_again(tx, of, b.alert(of), NotifyReason.REPEATED, b.T0)
    assert again.curve == Curve(b.T0, ((2, 0.12), (1, 0.12)))


def test_an_alert_keeps_its_curve_in_the_store_and_one_of_before_has_none() -> None:
    made = b.alert(b.incident(), curve=Curve(b.T0, ((1, 0.5), None, (3, 0.5))))
    text = pack(made)
    assert unpack(text, Alert) == made
    before = json.loads(text)
    del before["curve"]
    assert unpack(json.dumps(before), Alert).curve is None
