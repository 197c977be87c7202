"""All clear, sleep: one press ends an incident as a false alarm, tells everybody who was woken, and mutes
what it was about for a day. What it was is asked by daylight, and whoever answers teaches the thresholds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from alerts import moves
from alerts.alert import Action, Delivery, NotifyReason
from alerts.fact import Fact, FactKind
from alerts.incident import Incident, Outcome, Status
from alerts.matching import Field, Matcher
from alerts.night import Night
from alerts.silences import ALL_CLEAR, Silence, SilenceKind
from alerts.wall_clock import zone_of
from detectors.card import card_of
from detectors.detection import WAKE
from detectors.measures import measure
from monitor.desk.errors import Invalid
from monitor.desk.incidents import Once, moved, of_false_alarm, reached_by, said
from monitor.ports import Reader, Store, Transaction

MUTED = timedelta(hours=24)
HOUR = timedelta(hours=1)
DAY_BEGINS, DAY_ENDS = time(7, 0), time(21, 0)
"""Local hours in which details are asked for, where no night is set."""


def sleep(
    store: Store, incident: str, actor: str, now: datetime, *, once: Once | None = None
) -> Incident:
    """Return the incident ended by ``actor`` as a false alarm; its topics are muted for what it was about.

    Whoever was woken gets one message. `Invalid` for a watch, which woke nobody. ``once``: what must not have
    had its effect before.
    """

    def move(found: Incident) -> tuple[Incident, Sequence[Fact]]:
        if found.status is Status.WATCH:
            raise Invalid("a watch woke nobody; end it, or leave it to close itself")
        return moves.resolve(found, actor, Outcome.FALSE_ALARM, ALL_CLEAR, now)

    def tell(tx: Transaction, after: Incident, deliveries: Sequence[Delivery]) -> None:
        tx.cancel(after.key, now)
        tx.cancel_errands(after.id)
        reached = reached_by(deliveries)
        said(tx, after, reached, Action.RESOLVE, NotifyReason.ALL_CLEAR, now)
        kept = tx.add_silence(_muted(store.read, after, deliveries, actor, now))
        until = kept.until if kept else now + MUTED
        payload = {"until": until.isoformat(), "told": len({d.channel for d in reached})}
        tx.add_facts(after.id, [Fact(FactKind.ALL_CLEAR, now, now, actor, payload)])

    return moved(store, incident, move, tell, once)


def key_of(incident: Incident) -> str:
    """Return the key of the silence that an incident's episode leaves when it is cleared."""
    return f"sleep/{incident.id}/{incident.episode}"


def explain(
    store: Store, incident: str, actor: str, outcome: Outcome, cause: str, now: datetime
) -> Incident:
    """Return the incident with what it was in the end, said by daylight; calibration counts that."""
    cause = of_false_alarm(cause)
    return moved(
        store, incident, lambda found: moves.explain(found, actor, outcome, cause, now), None
    )


def _muted(
    read: Reader,
    incident: Incident,
    deliveries: Sequence[Delivery],
    actor: str,
    now: datetime,
) -> Silence:
    """Return the silence over what an incident was about: its topics, words and number of people."""
    terms = [term for d in deliveries for term in d.alert.terms]
    for fact in read.facts(incident.id):
        if fact.kind is FactKind.CARD:
            terms += [t.term for t in card_of(fact.payload).terms]
    people = [measure(read.window(t, now - HOUR, now)).authors for t in incident.topics]
    people += [d.alert.authors for d in deliveries]
    return Silence(
        key=key_of(incident),
        matchers=(Matcher(Field.TOPIC, incident.topics),),
        since=now,
        until=now + MUTED,
        author=actor,
        reason=ALL_CLEAR,
        kind=SilenceKind.SLEEP,
        level=max(WAKE, incident.level),
        incident=incident.id,
        authors=max(people, default=0),
        terms=tuple(dict.fromkeys(terms)),
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """What is still to be said of an incident that somebody cleared: ``by`` whom and when."""

    incident: Incident
    by: str
    at: datetime


def asked(read: Reader, incident: Incident, night: Night, zone: str, now: datetime) -> Asked | None:
    """Return what is asked about a cleared incident; None at night, and where it was said."""
    if incident.outcome is None or is_night(night, zone, now):
        return None
    cleared = None
    for fact in read.facts(incident.id):
        if fact.kind is FactKind.ALL_CLEAR:
            cleared = Asked(incident, fact.actor, fact.at)
        elif fact.kind in (FactKind.EXPLAINED, FactKind.REOPENED):
            cleared = None
    return cleared


def is_night(night: Night, zone: str, now: datetime) -> bool:
    """Return whether nobody is asked for details now: at night as set, else from 21 to 7."""
    local = now.astimezone(zone_of(zone)).time()
    if night.since == night.until:
        return not DAY_BEGINS <= local < DAY_ENDS
    return night.is_on(local)
