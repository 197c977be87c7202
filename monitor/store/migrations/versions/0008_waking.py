"""Waking: silences, changes of rotas, answers from outside, messages that change, heartbeats."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

ROW = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STANDING = sa.text("ended_us IS NULL")
UNSETTLED = sa.text("state IN ('sending', 'dead')")


def _words(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def upgrade() -> None:
    op.create_table(
        "silence",
        sa.Column("id", ROW, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("since_us", sa.BigInteger(), nullable=False),
        sa.Column("until_us", sa.BigInteger(), nullable=False),
        sa.Column("ended_us", sa.BigInteger()),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_silence")),
        sa.UniqueConstraint("key", name=op.f("uq_silence_key")),
    )
    _standing("silence")
    op.create_table(
        "duty",
        sa.Column("id", ROW, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        _words("rota"),
        _words("person"),
        sa.Column("since_us", sa.BigInteger(), nullable=False),
        sa.Column("until_us", sa.BigInteger(), nullable=False),
        sa.Column("made_us", sa.BigInteger(), nullable=False),
        _words("actor"),
        _words("note"),
        sa.Column("ended_us", sa.BigInteger()),
        _words("ended_by"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty")),
    )
    _standing("duty")
    op.create_table(
        "answered",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        _words("actor"),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_answered")),
    )
    op.create_index(op.f("ix_answered_at_us"), "answered", ["at_us"])
    op.create_table(
        "posted",
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("target", "key", name=op.f("pk_posted")),
    )
    op.create_table(
        "beat",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_beat")),
    )
    op.create_index(op.f("ix_delivery_sent_us"), "delivery", ["sent_us"])
    op.create_index(
        op.f("ix_delivery_unsettled"),
        "delivery",
        ["id"],
        sqlite_where=UNSETTLED,
        postgresql_where=UNSETTLED,
    )


def _standing(table: str) -> None:
    op.create_index(
        op.f(f"ix_{table}_until"),
        table,
        ["until_us"],
        sqlite_where=STANDING,
        postgresql_where=STANDING,
    )
