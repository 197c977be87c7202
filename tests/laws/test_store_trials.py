"""Test calls: the newest of each person and channel is kept, and what was said of exactly that one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from alerts.alert import AttemptOutcome
from alerts.trial_call import TrialCall
from monitor.ports import Store
from tests.builders import T0

MIN = timedelta(minutes=1)
CALL = TrialCall("push", "kim", T0, AttemptOutcome.ACCEPTED, "200 OK", "lee")


def keep(store: Store, call: TrialCall) -> bool:
    with store.begin() as tx:
        return tx.save_trial(call)


def say(store: Store, call: TrialCall, *, rang: bool) -> bool:
    with store.begin() as tx:
        return tx.say_rang(call.channel, call.person, call.at, rang, "kim", T0 + 9 * MIN)


def test_each_person_and_channel_has_its_newest_call(store: Store) -> None:
    newer = replace(CALL, at=T0 + MIN, outcome=AttemptOutcome.REFUSED)
    other = replace(CALL, person="ben")
    assert keep(store, CALL)
    assert keep(store, other)
    assert keep(store, newer)
    assert not keep(store, CALL)  # it comes late
    assert store.read.trials() == [other, newer]


def test_what_was_said_belongs_to_one_call(store: Store) -> None:
    keep(store, CALL)
    assert say(store, CALL, rang=True)
    said = replace(CALL, rang=True, said_by="kim", said_at=T0 + 9 * MIN)
    assert store.read.trials() == [said]
    assert say(store, CALL, rang=False)  # one may have been mistaken
    newer = replace(CALL, at=T0 + MIN)
    keep(store, newer)
    assert not say(store, CALL, rang=True)
    assert store.read.trials() == [newer]
    assert not say(store, replace(CALL, person="nobody"), rang=True)
