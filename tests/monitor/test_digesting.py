"""Digests over a real store: collected, said once, to those who watch and to nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.alert import Alert, Delivery, NotifyReason
from alerts.book import Book
from alerts.digest import MOST, Entry, digest, due
from alerts.render.message import message
from alerts.routing import Route
from alerts.trial import trial_delivery
from detectors.detection import Level
from monitor.bench.blowing import Blowing, topic
from monitor.pipeline.digesting import Digesting
from monitor.pipeline.errands import run_due
from monitor.pipeline.waking import Waking
from monitor.ports import NoSignals
from monitor.store.database import SqliteStore
from tests import builders as b

HOUR = timedelta(hours=1)
DIGESTING = Digesting()
SIGNALS = NoSignals()


@pytest.fixture
def store() -> Iterator[SqliteStore]:
    opened = SqliteStore.open("sqlite://")
    yield opened
    opened.close()


def alert(n: int, level: Level = Level.STRONG_WIND) -> Alert:
    made = b.alert(b.incident(level=level), at=b.after(minutes=n))
    return replace(made, id=f"alert-{n}", level=level)


def collect(store: SqliteStore, one: Alert, *targets: str, every: timedelta | None = None) -> None:
    with store.begin() as tx:
        DIGESTING.collect(tx, one, targets, every, one.at)


def run(store: SqliteStore, minutes: int) -> list[Delivery]:
    now = b.after(minutes=minutes)
    run_due(store, DIGESTING.handlers, now)
    return list(store.outbox.due(now, 100))


def test_what_came_within_the_hour_is_one_message_a_target_at_its_end(store: SqliteStore) -> None:
    collect(store, alert(5), "mail", "room")
    collect(store, alert(20, Level.FRESH_BREEZE), "mail")
    collect(store, alert(20, Level.FRESH_BREEZE), "mail")
    assert run(store, 59) == []
    sent = run(store, 60)
    assert sorted(d.channel for d in sent) == ["mail", "room"]
    [mail] = [d for d in sent if d.channel == "mail"]
    assert mail.alert.reason is NotifyReason.DIGEST
    assert mail.alert.notice is not None
    assert mail.alert.notice.title[1] == "2 alerts, none of it urgent"
    first, second = (line[1] for line in mail.alert.notice.lines)
    assert "4 strong wind" in first
    assert "3 fresh breeze" in second
    assert run(store, 61) == sent
    assert store.read.next_errand() is None


def test_what_comes_later_is_in_the_next_one(store: SqliteStore) -> None:
    collect(store, alert(5), "mail")
    run(store, 60)
    collect(store, alert(70), "mail")
    assert len(run(store, 119)) == 1
    assert len(run(store, 120)) == 2


def test_a_digest_goes_on_after_its_incident_has_ended(store: SqliteStore) -> None:
    one = alert(5)
    collect(store, one, "mail")
    with store.begin() as tx:
        tx.cancel_errands(one.incident)
    assert len(run(store, 60)) == 1


def test_after_a_stop_of_hours_it_is_said_once(store: SqliteStore) -> None:
    collect(store, alert(5), "mail")
    collect(store, alert(70), "mail")
    [only] = run(store, 600)
    assert only.alert.notice is not None
    assert len(only.alert.notice.lines) == 2


def test_a_watch_and_a_storm_reach_those_who_watch_and_the_storm_those_it_concerns(
    store: SqliteStore,
) -> None:
    book = Book(channels=frozenset({"mail", "room", "pager"}), ringing=frozenset({"pager"}))
    watch = ("channel.mail", "channel.room", "channel.pager")
    routes = [
        Route("all", Level.FRESH_BREEZE, watch=watch),
        Route("storms", Level.STRONG_WIND, inform=("channel.room",)),
    ]
    blowing = Blowing(store, {"bus": topic("bus")}, Waking(book, SIGNALS), routes)
    blowing.say({"bus": Level.FRESH_BREEZE}, b.T0)
    assert store.read.deliveries(store.read.incidents()[0].id) == []
    blowing.say({"bus": Level.STORM}, b.after(minutes=5))
    [room] = store.outbox.due(b.after(minutes=5), 10)
    assert room.channel == "room"
    mail, digest = sorted((d for d in run(store, 60) if d.alert.notice), key=lambda d: d.channel)
    assert (mail.channel, digest.channel) == ("mail", "room")
    assert mail.alert.notice is not None
    assert [line[1].partition(": ")[2] for line in mail.alert.notice.lines] == [
        "3 fresh breeze, being watched (AB-1)",
        "5 storm, new (AB-1)",
    ]
    assert digest.alert.notice is not None
    assert len(digest.alert.notice.lines) == 1  # the storm it heard of at once


def test_spans_are_whole_ones_whenever_they_begin() -> None:
    assert due(b.T0, HOUR) == b.T0 + HOUR
    assert due(b.after(minutes=59), HOUR) == b.T0 + HOUR
    assert due(b.after(minutes=7), timedelta(minutes=15)) == b.after(minutes=15)


@pytest.mark.parametrize("lang", ["de", "en"])
def test_a_full_digest_shows_the_newest_and_says_how_many_are_missing(lang: str) -> None:
    entries = [Entry(b.after(minutes=n), (f"Z{n}", f"L{n}")) for n in range(MOST + 5)]
    made = digest(entries, "mail", b.after(hours=1))
    said = message(trial_delivery(made, "mail"), "de" if lang == "de" else "en")
    lines = [said.lead, *said.why]
    assert lines[0].startswith("5 ")
    assert lines[-1] == ("Z24" if lang == "de" else "L24")
    assert len(lines) == MOST + 1
    assert said.voices == ()


def test_a_digest_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="digest of nothing"):
        digest([], "mail", b.T0)
