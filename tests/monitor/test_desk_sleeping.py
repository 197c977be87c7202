"""All clear, sleep: one press ends it, tells whoever was woken, mutes what it was about, and asks by day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from alerts.alert import Action, Broke, NotifyReason
from alerts.fact import FactKind
from alerts.incident import Incident, Outcome, Status
from alerts.night import Night
from alerts.silences import ALL_CLEAR, SilenceKind
from detectors.detection import Level
from monitor.desk import calibration, sleeping
from monitor.desk.errors import Conflict, Invalid
from monitor.pipeline.waking import Waking
from monitor.ports import NoSignals
from monitor.store.database import SqliteStore
from tests import builders as b
from tests.monitor.test_silencing import blow, facts, told
from tests.monitor.test_waking import BOOK

H = timedelta(hours=1)
BURST: dict[str, Any] = {"authors": 10, "terms": ("double charge", "hotline")}
NIGHT_ZONE = "Europe/Berlin"


@pytest.fixture
def store() -> Iterator[SqliteStore]:
    opened = SqliteStore.open("sqlite://")
    yield opened
    opened.close()


@pytest.fixture
def waking() -> Waking:
    return Waking(BOOK, NoSignals())


def send(store: SqliteStore, at: datetime) -> None:
    """Let everything that is due be under way, so that it may have arrived."""
    for delivery in store.outbox.due(at, 99):
        store.outbox.begin(delivery, at)


def cleared(store: SqliteStore, waking: Waking, level: int = 5) -> Incident:
    blow(store, waking, level, **BURST)
    send(store, b.T0)
    [found] = store.read.incidents(open_only=True)
    return sleeping.sleep(store, found.id, "kim", b.T0 + H)


def test_it_ends_as_a_false_alarm_under_the_name_of_whoever_pressed(
    store: SqliteStore, waking: Waking
) -> None:
    of = cleared(store, waking)
    assert (of.status, of.outcome) == (Status.RESOLVED, Outcome.FALSE_ALARM)
    [ended] = [f for f in store.read.facts(of.id) if f.kind is FactKind.RESOLVED]
    assert (ended.actor, ended.payload["cause"]) == ("kim", ALL_CLEAR)
    assert store.read.next_errand() is None  # nobody else is called


def test_everybody_who_was_woken_gets_one_message_that_stops_a_pager(
    store: SqliteStore, waking: Waking
) -> None:
    of = cleared(store, waking)
    clear = [d for d in store.read.deliveries(of.id) if d.alert.reason is NotifyReason.ALL_CLEAR]
    assert sorted(d.channel for d in clear) == ["mail/kim", "pager/kim", "room"]
    assert {(d.alert.action, d.key) for d in clear} == {(Action.RESOLVE, of.key)}


def test_a_second_press_is_a_conflict_that_names_the_first(
    store: SqliteStore, waking: Waking
) -> None:
    of = cleared(store, waking)
    with pytest.raises(Conflict) as conflict:
        sleeping.sleep(store, of.id, "lee", b.T0 + 2 * H)
    assert conflict.value.by == "kim"


def test_a_watch_woke_nobody(store: SqliteStore) -> None:
    watch = b.incident(status=Status.WATCH, level=Level.FRESH_BREEZE)
    with store.begin() as tx:
        tx.save_incident(watch, 0)
    with pytest.raises(Invalid, match="a watch woke nobody"):
        sleeping.sleep(store, watch.id, "kim", b.T0)


def test_what_it_was_about_is_muted_for_a_day(store: SqliteStore, waking: Waking) -> None:
    of = cleared(store, waking)
    [mute] = store.read.silences(b.T0 + H)
    assert (mute.kind, mute.author, mute.incident) == (SilenceKind.SLEEP, "kim", of.id)
    assert (mute.until, mute.authors, mute.level) == (b.T0 + 25 * H, 10, Level.STORM)
    assert mute.terms == BURST["terms"]
    again = blow(store, waking, 5, b.T0 + 2 * H, **BURST)
    assert again.is_open
    assert facts(store, again, FactKind.SILENCED)[0]["kind"] == "sleep"
    assert [r for r, _ in told(store, again)].count("first") == 3  # those of the first night


@pytest.mark.parametrize(
    ("level", "changed", "by"),
    [
        (5, {"authors": 20}, Broke.AUTHORS),
        (5, {"terms": ("hotline", "recall")}, Broke.TERMS),
        (6, {}, Broke.ROSE),
    ],
)
def test_the_mute_breaks_when_it_has_become_another_storm(
    store: SqliteStore, waking: Waking, level: int, changed: dict[str, Any], by: Broke
) -> None:
    cleared(store, waking)
    again = blow(store, waking, level, b.T0 + 2 * H, **(BURST | changed))
    newest = max(store.read.deliveries(again.id), key=lambda d: d.id)
    assert [x.by for x in newest.alert.broke] == [by]
    assert store.read.silences(b.T0 + 2 * H) == []


def test_calibration_counts_it_as_a_false_page(store: SqliteStore, waking: Waking) -> None:
    of = cleared(store, waking)
    said = calibration.verdicts(store.read, "acme-bahn", b.T0 + 2 * H)
    assert [i.id for i in said.false] == [of.id]
    assert said.real == ()


def test_what_it_was_is_asked_by_day_only_and_until_it_is_said(
    store: SqliteStore, waking: Waking
) -> None:
    of = cleared(store, waking)
    midnight = datetime(2026, 3, 2, 23, 0, tzinfo=b.T0.tzinfo)
    morning = datetime(2026, 3, 3, 6, 0, tzinfo=b.T0.tzinfo)  # 7:00 in Berlin

    def asked(now: datetime) -> str:
        found = sleeping.asked(store.read, of, Night(), NIGHT_ZONE, now)
        return found.by if found else ""

    assert (asked(midnight), asked(morning)) == ("", "kim")
    after = sleeping.explain(store, of.id, "kim", Outcome.REAL, "a recall after all", morning)
    assert (after.outcome, asked(morning)) == (Outcome.REAL, "")
    said = calibration.verdicts(store.read, "acme-bahn", morning)
    assert [i.id for i in said.real] == [of.id]


def test_an_explanation_needs_a_reason_and_an_end(store: SqliteStore, waking: Waking) -> None:
    of = blow(store, waking, 5)
    with pytest.raises(Conflict, match="only what a person ended"):
        sleeping.explain(store, of.id, "kim", Outcome.REAL, "so", b.T0)
    ended = sleeping.sleep(store, of.id, "kim", b.T0)
    with pytest.raises(Invalid):
        sleeping.explain(store, ended.id, "kim", Outcome.REAL, " ", b.T0)


def test_without_a_night_nobody_is_asked_from_nine_in_the_evening_to_seven() -> None:
    none = replace(Night(), since=Night().until)
    hours = [h for h in range(24) if sleeping.is_night(none, "UTC", b.T0.replace(hour=h))]
    assert hours == [0, 1, 2, 3, 4, 5, 6, 21, 22, 23]
