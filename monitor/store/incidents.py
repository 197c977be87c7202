"""Incidents, their timelines, what goes out about them, and the runs started for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from alerts.alert import Alert, DeliveryState
from alerts.incident import Fact, FactKind, Incident, Outcome, Status
from detectors.detection import Level, Reason
from monitor.store import schema
from monitor.store.codec import instant, micros, pack, unpack
from monitor.store.dialects import hold, insert
from playbooks.run import Run

CANCELLED = "cancelled"
"""State of a delivery that was dropped before its first attempt; no reader shows it."""

TIMELINE = "incident"
"""Kind of the lock under which one transaction at a time numbers facts and deliveries, and
decides which delivery of an incident goes out next."""

_incident = schema.incident
_topic = schema.incident_topic
_OPEN = select(_incident).where(schema.OPEN).order_by(_incident.c.opened_us, _incident.c.id)
"""Built once: it runs at every tick, and building it costs more than running it."""


class IncidentWrites:
    """The part of a transaction that keeps incidents, timelines, deliveries and runs."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    # incidents

    def open_incidents(self) -> list[Incident]:
        """Return all that are not resolved, oldest first."""
        return incidents(self._c, _OPEN)

    def incident(self, id: str) -> Incident | None:
        return incident(self._c, id)

    def last_incident(self, topic: str) -> Incident | None:
        """Return the newest incident that touches a topic, open or not."""
        found = incidents(
            self._c,
            select(_incident)
            .join(_topic, _topic.c.incident == _incident.c.id)
            .where(_topic.c.topic == topic)
            .order_by(_incident.c.opened_us.desc(), _incident.c.id.desc())
            .limit(1),
        )
        return found[0] if found else None

    def count_incidents(self, topic: str) -> int:
        """Return how many incidents ever touched a topic."""
        return int(
            self._c.scalar(select(func.count()).select_from(_topic).where(_topic.c.topic == topic))
            or 0
        )

    def save_incident(self, incident: Incident, expected: int) -> bool:
        values = _incident_values(incident, expected + 1)
        if expected == 0:
            written = self._c.execute(
                insert(self._c, _incident).values(id=incident.id, **values).on_conflict_do_nothing()
            ).rowcount
        else:
            written = self._c.execute(
                _incident.update()
                .where(_incident.c.id == incident.id, _incident.c.version == expected)
                .values(**values)
            ).rowcount
        if not written:
            return False
        self._save_topics(incident)
        return True

    def _save_topics(self, incident: Incident) -> None:
        stored = select(_topic.c.topic).where(_topic.c.incident == incident.id)
        if list(self._c.scalars(stored.order_by(_topic.c.position))) == list(incident.topics):
            return
        self._c.execute(_topic.delete().where(_topic.c.incident == incident.id))
        self._c.execute(
            _topic.insert(),
            [
                {"incident": incident.id, "topic": topic, "position": position}
                for position, topic in enumerate(incident.topics)
            ],
        )

    def add_facts(self, incident: str, facts: Sequence[Fact]) -> None:
        add_facts(self._c, incident, facts)

    # alerts

    def enqueue(self, alert: Alert, channels: Sequence[str], due_at: datetime) -> int:
        """Add one delivery per channel; the same (alert id, channel) again adds nothing.

        ``seq`` counts per (channel, key). The content of an alert is fixed by its first enqueue.
        ``created_at`` of the delivery is ``due_at``, not the alert's event time: that may lie
        hours back, and the deliverer's patience counts from here.
        """
        table = schema.delivery
        if channels:
            hold(self._c, TIMELINE, [alert.incident])
        self._c.execute(
            insert(self._c, schema.alert)
            .values(
                id=alert.id,
                incident=alert.incident,
                key=alert.key,
                action=alert.action,
                content=pack(alert),
            )
            .on_conflict_do_nothing()
        )
        new = 0
        for channel in dict.fromkeys(channels):
            last = select(func.coalesce(func.max(table.c.seq), 0)).where(
                table.c.channel == channel, table.c.key == alert.key
            )
            new += self._c.execute(
                insert(self._c, table)
                .values(
                    alert=alert.id,
                    channel=channel,
                    key=alert.key,
                    seq=int(self._c.scalar(last) or 0) + 1,
                    action=alert.action,
                    state=DeliveryState.PENDING,
                    due_us=micros(due_at),
                    created_us=micros(due_at),
                    attempts=0,
                    may_repeat=False,
                )
                .on_conflict_do_nothing(index_elements=[table.c.alert, table.c.channel])
            ).rowcount
        return new

    def cancel(self, key: str, now: datetime) -> int:
        """Drop pending deliveries of a key that were never attempted; returns how many.

        They stay as tombstones, so that the same alert enqueued again is not sent after all.
        """
        table = schema.delivery
        return self._c.execute(
            table.update()
            .where(
                table.c.key == key,
                schema.PENDING,
                table.c.attempts == 0,
            )
            .values(state=CANCELLED, due_us=micros(now))
        ).rowcount

    # runs

    def run(self, id: str) -> Run | None:
        table = schema.run
        text = self._c.scalar(select(table.c.content).where(table.c.id == id))
        return None if text is None else unpack(text, Run)

    def save_run(self, run: Run, expected: int) -> bool:
        """Write where the stored version is ``expected`` (0: not there yet)."""
        table = schema.run
        stored = replace(run, version=expected + 1)
        values = {
            "incident": run.incident,
            "started_us": micros(run.started_at),
            "finished_us": micros(run.finished_at),
            "version": stored.version,
            "content": pack(stored),
        }
        if expected == 0:
            statement = insert(self._c, table).values(id=run.id, **values)
            return self._c.execute(statement.on_conflict_do_nothing()).rowcount > 0
        return (
            self._c.execute(
                table.update()
                .where(table.c.id == run.id, table.c.version == expected)
                .values(**values)
            ).rowcount
            > 0
        )


