"""Calibration: marked misses and moved thresholds. Few, and kept for ever."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, func, select

from monitor.ports import Missed, Moved
from monitor.store import schema
from monitor.store.codec import instant, micros
from monitor.store.dialects import hold
from monitor.store.transactions import Snapshots

_c = schema.calibration
_m = schema.missed


class CalibrationKept:
    """The part of a transaction that keeps what operators taught."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def missed(self, topic: str, *, withdrawn: bool = False) -> list[Missed]:
        return missed(self._c, topic, withdrawn)

    def calibrations(self, topic: str) -> list[Moved]:
        return calibrations(self._c, topic)

    def calibration_version(self) -> int:
        return version(self._c)

    def add_missed(self, missed: Missed) -> Missed | None:
        # One at a time: two who mark the same span at once would both find it new.
        hold(self._c, "missed", [missed.topic])
        span = (_m.c.since_us == micros(missed.since), _m.c.until_us == micros(missed.until))
        same = select(_m.c.id).where(_m.c.topic == missed.topic, *span, _m.c.withdrawn_us.is_(None))
        if self._c.scalar(same) is not None:
            return None
        values = {
            "topic": missed.topic,
            "since_us": micros(missed.since),
            "until_us": micros(missed.until),
            "note": missed.note,
            "actor": missed.actor,
            "at_us": micros(missed.at),
        }
        new = self._c.execute(_m.insert().values(**values).returning(_m.c.id))
        return replace(missed, id=new.scalar_one())

    def withdraw_missed(self, topic: str, id: int, at: datetime) -> bool:
        here = (_m.c.id == id, _m.c.topic == topic, _m.c.withdrawn_us.is_(None))
        done = self._c.execute(_m.update().where(*here).values(withdrawn_us=micros(at)))
        return done.rowcount > 0

    def add_calibration(self, move: Moved, newest: int) -> Moved | None:
        # One at a time: two that saw the same newest row would both find it to be so.
        hold(self._c, "calibration", [move.topic])
        last = select(func.coalesce(func.max(_c.c.id), 0)).where(_c.c.topic == move.topic)
        if self._c.scalar(last) != newest:
            return None
        values = {
            "topic": move.topic,
            "threshold": move.threshold,
            "before": move.before,
            "after": move.after,
            "shown": json.dumps(move.shown, ensure_ascii=False, sort_keys=True),
            "note": move.note,
            "undoes": move.undoes,
            "actor": move.actor,
            "at_us": micros(move.at),
        }
        new = self._c.execute(_c.insert().values(**values).returning(_c.c.id))
        return replace(move, id=new.scalar_one())


class CalibrationRead:
    """The part of a reader that looks up what operators taught."""

    _snapshot: Snapshots

    def missed(self, topic: str, *, withdrawn: bool = False) -> list[Missed]:
        with self._snapshot() as c:
            return missed(c, topic, withdrawn)

    def calibrations(self, topic: str) -> list[Moved]:
        with self._snapshot() as c:
            return calibrations(c, topic)

    def calibration_version(self) -> int:
        with self._snapshot() as c:
            return version(c)


def missed(c: Connection, topic: str, withdrawn: bool) -> list[Missed]:
    """Return a topic's misses, oldest span first."""
    query = select(_m).where(_m.c.topic == topic).order_by(_m.c.since_us, _m.c.id)
    if not withdrawn:
        query = query.where(_m.c.withdrawn_us.is_(None))
    return [
        Missed(
            topic=row.topic,
            since=instant(row.since_us),
            until=instant(row.until_us),
            note=row.note,
            actor=row.actor,
            at=instant(row.at_us),
            id=row.id,
            withdrawn=instant(row.withdrawn_us),
        )
        for row in c.execute(query)
    ]


def calibrations(c: Connection, topic: str) -> list[Moved]:
    """Return a topic's moves, oldest first."""
    query = select(_c).where(_c.c.topic == topic).order_by(_c.c.id)
    return [
        Moved(
            topic=row.topic,
            threshold=row.threshold,
            before=row.before,
            after=row.after,
            note=row.note,
            actor=row.actor,
            at=instant(row.at_us),
            shown=json.loads(row.shown),
            undoes=row.undoes,
            id=row.id,
        )
        for row in c.execute(query)
    ]


def version(c: Connection) -> int:
    """Return how many moves there are: rows are never deleted, and an id may be given out before a
    smaller one is committed."""
    return int(c.scalar(select(func.count()).select_from(_c)) or 0)
