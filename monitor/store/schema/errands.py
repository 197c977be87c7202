"""What must not be missed: rows with a due time."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text, UniqueConstraint, text

from monitor.store.schema.base import ROW, metadata, words

DUE: Final = text("state = 'waiting'")

errand = Table(
    "errand",
    metadata,
    # The next step of a chain, an acknowledgement that grows old, what waits for the morning.
    Column("id", ROW, primary_key=True),
    Column("key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    words("incident"),
    Column("due_us", BigInteger, nullable=False),
    # waiting, done, cancelled: rows are kept, so that the same key is not done again.
    Column("state", Text, nullable=False),
    Column("content", Text, nullable=False),  # JSON, of its kind's shape
    Column("version", Integer, nullable=False),
    UniqueConstraint("key"),
    Index("ix_errand_due", "due_us", sqlite_where=DUE, postgresql_where=DUE),
    Index("ix_errand_incident", "incident"),
)
