"""Messages that change: where each stands, and what it shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import Connection, select, update

from alerts.posted import Shown
from monitor.store import schema
from monitor.store.codec import instant, micros, pack_map, unpack_map
from monitor.store.dialects import insert
from monitor.store.transactions import Snapshots, Transactions

_p = schema.posted


class SqlPosted:
    """`alerts.posted.Posted` over the store's own transactions."""

    def __init__(self, write: Transactions, read: Snapshots) -> None:
        self._write = write
        self._read = read

    def find(self, target: str, key: str) -> Shown | None:
        with self._read() as c:
            return _found(c, target, key)

    def keep(self, shown: Shown) -> None:
        with self._write() as c:
            values = _values(shown.after(_found(c, shown.target, shown.key, held=True)))
            new = insert(c, _p).values(target=shown.target, key=shown.key, **values)
            c.execute(new.on_conflict_do_update(index_elements=["target", "key"], set_=values))

    def picture(self, shown: Shown, seq: int) -> bool:
        with self._write() as c:
            known = _found(c, shown.target, shown.key, held=True)
            if known is None or known.message != shown.message or known.pictured >= seq:
                return False
            row = (_p.c.target == shown.target) & (_p.c.key == shown.key)
            c.execute(update(_p).where(row).values(**_values(replace(known, pictured=seq))))
            return True


def _found(c: Connection, target: str, key: str, *, held: bool = False) -> Shown | None:
    """Return what is kept; ``held``: nobody else changes it until the transaction ends."""
    query = select(_p).where(_p.c.target == target, _p.c.key == key)
    row = c.execute(query.with_for_update() if held else query).one_or_none()
    if row is None:
        return None
    content = unpack_map(row.content)
    return Shown(
        row.target,
        row.key,
        row.message,
        str(content["place"]),
        int(content["seq"]),
        instant(row.at_us),
        int(content.get("pictured", -1)),  # rows of before have none
    )


def _values(shown: Shown) -> Mapping[str, object]:
    content = {"place": shown.place, "seq": shown.seq, "pictured": shown.pictured}
    return {"message": shown.message, "at_us": micros(shown.at), "content": pack_map(content)}
