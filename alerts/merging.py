"""Merging and splitting: a person says that two incidents are one storm, or that one is two. Pure; no clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from alerts.fact import Fact, FactKind, fact_of, seen_fact
from alerts.incident import IllegalMove, Incident, Move, Outcome, Status, incident_id, moved
from alerts.moves import Step, initials
from detectors.detection import WATCH, Assessment


def absorbed(incident: Incident, into: Incident, actor: str, now: datetime) -> Step:
    """Return ``incident`` as it ends by becoming part of ``into``; raises `IllegalMove` after its end."""
    after = replace(
        incident,
        status=moved(incident.status, Move.MERGE),
        outcome=Outcome.MERGED,
        resolved_at=now,
        updated_at=now,
    )
    outcome = Outcome.MERGED.value
    return after, (
        fact_of(FactKind.RESOLVED, after, now, now, actor, outcome=outcome, into=into.ref),
    )


def absorbing(into: Incident, incident: Incident, actor: str, now: datetime) -> Step:
    """Return ``into`` with the topics of ``incident`` and the higher level of both.

    Where somebody had either, whoever merges has them both at that level: nobody is called for what they know.
    Raises `IllegalMove` where ``into`` is a watch and the other is not, or where it has ended.
    """
    status = moved(into.status, Move.ABSORB)
    if into.status is Status.WATCH and incident.status is not Status.WATCH:
        raise IllegalMove(Move.ABSORB, into.status, f"merge {into.ref} into {incident.ref} instead")
    had = into.acked_level is not None or incident.acked_level is not None
    joined = tuple(t for t in incident.topics if t not in into.topics)
    after = replace(
        into,
        status=status,
        topics=(*into.topics, *joined),
        level=max(into.level, incident.level),
        peak=max(into.peak, incident.peak),
        onset=min(into.onset, incident.onset),
        quiet_since=None,
        end_proposed=False,
        updated_at=now,
    )
    facts = [
        fact_of(FactKind.MERGED, after, now, now, actor, ref=incident.ref, topics=list(joined))
    ]
    if had and status is not Status.WATCH:
        after = replace(
            after,
            status=moved(status, Move.ACKNOWLEDGE),
            acked_level=after.level,
            acked_at=now,
            acked_by=actor,
        )
        facts.append(fact_of(FactKind.ACKNOWLEDGED, after, now, now, actor))
    return after, tuple(facts)


def left(incident: Incident, topic: str, ref: str, actor: str, now: datetime) -> Step:
    """Return ``incident`` without ``topic``, which goes on as the incident ``ref``.

    Raises `IllegalMove` after the end, and where it is its only topic or none of its.
    """
    status = moved(incident.status, Move.SPLIT)
    if topic not in incident.topics or len(incident.topics) < 2:
        known = ", ".join(incident.topics)
        raise IllegalMove(Move.SPLIT, incident.status, f"{topic!a} of the topics {known}")
    topics = tuple(t for t in incident.topics if t != topic)
    after = replace(incident, status=status, topics=topics, updated_at=now)
    return after, (fact_of(FactKind.SPLIT, after, now, now, actor, topic=topic, ref=ref),)


def parted(
    incident: Incident,
    seen: Assessment,
    *,
    topic_name: str,
    counter: int,
    actor: str,
    now: datetime,
) -> tuple[Incident, tuple[Fact, ...]]:
    """Return the incident that a topic becomes which is split off; ``seen`` is what blows there.

    Whoever splits has it, unless it is a watch. Raises `ValueError` below level 3: nothing would be there.
    """
    if seen.level < WATCH:
        raise ValueError(
            f"level {int(seen.level)} in {topic_name}; expected 3 or more to split off"
        )
    onset = seen.onset or seen.at
    watch = incident.status is Status.WATCH
    after = Incident(
        id=incident_id(seen.topic, onset, counter),
        ref=f"{initials(topic_name)}-{counter}",
        topics=(seen.topic,),
        status=Status.WATCH if watch else Status.ACKNOWLEDGED,
        level=seen.level,
        peak=seen.level,
        episode=1,
        onset=onset,
        opened_at=seen.at,
        updated_at=now,
        reasons=seen.reasons,
        acked_level=None if watch else seen.level,
        acked_at=None if watch else now,
        acked_by="" if watch else actor,
        owner=incident.owner,
    )
    opened = seen_fact(FactKind.OPENED, after, seen, now)
    opened = replace(opened, actor=actor, payload={**opened.payload, "from": incident.ref})
    return after, (opened,)
