"""Who is expected to speak: one message when they do not, one when they are back, none for our own absence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from alerts.alert import AttemptOutcome, DeliveryState
from alerts.book import Book
from detectors.window import SourceClock
from monitor.desk.watchers import SOURCE, WATCH, beat_name
from monitor.pipeline.awake import RUNNING, awake_since, blind_spans, next_beat
from monitor.pipeline.errands import run_due
from monitor.pipeline.expecting import Expected, Expecting
from monitor.ports import Beat, SourceState
from monitor.store.database import SqliteStore
from tests import builders as b

M = timedelta(minutes=1)
BOOK = Book(channels=frozenset({"room"}))
CRAWLER = Expected(WATCH, "crawler", 10 * M, ("channel.room",))


@pytest.fixture
def store() -> Iterator[SqliteStore]:
    opened = SqliteStore.open("sqlite://")
    yield opened
    opened.close()


def expecting(store: SqliteStore, *expected: Expected, now: datetime = b.T0) -> Expecting:
    made = Expecting(expected, BOOK, "Europe/Berlin")
    made.plant(store, now)
    return made


def speak(store: SqliteStore, at: datetime, name: str = "crawler") -> None:
    with store.begin() as tx:
        tx.save_beat(Beat(beat_name(name), at))


def run(store: SqliteStore, of: Expecting, until: datetime, since: datetime = b.T0) -> None:
    """Let time pass in steps of a minute, ourselves awake all the time."""
    now = since
    while now <= until:
        with store.begin() as tx:
            tx.save_beat(next_beat(tx.beat(RUNNING), now))
        run_due(store, of.handlers, now)
        now += M


def told(store: SqliteStore) -> list[tuple[str, str]]:
    due = store.outbox.due(b.after(days=9), 99)
    return [(d.alert.reason.value, d.alert.notice.title[1] if d.alert.notice else "") for d in due]


def test_who_is_missing_is_told_once_and_also_who_is_back(store: SqliteStore) -> None:
    of = expecting(store, CRAWLER)
    speak(store, b.T0 + 2 * M)
    run(store, of, b.T0 + 11 * M)
    assert told(store) == []
    run(store, of, b.T0 + 60 * M, b.T0 + 12 * M)
    assert told(store) == [("trouble", "crawler: nothing heard since 13:02")]
    speak(store, b.T0 + 61 * M)
    run(store, of, b.T0 + 70 * M, b.T0 + 61 * M)
    [errand] = store.read.errands("")
    assert "missing" not in errand.content
    assert errand.due_at == b.T0 + 71 * M


def test_both_messages_have_one_key_so_that_a_pager_ends_what_it_began(store: SqliteStore) -> None:
    of = expecting(store, CRAWLER)
    run(store, of, b.T0 + 20 * M)
    speak(store, b.T0 + 21 * M)
    run(store, of, b.T0 + 22 * M, b.T0 + 21 * M)
    [trouble] = store.outbox.due(b.after(days=9), 9)
    attempt = store.outbox.begin(trouble, b.after(hours=1))
    assert attempt
    store.outbox.finish(attempt, AttemptOutcome.ACCEPTED, DeliveryState.SENT, b.after(hours=1))
    [back] = store.outbox.due(b.after(days=9), 9)
    assert (back.key, back.alert.action.value) == (trouble.key, "resolve")


def test_who_was_never_heard_is_missing_too(store: SqliteStore) -> None:
    of = expecting(store, CRAWLER)
    run(store, of, b.T0 + 10 * M)
    assert [reason for reason, _ in told(store)] == ["trouble"]


def test_our_own_absence_is_laid_at_nobodys_door(store: SqliteStore) -> None:
    of = expecting(store, CRAWLER)
    run(store, of, b.T0 + 5 * M)
    back = b.after(hours=8)  # the lid was closed meanwhile
    run_due(store, of.handlers, back)
    assert told(store) == []
    run(store, of, back + 9 * M, back)
    assert told(store) == []
    run(store, of, back + 11 * M, back + 10 * M)
    assert [reason for reason, _ in told(store)] == ["trouble"]


def test_a_restart_asks_nothing_twice(store: SqliteStore) -> None:
    of = expecting(store, CRAWLER)
    run(store, of, b.T0 + 12 * M)
    again = expecting(store, CRAWLER, now=b.T0 + 13 * M)
    run(store, again, b.T0 + 30 * M, b.T0 + 13 * M)
    assert len(told(store)) == 1


def test_a_source_speaks_by_its_mentions(store: SqliteStore) -> None:
    of = expecting(store, Expected(SOURCE, "crm", 10 * M, ("channel.room",)))
    clock = replace(SourceClock("crm"), seen_at=b.T0 + 8 * M)
    with store.begin() as tx:
        tx.save_source(SourceState(clock))
    run(store, of, b.T0 + 17 * M)
    assert told(store) == []
    run(store, of, b.T0 + 18 * M, b.T0 + 18 * M)
    assert [title for _, title in told(store)] == ["crm: nothing heard since 13:08"]


def test_who_is_no_longer_expected_is_not_missed_and_can_come_back(store: SqliteStore) -> None:
    expecting(store, CRAWLER)
    nobody = expecting(store)
    run(store, nobody, b.T0 + 20 * M)
    assert told(store) == []
    of = expecting(store, CRAWLER, now=b.T0 + 21 * M)
    assert [e.due_at for e in store.read.errands("")] == [b.T0 + 31 * M]
    run(store, of, b.T0 + 60 * M, b.T0 + 21 * M)
    assert len(told(store)) == 1


def test_a_gap_between_two_beats_is_a_blind_span_and_a_restart_is_none() -> None:
    beat = next_beat(None, b.T0)
    assert blind_spans(beat) == []
    assert awake_since(beat, b.T0 + M) is None
    beat = next_beat(beat, b.T0 + 3 * M)
    assert blind_spans(beat) == []
    woken = b.after(hours=8)
    assert awake_since(beat, woken) == woken
    beat = next_beat(beat, woken)
    [span] = blind_spans(beat)
    assert (span.since, span.until) == (b.T0 + 3 * M, woken)
    assert awake_since(beat, woken + M) == woken
    assert blind_spans(next_beat(beat, woken - M)) == [span]  # the clock was set back
