"""The embedded log of `monitor.stream.embedded`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Table, Text

from monitor.store.schema.base import ROW, metadata

log_entry = Table(
    "log_entry",
    metadata,
    Column("position", ROW, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("observed_us", BigInteger, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)

log_total = Table(
    "log_total",
    metadata,
    # One row: what was ever appended. Minus what a group was ever handed, that is its backlog,
    # so that asking costs nothing just when the backlog is long.
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("entries", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
)

log_group = Table(
    "log_group",
    metadata,
    Column("name", Text, primary_key=True),
    Column("handed_out", BigInteger, nullable=False),  # position of the newest entry handed out
    Column("entries", BigInteger, nullable=False),  # ever handed out
    Column("bytes", BigInteger, nullable=False),
)

log_pending = Table(
    "log_pending",
    metadata,
    Column("group", Text, primary_key=True),
    Column("position", BigInteger, primary_key=True),
    Column("consumer", Text, nullable=False),
    Column("handed_us", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
