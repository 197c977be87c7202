"""Answers from outside that have had their effect."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from monitor.store import schema
from monitor.store.codec import micros
from monitor.store.dialects import insert

_a = schema.answered


class AnswersKept:
    """The part of a transaction that keeps answers from outside."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def answer_once(self, key: str, at: datetime, actor: str) -> bool:
        new = insert(self._c, _a).values(key=key, at_us=micros(at), actor=actor)
        new = new.on_conflict_do_nothing(index_elements=["key"])
        return self._c.execute(new).rowcount > 0
