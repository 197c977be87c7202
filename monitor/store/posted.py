"""Messages that change: where each stands, and what it shows."""

from __future__ import annotations

from sqlalchemy import select

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
        query = select(_p).where(_p.c.target == target, _p.c.key == key)
        with self._read() as c:
            row = c.execute(query).one_or_none()
        if row is None:
            return None
        content = unpack_map(row.content)
        place, seq = str(content["place"]), int(content["seq"])
        return Shown(row.target, row.key, row.message, place, seq, instant(row.at_us))

    def keep(self, shown: Shown) -> None:
        content = pack_map({"place": shown.place, "seq": shown.seq})
        values = {"message": shown.message, "at_us": micros(shown.at), "content": content}
        with self._write() as c:
            new = insert(c, _p).values(target=shown.target, key=shown.key, **values)
            c.execute(new.on_conflict_do_update(index_elements=["target", "key"], set_=values))
