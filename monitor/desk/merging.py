"""Merging and splitting incidents: what a person knows better about what is one storm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from alerts import merging
from alerts.alert import Action, NotifyReason
from alerts.fact import Fact
from alerts.incident import IllegalMove, Incident
from detectors.topic import Topic
from monitor.desk.errors import Conflict, Invalid, NotFound
from monitor.desk.incidents import acknowledged, reached_by, said
from monitor.ports import Store, Transaction


def merge(store: Store, incident: str, into: str, actor: str, now: datetime) -> Incident:
    """Return ``into`` with the topics of ``incident``, which ends; its receivers hear where it goes on.

    Raises `NotFound`, `Invalid` where both are the same, `Conflict` where one has ended.
    """
    one, other = _found(store, incident), _found(store, into)
    if one.id == other.id:
        raise Invalid(f"{one.ref} cannot be merged into itself; expected another incident")
    with store.begin() as tx:
        one, other = tx.incident(one.id) or one, tx.incident(other.id) or other
        try:
            ended, its_facts = merging.absorbed(one, other, actor, now)
            after, facts = merging.absorbing(other, one, actor, now)
        except IllegalMove as error:
            raise Conflict(str(error)) from error
        _save(tx, one, ended, its_facts)
        _save(tx, other, after, facts)
        tx.cancel(ended.key, now)
        tx.cancel_errands(ended.id)
        if after.acked_at == now:
            known = [d for d in store.read.deliveries(other.id) if d.key == after.key]
            acknowledged(store, now)(tx, after, known)
        heard = [d for d in store.read.deliveries(one.id) if d.key == one.key]
        said(tx, ended, reached_by(heard), Action.RESOLVE, NotifyReason.MERGED, now)
    return replace(after, version=other.version + 1)


def split(
    store: Store, topics: Mapping[str, Topic], incident: str, topic: str, actor: str, now: datetime
) -> Incident:
    """Return the new incident that ``topic`` of ``incident`` becomes.

    Raises `NotFound`, `Invalid` where nothing blows in that topic, `Conflict` where it is no topic of the
    incident, its only one, or the incident has ended.
    """
    found = _found(store, incident)
    if topic not in topics:
        raise NotFound(f"topic {topic[:80]!a}")
    seen = store.read.latest_assessment(topic)
    if seen is None:
        raise Invalid(f"{topics[topic].name} was never judged; nothing is there to split off")
    with store.begin() as tx:
        before = tx.incident(found.id) or found
        counter = tx.count_incidents(topic) + 1
        name = topics[topic].name
        try:
            new, opened = merging.parted(
                before, seen, topic_name=name, counter=counter, actor=actor, now=now
            )
            after, facts = merging.left(before, topic, new.ref, actor, now)
        except IllegalMove as error:
            raise Conflict(str(error)) from error
        except ValueError as error:
            raise Invalid(str(error)) from error
        _save(tx, before, after, facts)
        if not tx.save_incident(new, 0):
            raise Conflict(f"{new.ref} was opened by somebody else at the same moment")
        tx.add_facts(new.id, opened)
    return replace(new, version=1)


def _found(store: Store, name: str) -> Incident:
    found = store.read.incident(name)
    if found is None:
        raise NotFound(f"incident {name[:80]!a}")
    return found


def _save(tx: Transaction, before: Incident, after: Incident, facts: tuple[Fact, ...]) -> None:
    if not tx.save_incident(after, before.version):
        raise Conflict(f"{before.ref} was changed by somebody else at the same moment")
    tx.add_facts(after.id, facts)
