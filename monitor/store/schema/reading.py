"""What people say of how texts are read, and the weights that were taught with it."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
)

from monitor.store.schema.base import ROW, metadata, words

correction = Table(
    "correction",
    metadata,
    # A person's word on the tone of one post; the newest that was not withdrawn counts. The text is
    # kept as it is read (no handle, no link), so that it outlives its post and teaches later weights.
    Column("id", ROW, primary_key=True),
    Column("num", BigInteger, nullable=False, index=True),
    Column("topic", Text, nullable=False, index=True),
    Column("label", SmallInteger, nullable=False),
    Column("was", SmallInteger, nullable=False),
    # What the machine said before anybody corrected it: to be put back.
    Column("was_negative", Float, nullable=False),
    Column("was_positive", Float, nullable=False),
    Column("model", Text, nullable=False),
    Column("lang", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("drawn", Boolean(create_constraint=False), nullable=False),
    Column("actor", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("withdrawn_us", BigInteger),
)

taught = Table(
    "taught",
    metadata,
    # Weights that corrections taught, as what they add to the shipped ones named in ``base``.
    Column("id", ROW, primary_key=True),
    Column("base", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("learner", Text, nullable=False),
    Column("lessons", Integer, nullable=False),
    Column("drawn", Integer, nullable=False),
    Column("f1_base", Float, nullable=False),
    Column("f1_taught", Float, nullable=False),
    Column("low", Float, nullable=False),
    # JSON: at which words of the drawn ones something had changed ("residuals", "unknown").
    words("drift"),
    Column("at_us", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

speaking = Table(
    "speaking",
    metadata,
    # Which weights speak from when on; the newest row counts, and taking back is a further one.
    Column("id", ROW, primary_key=True),
    Column("taught", BigInteger),  # NULL: the shipped ones
    words("note"),
    Column("actor", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
)
