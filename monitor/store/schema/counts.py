"""What is counted, what the detectors keep, and what they concluded."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    text,
)

from monitor.store.schema.base import metadata, number, words

WAITING: Final = text("waiting")
ASSESSED: Final = text("assessment IS NOT NULL")

COUNT_COLUMNS: Final = (
    "mentions",
    "negatives",
    "neutrals",
    "positives",
    "unread",
    "offensive",
    "reach",
    "tripwires",
    "articles",
    "deleted",
    "negativity",
    "negativity_squares",
)
"""Additive columns of ``count``, in the order of `detectors.window.Counts` (tested)."""

count = Table(
    "count",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("minute", BigInteger, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("revision", Integer, primary_key=True),
    *(number(name) for name in COUNT_COLUMNS),
    sqlite_with_rowid=False,
)

watch = Table(
    "watch",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("closed_until_us", BigInteger),
    Column("state", Text, nullable=False),
)

bin_result = Table(
    "bin_result",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("start_s", BigInteger, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("mentions", BigInteger, nullable=False),
    Column("negatives", BigInteger, nullable=False),
    Column("expected_mentions", Float, nullable=False),
    Column("expected_negatives", Float, nullable=False),
    # How many times the usual mentions something announced let one expect; in expected_mentions.
    Column("uplift", Float, nullable=False, server_default=text("1")),
    Column("level", SmallInteger, nullable=False),
    Column("assessment", Text),
    Index(
        "ix_bin_result_assessed",
        "topic",
        "start_s",
        sqlite_where=ASSESSED,
        postgresql_where=ASSESSED,
    ),
    sqlite_with_rowid=False,
)

bin_revision = Table(
    "bin_revision",
    metadata,
    # Closed bins that late mentions touched; ``waiting`` until the detectors looked again.
    Column("topic", Text, primary_key=True),
    Column("start_s", BigInteger, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("waiting", Boolean(create_constraint=False), nullable=False),
    Index(
        "ix_bin_revision_waiting",
        "topic",
        "start_s",
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    ),
)

source_state = Table(
    "source_state",
    metadata,
    Column("source", Text, primary_key=True),
    Column("clock", Text, nullable=False),
    Column("cursor", Text, nullable=False),
    Column("ok_us", BigInteger),
    words("error"),
    Column("error_us", BigInteger),
)

capped = Table(
    "capped",
    metadata,
    # Spans of which a source gave only a part. Few: one for each fetch that missed something.
    Column("source", Text, primary_key=True),
    Column("since_us", BigInteger, primary_key=True),
    Column("until_us", BigInteger, nullable=False, index=True),
)

taken_back = Table(
    "taken_back",
    metadata,
    # Posts that their platform deleted, by when that was: their own bins lie anywhere before.
    Column("bin_s", BigInteger, primary_key=True),
    Column("topic", Text, primary_key=True),
    number("n"),
    sqlite_with_rowid=False,
)

media = Table(
    "media",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("level", SmallInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
)
