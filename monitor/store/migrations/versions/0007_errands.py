"""Errands: rows with a due time, for what must not be missed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

ROW = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DUE = sa.text("state = 'waiting'")


def upgrade() -> None:
    op.create_table(
        "errand",
        sa.Column("id", ROW, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("incident", sa.Text(), server_default="", nullable=False),
        sa.Column("due_us", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_errand")),
        sa.UniqueConstraint("key", name=op.f("uq_errand_key")),
    )
    op.create_index(
        op.f("ix_errand_due"), "errand", ["due_us"], sqlite_where=DUE, postgresql_where=DUE
    )
    op.create_index(op.f("ix_errand_incident"), "errand", ["incident"])
