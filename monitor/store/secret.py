"""The install's own secrets: random bytes by name, made at first use and then kept."""

from __future__ import annotations

import secrets

from sqlalchemy import select

from monitor.store import schema
from monitor.store.dialects import insert
from monitor.store.transactions import Snapshots, Transactions


def secret(name: str, snapshot: Snapshots, write: Transactions) -> bytes:
    """Return the secret of that name (32 bytes).

    Whoever asks at the same time, in this process or another, gets the same: the first to write
    wins. ``write`` is opened at first use only.
    """
    table = schema.secret
    query = select(table.c.value).where(table.c.name == name)
    with snapshot() as c:
        value = c.scalar(query)
    if value is None:
        with write() as c:
            new = insert(c, table).values(name=name, value=secrets.token_bytes(32))
            c.execute(new.on_conflict_do_nothing())
            value = c.execute(query).scalar_one()
    return bytes(value)
