"""Changes of rotas: somebody takes over, or is away. Few; taken back, never deleted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, TextClause, select

from alerts.duty import DutyChange, DutyKind
from monitor.store import schema
from monitor.store.codec import instant, micros
from monitor.store.transactions import Snapshots

_d = schema.duty


class DutyKept:
    """The part of a transaction that keeps changes of rotas."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def duty(
        self, since: datetime, until: datetime | None = None, *, ended: bool = False
    ) -> list[DutyChange]:
        return _found(self._c, _span(since, until, ended))

    def duty_at(self, at: datetime) -> list[DutyChange]:
        return _found(self._c, _holding(at))

    def duty_change(self, id: int) -> DutyChange | None:
        return _one(self._c, id)

    def add_duty(self, change: DutyChange) -> DutyChange:
        new = _d.insert().values(
            kind=change.kind.value,
            rota=change.rota,
            person=change.person,
            since_us=micros(change.since),
            until_us=micros(change.until),
            made_us=micros(change.made_at),
            actor=change.actor,
            note=change.note,
        )
        return _change(self._c.execute(new.returning(*_d.c)).one())

    def end_duty(self, id: int, at: datetime, actor: str) -> bool:
        here = (_d.c.id == id, schema.STANDING)
        back = _d.update().where(*here).values(ended_us=micros(at), ended_by=actor)
        return self._c.execute(back).rowcount > 0


class DutyRead:
    """The part of a reader that looks up changes of rotas."""

    _snapshot: Snapshots

    def duty(
        self, since: datetime, until: datetime | None = None, *, ended: bool = False
    ) -> list[DutyChange]:
        with self._snapshot() as c:
            return _found(c, _span(since, until, ended))

    def duty_at(self, at: datetime) -> list[DutyChange]:
        with self._snapshot() as c:
            return _found(c, _holding(at))

    def duty_change(self, id: int) -> DutyChange | None:
        with self._snapshot() as c:
            return _one(c, id)


Condition = ColumnElement[bool] | TextClause
Conditions = Sequence[Condition]


def _span(since: datetime, until: datetime | None, ended: bool) -> Conditions:
    where: list[Condition] = [_d.c.until_us > micros(since)]
    if until is not None:
        where.append(_d.c.since_us < micros(until))
    return where if ended else [*where, schema.STANDING]


def _holding(at: datetime) -> Conditions:
    return (schema.STANDING, _d.c.until_us > micros(at), _d.c.since_us <= micros(at))


def _found(c: Connection, where: Conditions) -> list[DutyChange]:
    # Put in order here: asked for it, SQLite would walk the whole table by number.
    found = [_change(row) for row in c.execute(select(_d).where(*where))]
    return sorted(found, key=lambda change: change.id)


def _one(c: Connection, id: int) -> DutyChange | None:
    row = c.execute(select(_d).where(_d.c.id == id)).first()
    return None if row is None else _change(row)


def _change(row: Row[Any]) -> DutyChange:
    return DutyChange(
        kind=DutyKind(row.kind),
        rota=row.rota,
        person=row.person,
        since=instant(row.since_us),
        until=instant(row.until_us),
        made_at=instant(row.made_us),
        actor=row.actor,
        note=row.note,
        ended_at=instant(row.ended_us),
        ended_by=row.ended_by,
        id=row.id,
    )
