"""Planned: what was announced. Entries are few and stay for ever; past ones teach."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from detectors.planned import LONGEST, Kind, Planned
from monitor.ports import BinResult
from monitor.store import curves, schema
from monitor.store.codec import instant, micros, seconds
from monitor.store.dialects import insert
from monitor.store.transactions import Snapshots

_p = schema.planned


class PlannedKept:
    """The part of a transaction that keeps what is planned."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def planned(
        self, since: datetime, until: datetime, *, type: str | None = None, cancelled: bool = False
    ) -> list[Planned]:
        return planned(self._c, since, until, type, cancelled)

    def planned_entry(self, id: str) -> Planned | None:
        return entry(self._c, id)

    def results(self, topic: str, since: datetime, until: datetime) -> list[BinResult]:
        """Return what bins led to, those closed in this transaction among them."""
        return curves.results(self._c, topic, seconds(since), seconds(until))

    def save_planned(self, entry: Planned, expected: int) -> bool:
        """Write where the stored version is ``expected`` (0: not there yet)."""
        values = {
            "kind": entry.kind.value,
            "type": entry.type,
            "title": entry.title,
            "topics": json.dumps(list(entry.topics), ensure_ascii=False),
            "starts_us": micros(entry.starts),
            "ends_us": micros(entry.ends),
            "uplift": entry.uplift,
            "actor": entry.actor,
            "at_us": micros(entry.at),
            "cancelled_us": micros(entry.cancelled),
            "version": expected + 1,
        }
        if expected:
            statement = (
                _p.update().where(_p.c.id == entry.id, _p.c.version == expected).values(**values)
            )
            return self._c.execute(statement).rowcount > 0
        new = insert(self._c, _p).values(id=entry.id, **values)
        return self._c.execute(new.on_conflict_do_nothing()).rowcount > 0


class PlannedRead:
    """The part of a reader that looks up what is planned."""

    _snapshot: Snapshots

    def planned(
        self, since: datetime, until: datetime, *, type: str | None = None, cancelled: bool = False
    ) -> list[Planned]:
        with self._snapshot() as c:
            return planned(c, since, until, type, cancelled)

    def planned_entry(self, id: str) -> Planned | None:
        with self._snapshot() as c:
            return entry(c, id)


def planned(
    c: Connection, since: datetime, until: datetime, type: str | None, cancelled: bool
) -> list[Planned]:
    """Return entries announced for any moment of [since, until], by start, then id."""
    query = (
        select(_p)
        .where(
            # By its index: none is longer than so.
            _p.c.starts_us >= micros(since - LONGEST),
            _p.c.starts_us <= micros(until),
            _p.c.ends_us >= micros(since),
        )
        .order_by(_p.c.starts_us, _p.c.id)
    )
    if type is not None:
        query = query.where(_p.c.type == type)
    if not cancelled:
        query = query.where(_p.c.cancelled_us.is_(None))
    return [_entry(row) for row in c.execute(query)]


def entry(c: Connection, id: str) -> Planned | None:
    row = c.execute(select(_p).where(_p.c.id == id)).first()
    return None if row is None else _entry(row)


def _entry(row: Row[Any]) -> Planned:
    return Planned(
        id=row.id,
        kind=Kind(row.kind),
        type=row.type,
        title=row.title,
        topics=tuple(json.loads(row.topics)),
        starts=instant(row.starts_us),
        ends=instant(row.ends_us),
        uplift=row.uplift,
        actor=row.actor,
        at=instant(row.at_us),
        cancelled=instant(row.cancelled_us),
        version=row.version,
    )
