"""Silencing over a real store: held back and told, broken and told, over and told; nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from alerts.alert import Alert, Broke, NotifyReason
from alerts.book import Book
from alerts.fact import FactKind
from alerts.incident import Incident, Outcome
from alerts.matching import parse
from alerts.mutes import MuteWindow
from alerts.rota import DutyHours
from alerts.silences import Silence
from detectors.detection import Level, Reason, ReasonCode
from monitor.desk import incidents as incident_desk
from monitor.desk import silences as desk
from monitor.desk.errors import Conflict, Invalid, NotFound
from monitor.pipeline.errands import run_due
from monitor.pipeline.waking import Waking
from monitor.ports import NoSignals
from monitor.store.database import SqliteStore
from tests import builders as b
from tests.monitor.test_waking import BOOK

H = timedelta(hours=1)
M = timedelta(minutes=1)
DANGER = Reason(ReasonCode.TRIPWIRE, 3, 2, True, "recall")
WISH = desk.Wish("topic=acme-bahn", "known outage", 4 * H)


@pytest.fixture
def store() -> Iterator[SqliteStore]:
    opened = SqliteStore.open("sqlite://")
    yield opened
    opened.close()


@pytest.fixture
def waking() -> Waking:
    return Waking(BOOK, NoSignals())


def blow(
    store: SqliteStore, waking: Waking, level: int = 4, now: datetime = b.T0, **fields: Any
) -> Incident:
    """Open an incident, raise or reopen the one there is, and queue its alert as the pipeline does."""
    with store.begin() as tx:
        found = tx.last_incident("acme-bahn")
        made = b.incident(topics=("acme-bahn",), level=Level(level))
        if found and found.is_open:
            made = replace(found, level=Level(level), peak=max(found.peak, Level(level)))
        elif found:  # the next episode of what was ended
            made = replace(made, episode=found.episode + 1, version=found.version)
        assert tx.save_incident(made, made.version)
        told = replace(b.alert(made, at=now), level=Level(level), **fields)
        held = waking.silencing.held(tx, made, told, ("room",), "night", now)
        if held is None:
            told = waking.silencing.breaking(tx, made, told, now)
            called = waking.start(tx, made, told, "night", now)
            tx.enqueue(told, ("room", *called), now)
    found_now = store.read.incident(made.id)
    assert found_now is not None
    return found_now


def told(store: SqliteStore, of: Incident) -> list[tuple[str, str]]:
    return [(d.alert.reason.value, d.channel) for d in deliveries(store, of)]


def deliveries(store: SqliteStore, of: Incident) -> list[Any]:
    return sorted(store.read.deliveries(of.id), key=lambda d: d.id)


def facts(store: SqliteStore, of: Incident, kind: FactKind) -> list[dict[str, Any]]:
    return [f.payload for f in store.read.facts(of.id) if f.kind is kind]


def quiet(store: SqliteStore, match: str = "topic=acme-bahn", now: datetime = b.T0) -> Silence:
    return desk.silence(store, replace(WISH, match=match), "kim", now)


def test_what_is_silenced_reaches_nobody_and_stands_on_the_timeline(
    store: SqliteStore, waking: Waking
) -> None:
    made = quiet(store)
    of = blow(store, waking)
    assert told(store, of) == []
    [fact] = facts(store, of, FactKind.SILENCED)
    assert (fact["silence"], fact["author"], fact["reason"]) == (made.id, "kim", "known outage")
    assert (fact["channels"], fact["chain"], fact["level"]) == (["room"], "night", 4)
    found = desk.held_back(store.read, of)
    assert found is not None
    assert (found.silence, found.due_at) == (made, made.until)


def test_when_it_is_over_and_nobody_has_answered_the_alert_goes_out_and_the_chain_starts(
    store: SqliteStore, waking: Waking
) -> None:
    made = quiet(store)
    of = blow(store, waking)
    assert run_due(store, waking.handlers, made.until - timedelta(seconds=1)) == 0
    assert run_due(store, waking.handlers, made.until) == 1
    assert told(store, of) == [
        ("silence_over", "room"), ("silence_over", "pager/kim"), ("silence_over", "mail/kim"),
    ]  # fmt: skip
    assert facts(store, of, FactKind.SILENCE_OVER)[0]["level"] == 4
    [step] = store.read.errands(of.id)
    assert step.due_at == made.until + 5 * M
    assert run_due(store, waking.handlers, made.until) == 0


@pytest.mark.parametrize("answer", ["acknowledge", "resolve"])
def test_what_somebody_has_answered_is_not_said_afterwards(
    store: SqliteStore, waking: Waking, answer: str
) -> None:
    made = quiet(store)
    of = blow(store, waking)
    if answer == "acknowledge":
        incident_desk.acknowledge(store, of.id, "lee", b.T0 + H)
    else:
        incident_desk.resolve(store, of.id, "lee", Outcome.REAL, "", b.T0 + H)
    assert run_due(store, waking.handlers, made.until) == 0
    assert told(store, of) == []


def test_a_lull_at_its_end_loses_nothing(store: SqliteStore, waking: Waking) -> None:
    made = quiet(store)
    of = blow(store, waking)
    with store.begin() as tx:
        tx.save_incident(replace(of, level=Level.FRESH_BREEZE), of.version)
    run_due(store, waking.handlers, made.until)
    assert told(store, of) == []
    lulled = store.read.incident(of.id)
    assert lulled is not None
    with store.begin() as tx:
        tx.save_incident(replace(lulled, level=Level.STRONG_WIND), lulled.version)
    run_due(store, waking.handlers, made.until + 5 * M)
    assert told(store, of)[0] == ("silence_over", "room")


@pytest.mark.parametrize(
    ("level", "fields", "by"),
    [(6, {}, Broke.ROSE), (4, {"reasons": (DANGER,)}, Broke.TRIPWIRE)],
)
def test_a_rise_and_a_word_of_danger_break_it_and_the_alert_says_so(
    store: SqliteStore, waking: Waking, level: int, fields: dict[str, Any], by: Broke
) -> None:
    made = quiet(store)
    blow(store, waking)
    of = blow(store, waking, level, b.T0 + H, **fields)
    assert told(store, of)[0] == ("first", "room")
    [broken] = deliveries(store, of)[0].alert.broke
    assert (broken.author, broken.until, broken.by) == ("kim", made.until, by)
    assert facts(store, of, FactKind.SILENCE_BROKEN)[0]["by"] == by.value
    ended = store.read.silence(made.id)
    assert ended is not None
    assert (ended.broken, ended.ended_at) == (by, b.T0 + H)
    # What was held back before is said with it, and not once more at the end.
    run_due(store, waking.handlers, b.T0 + H + M)
    assert [r for r, _ in told(store, of) if r == "silence_over"] == []


def test_one_that_is_broken_lets_go_of_everything_else(store: SqliteStore, waking: Waking) -> None:
    quiet(store, "topic=*")
    other = b.incident(topics=("other",), counter=7, level=Level.STRONG_WIND)
    with store.begin() as tx:
        tx.save_incident(other, 0)
        waking.silencing.held(tx, other, b.alert(other), ("room",), "night", b.T0)
    blow(store, waking, 6, b.T0 + H)
    run_due(store, waking.handlers, b.T0 + H)
    assert told(store, other)[0] == ("silence_over", "room")


def test_later_steps_of_a_running_chain_are_held_back_too(
    store: SqliteStore, waking: Waking
) -> None:
    of = blow(store, waking, 5)
    before = told(store, of)
    made = quiet(store, now=b.T0 + M)
    assert run_due(store, waking.handlers, b.T0 + 5 * M) == 1
    assert told(store, of) == before
    assert len(facts(store, of, FactKind.SILENCED)) == 1
    run_due(store, waking.handlers, made.until)
    assert told(store, of)[len(before) :][0][0] == "silence_over"


def test_taken_back_it_lets_go_at_once_and_only_once(store: SqliteStore, waking: Waking) -> None:
    made = quiet(store)
    of = blow(store, waking)
    assert desk.end(store, made.id, "lee", b.T0 + H).ended_by == "lee"
    run_due(store, waking.handlers, b.T0 + H)
    assert told(store, of)[0] == ("silence_over", "room")
    with pytest.raises(Conflict, match="over already") as conflict:
        desk.end(store, made.id, "kim", b.T0 + H)
    assert conflict.value.by == "lee"
    with pytest.raises(NotFound):
        desk.end(store, made.id + 1, "kim", b.T0)


def test_what_another_silence_covers_stays_held(store: SqliteStore, waking: Waking) -> None:
    first = quiet(store)
    longer = quiet(store, "topic=acme-*", b.T0 + H)
    of = blow(store, waking, now=b.T0 + 2 * H)
    desk.end(store, longer.id, "lee", b.T0 + 3 * H)
    run_due(store, waking.handlers, b.T0 + 3 * H)
    assert told(store, of) == []
    assert facts(store, of, FactKind.SILENCED)[-1]["silence"] == first.id
    run_due(store, waking.handlers, first.until)
    assert told(store, of)[0] == ("silence_over", "room")


def test_after_a_kill_at_its_end_another_says_it_once(store: SqliteStore, waking: Waking) -> None:
    made = quiet(store)
    of = blow(store, waking)
    errands = store.read.due_errands(made.until, 9)
    for _ in range(2):  # two nodes that saw the same row
        with store.begin() as tx:
            waking.silencing.over(tx, errands[0], waking.say, made.until)
    assert [c for r, c in told(store, of) if r == "silence_over"].count("room") == 1


# --- asked for wrongly --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        (replace(WISH, match=""), "match: is empty"),
        (replace(WISH, match="level<=4"), "match: names only a level"),
        (replace(WISH, match="topc=a"), 'did you mean "topic"'),
        (replace(WISH, match="topic=a hour=22-6"), "match: hour"),
        (replace(WISH, lasts=25 * H), "for: "),
        (replace(WISH, lasts=timedelta(0)), "for: "),
        (replace(WISH, reason="  "), "reason: is empty"),
        (replace(WISH, reason="x" * 301), "reason: has 301"),
    ],
)
def test_what_cannot_be_silenced_is_refused(store: SqliteStore, wish: desk.Wish, says: str) -> None:
    with pytest.raises(Invalid) as refused:
        desk.silence(store, wish, "kim", b.T0)
    assert says in str(refused.value)
    assert store.read.silences(b.T0) == []


def test_the_same_again_is_a_conflict_that_names_whose_it_is(store: SqliteStore) -> None:
    quiet(store)
    with pytest.raises(Conflict) as conflict:
        quiet(store, now=b.T0 + M)
    assert conflict.value.by == "kim"


def test_sent_twice_with_one_key_it_is_one(store: SqliteStore) -> None:
    wish = replace(WISH, key="press-1")
    assert desk.silence(store, wish, "kim", b.T0) == desk.silence(store, wish, "kim", b.T0 + M)


# --- preview ------------------------------------------------------------------------------------


def test_the_preview_tells_what_would_have_been_held_back_and_what_would_have_broken_it(
    store: SqliteStore, waking: Waking
) -> None:
    of = blow(store, waking, 4)
    blow(store, waking, 6, b.T0 + H)
    seen = desk.preview(store.read, parse("topic=acme-bahn"), b.T0 + 2 * H)
    assert [(f.level, f.targets[0], f.broke) for f in seen.met] == [
        (4, "room", None),
        (6, "room", Broke.ROSE),
    ]
    assert (seen.held, seen.broken, seen.met[0].ref) == (1, 1, of.ref)
    assert desk.preview(store.read, parse("topic=other"), b.T0 + 2 * H).met == ()
    assert desk.preview(store.read, parse("topic=*"), b.T0 + timedelta(days=8)).met == ()


def test_what_the_preview_tells_is_what_then_happens(store: SqliteStore, waking: Waking) -> None:
    """The same storm again, silenced: exactly those alerts are held back that the preview named."""
    blow(store, waking, 4)
    blow(store, waking, 5, b.T0 + H)
    foretold = desk.preview(store.read, parse("topic=acme-bahn level<=4"), b.T0 + 2 * H)
    again = SqliteStore.open("sqlite://")
    try:
        quiet(again, "topic=acme-bahn level<=4")
        blow(again, waking, 4)
        of = blow(again, waking, 5, b.T0 + H)
        assert len(facts(again, of, FactKind.SILENCED)) == foretold.held == 1
        assert len(facts(again, of, FactKind.SILENCE_BROKEN)) == foretold.broken == 1
    finally:
        again.close()


# --- recurring windows --------------------------------------------------------------------------

EVERY_DAY = MuteWindow(
    "forum",
    parse("topic=acme-bahn level<=4"),
    (DutyHours(frozenset(range(7)), time(0), time(0)),),
    "UTC",
    "always loud",
)
MUTED = Waking(replace(BOOK, mutes=(EVERY_DAY,)), NoSignals())


def test_a_window_holds_back_in_every_coming_until_nobody_is_muted_any_more(
    store: SqliteStore,
) -> None:
    of = blow(store, MUTED)
    assert told(store, of) == []
    [first] = store.read.silences(b.T0)
    assert first.author == "mute.forum"
    run_due(store, MUTED.handlers, first.until)  # the next coming takes over
    assert told(store, of) == []
    run_due(store, MUTED.handlers, first.until + timedelta(days=1))
    assert len(facts(store, of, FactKind.SILENCED)) == 3
    without = Waking(BOOK, NoSignals())
    run_due(store, without.handlers, first.until + timedelta(days=2))
    assert told(store, of)[0] == ("silence_over", "room")


def test_a_window_that_one_storm_breaks_goes_on_for_the_others(store: SqliteStore) -> None:
    of = blow(store, MUTED, 5)
    assert told(store, of)[0] == ("first", "room")
    assert deliveries(store, of)[0].alert.broke[0].author == "mute.forum"
    other = b.incident(topics=("acme-bahn",), counter=7, level=Level.STRONG_WIND)
    with store.begin() as tx:
        tx.save_incident(other, 0)
        assert MUTED.silencing.held(tx, other, b.alert(other), ("room",), "", b.T0 + M)


def test_an_alert_without_a_silence_goes_out_as_it_is(store: SqliteStore) -> None:
    plain = Waking(Book(), NoSignals())
    of = blow(store, plain)
    [only] = deliveries(store, of)
    assert only.alert == alert_of(of)


def alert_of(of: Incident) -> Alert:
    return replace(b.alert(of, reason=NotifyReason.FIRST, at=b.T0), level=of.level)
