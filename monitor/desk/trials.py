"""Test calls: kept when they were made, and what people say of them afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from alerts.alert import AttemptOutcome
from alerts.people import Method, Person
from alerts.trial_call import Tested, TrialCall, tested
from monitor.desk.errors import Conflict, NotFound
from monitor.ports import Store, TrialReads

ANSWER_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Way:
    """One way to a person, its last test call, and how far it can be relied on."""

    person: Person
    method: Method
    call: TrialCall | None
    state: Tested


def record(
    store: Store,
    channel: str,
    person: str,
    outcome: AttemptOutcome,
    answer: str,
    by: str,
    now: datetime,
) -> TrialCall:
    """Keep a test call that was made; whether it rang is not said yet."""
    call = TrialCall(channel, person, now, outcome, answer[:ANSWER_LIMIT], by)
    with store.begin() as tx:
        tx.save_trial(call)
    return call


def say(
    store: Store,
    channel: str,
    person: str,
    rang: bool,
    by: str,
    now: datetime,
    at: datetime | None = None,
) -> TrialCall:
    """Keep whether the test call made at ``at`` rang, None: the last one; return it.

    `NotFound` where there was none, `Conflict` where a newer one was made meanwhile.
    """
    kept = {(call.channel, call.person): call for call in store.read.trials()}
    call = kept.get((channel, person))
    if call is None:
        raise NotFound(f'test call of {channel[:80]} to "{person[:80]}"')
    with store.begin() as tx:
        if not tx.say_rang(channel, person, at or call.at, rang, by, now):
            raise Conflict("another test call was made meanwhile", call.by, call.at)
    return replace(call, rang=rang, said_by=by, said_at=now)


def ways(read: TrialReads, people: Mapping[str, Person], now: datetime) -> list[Way]:
    """Return every way to every person, in the order of the settings."""
    calls = {(call.channel, call.person): call for call in read.trials()}
    found = []
    for person in people.values():
        for method in person.methods:
            call = calls.get((method.channel, person.id))
            found.append(Way(person, method, call, tested(call, now)))
    return found
