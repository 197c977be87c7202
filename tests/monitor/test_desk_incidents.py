"""What people do with an incident, on the real store: one transaction, told to who must hear."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from alerts.alert import Action, AttemptOutcome, DeliveryState, NotifyReason
from alerts.fact import FactKind
from alerts.incident import Incident, Outcome, Status
from detectors.detection import Level
from monitor.desk import incidents
from monitor.desk.errors import Conflict, Invalid, NotFound
from monitor.store.database import SqliteStore
from tests.builders import TOPIC, after, alert, incident
from tests.threads import together

NOW = after(minutes=30)


@pytest.fixture
def store() -> Iterator[SqliteStore]:
    opened = SqliteStore.open("sqlite://")
    yield opened
    opened.close()


def opened(store: SqliteStore, channels: tuple[str, ...] = (), **fields: object) -> Incident:
    """Store an incident whose first alert is queued to ``channels``."""
    storm = incident(**fields)  # type: ignore[arg-type]
    with store.begin() as tx:
        assert tx.save_incident(storm, 0)
        if channels:
            tx.enqueue(alert(storm), channels, storm.opened_at)
    return stored(store, storm)


def stored(store: SqliteStore, storm: Incident) -> Incident:
    found = store.read.incident(storm.id)
    assert found is not None
    return found


def send(
    store: SqliteStore,
    channel: str,
    outcome: AttemptOutcome = AttemptOutcome.ACCEPTED,
    state: DeliveryState = DeliveryState.SENT,
) -> None:
    """Do what the deliverer does with the next delivery of a channel."""
    due = next(d for d in store.outbox.due(NOW, 10) if d.channel == channel)
    attempt = store.outbox.begin(due, NOW)
    assert attempt is not None
    later = NOW + timedelta(hours=1) if state is DeliveryState.PENDING else None
    store.outbox.finish(attempt, outcome, state, NOW, retry_at=later)


def told(store: SqliteStore, storm: Incident, action: Action) -> list[str]:
    """Return the channels that have or will get ``action``."""
    return [d.channel for d in store.read.deliveries(storm.id) if d.alert.action is action]


def facts(store: SqliteStore, storm: Incident) -> list[tuple[FactKind, str]]:
    return [(f.kind, f.actor) for f in store.read.facts(storm.id)]


# --- acknowledge ----------------------------------------------------------------------------


def test_acknowledging_is_stored_and_told_to_who_was_woken(store: SqliteStore) -> None:
    storm = opened(store, ("pager", "slack"))
    send(store, "pager")
    done = incidents.acknowledge(store, storm.id, "kim", NOW)
    assert done == stored(store, storm)
    assert (done.status, done.acked_by, done.acked_level) == (
        Status.ACKNOWLEDGED,
        "kim",
        Level.STRONG_WIND,
    )
    assert told(store, storm, Action.ACKNOWLEDGE) == ["pager", "slack"]
    assert told(store, storm, Action.TRIGGER) == ["pager", "slack"], "nobody loses the first word"
    ack = next(
        d.alert for d in store.read.deliveries(storm.id) if d.alert.action is Action.ACKNOWLEDGE
    )
    assert (ack.reason, ack.key, ack.at) == (NotifyReason.ACKNOWLEDGED, storm.key, NOW)


def test_the_acknowledgement_is_sent_after_the_alert_it_answers(store: SqliteStore) -> None:
    storm = opened(store, ("slack",))
    incidents.acknowledge(store, storm.id, "kim", NOW)
    assert [d.alert.action for d in store.outbox.due(NOW, 10)] == [Action.TRIGGER]
    send(store, "slack")
    assert [d.alert.action for d in store.outbox.due(NOW, 10)] == [Action.ACKNOWLEDGE]


def test_a_channel_whose_alert_is_dead_is_not_told(store: SqliteStore) -> None:
    storm = opened(store, ("pager", "slack"))
    send(store, "pager", AttemptOutcome.REFUSED, DeliveryState.DEAD)
    incidents.acknowledge(store, storm.id, "kim", NOW)
    assert told(store, storm, Action.ACKNOWLEDGE) == ["slack"]


def test_an_incident_that_nobody_was_told_of_is_acknowledged_in_silence(store: SqliteStore) -> None:
    storm = opened(store)
    incidents.acknowledge(store, storm.id, "kim", NOW)
    assert store.read.deliveries(storm.id) == []
    assert facts(store, storm) == [(FactKind.ACKNOWLEDGED, "kim")]


def test_a_second_press_changes_nothing_and_somebody_elses_names_the_first(
    store: SqliteStore,
) -> None:
    storm = opened(store, ("slack",))
    first = incidents.acknowledge(store, storm.id, "kim", NOW)
    assert incidents.acknowledge(store, storm.id, "kim", after(minutes=31)) == first
    with pytest.raises(Conflict) as caught:
        incidents.acknowledge(store, storm.id, "robin", after(minutes=32))
    assert (caught.value.by, caught.value.at) == ("kim", NOW)
    assert stored(store, storm) == first
    assert told(store, storm, Action.ACKNOWLEDGE) == ["slack"]


def test_a_risen_level_can_be_acknowledged_again(store: SqliteStore) -> None:
    storm = opened(store)
    done = incidents.acknowledge(store, storm.id, "kim", NOW)
    with store.begin() as tx:
        assert tx.save_incident(replace(done, level=Level.STORM), done.version)
    again = incidents.acknowledge(store, storm.id, "robin", after(minutes=40))
    assert (again.acked_by, again.acked_level) == ("robin", Level.STORM)


def test_of_many_who_press_at_once_exactly_one_is_first(store: SqliteStore) -> None:
    storm = opened(store, ("slack",))
    start = threading.Barrier(8)
    outcomes: list[str] = []

    def press(actor: str) -> None:
        start.wait(timeout=10)
        try:
            incidents.acknowledge(store, storm.id, actor, NOW)
            outcomes.append(actor)
        except Conflict as error:
            outcomes.append(f"after {error.by}")

    together(*(partial(press, f"p{n}") for n in range(8)))
    winner = stored(store, storm).acked_by
    assert sorted(outcomes) == sorted([winner, *[f"after {winner}"] * 7])
    assert told(store, storm, Action.ACKNOWLEDGE) == ["slack"]
    assert facts(store, storm).count((FactKind.ACKNOWLEDGED, winner)) == 1


# --- resolve --------------------------------------------------------------------------------


def test_ending_tells_only_channels_that_were_reached_and_drops_what_nobody_sent(
    store: SqliteStore,
) -> None:
    storm = opened(store, ("pager", "slack"))
    send(store, "pager")
    done = incidents.resolve(store, storm.id, "kim", Outcome.REAL, "double billing", NOW)
    assert done == stored(store, storm)
    assert (done.status, done.outcome, done.resolved_at) == (Status.RESOLVED, Outcome.REAL, NOW)
    assert told(store, storm, Action.RESOLVE) == ["pager"]
    assert told(store, storm, Action.TRIGGER) == ["pager"], "slack's stale alert never goes out"
    assert [d.alert.action for d in store.outbox.due(NOW, 10)] == [Action.RESOLVE]


def test_an_alert_that_may_have_arrived_keeps_its_place_before_the_end(store: SqliteStore) -> None:
    storm = opened(store, ("mail",))
    send(store, "mail", AttemptOutcome.UNKNOWN, DeliveryState.PENDING)
    incidents.resolve(store, storm.id, "kim", Outcome.REAL, "", NOW)
    assert told(store, storm, Action.TRIGGER) == ["mail"]
    assert told(store, storm, Action.RESOLVE) == ["mail"]
    assert store.outbox.due(NOW, 10) == [], "the end waits behind the retry"


def test_an_acknowledgement_on_its_way_is_dropped_by_the_end(store: SqliteStore) -> None:
    storm = opened(store, ("pager",))
    send(store, "pager")
    incidents.acknowledge(store, storm.id, "kim", NOW)
    incidents.resolve(store, storm.id, "kim", Outcome.REAL, "", after(minutes=31))
    assert told(store, storm, Action.ACKNOWLEDGE) == []
    assert told(store, storm, Action.RESOLVE) == ["pager"]


def test_the_end_of_a_second_episode_speaks_only_of_that_episode(store: SqliteStore) -> None:
    storm = opened(store, ("pager",))
    send(store, "pager")
    again = replace(storm, episode=2)
    with store.begin() as tx:
        assert tx.save_incident(again, storm.version)
        tx.enqueue(alert(again, reason=NotifyReason.REOPENED), ["slack"], NOW)
    send(store, "slack")
    incidents.resolve(store, storm.id, "kim", Outcome.REAL, "", NOW)
    ends = [d for d in store.read.deliveries(storm.id) if d.alert.action is Action.RESOLVE]
    assert [(d.channel, d.key) for d in ends] == [("slack", again.key)]


def test_an_ended_incident_is_not_ended_again_and_the_first_is_named(store: SqliteStore) -> None:
    storm = opened(store)
    incidents.resolve(store, storm.id, "kim", Outcome.NOT_OURS, "", NOW)
    for again in (
        lambda: incidents.resolve(store, storm.id, "robin", Outcome.REAL, "", after(minutes=40)),
        lambda: incidents.acknowledge(store, storm.id, "robin", after(minutes=40)),
        lambda: incidents.assign(store, storm.id, "robin", "robin", after(minutes=40)),
    ):
        with pytest.raises(Conflict) as caught:
            again()
        assert (caught.value.by, caught.value.at) == ("kim", NOW)
    assert stored(store, storm).outcome is Outcome.NOT_OURS


@pytest.mark.parametrize("cause", ["", "   ", "x" * 4_001])
def test_a_false_alarm_needs_a_reason_of_bearable_length(store: SqliteStore, cause: str) -> None:
    storm = opened(store, ("slack",))
    with pytest.raises(Invalid):
        incidents.resolve(store, storm.id, "kim", Outcome.FALSE_ALARM, cause, NOW)
    assert stored(store, storm) == storm
    assert told(store, storm, Action.TRIGGER) == ["slack"], "nothing was dropped"


# --- assign, note, media --------------------------------------------------------------------


def test_an_owner_can_be_named_changed_and_taken_away(store: SqliteStore) -> None:
    storm = opened(store)
    assert incidents.assign(store, storm.id, "kim", "robin", NOW).owner == "robin"
    done = incidents.assign(store, storm.ref, "kim", "", NOW)
    assert done == stored(store, storm)
    assert done.owner == ""
    assert facts(store, storm) == [(FactKind.ASSIGNED, "kim")] * 2


def test_a_note_stands_on_the_timeline_also_after_the_end(store: SqliteStore) -> None:
    storm = opened(store)
    incidents.resolve(store, storm.id, "kim", Outcome.REAL, "", NOW)
    incidents.note(store, storm.id, "kim", "  refunds are through  ", after(minutes=50))
    last = store.read.facts(storm.id)[-1]
    assert (last.kind, last.actor, last.payload) == (
        FactKind.NOTE,
        "kim",
        {"text": "refunds are through"},
    )


@pytest.mark.parametrize("text", ["", " \n", "x" * 4_001])
def test_an_empty_or_endless_note_is_refused(store: SqliteStore, text: str) -> None:
    storm = opened(store)
    with pytest.raises(Invalid):
        incidents.note(store, storm.id, "kim", text, NOW)
    assert store.read.facts(storm.id) == []


def test_the_media_echo_is_set_and_told_on_the_open_incident(store: SqliteStore) -> None:
    storm = opened(store)
    assert incidents.set_media(store, TOPIC, 4, "kim", NOW) == storm
    with store.begin() as tx:
        assert tx.media(TOPIC) == 4
    last = store.read.facts(storm.id)[-1]
    assert (last.kind, last.payload) == (
        FactKind.MEDIA_SET,
        {"topic": TOPIC, "from": 0, "level": 4},
    )
    assert incidents.set_media(store, "another", 1, "kim", NOW) is None


@pytest.mark.parametrize("level", [-1, 7])
def test_a_media_echo_beyond_the_scale_is_refused(store: SqliteStore, level: int) -> None:
    with pytest.raises(Invalid):
        incidents.set_media(store, TOPIC, level, "kim", NOW)


def test_what_is_not_there_is_not_found(store: SqliteStore) -> None:
    with pytest.raises(NotFound, match="2026-9999"):
        incidents.acknowledge(store, "2026-9999", "kim", NOW)
