"""What SQLite and PostgreSQL say differently, each in one place.

Everything else is written once: SQL that both understand, with ``?`` for values (the engine of
`monitor.store.postgres` turns them into the driver's own marks).
"""

from __future__ import annotations

from collections.abc import Collection
from hashlib import blake2b

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

SLOTS = 512
"""Locks by name share this many slots of the server, so that a transaction over any number of
topics holds a bounded part of its lock table (64 per connection by default). Two names in one
slot wait for each other without need, and never wrongly."""


def on_postgres(c: Connection) -> bool:
    return c.dialect.name == "postgresql"


def brief(c: Connection) -> None:
    """Let the server undo this transaction where nothing is heard of its client for five seconds.

    For what waits nowhere between two statements. Who is frozen inside would keep its locks for `IDLE_S`
    (`monitor.store.postgres`) from whoever takes over, and that one comes when a lease of ten seconds ends.
    """
    if on_postgres(c):
        c.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = '5s'")


def insert(c: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Return an insert that knows ``ON CONFLICT``, as the connection's server writes it."""
    return postgresql.insert(table) if on_postgres(c) else sqlite.insert(table)


def hold(c: Connection, kind: str, names: Collection[str], *, shared: bool = False) -> None:
    """Wait for the locks of these names, and keep them until the transaction ends.

    SQLite has one writer at a time, so there is nothing to wait for. On PostgreSQL these are
    advisory locks, not row locks: they need no row to exist, write nothing, and are handed over
    in the order of asking; ``FOR KEY SHARE`` by those who file all day would let whoever waits
    with ``FOR UPDATE`` starve. Taken in one order, so that two of a kind never cross.

    What is read by the next statement is what the former holders committed.
    """
    if not on_postgres(c) or not names:
        return
    function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    slots = sorted({_slot(kind, name) for name in names})
    c.exec_driver_sql(
        f"SELECT {function}(slot) FROM unnest(CAST(? AS bigint[])) AS slot",  # noqa: S608
        (slots,),
    )


def _slot(kind: str, name: str) -> int:
    # Apart from other programs' advisory locks: the kind makes the upper 32 bits.
    space = int.from_bytes(blake2b(f"sturmglas/{kind}".encode(), digest_size=4).digest(), "big")
    slot = int.from_bytes(blake2b(name.encode(), digest_size=4).digest(), "big") % SLOTS
    return ((space << 32) | slot) - 2**63
