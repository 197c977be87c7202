"""The outbox: what must go out, in order, with its trail. Every method is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select
from sqlalchemy.sql import ColumnElement

from alerts.alert import AttemptOutcome, Delivery, DeliveryState
from alerts.fact import MACHINE, Fact, FactKind
from alerts.outbox import Attempt
from monitor.store import schema
from monitor.store.codec import instant, micros
from monitor.store.delivery_rows import (
    attempts,
    begin,
    begin_behind,
    blocked,
    close,
    deliveries_query,
    delivery_of,
    ended,
    hold_for,
    settle,
)
from monitor.store.dialects import brief
from monitor.store.incidents import add_facts
from monitor.store.together import Job
from monitor.store.transactions import Snapshots, Transactions

ERROR_LIMIT = 500
"""Characters of an error that are kept: enough to understand, too few to hoard a body."""

_d = schema.delivery
_a = schema.attempt
_alert = schema.alert


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
        query = deliveries_query().where(
            schema.PENDING, _d.c.due_us <= micros(now), ~blocked(), ~ended()
        )
        if full:
            query = query.where(_d.c.channel.not_in(full))
        query = query.order_by(_d.c.due_us, _d.c.id).limit(limit)
        with self._read() as c:
            return [delivery_of(row) for row in c.execute(query)]

    def begin(self, delivery: Delivery, now: datetime) -> Attempt | None:
        """Record an attempt and set SENDING where it is still PENDING; None: another was first.

        None as well where it is not its turn: an earlier one of its (channel, key) still waits,
        or a resolve has gone out in the meantime.
        """
        begun: Attempt | None = self._gather(lambda c: begin(c, delivery, now))
        return begun

    def begin_behind(
        self, attempt: Attempt, now: datetime, limit: int
    ) -> Sequence[tuple[Delivery, Attempt]]:
        begun: list[tuple[Delivery, Attempt]] = self._gather(
            lambda c: begin_behind(c, attempt, now, limit)
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
                hold_for(c, attempt.delivery)
                close(c, attempt, outcome, error[:ERROR_LIMIT], latency_ms)
                if settle(c, attempt, values) and state is not DeliveryState.PENDING:
                    self._tell(c, attempt.delivery, state, now)

        self._gather(job)

    def recover(self, now: datetime, older_than: datetime) -> int:
        """Return SENDING rows begun before or at ``older_than`` to PENDING, their attempts UNKNOWN.

        They are due at once and marked as possible repeats. One begun after ``now`` is taken as
        well: the clock was set back, and nobody else would ever come for it.
        """
        old = or_(_d.c.began_us <= micros(older_than), _d.c.began_us > micros(now))
        return self._recover(old, now)

    def adopt(self, now: datetime, older_than: datetime, but: Collection[int]) -> int:
        """Do the same with those begun before or at ``older_than`` that are not among ``but``."""
        return self._recover(and_(_d.c.began_us <= micros(older_than), _d.c.id.not_in(but)), now)

    def _recover(self, which: ColumnElement[bool], now: datetime) -> int:
        with self._write() as c:
            stuck = c.execute(
                select(_d.c.id, _d.c.attempts)
                .where(_d.c.state == DeliveryState.SENDING, which)
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
            hold_for(c, delivery)
            changed = c.execute(
                _d.update()
                .where(_d.c.id == delivery, _d.c.state == DeliveryState.DEAD, ~ended())
                .values(state=DeliveryState.PENDING, due_us=micros(now))
            ).rowcount
            if changed:
                self._tell(c, delivery, DeliveryState.PENDING, now, actor)
        return changed > 0

    def next_due(self) -> datetime | None:
        """Return when the next delivery that nothing blocks is due, None when there is none."""
        query = select(func.min(_d.c.due_us)).where(schema.PENDING, ~blocked(), ~ended())
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
