"""Waking over a real store: steps in time, none after an answer, a kill loses none, nobody twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from alerts.alert import Alert, DeliveryState, NotifyReason
from alerts.book import Book
from alerts.errand import Errand, Kind
from alerts.escalation import Chain, Step
from alerts.fact import FactKind
from alerts.incident import Incident, Outcome
from alerts.people import Method, Person
from detectors.detection import Level
from monitor.desk import incidents as desk
from monitor.desk.escalations import next_call
from monitor.pipeline.errands import Due, run_due
from monitor.pipeline.waking import Waking
from monitor.ports import NoSignals
from monitor.store.database import SqliteStore
from tests import builders as b

M = timedelta(minutes=1)
KIM = Person("kim", "Kim", (Method("pager"), Method("mail", "kim@example.org")))
LEE = Person("lee", "Lee", (Method("mail", "lee@example.org"),))
CHAIN = Chain(
    "night", (Step(("rota.community",), 5 * M), Step(("person.lee", "channel.room"), 10 * M)), 2
)
BOOK = Book(
    channels=frozenset({"pager", "mail", "room"}),
    people={"kim": KIM, "lee": LEE},
    chains={"night": CHAIN},
    roster=lambda at: lambda rota: "kim" if rota == "community" else "",
)


@pytest.fixture
def store() -> Iterator[SqliteStore]:
    opened = SqliteStore.open("sqlite://")
    yield opened
    opened.close()


@pytest.fixture
def waking() -> Waking:
    return Waking(BOOK, NoSignals())


def begin(
    store: SqliteStore, waking: Waking, level: Level = Level.STORM, now: datetime = b.T0
) -> Incident:
    """Open an incident, or raise the one there is, and queue its alert as the pipeline does."""
    with store.begin() as tx:
        found = tx.open_incidents()
        made = replace(found[0], level=level, peak=level) if found else b.incident(level=level)
        assert tx.save_incident(made, made.version if found else 0)
        alert = alert_of(made, now)
        called = waking.start(tx, made, alert, "night", now)
        tx.enqueue(alert, ("room", *called), now)
    return store.read.incidents()[0]


def alert_of(of: Incident, at: datetime) -> Alert:
    made = b.alert(of)
    return replace(made, id=f"a{int(of.level)}-{at:%H%M%S}", level=of.level, at=at)


def run(store: SqliteStore, waking: Waking, now: datetime) -> int:
    return run_due(store, waking.handlers, now)


def told(store: SqliteStore, of: Incident) -> list[tuple[str, str]]:
    """Return reason and target of each delivery, in the order in which they were queued."""
    return [
        (d.alert.reason.value, d.channel)
        for d in sorted(store.read.deliveries(of.id), key=lambda d: d.id)
    ]


def called_next(store: SqliteStore, of: Incident) -> datetime | None:
    due = [e.due_at for e in store.read.errands(of.id) if e.kind is Kind.STEP]
    return due[0] if due else None


def steps(store: SqliteStore, of: Incident) -> list[dict[str, object]]:
    return [f.payload for f in store.read.facts(of.id) if f.kind is FactKind.ESCALATION]


def test_the_first_step_goes_out_with_the_alert(store: SqliteStore, waking: Waking) -> None:
    of = begin(store, waking)
    assert told(store, of) == [("first", "room"), ("first", "pager/kim"), ("first", "mail/kim")]
    [errand] = store.read.errands(of.id)
    assert errand.due_at == b.T0 + 5 * M
    assert steps(store, of)[0]["targets"] == ["pager/kim", "mail/kim"]


def test_without_an_answer_the_next_is_called_to_the_end_of_the_chain(
    store: SqliteStore, waking: Waking
) -> None:
    of = begin(store, waking)
    assert run(store, waking, b.T0 + 5 * M - timedelta(seconds=1)) == 0
    for minutes in (5, 15, 20, 30):
        due = store.read.next_errand()
        assert due == b.T0 + minutes * M
        assert run(store, waking, due) == 1
    assert store.read.next_errand() is None
    later = told(store, of)[3:]
    assert later == [
        ("unanswered", "mail/lee"), ("unanswered", "room"),
        ("unanswered", "pager/kim"), ("unanswered", "mail/kim"),
        ("unanswered", "mail/lee"), ("unanswered", "room"),
    ]  # fmt: skip
    assert steps(store, of)[-1]["exhausted"] is True


def test_an_answer_from_anywhere_ends_it_at_once(store: SqliteStore, waking: Waking) -> None:
    of = begin(store, waking)
    desk.acknowledge(store, of.id, "kim", b.T0 + M)
    assert called_next(store, of) is None
    before = told(store, of)
    run(store, waking, b.after(minutes=110))
    assert told(store, of) == before


def test_the_end_of_an_incident_ends_it_too(store: SqliteStore, waking: Waking) -> None:
    of = begin(store, waking)
    desk.resolve(store, of.id, "kim", Outcome.NOT_OURS, "", b.T0 + M)
    assert store.read.next_errand() is None


def test_a_rise_above_the_acknowledged_level_calls_again(
    store: SqliteStore, waking: Waking
) -> None:
    of = begin(store, waking)
    desk.acknowledge(store, of.id, "kim", b.T0 + M)
    of = begin(store, waking, Level.HURRICANE, b.T0 + 2 * M)
    assert told(store, of)[-2:] == [("first", "pager/kim"), ("first", "mail/kim")]
    assert called_next(store, of) == b.T0 + 7 * M
    run(store, waking, b.T0 + 7 * M)
    assert told(store, of)[-2:] == [("unanswered", "mail/lee"), ("unanswered", "room")]


def test_a_rise_takes_the_place_of_the_lower_levels_chain(
    store: SqliteStore, waking: Waking
) -> None:
    of = begin(store, waking)
    begin(store, waking, Level.HURRICANE, b.T0 + 2 * M)
    assert [e.due_at for e in store.read.errands(of.id)] == [b.T0 + 7 * M]


def test_the_same_alert_starts_a_chain_once_and_stops_none(
    store: SqliteStore, waking: Waking
) -> None:
    of = begin(store, waking)
    with store.begin() as tx:
        assert waking.start(tx, of, alert_of(of, b.T0), "night", b.T0 + M) == ()
    assert store.read.next_errand() == b.T0 + 5 * M


def test_a_second_wave_to_the_same_level_calls_again(store: SqliteStore, waking: Waking) -> None:
    begin(store, waking)
    of = begin(store, waking, now=b.after(hours=2))
    assert told(store, of)[-3:] == [
        ("first", "room"),
        ("first", "pager/kim"),
        ("first", "mail/kim"),
    ]
    assert [e.due_at for e in store.read.errands(of.id)] == [b.after(hours=2) + 5 * M]


def test_two_who_run_the_same_errand_call_once(store: SqliteStore, waking: Waking) -> None:
    of = begin(store, waking)
    [errand] = store.read.due_errands(b.T0 + 5 * M, 10)
    assert run(store, waking, b.T0 + 5 * M) == 1
    with store.begin() as tx:
        assert not waking.step(tx, errand, b.T0 + 5 * M)  # read before the other was done
    assert len(told(store, of)) == 5


def test_a_chain_that_was_removed_ends_and_a_clock_that_jumps_takes_one_step(
    store: SqliteStore, waking: Waking
) -> None:
    of = begin(store, waking)
    assert run(store, waking, b.after(hours=3)) == 1
    assert store.read.next_errand() == b.after(hours=3) + 10 * M
    gone = Waking(Book(channels=BOOK.channels), NoSignals())
    assert run(store, gone, b.after(hours=4)) == 1
    assert store.read.next_errand() is None
    assert store.read.incident(of.id) is not None


def test_levels_below_waking_and_unknown_chains_start_nothing(
    store: SqliteStore, waking: Waking
) -> None:
    of = begin(store, waking, Level.FRESH_BREEZE)
    assert told(store, of) == [("first", "room")]
    with store.begin() as tx:
        assert waking.start(tx, of, alert_of(of, b.T0), "nothing", b.T0) == ()


def test_where_nobody_is_there_it_is_told_at_once(store: SqliteStore) -> None:
    empty = Waking(replace(BOOK, people={}, channels=frozenset({"room"})), NoSignals())
    chain = Chain("night", (Step(("rota.community", "person.lee"), 5 * M),))
    empty = Waking(replace(empty._book, chains={"night": chain}), NoSignals())
    of = begin(store, empty)
    assert told(store, of) == [("first", "room")]
    assert steps(store, of)[0]["exhausted"] is True
    assert store.read.next_errand() is None


NIGHT = b.after(hours=10)
"""22:00 UTC, an hour before midnight in Berlin."""
MORNING = b.after(hours=17, minutes=30)


def test_a_strong_wind_at_night_wakes_nobody_and_calls_in_the_morning(
    store: SqliteStore, waking: Waking
) -> None:
    of = begin(store, waking, Level.STRONG_WIND, NIGHT)
    assert told(store, of) == [("first", "room")]
    held = [f.payload["chain"] for f in store.read.facts(of.id) if f.kind is FactKind.HELD]
    assert held == ["night"]
    assert store.read.next_errand() == MORNING
    assert run(store, waking, MORNING - timedelta(seconds=1)) == 0
    assert run(store, waking, MORNING) == 1
    assert told(store, of)[1:] == [("held", "pager/kim"), ("held", "mail/kim")]
    assert run(store, waking, MORNING + 5 * M) == 1
    assert told(store, of)[-1][0] == "unanswered"


def test_what_waits_for_the_morning_calls_also_where_nobody_was_told_at_night(
    store: SqliteStore, waking: Waking
) -> None:
    with store.begin() as tx:
        made = b.incident(level=Level.STRONG_WIND)
        assert tx.save_incident(made, 0)
        alert = alert_of(made, NIGHT)
        tx.enqueue(alert, waking.start(tx, made, alert, "night", NIGHT), NIGHT)
    assert told(store, made) == []
    assert run(store, waking, MORNING) == 1
    assert told(store, made) == [("held", "pager/kim"), ("held", "mail/kim")]


def test_a_storm_wakes_also_at_night(store: SqliteStore, waking: Waking) -> None:
    of = begin(store, waking, Level.STORM, NIGHT)
    assert ("first", "pager/kim") in told(store, of)


def test_a_rise_in_the_night_wakes_in_place_of_what_waited(
    store: SqliteStore, waking: Waking
) -> None:
    begin(store, waking, Level.STRONG_WIND, NIGHT)
    of = begin(store, waking, Level.STORM, NIGHT + M)
    assert [e.due_at for e in store.read.errands(of.id)] == [NIGHT + 6 * M]


def test_who_answered_at_night_is_not_called_in_the_morning(
    store: SqliteStore, waking: Waking
) -> None:
    of = begin(store, waking, Level.STRONG_WIND, NIGHT)
    desk.acknowledge(store, of.id, "kim", NIGHT + M)
    assert called_next(store, of) is None
    before = told(store, of)
    run(store, waking, NIGHT + 2 * M)
    assert told(store, of) == before
    assert told(store, of)[-1] == ("acknowledged", "room")


def test_the_deliverer_sees_when_something_is_due(store: SqliteStore, waking: Waking) -> None:
    due = Due(store, waking.handlers)
    assert due.next_due() is None
    begin(store, waking)
    assert due.next_due() == b.T0 + 5 * M
    assert due.run(b.T0 + 5 * M) == 1
    pending = [d for d in store.outbox.due(b.T0 + 5 * M, 50) if d.state is DeliveryState.PENDING]
    assert NotifyReason.UNANSWERED in {d.alert.reason for d in pending}


def test_who_is_called_next_is_told_by_name(store: SqliteStore, waking: Waking) -> None:
    of = begin(store, waking)
    found = next_call(store.read, BOOK, of.id)
    assert found is not None
    assert (found.names, found.at) == (("Lee", "room"), b.T0 + 5 * M)
    assert (found.number, found.steps, found.round, found.rounds) == (2, 2, 1, 2)
    run(store, waking, b.T0 + 5 * M)
    found = next_call(store.read, BOOK, of.id)
    assert found is not None
    assert (found.names, found.number, found.round) == (("community (Kim)",), 1, 2)
    for minutes in (15, 20):
        run(store, waking, b.T0 + minutes * M)
    found = next_call(store.read, BOOK, of.id)
    assert found is not None
    assert found.names == ()
    desk.acknowledge(store, of.id, "kim", b.T0 + 21 * M)
    assert next_call(store.read, BOOK, of.id) is None


def test_an_errand_that_nothing_here_does_waits_and_holds_up_no_other(
    store: SqliteStore, waking: Waking
) -> None:
    begin(store, waking)
    with store.begin() as tx:
        assert tx.add_errand(Errand("strange", Kind.MORNING, "", b.T0))
    assert run(store, waking, b.T0 + 5 * M) == 1
    assert [e.due_at for e in store.read.errands("")] == [b.T0 + 65 * M]
