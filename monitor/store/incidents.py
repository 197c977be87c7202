"""Incidents, their timelines, what goes out about them, and the runs started for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from alerts.alert import Alert, DeliveryState
from alerts.fact import MACHINE, Fact, FactKind
from alerts.incident import Incident, Outcome, Status
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

# Texts as they are run: building and compiling one costs up to 2 ms, running it 20 us.
_FIELDS = (
    *("ref", "status", "level", "peak", "episode", "onset_us", "opened_us", "updated_us"),
    *("reasons", "acked_level", "acked_us", "acked_by", "owner", "outcome", "resolved_us"),
    *("quiet_since_us", "end_proposed", "version"),
)
_ADD_INCIDENT = (
    f"INSERT INTO incident ({', '.join(_FIELDS)}, id)"  # noqa: S608 - our names
    f" VALUES ({'?, ' * len(_FIELDS)}?) ON CONFLICT DO NOTHING"
)
_SET_INCIDENT = (
    f"UPDATE incident SET {', '.join(f'{name} = ?' for name in _FIELDS)}"  # noqa: S608
    " WHERE id = ? AND version = ?"
)
_TOPICS_OF = "SELECT topic FROM incident_topic WHERE incident = ? ORDER BY position"
_ADD_ALERT = (
    "INSERT INTO alert (id, incident, key, action, content) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT DO NOTHING"
)
_LAST_DELIVERY = "SELECT coalesce(max(seq), 0) FROM delivery WHERE channel = ? AND key = ?"


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
        """Return the newest incident that touches a topic, open or not; what was merged lives on in another."""
        found = incidents(
            self._c,
            select(_incident)
            .join(_topic, _topic.c.incident == _incident.c.id)
            .where(_topic.c.topic == topic, _incident.c.outcome.is_distinct_from(Outcome.MERGED))
            .order_by(_incident.c.opened_us.desc(), _incident.c.id.desc())
            .limit(1),
        )
        return found[0] if found else None

    def count_incidents(self, topic: str) -> int:
        """Return how many incidents ever touched a topic."""
        query = "SELECT count(*) FROM incident_topic WHERE topic = ?"
        return int(self._c.exec_driver_sql(query, (topic,)).scalar_one())

    def save_incident(self, incident: Incident, expected: int) -> bool:
        values = _incident_values(incident, expected + 1)
        if expected == 0:
            written = self._c.exec_driver_sql(_ADD_INCIDENT, (*values, incident.id)).rowcount
        else:
            key = (incident.id, expected)
            written = self._c.exec_driver_sql(_SET_INCIDENT, (*values, *key)).rowcount
        if not written:
            return False
        self._save_topics(incident)
        return True

    def _save_topics(self, incident: Incident) -> None:
        stored = self._c.exec_driver_sql(_TOPICS_OF, (incident.id,))
        if [topic for (topic,) in stored] == list(incident.topics):
            return
        self._c.exec_driver_sql("DELETE FROM incident_topic WHERE incident = ?", (incident.id,))
        self._c.exec_driver_sql(
            "INSERT INTO incident_topic (incident, topic, position) VALUES (?, ?, ?)",
            [(incident.id, topic, position) for position, topic in enumerate(incident.topics)],
        )

    def add_facts(self, incident: str, facts: Sequence[Fact]) -> None:
        add_facts(self._c, incident, facts)

    def facts(self, incident: str) -> list[Fact]:
        """Return a timeline, with what this transaction has added to it."""
        return facts(self._c, incident)

    def last_act(self, incident: str) -> datetime | None:
        newest = "SELECT max(observed_us) FROM fact WHERE incident = ? AND actor <> ?"
        at: int | None = self._c.exec_driver_sql(newest, (incident, MACHINE)).scalar_one()
        return instant(at)

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
        self._c.exec_driver_sql(
            _ADD_ALERT, (alert.id, alert.incident, alert.key, alert.action.value, pack(alert))
        )
        new = 0
        for channel in dict.fromkeys(channels):
            last = self._c.exec_driver_sql(_LAST_DELIVERY, (channel, alert.key)).scalar_one()
            new += self._c.execute(
                insert(self._c, table)
                .values(
                    alert=alert.id,
                    channel=channel,
                    key=alert.key,
                    seq=int(last) + 1,
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

    def alert(self, id: str) -> Alert | None:
        content = self._c.exec_driver_sql("SELECT content FROM alert WHERE id = ?", (id,)).scalar()
        return None if content is None else unpack(content, Alert)

    def alerts(self, incident: str) -> list[Alert]:
        table = schema.alert
        query = select(table.c.content).where(table.c.incident == incident)
        return [unpack(content, Alert) for content in self._c.scalars(query)]

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
    if not facts:
        return
    hold(c, TIMELINE, [incident])
    newest = "SELECT coalesce(max(seq), 0) FROM fact WHERE incident = ?"
    last = int(c.exec_driver_sql(newest, (incident,)).scalar_one())
    c.exec_driver_sql(
        "INSERT INTO fact (incident, seq, at_us, observed_us, kind, actor, payload)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (
                *(incident, seq, micros(fact.at), micros(fact.observed_at)),
                *(fact.kind.value, fact.actor, pack(fact.payload)),
            )
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


def _incident_values(incident: Incident, version: int) -> tuple[object, ...]:
    """Return the values of `_FIELDS`, in its order."""
    outcome, acked = incident.outcome, incident.acked_level
    return (
        incident.ref,
        incident.status.value,
        int(incident.level),
        int(incident.peak),
        incident.episode,
        micros(incident.onset),
        micros(incident.opened_at),
        micros(incident.updated_at),
        pack(incident.reasons),
        None if acked is None else int(acked),
        micros(incident.acked_at),
        incident.acked_by,
        incident.owner,
        None if outcome is None else outcome.value,
        micros(incident.resolved_at),
        micros(incident.quiet_since),
        incident.end_proposed,
        version,
    )


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
