"""Silences: who keeps what quiet. Rows are few and stay for ever."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, or_, select
from sqlalchemy.sql import ColumnElement

from alerts.alert import Action, Alert
from alerts.silences import Silence
from monitor.ports.silences import Told
from monitor.store import schema
from monitor.store.codec import micros, pack, unpack
from monitor.store.dialects import insert
from monitor.store.incidents import CANCELLED
from monitor.store.transactions import Snapshots

_s = schema.silence
REACH = timedelta(days=1)


class SilenceKept:
    """The part of a transaction that keeps silences."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def silences(self, now: datetime, ended_since: datetime | None = None) -> list[Silence]:
        return silences(self._c, now, ended_since)

    def silence(self, id: int) -> Silence | None:
        return _one(self._c, _s.c.id == id)

    def silence_of(self, key: str) -> Silence | None:
        return _one(self._c, _s.c.key == key)

    def add_silence(self, silence: Silence) -> Silence | None:
        values = {"key": silence.key, **_values(silence, 1)}
        new = insert(self._c, _s).values(**values).on_conflict_do_nothing(index_elements=["key"])
        id = self._c.scalar(new.returning(_s.c.id))
        return None if id is None else replace(silence, id=id, version=1)

    def save_silence(self, silence: Silence, expected: int) -> bool:
        here = (_s.c.id == silence.id, _s.c.version == expected)
        values = _values(silence, expected + 1)
        return self._c.execute(_s.update().where(*here).values(**values)).rowcount > 0


class SilenceRead:
    """The part of a reader that looks up silences, and what they would have held back."""

    _snapshot: Snapshots

    def silences(self, now: datetime, ended_since: datetime | None = None) -> list[Silence]:
        with self._snapshot() as c:
            return silences(c, now, ended_since)

    def silence(self, id: int) -> Silence | None:
        with self._snapshot() as c:
            return _one(c, _s.c.id == id)

    def silence_of(self, key: str) -> Silence | None:
        with self._snapshot() as c:
            return _one(c, _s.c.key == key)

    def told(self, since: datetime, until: datetime) -> list[Told]:
        with self._snapshot() as c:
            return told(c, since, until)


def silences(c: Connection, now: datetime, ended_since: datetime | None) -> list[Silence]:
    standing = _s.c.until_us > micros(now)
    query = select(_s).where(standing, schema.STANDING)
    if ended_since is not None:
        since = micros(ended_since)
        query = select(_s).where(_s.c.until_us >= since)
        query = query.where(or_(_s.c.ended_us.is_(None), _s.c.ended_us >= since))
    return [_silence(row) for row in c.execute(query.order_by(_s.c.until_us, _s.c.id))]


def told(c: Connection, since: datetime, until: datetime) -> list[Told]:
    """Return alerts by their time; found by their incidents, which never change before one is queued."""
    alert, delivery, incident = schema.alert, schema.delivery, schema.incident
    query = (
        select(alert.c.id, alert.c.content)
        .join(incident, incident.c.id == alert.c.incident)
        .where(
            # Calls of a chain do not touch their incident, and may come hours after what did.
            or_(schema.OPEN, incident.c.updated_us >= micros(since - REACH)),
            alert.c.action == Action.TRIGGER,
        )
    )
    alerts = {row.id: unpack(row.content, Alert) for row in c.execute(query)}
    alerts = {id: one for id, one in alerts.items() if since <= one.at < until}
    targets: dict[str, list[str]] = {id: [] for id in alerts}
    query = select(delivery.c.alert, delivery.c.channel).where(delivery.c.alert.in_(list(alerts)))
    for row in c.execute(query.where(delivery.c.state != CANCELLED).order_by(delivery.c.id)):
        targets[row.alert].append(row.channel)
    found = (Told(one, tuple(targets[id])) for id, one in alerts.items())
    return sorted(found, key=lambda t: (t.alert.at, t.alert.id))


def _values(silence: Silence, version: int) -> dict[str, Any]:
    return {
        "since_us": micros(silence.since),
        "until_us": micros(silence.until),
        "ended_us": micros(silence.ended_at),
        "content": pack(silence),
        "version": version,
    }


def _one(c: Connection, where: ColumnElement[bool]) -> Silence | None:
    row = c.execute(select(_s).where(where)).first()
    return None if row is None else _silence(row)


def _silence(row: Row[Any]) -> Silence:
    return replace(unpack(row.content, Silence), id=row.id, version=row.version)
