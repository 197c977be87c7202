"""The outbox: what must go out, in order, with its trail. Every method is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import takewhile
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, exists, func, or_, select
from sqlalchemy.sql import ColumnElement

from alerts.alert import Action, Alert, AttemptOutcome, Delivery, DeliveryState
from alerts.fact import MACHINE, Fact, FactKind
from alerts.outbox import Attempt
from monitor.store import schema
from monitor.store.codec import instant, micros, unpack
from monitor.store.dialects import brief, hold, on_postgres
from monitor.store.incidents import CANCELLED, TIMELINE, add_facts
from monitor.store.together import Job
from monitor.store.transactions import Snapshots, Transactions

ERROR_LIMIT = 500
"""Characters of an error that are kept: enough to understand, too few to hoard a body."""

_d = schema.delivery
_a = schema.attempt
_alert = schema.alert
_other = schema.delivery.alias("other")

_WAITING = (DeliveryState.PENDING, DeliveryState.SENDING)


def _blocked() -> ColumnElement[bool]:
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


def _ended() -> ColumnElement[bool]:
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
    return ~_blocked(), ~_ended()


class SqlOutbox:
    """`alerts.outbox.Outbox` over the store's own transactions."""

    def __init__(
        self, write: Transactions, read: Snapshots, gather: Callable[[Job], Any] | None = None
    ) -> None:
        self._open = write
        self._read = read
        self._gather = gather or self._alone

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with self._open() as c:
            brief(c)
            yield c

    def _alone(self, job: Job) -> Any:
        with self._write() as c:
            return job(c)

    def due(self, now: datetime, limit: int, full: Collection[str] = ()) -> Sequence[Delivery]:
        query = (
            deliveries_query()
            .where(
                schema.PENDING,
                _d.c.due_us <= micros(now),
                _d.c.channel.not_in(full),
                ~_blocked(),
                ~_ended(),
            )
            .order_by(_d.c.due_us, _d.c.id)
            .limit(limit)
        )
        with self._read() as c:
            return [delivery_of(row) for row in c.execute(query)]

    def begin(self, delivery: Delivery, now: datetime) -> Attempt | None:
        """Record an attempt and set SENDING where it is still PENDING; None: another was first.

        None as well where it is not its turn: an earlier one of its (channel, key) still waits,
        or a resolve has gone out in the meantime.
        """
        begun: Attempt | None = self._gather(lambda c: _begin(c, delivery, now))
        return begun

    def begin_behind(
        self, attempt: Attempt, now: datetime, limit: int
    ) -> Sequence[tuple[Delivery, Attempt]]:
        begun: list[tuple[Delivery, Attempt]] = self._gather(
            lambda c: _begin_behind(c, attempt, now, limit)
        )
        return begun

    def finish(
        self,
        attempt: Attempt,
        outcome: AttemptOutcome,
        state: DeliveryState,
        now: datetime,
        *,
        retry_at: datetime | None = None,
        error: str = "",
        latency_ms: float = 0.0,
    ) -> None:
        """Close the attempt; PENDING needs ``retry_at``. Writes the timeline fact of SENT and DEAD.

        An answer that comes after `recover` has given the delivery back still counts, unless a
        later attempt has begun; then only the trail takes note of it.
        """
        self.finish_all(
            [attempt],
            outcome,
            state,
            now,
            retry_at=retry_at,
            error=error,
            latency_ms=latency_ms,
        )

    def finish_all(
        self,
        attempts: Sequence[Attempt],
        outcome: AttemptOutcome,
        state: DeliveryState,
        now: datetime,
        *,
        retry_at: datetime | None = None,
        error: str = "",
        latency_ms: float = 0.0,
    ) -> None:
        if state is DeliveryState.SENDING:
            raise ValueError("an attempt ends as pending, sent or dead; sending is no end")
        if (state is DeliveryState.PENDING) != (retry_at is not None):
            raise ValueError(f"retry_at belongs to pending and only to it; state is {state}")
        values: dict[str, object] = {"state": state, "error": error[:ERROR_LIMIT]}
        values["began_us"] = None
        if outcome is AttemptOutcome.UNKNOWN:
            values["may_repeat"] = True
        if retry_at is not None:
            values["due_us"] = micros(retry_at)
        if state is DeliveryState.SENT:
            values["sent_us"] = micros(now)

        def job(c: Connection) -> None:
            for attempt in attempts:
                _hold_for(c, attempt.delivery)
                _close(c, attempt, outcome, error[:ERROR_LIMIT], latency_ms)
                if _settle(c, attempt, values) and state is not DeliveryState.PENDING:
                    self._tell(c, attempt.delivery, state, now)

        self._gather(job)

    def recover(self, now: datetime, older_than: datetime) -> int:
        """Return SENDING rows begun before or at ``older_than`` to PENDING, their attempts UNKNOWN.

        They are due at once and marked as possible repeats. One begun after ``now`` is taken as
        well: the clock was set back, and nobody else would ever come for it.
        """
        with self._write() as c:
            stuck = c.execute(
                select(_d.c.id, _d.c.attempts)
                .where(
                    _d.c.state == DeliveryState.SENDING,
                    or_(_d.c.began_us <= micros(older_than), _d.c.began_us > micros(now)),
                )
                .order_by(_d.c.id)
                .with_for_update()
            ).all()
            for id, number in stuck:
                c.execute(
                    _a.update()
                    .where(_a.c.delivery == id, _a.c.number == number, _a.c.outcome.is_(None))
                    .values(
                        outcome=AttemptOutcome.UNKNOWN, error="the sender stopped before the answer"
                    )
                )
                c.execute(
                    _d.update()
                    .where(_d.c.id == id)
                    .values(
                        state=DeliveryState.PENDING,
                        due_us=micros(now),
                        began_us=None,
                        may_repeat=True,
                    )
                )
        return len(stuck)

    def resend(self, delivery: int, actor: str, now: datetime) -> bool:
        """Set a DEAD delivery back to PENDING, due now, with a fact; False where it was not DEAD.

        False also where a resolve of the same key has gone out: sending it now would page again
        about a storm that is over.
        """
        with self._write() as c:
            _hold_for(c, delivery)
            changed = c.execute(
                _d.update()
                .where(_d.c.id == delivery, _d.c.state == DeliveryState.DEAD, ~_ended())
                .values(state=DeliveryState.PENDING, due_us=micros(now))
            ).rowcount
            if changed:
                self._tell(c, delivery, DeliveryState.PENDING, now, actor)
        return changed > 0

    def next_due(self) -> datetime | None:
        """Return when the next delivery that nothing blocks is due, None when there is none."""
        query = select(func.min(_d.c.due_us)).where(schema.PENDING, ~_blocked(), ~_ended())
        with self._read() as c:
            earliest: int | None = c.scalar(query)
        return instant(earliest)

    def attempts(self, delivery: int) -> Sequence[Attempt]:
        with self._read() as c:
            return attempts(c, delivery)

    def _tell(
        self,
        c: Connection,
        delivery: int,
        state: DeliveryState,
        now: datetime,
        actor: str = MACHINE,
    ) -> None:
        row = c.execute(
            select(_d.c.channel, _d.c.attempts, _d.c.error, _alert.c.id, _alert.c.incident)
            .join(_alert, _alert.c.id == _d.c.alert)
            .where(_d.c.id == delivery)
        ).one()
        known = select(schema.incident.c.id).where(schema.incident.c.id == row.incident)
        if c.scalar(known) is None:
            return  # a test alert belongs to no incident, so there is no timeline to write on
        kind = {
            DeliveryState.SENT: FactKind.ALERT_SENT,
            DeliveryState.DEAD: FactKind.ALERT_FAILED,
            DeliveryState.PENDING: FactKind.ALERT_RESENT,
        }[state]
        payload: dict[str, Any] = {
            "channel": row.channel,
            "delivery": delivery,
            "alert": row.id,
            "attempts": row.attempts,
        }
        if state is DeliveryState.DEAD:
            payload["error"] = row.error
        add_facts(c, row.incident, [Fact(kind, now, now, actor, payload)])


def _begin(c: Connection, delivery: Delivery, now: datetime) -> Attempt | None:
    hold(c, TIMELINE, [delivery.alert.incident])
    taken = c.execute(
        _d.update()
        .where(
            _d.c.id == delivery.id,
            _d.c.state == DeliveryState.PENDING,
            ~_blocked(),
            ~_ended(),
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


def _begin_behind(
    c: Connection, attempt: Attempt, now: datetime, limit: int
) -> list[tuple[Delivery, Attempt]]:
    _hold_for(c, attempt.delivery)
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


def _close(
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


def _settle(c: Connection, attempt: Attempt, values: dict[str, object]) -> bool:
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


def _hold_for(c: Connection, delivery: int) -> None:
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
