"""What people teach the detectors: what is planned, what was missed, how thresholds were moved."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Integer, Table, Text, text

from monitor.store.schema.base import ROW, metadata, words

planned = Table(
    "planned",
    metadata,
    # An event or a post of one's own that brings mentions; several topics, as a JSON list.
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("topics", Text, nullable=False),
    Column("starts_us", BigInteger, nullable=False, index=True),
    Column("ends_us", BigInteger, nullable=False),
    # Times the usual mentions; NULL: as past ones of the type brought.
    Column("uplift", Float),
    Column("actor", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("cancelled_us", BigInteger),
    Column("version", Integer, nullable=False, server_default=text("1")),
)

missed = Table(
    "missed",
    metadata,
    # "We missed one": a span in which somebody should have been woken.
    Column("id", ROW, primary_key=True),
    Column("topic", Text, nullable=False, index=True),
    Column("since_us", BigInteger, nullable=False),
    Column("until_us", BigInteger, nullable=False),
    words("note"),
    Column("actor", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("withdrawn_us", BigInteger),
)

calibration = Table(
    "calibration",
    metadata,
    # One confirmed move of one threshold; undone by a further row, never by deleting.
    Column("id", ROW, primary_key=True),
    Column("topic", Text, nullable=False, index=True),
    Column("threshold", Text, nullable=False),
    Column("before", Float, nullable=False),
    Column("after", Float, nullable=False),
    Column("shown", Text, nullable=False),  # JSON of what whoever confirmed it was shown
    words("note"),
    Column("undoes", BigInteger),
    Column("actor", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
)

relevance = Table(
    "relevance",
    metadata,
    # "Ours" or "not ours", said of one post of a topic's monthly sample; the last word counts.
    Column("topic", Text, primary_key=True),
    Column("month", Text, primary_key=True),
    Column("num", BigInteger, primary_key=True),
    Column("ours", Boolean(create_constraint=False), nullable=False),
    Column("actor", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

vocabulary = Table(
    "vocabulary",
    metadata,
    # What is usually said with a topic: JSON of fading counts, 30 KiB at most (detectors.vocabulary).
    Column("topic", Text, primary_key=True),
    Column("content", Text, nullable=False),
)
