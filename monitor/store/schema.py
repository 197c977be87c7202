"""Every table, as SQLAlchemy Core metadata; the migrations must lead to exactly this.

Two conventions hold everywhere (docs/decisions/0003-schema.md):

* A column named ``..._us`` is an instant as microseconds since 1970-01-01 UTC; one named ``..._s``
  is whole seconds of the same; ``minute`` is whole minutes. No zones, no text dates.
* JSON columns are text. A number that is not finite is written ``Infinity`` or ``NaN``, as
  Python's `json` does, because a return period may well be infinite.
"""

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
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only in a column of exactly this type.
ROW = BigInteger().with_variant(Integer(), "sqlite")


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default=text("0"))


# Conditions of partial indices. SQLite takes such an index only for a query that says the same
# thing in the same words, so queries use these too; a bound parameter would not match.
OPEN: Final = text("status <> 'resolved'")
PENDING: Final = text("state = 'pending'")
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
)
"""Additive columns of ``count``, in the order of `detectors.window.Counts` (tested)."""

# --- mentions -------------------------------------------------------------------------------

seen = Table(
    "seen",
    metadata,
    # The judge of identity: 16 bytes of hash and nothing else, so that ten million fit a cache.
    # ``day`` finds the partition that the wide row lives in, once there are partitions.
    Column("id", LargeBinary(16), primary_key=True, nullable=False),
    Column("num", BigInteger, nullable=False),
    Column("day", Integer, nullable=False),
    sqlite_with_rowid=False,
)

mention = Table(
    "mention",
    metadata,
    # Neither the id (it follows from source and source_id, and ``seen`` leads here) nor a day
    # (it follows from at_us, by which a server may part this table) nor what follows from the
    # two probabilities: score = positive - negative, neutral = 1 - both.
    Column("num", ROW, primary_key=True),
    Column("source", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("published_us", BigInteger, nullable=False),
    Column("observed_us", BigInteger, nullable=False),
    Column("dated", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("lang", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("author", BigInteger, nullable=False),
    Column("thread", BigInteger, nullable=False),
    Column("cluster", BigInteger, nullable=False),
    Column("topics", Text, nullable=False),  # JSON array; empty: nothing we watch
    Column("tone", SmallInteger, nullable=False),
    Column("negative", Float, nullable=False),
    Column("positive", Float, nullable=False),
    Column("offensive", Float, nullable=False),
    Column("model", Text, nullable=False),
    Column("tripwire", Text, nullable=False),
    Column("reach", BigInteger, nullable=False),
    Column("metrics", Text),  # JSON of detectors.mention.Metrics
    Column("extra", Text),  # JSON of what only people read: tags, links, media, rating ...
    Column("deleted_us", BigInteger),
    sqlite_autoincrement=True,
)

mention_topic = Table(
    "mention_topic",
    metadata,
    # Everything a detector needs of one mention, next to its neighbours in time: a window is one
    # run through the tree and never touches the wide rows.
    Column("topic", Text, primary_key=True),
    Column("at_s", BigInteger, primary_key=True),
    Column("num", BigInteger, primary_key=True),
    Column("source", Text, nullable=False),
    Column("author", BigInteger, nullable=False),
    Column("thread", BigInteger, nullable=False),
    Column("cluster", BigInteger, nullable=False),
    Column("tone", SmallInteger, nullable=False),
    Column("offensive", SmallInteger, nullable=False),
    Column("reach", BigInteger, nullable=False),
    Column("lang", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("tripwire", Text, nullable=False),
    sqlite_with_rowid=False,
)

author = Table(
    "author",
    metadata,
    # The identity vault: the only place with names. Erasing a row here leaves pseudonyms behind.
    Column("key", ROW, primary_key=True, autoincrement=False),
    Column("source", Text, nullable=False),
    Column("handle", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("followers", BigInteger),
    Column("verified", Boolean(create_constraint=False)),
    Column("type", Text, nullable=False),
    Column("last_seen_us", BigInteger, nullable=False),
)

author_first = Table(
    "author_first",
    metadata,
    # When a topic first heard of an author; "new authors" cannot be had by adding minutes.
    Column("topic", Text, primary_key=True),
    Column("author", BigInteger, primary_key=True),
    Column("first_bin_s", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# --- counts and detectors -------------------------------------------------------------------

count = Table(
    "count",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("minute", BigInteger, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("revision", Integer, primary_key=True),
    *(_number(name) for name in COUNT_COLUMNS),
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
    _text("error"),
    Column("error_us", BigInteger),
)

media = Table(
    "media",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("level", SmallInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
)

# --- incidents, alerts, runs ----------------------------------------------------------------

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
    _text("acked_by"),
    _text("owner"),
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
    _text("error"),
    Column("sent_us", BigInteger),
    UniqueConstraint("alert", "channel"),
    UniqueConstraint("channel", "key", "seq"),
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
    _text("error"),
    Column("latency_ms", Float, nullable=False, server_default=text("0")),
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

# --- what cannot be filed -------------------------------------------------------------------

parked = Table(
    "parked",
    metadata,
    # Accepted, but filing raises: kept here with its reason, so that the rest can go on.
    Column("number", ROW, primary_key=True),
    Column("position", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("observed_us", BigInteger, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("error", Text, nullable=False),
    Column("parked_us", BigInteger, nullable=False),
    # Not the position alone: a log that was made anew counts from 1 again.
    UniqueConstraint("position", "observed_us"),
    sqlite_autoincrement=True,
)

# --- the install ----------------------------------------------------------------------------

secret = Table(
    "secret",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

setting = Table(
    "setting",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

lease = Table(
    "lease",
    metadata,
    # Who does what, where many workers share one store; ``worker/...`` rows say who is alive.
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("until_us", BigInteger),
)

# --- the embedded log -----------------------------------------------------------------------

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
