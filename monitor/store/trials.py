"""Test calls, beside the beats: one row of table ``beat`` for each person and channel.

Its name is ``test/CHANNEL/PERSON``; neither part holds a slash.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, and_, select

from alerts.trial_call import TrialCall
from monitor.store import schema
from monitor.store.codec import micros, pack, unpack
from monitor.store.dialects import insert
from monitor.store.transactions import Snapshots

PREFIX = "test/"
_b = schema.beat


class TrialKept:
    """The part of a transaction that keeps test calls."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def trials(self) -> list[TrialCall]:
        return _trials(self._c)

    def save_trial(self, call: TrialCall) -> bool:
        row = {"at_us": micros(call.at), "content": pack(call)}
        new = insert(self._c, _b).values(name=_name(call.channel, call.person), **row)
        newer = new.excluded.at_us >= _b.c.at_us
        return (
            self._c.execute(
                new.on_conflict_do_update(index_elements=["name"], set_=row, where=newer)
            ).rowcount
            > 0
        )

    def say_rang(
        self, channel: str, person: str, at: datetime, rang: bool, by: str, now: datetime
    ) -> bool:
        named = and_(_b.c.name == _name(channel, person), _b.c.at_us == micros(at))
        text = self._c.scalar(select(_b.c.content).where(named).with_for_update())
        if text is None:
            return False
        said = replace(unpack(text, TrialCall), rang=rang, said_by=by, said_at=now)
        self._c.execute(_b.update().where(named).values(content=pack(said)))
        return True


class TrialRead:
    """The part of a reader that looks up test calls."""

    _snapshot: Snapshots

    def trials(self) -> list[TrialCall]:
        with self._snapshot() as c:
            return _trials(c)


def _name(channel: str, person: str) -> str:
    return f"{PREFIX}{channel}/{person}"


def _trials(c: Connection) -> list[TrialCall]:
    query = select(_b.c.content).where(_b.c.name.startswith(PREFIX))
    found = [unpack(text, TrialCall) for text in c.scalars(query)]
    return sorted(found, key=lambda call: (call.channel, call.person))
