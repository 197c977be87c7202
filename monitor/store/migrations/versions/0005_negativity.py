"""How critical posts are, by their probabilities and not by labels alone.

What was filed before is taken by its label: as surely negative, or as surely not.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

NUMBERS = ("negativity", "negativity_squares")


def upgrade() -> None:
    op.add_column(
        "mention_topic",
        sa.Column("negative", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
    )
    op.execute("UPDATE mention_topic SET negative = 100 WHERE tone = -1")
    for name in NUMBERS:
        column = sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False)
        op.add_column("count", column)
    op.execute(
        "UPDATE count SET negativity = 100 * negatives, negativity_squares = 10000 * negatives"
        " WHERE negatives <> 0"
    )
