"""How many posts of a topic were taken back, by when that was."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "taken_back",
        sa.Column("bin_s", sa.BigInteger(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("n", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("bin_s", "topic", name=op.f("pk_taken_back")),
        sqlite_with_rowid=False,
    )
