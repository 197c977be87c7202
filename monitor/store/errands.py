"""Errands: rows with a due time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from alerts.errand import Errand, Kind
from monitor.store import schema
from monitor.store.codec import instant, micros, pack_map, unpack_map
from monitor.store.dialects import insert
from monitor.store.transactions import Snapshots

_e = schema.errand
_WAITING, _DONE, _CANCELLED = "waiting", "done", "cancelled"


class ErrandKept:
    """The part of a transaction that keeps errands."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def errands(self, incident: str) -> list[Errand]:
        return errands(self._c, incident)

    def add_errand(self, errand: Errand) -> bool:
        values = {
            "key": errand.key,
            "kind": errand.kind.value,
            "incident": errand.incident,
            "due_us": micros(errand.due_at),
            "state": _WAITING,
            "content": pack_map(errand.content),
            "version": 1,
        }
        new = insert(self._c, _e).values(**values).on_conflict_do_nothing(index_elements=["key"])
        return self._c.execute(new).rowcount > 0

    def move_errand(
        self, errand: Errand, due_at: datetime | None, content: Mapping[str, Any]
    ) -> bool:
        values = {"content": pack_map(content), "version": errand.version + 1}
        later = {"due_us": micros(due_at)} if due_at is not None else {"state": _DONE}
        here = (_e.c.id == errand.id, _e.c.version == errand.version, _e.c.state == _WAITING)
        return self._c.execute(_e.update().where(*here).values(**values, **later)).rowcount > 0

    def cancel_errands(self, incident: str, but: str = "", kinds: Collection[Kind] = ()) -> int:
        here = [_e.c.incident == incident, _e.c.state == _WAITING, _e.c.key != but]
        if kinds:
            here.append(_e.c.kind.in_([kind.value for kind in kinds]))
        return self._c.execute(_e.update().where(*here).values(state=_CANCELLED)).rowcount


class ErrandRead:
    """The part of a reader that looks up errands."""

    _snapshot: Snapshots

    def errands(self, incident: str) -> list[Errand]:
        with self._snapshot() as c:
            return errands(c, incident)

    def due_errands(self, now: datetime, limit: int) -> Sequence[Errand]:
        query = select(_e).where(schema.DUE, _e.c.due_us <= micros(now))
        with self._snapshot() as c:
            rows = c.execute(query.order_by(_e.c.due_us, _e.c.id).limit(limit))
            return [_errand(row) for row in rows]

    def next_errand(self) -> datetime | None:
        with self._snapshot() as c:
            due: int | None = c.scalar(select(func.min(_e.c.due_us)).where(schema.DUE))
            return instant(due)


def errands(c: Connection, incident: str) -> list[Errand]:
    query = select(_e).where(_e.c.incident == incident, schema.DUE)
    return [_errand(row) for row in c.execute(query.order_by(_e.c.due_us, _e.c.id))]


def _errand(row: Row[Any]) -> Errand:
    return Errand(
        key=row.key,
        kind=Kind(row.kind),
        incident=row.incident,
        due_at=instant(row.due_us),
        content=unpack_map(row.content),
        id=row.id,
        version=row.version,
    )
