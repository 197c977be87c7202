"""Answers from outside that have had their effect."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from monitor.ports import Answered
from monitor.store import schema
from monitor.store.codec import instant, micros
from monitor.store.dialects import insert
from monitor.store.transactions import Snapshots, Transactions

KEEP = timedelta(days=30)
"""Ten times as long as any link is good."""

_a = schema.answered


class AnswersKept:
    """The part of a transaction that keeps answers from outside."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def answered(self, key: str) -> Answered | None:
        return answered(self._c, key)

    def answer_once(self, key: str, at: datetime, actor: str) -> bool:
        new = insert(self._c, _a).values(key=key, at_us=micros(at), actor=actor)
        return self._c.execute(new.on_conflict_do_nothing(index_elements=["key"])).rowcount > 0


class AnswersRead:
    """The part of a reader that looks them up."""

    _snapshot: Snapshots

    def answered(self, key: str) -> Answered | None:
        with self._snapshot() as c:
            return answered(c, key)


def answered(c: Connection, key: str) -> Answered | None:
    row = c.execute(select(_a.c.at_us, _a.c.actor).where(_a.c.key == key)).one_or_none()
    return None if row is None else Answered(instant(row.at_us), row.actor)


def sweep_answers(write: Transactions, now: datetime) -> None:
    """Forget answers that are older than `KEEP`."""
    with write() as c:
        c.execute(_a.delete().where(_a.c.at_us < micros(now - KEEP)))
