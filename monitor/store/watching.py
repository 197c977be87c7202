"""Beats, and what has not gone out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from alerts.alert import Action, Alert, Delivery, DeliveryState
from detectors.detection import WAKE
from monitor.ports import Beat, Dead, Late, Outstanding, Waiting
from monitor.store import delivery_rows, schema
from monitor.store.codec import instant, micros, pack_map, unpack, unpack_map
from monitor.store.dialects import insert
from monitor.store.transactions import Snapshots

LIMIT = 200
"""Rows of a kind that are looked at: whoever has more of them knows enough."""
HEARD = timedelta(hours=1)

_b, _d, _a, _e = schema.beat, schema.delivery, schema.attempt, schema.errand


class BeatKept:
    """The part of a transaction that keeps beats."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def beat(self, name: str) -> Beat | None:
        return beats(self._c, name).get(name)

    def beats(self) -> dict[str, Beat]:
        return beats(self._c)

    def save_beat(self, beat: Beat) -> None:
        values = {"at_us": micros(beat.at), "content": pack_map(beat.content)}
        new = insert(self._c, _b).values(name=beat.name, **values)
        older = _b.c.at_us <= values["at_us"]
        self._c.execute(
            new.on_conflict_do_update(index_elements=["name"], set_=values, where=older)
        )


class WatchRead:
    """The part of a reader that the watchers look at."""

    _snapshot: Snapshots

    def beat(self, name: str) -> Beat | None:
        with self._snapshot() as c:
            return beats(c, name).get(name)

    def beats(self) -> dict[str, Beat]:
        with self._snapshot() as c:
            return beats(c)

    def outstanding(self, before: datetime, dead_since: datetime) -> Outstanding:
        with self._snapshot() as c:
            waiting = _waiting(c)
            count, oldest = _errands(c, before)
            return Outstanding(
                late=(*_unsent(c, before), *_stuck(c, before)),
                waiting=waiting,
                dead=_dead(c, dead_since),
                heard=_heard(c, before - HEARD) if waiting else {},
                errands=count,
                errand_at=oldest,
            )

    def sent(self, since: datetime, until: datetime) -> Sequence[Delivery]:
        here = (_d.c.sent_us >= micros(since), _d.c.sent_us < micros(until))
        query = delivery_rows.deliveries_query().where(*here).order_by(_d.c.sent_us, _d.c.id)
        with self._snapshot() as c:
            return [delivery_rows.delivery_of(row) for row in c.execute(query)]


def beats(c: Connection, name: str = "") -> dict[str, Beat]:
    query = select(_b).where(_b.c.name == name) if name else select(_b).order_by(_b.c.name)
    return {
        row.name: Beat(row.name, instant(row.at_us), unpack_map(row.content))
        for row in c.execute(query)
    }


def _unsent(c: Connection, before: datetime) -> list[Late]:
    """Return what is due and behind nothing: what is behind something waits for that."""
    query = (
        select(_d.c.id, _d.c.channel, _d.c.due_us, _d.c.attempts)
        .where(schema.PENDING, _d.c.due_us <= micros(before), *delivery_rows.free())
        .order_by(_d.c.due_us)
        .limit(LIMIT)
    )
    return [Late(id, to, instant(due), tries, False) for id, to, due, tries in c.execute(query)]


def _stuck(c: Connection, before: datetime) -> list[Late]:
    query = (
        select(_d.c.id, _d.c.channel, _d.c.began_us, _d.c.attempts)
        .where(
            schema.UNSETTLED,
            _d.c.state == DeliveryState.SENDING,
            _d.c.began_us <= micros(before),
        )
        .order_by(_d.c.began_us)
        .limit(LIMIT)
    )
    return [Late(id, to, instant(began), tries, True) for id, to, began, tries in c.execute(query)]


def _waiting(c: Connection) -> tuple[Waiting, ...]:
    first = select(func.min(_a.c.started_us)).where(_a.c.delivery == _d.c.id).scalar_subquery()
    query = (
        select(_d.c.id, _d.c.channel, first, _d.c.attempts, schema.alert.c.content, _d.c.error)
        .join(schema.alert, schema.alert.c.id == _d.c.alert)
        .where(schema.PENDING, _d.c.attempts > 0)
        .order_by(_d.c.due_us)
        .limit(LIMIT)
    )
    return tuple(
        Waiting(id, to, instant(began), tries, _page(unpack(content, Alert)), error)
        for id, to, began, tries, content, error in c.execute(query)
    )


def _page(alert: Alert) -> bool:
    return alert.level >= WAKE and alert.action is Action.TRIGGER


def _dead(c: Connection, since: datetime) -> tuple[Dead, ...]:
    last = (_a.c.delivery == _d.c.id) & (_a.c.number == _d.c.attempts)
    query = (
        select(_d.c.id, _d.c.channel, _a.c.started_us, _d.c.error)
        .join(_a, last)
        .where(schema.UNSETTLED, _d.c.state == DeliveryState.DEAD)
        .where(_a.c.started_us >= micros(since))
        .order_by(_d.c.id.desc())
        .limit(LIMIT)
    )
    return tuple(Dead(id, to, instant(at), error) for id, to, at, error in c.execute(query))


def _heard(c: Connection, since: datetime) -> dict[str, datetime]:
    query = select(_d.c.channel, func.max(_d.c.sent_us)).where(_d.c.sent_us >= micros(since))
    return {to: instant(at) for to, at in c.execute(query.group_by(_d.c.channel))}


def _errands(c: Connection, before: datetime) -> tuple[int, datetime | None]:
    query = select(func.count(), func.min(_e.c.due_us)).where(
        schema.DUE, _e.c.due_us <= micros(before)
    )
    count, oldest = c.execute(query).one()
    return count, instant(oldest)
