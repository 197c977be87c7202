"""Who is called, who is not, and what was answered from outside."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from monitor.store.schema.base import ROW, metadata, words

STANDING: Final = text("ended_us IS NULL")

silence = Table(
    "silence",
    metadata,
    # What keeps alerts quiet for a while, and who asked for it. Never deleted.
    Column("id", ROW, primary_key=True),
    # One that is asked for again, by the same press or message, is the same one.
    Column("key", Text, nullable=False),
    Column("since_us", BigInteger, nullable=False),
    Column("until_us", BigInteger, nullable=False),
    Column("ended_us", BigInteger),  # broken, or taken back by a person
    Column("content", Text, nullable=False),  # JSON of `alerts.silences.Silence`
    Column("version", Integer, nullable=False),
    UniqueConstraint("key"),
    Index("ix_silence_until", "until_us", sqlite_where=STANDING, postgresql_where=STANDING),
)

duty = Table(
    "duty",
    metadata,
    # Changes of a rota: somebody takes over for a while, or is away. Taken back, never deleted.
    Column("id", ROW, primary_key=True),
    Column("kind", Text, nullable=False),  # override, absence
    words("rota"),  # empty for an absence: it holds for every rota
    words("person"),
    Column("since_us", BigInteger, nullable=False),
    Column("until_us", BigInteger, nullable=False),
    Column("made_us", BigInteger, nullable=False),
    words("actor"),
    words("note"),
    Column("ended_us", BigInteger),
    words("ended_by"),
    Index("ix_duty_until", "until_us", sqlite_where=STANDING, postgresql_where=STANDING),
)

answered = Table(
    "answered",
    metadata,
    # Links, button presses and calls from outside that have had their effect: each has one.
    Column("key", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    words("actor"),
    PrimaryKeyConstraint("key"),
    Index("ix_answered_at_us", "at_us"),
)

posted = Table(
    "posted",
    metadata,
    # The message of an incident at a receiver that can change what it showed.
    Column("target", Text, nullable=False),
    Column("key", Text, nullable=False),  # of the incident's episode
    Column("message", Text, nullable=False),  # what the receiver calls it
    Column("at_us", BigInteger, nullable=False),
    Column("content", Text, nullable=False),  # JSON: what it shows
    PrimaryKeyConstraint("target", "key"),
)

beat = Table(
    "beat",
    metadata,
    # When something was last heard, or last said: heartbeats in and out, and the auditor's.
    Column("name", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("content", Text, nullable=False),  # JSON, of its sender's shape
    PrimaryKeyConstraint("name"),
)
