"""Incidents with their timelines and evidence, and the runs of playbooks."""

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
    SmallInteger,
    Table,
    Text,
    text,
)

from monitor.store.schema.base import metadata, words

OPEN: Final = text("status <> 'resolved'")

incident = Table(
    "incident",
    metadata,
    Column("id", Text, primary_key=True),
    Column("ref", Text, nullable=False, index=True),
    Column("status", Text, nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("peak", SmallInteger, nullable=False),
    Column("episode", Integer, nullable=False),
    Column("onset_us", BigInteger, nullable=False),
    Column("opened_us", BigInteger, nullable=False, index=True),
    Column("updated_us", BigInteger, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("acked_level", SmallInteger),
    Column("acked_us", BigInteger),
    words("acked_by"),
    words("owner"),
    Column("outcome", Text),
    Column("resolved_us", BigInteger),
    Column("quiet_since_us", BigInteger),
    Column("end_proposed", Boolean(create_constraint=False), nullable=False),
    Column("version", Integer, nullable=False),
    Index("ix_incident_open", "opened_us", sqlite_where=OPEN, postgresql_where=OPEN),
)

incident_topic = Table(
    "incident_topic",
    metadata,
    Column("incident", Text, ForeignKey("incident.id"), primary_key=True),
    Column("topic", Text, primary_key=True, index=True),
    Column("position", Integer, nullable=False),  # 0: the topic that opened it
)

fact = Table(
    "fact",
    metadata,
    Column("incident", Text, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at_us", BigInteger, nullable=False),
    Column("observed_us", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("payload", Text, nullable=False),
)

evidence = Table(
    "evidence",
    metadata,
    # Posts as they were when the incident opened or rose. No handle and no name: those stay in
    # the vault. Once the platform deletes the post, address and @handles go from here too.
    Column("incident", Text, primary_key=True),
    Column("num", BigInteger, primary_key=True, index=True),
    Column("text", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("lang", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("observed_us", BigInteger, nullable=False),
    Column("tone", SmallInteger, nullable=False),
    Column("score", Float, nullable=False),
    Column("offensive", Float, nullable=False),
    Column("reach", BigInteger, nullable=False),
    Column("author", BigInteger, nullable=False),
    Column("cluster", BigInteger, nullable=False),
    Column("deleted_us", BigInteger),
)

run = Table(
    "run",
    metadata,
    Column("id", Text, primary_key=True),
    Column("incident", Text, nullable=False, index=True),
    Column("started_us", BigInteger, nullable=False),
    Column("finished_us", BigInteger),
    Column("version", Integer, nullable=False),
    Column("content", Text, nullable=False),  # JSON of playbooks.run.Run, its playbook inside
)
