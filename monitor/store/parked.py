"""Parked: what was accepted but cannot be filed, kept with its reason until it can."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select

from monitor.ports import Entry, EntryKind, Parked
from monitor.store import schema
from monitor.store.codec import instant, micros
from monitor.store.dialects import insert

ERROR_LIMIT = 500

_p = schema.parked


class ParkedWrites:
    """The part of a transaction that puts entries aside and takes them back."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def park(self, entry: Entry, error: str, now: datetime) -> None:
        """Keep an entry that cannot be filed; the same entry again replaces what was kept."""
        kept = {
            "kind": entry.kind,
            "source": entry.source,
            "observed_us": micros(entry.observed_at),
            "payload": entry.payload,
            "error": error[:ERROR_LIMIT],
            "parked_us": micros(now),
        }
        self._c.execute(
            insert(self._c, _p)
            .values(position=entry.position, **kept)
            .on_conflict_do_update(index_elements=[_p.c.position, _p.c.observed_us], set_=kept)
        )

    def unpark(self, number: int) -> bool:
        """Forget a parked entry, because it is filed; False where it is not there."""
        return self._c.execute(_p.delete().where(_p.c.number == number)).rowcount > 0


def parked(c: Connection, limit: int, after: int) -> list[Parked]:
    """Return parked entries, oldest first, with numbers above ``after``."""
    query = select(_p).where(_p.c.number > after).order_by(_p.c.number).limit(limit)
    return [
        Parked(
            number=row.number,
            entry=Entry(
                position=row.position,
                kind=EntryKind(row.kind),
                source=row.source,
                observed_at=instant(row.observed_us),
                payload=row.payload,
                redelivered=True,
            ),
            error=row.error,
            at=instant(row.parked_us),
        )
        for row in c.execute(query)
    ]


def parked_count(c: Connection) -> int:
    return int(c.scalar(select(func.count()).select_from(_p)) or 0)
