"""Deliveries as rows: whose turn it is, how an attempt begins and ends. Each within somebody's transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import takewhile
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, exists, or_, select
from sqlalchemy.sql import ColumnElement

from alerts.alert import Action, Alert, AttemptOutcome, Delivery, DeliveryState
from alerts.outbox import Attempt
from monitor.store import schema
from monitor.store.codec import instant, micros, unpack
from monitor.store.dialects import hold, on_postgres
from monitor.store.incidents import CANCELLED, TIMELINE

_d = schema.delivery
_a = schema.attempt
_alert = schema.alert
_other = schema.delivery.alias("other")

_WAITING = (DeliveryState.PENDING, DeliveryState.SENDING)


def blocked() -> ColumnElement[bool]:
    """True where another delivery of the same (channel, key) comes first or is under way."""
    return exists().where(
        _other.c.channel == _d.c.channel,
        _other.c.key == _d.c.key,
        _other.c.id != _d.c.id,
        or_(
            _other.c.state == DeliveryState.SENDING,
            and_(_other.c.state == DeliveryState.PENDING, _other.c.seq < _d.c.seq),
        ),
    )


def ended() -> ColumnElement[bool]:
    """True where a later resolve of the same (channel, key) may have gone out.

    What comes after it would open a new alert at the receiver and page again: PagerDuty's Events
    v2 treats a trigger after a resolve as a new incident.
    """
    return and_(
        _d.c.action != Action.RESOLVE,
        exists().where(
            _other.c.channel == _d.c.channel,
            _other.c.key == _d.c.key,
            _other.c.seq > _d.c.seq,
            _other.c.action == Action.RESOLVE,
            or_(
                _other.c.state.in_((DeliveryState.SENT, DeliveryState.SENDING)),
                _other.c.may_repeat,
            ),
        ),
    )


def free() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return the conditions under which a delivery's turn has come: nothing is before it, no end is out."""
    return ~blocked(), ~ended()


def begin(c: Connection, delivery: Delivery, now: datetime) -> Attempt | None:
    hold(c, TIMELINE, [delivery.alert.incident])
    taken = c.execute(
        _d.update()
        .where(
            _d.c.id == delivery.id,
            _d.c.state == DeliveryState.PENDING,
            ~blocked(),
            ~ended(),
        )
        .values(
            state=DeliveryState.SENDING,
            attempts=_d.c.attempts + 1,
            began_us=micros(now),
        )
        .returning(_d.c.attempts)
    ).scalar()
    if taken is None:
        return None
    c.execute(_a.insert().values(delivery=delivery.id, number=taken, started_us=micros(now)))
    return Attempt(delivery=delivery.id, number=taken, started_at=now)


def begin_behind(
    c: Connection, attempt: Attempt, now: datetime, limit: int
) -> list[tuple[Delivery, Attempt]]:
    hold_for(c, attempt.delivery)
    head = c.execute(
        select(_d.c.channel, _d.c.key, _d.c.seq).where(
            _d.c.id == attempt.delivery,
            _d.c.state == DeliveryState.SENDING,
            _d.c.attempts == attempt.number,
            _d.c.action != Action.RESOLVE,
        )
    ).one_or_none()
    if head is None:
        return []
    same = (_d.c.channel == head.channel, _d.c.key == head.key, _d.c.seq > head.seq)
    query = deliveries_query().where(schema.PENDING, *same).order_by(_d.c.seq).limit(limit)
    waiting = [delivery_of(row) for row in c.execute(query)]
    return [(one, _begun(c, one, now)) for one in takewhile(_joins(now), waiting)]


def _joins(now: datetime) -> Callable[[Delivery], bool]:
    """Return what tells whether a delivery may go out together with those ahead of it.

    A resolve goes alone: were its outcome unknown, what is ahead of it could not be sent again.
    """
    return lambda one: one.due_at <= now and one.alert.action is not Action.RESOLVE


def _begun(c: Connection, delivery: Delivery, now: datetime) -> Attempt:
    number, began = delivery.attempts + 1, micros(now)
    values = {"state": DeliveryState.SENDING, "attempts": number, "began_us": began}
    c.execute(_d.update().where(_d.c.id == delivery.id).values(**values))
    c.execute(_a.insert().values(delivery=delivery.id, number=number, started_us=began))
    return Attempt(delivery=delivery.id, number=number, started_at=now)


def close(
    c: Connection, attempt: Attempt, outcome: AttemptOutcome, error: str, latency_ms: float
) -> None:
    c.execute(
        _a.update()
        .where(
            _a.c.delivery == attempt.delivery,
            _a.c.number == attempt.number,
            or_(_a.c.outcome.is_(None), _a.c.outcome == AttemptOutcome.UNKNOWN),
        )
        .values(outcome=outcome, error=error, latency_ms=latency_ms)
    )


def settle(c: Connection, attempt: Attempt, values: dict[str, object]) -> bool:
    """Set what becomes of the delivery; False where a later attempt has begun, or it is over."""
    return (
        c.execute(
            _d.update()
            .where(
                _d.c.id == attempt.delivery,
                _d.c.attempts == attempt.number,
                _d.c.state.in_(_WAITING),
            )
            .values(**values)
        ).rowcount
        > 0
    )


def hold_for(c: Connection, delivery: int) -> None:
    """Be the only one who changes deliveries of this one's incident until the transaction ends."""
    if not on_postgres(c):
        return
    query = select(_alert.c.incident).join(_d, _d.c.alert == _alert.c.id).where(_d.c.id == delivery)
    incident = c.scalar(query)
    if incident is not None:
        hold(c, TIMELINE, [incident])


def deliveries_query() -> Select[Any]:
    """Return the query behind `delivery_of`; what was cancelled is not shown."""
    return (
        select(_d, _alert.c.content)
        .join(_alert, _alert.c.id == _d.c.alert)
        .where(_d.c.state != CANCELLED)
    )


def delivery_of(row: Row[Any]) -> Delivery:
    return Delivery(
        id=row.id,
        seq=row.seq,
        alert=unpack(row.content, Alert),
        channel=row.channel,
        key=row.key,
        state=DeliveryState(row.state),
        due_at=instant(row.due_us),
        created_at=instant(row.created_us),
        attempts=row.attempts,
        may_repeat=row.may_repeat,
        error=row.error,
        sent_at=instant(row.sent_us),
    )


def attempts(c: Connection, delivery: int) -> list[Attempt]:
    """Return the trail of one delivery, oldest first."""
    query = select(_a).where(_a.c.delivery == delivery).order_by(_a.c.number)
    return [
        Attempt(
            delivery=row.delivery,
            number=row.number,
            started_at=instant(row.started_us),
            outcome=None if row.outcome is None else AttemptOutcome(row.outcome),
            error=row.error,
            latency_ms=row.latency_ms,
        )
        for row in c.execute(query)
    ]
