"""Leases; on PostgreSQL mentions in one partition per day (docs/decisions/0012-postgresql.md)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

# Numbers are day << 36 | n from here on; what was numbered before lies below the first day.
FIRST_DAY = 1 << 36


def upgrade() -> None:
    op.create_table(
        "lease",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("until_us", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    if op.get_bind().dialect.name == "postgresql":
        _by_day()


def _by_day() -> None:
    """Make ``mention`` a partitioned table; the one there was becomes its first partition."""
    for statement in (
        "ALTER SEQUENCE mention_num_seq OWNED BY NONE",
        "ALTER TABLE mention ALTER COLUMN num DROP DEFAULT",
        "ALTER TABLE mention RENAME TO mention_early",
        "ALTER TABLE mention_early RENAME CONSTRAINT pk_mention TO pk_mention_early",
        "CREATE TABLE mention (LIKE mention_early) PARTITION BY RANGE (num)",
        "ALTER TABLE mention ADD CONSTRAINT pk_mention PRIMARY KEY (num)",
        "ALTER TABLE mention ATTACH PARTITION mention_early"
        f" FOR VALUES FROM (MINVALUE) TO ({FIRST_DAY})",
        f"ALTER SEQUENCE mention_num_seq MAXVALUE {FIRST_DAY - 1} CYCLE",
    ):
        op.execute(statement)