def add_facts(c: Connection, incident: str, facts: Sequence[Fact]) -> None:
    """Append to a timeline; numbers go on without gaps, because one at a time writes on it."""
    table = schema.fact
    if not facts:
        return
    hold(c, TIMELINE, [incident])
    last = c.scalar(select(func.max(table.c.seq)).where(table.c.incident == incident)) or 0
    c.execute(
        table.insert(),
        [
            {
                "incident": incident,
                "seq": seq,
                "at_us": micros(fact.at),
                "observed_us": micros(fact.observed_at),
                "kind": fact.kind,
                "actor": fact.actor,
                "payload": pack(fact.payload),
            }
            for seq, fact in enumerate(facts, last + 1)
        ],
    )


def facts(c: Connection, incident: str) -> list[Fact]:
    table = schema.fact
    return [
        Fact(
            kind=FactKind(row.kind),
            at=instant(row.at_us),
            observed_at=instant(row.observed_us),
            actor=row.actor,
            payload=unpack(row.payload, dict),
        )
        for row in c.execute(
            select(table).where(table.c.incident == incident).order_by(table.c.seq)
        )
    ]


def incident(c: Connection, id_or_ref: str) -> Incident | None:
    """Look up by id, else by ref; of several with one ref the newest."""
    found = incidents(c, select(_incident).where(_incident.c.id == id_or_ref)) or incidents(
        c,
        select(_incident)
        .where(_incident.c.ref == id_or_ref)
        .order_by(_incident.c.opened_us.desc())
        .limit(1),
    )
    return found[0] if found else None


def incidents(c: Connection, query: Select[Any]) -> list[Incident]:
    """Return what a query over ``incident`` selects, each with its topics, in its order."""
    rows = c.execute(query).all()
    topics: dict[str, list[str]] = {row.id: [] for row in rows}
    if rows:
        found = c.execute(
            select(_topic.c.incident, _topic.c.topic)
            .where(_topic.c.incident.in_(list(topics)))
            .order_by(_topic.c.incident, _topic.c.position)
        )
        for owner, topic in found:
            topics[owner].append(topic)
    return [_incident_of(row, tuple(topics[row.id])) for row in rows]


def _incident_values(incident: Incident, version: int) -> dict[str, object]:
    return {
        "ref": incident.ref,
        "status": incident.status,
        "level": int(incident.level),
        "peak": int(incident.peak),
        "episode": incident.episode,
        "onset_us": micros(incident.onset),
        "opened_us": micros(incident.opened_at),
        "updated_us": micros(incident.updated_at),
        "reasons": pack(incident.reasons),
        "acked_level": None if incident.acked_level is None else int(incident.acked_level),
        "acked_us": micros(incident.acked_at),
        "acked_by": incident.acked_by,
        "owner": incident.owner,
        "outcome": incident.outcome,
        "resolved_us": micros(incident.resolved_at),
        "quiet_since_us": micros(incident.quiet_since),
        "end_proposed": incident.end_proposed,
        "version": version,
    }


def _incident_of(row: Row[Any], topics: tuple[str, ...]) -> Incident:
    return Incident(
        id=row.id,
        ref=row.ref,
        topics=topics,
        status=Status(row.status),
        level=Level(row.level),
        peak=Level(row.peak),
        episode=row.episode,
        onset=instant(row.onset_us),
        opened_at=instant(row.opened_us),
        updated_at=instant(row.updated_us),
        reasons=unpack(row.reasons, tuple[Reason, ...]),
        acked_level=None if row.acked_level is None else Level(row.acked_level),
        acked_at=instant(row.acked_us),
        acked_by=row.acked_by,
        owner=row.owner,
        outcome=None if row.outcome is None else Outcome(row.outcome),
        resolved_at=instant(row.resolved_us),
        quiet_since=instant(row.quiet_since_us),
        end_proposed=row.end_proposed,
        version=row.version,
    )
