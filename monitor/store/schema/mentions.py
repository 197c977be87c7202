"""What came in: each mention once, its rows per topic, who wrote it, and what could not be filed."""

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
    UniqueConstraint,
    text,
)

from monitor.store.schema.base import ROW, metadata, words

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
    # JSON of the further questions that were answered with yes: percent by name; "" for none.
    words("answers"),
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
    # Percent; what was filed before it was kept is taken as sure.
    Column("certainty", SmallInteger, nullable=False, server_default=text("100")),
    Column("negative", SmallInteger, nullable=False, server_default=text("0")),
    words("rival"),
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
