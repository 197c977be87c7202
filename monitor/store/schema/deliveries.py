"""What must go out: alerts, their deliveries, and every attempt at one."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from monitor.store.schema.base import ROW, metadata, words

PENDING: Final = text("state = 'pending'")
UNSETTLED: Final = text("state IN ('sending', 'dead')")
"""Under way, or given up: few rows, which the auditor looks at every few seconds."""

alert = Table(
    "alert",
    metadata,
    Column("id", Text, primary_key=True),
    Column("incident", Text, nullable=False, index=True),
    Column("key", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("content", Text, nullable=False),  # JSON of alerts.alert.Alert
)

delivery = Table(
    "delivery",
    metadata,
    Column("id", ROW, primary_key=True),
    Column("alert", Text, ForeignKey("alert.id"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("action", Text, nullable=False),
    # pending, sending, sent, dead as in `DeliveryState`; ``cancelled`` rows are kept unseen, so
    # that the same alert enqueued again stays cancelled.
    Column("state", Text, nullable=False),
    Column("due_us", BigInteger, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("began_us", BigInteger),
    Column("attempts", Integer, nullable=False),
    Column("may_repeat", Boolean(create_constraint=False), nullable=False),
    words("error"),
    Column("sent_us", BigInteger),
    UniqueConstraint("alert", "channel"),
    UniqueConstraint("channel", "key", "seq"),
    Index("ix_delivery_sent_us", "sent_us"),
    Index("ix_delivery_unsettled", "id", sqlite_where=UNSETTLED, postgresql_where=UNSETTLED),
    Index("ix_delivery_pending", "due_us", sqlite_where=PENDING, postgresql_where=PENDING),
    sqlite_autoincrement=True,
)

attempt = Table(
    "attempt",
    metadata,
    Column("delivery", BigInteger, ForeignKey("delivery.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("started_us", BigInteger, nullable=False),
    Column("outcome", Text),
    words("error"),
    Column("latency_ms", Float, nullable=False, server_default=text("0")),
)
