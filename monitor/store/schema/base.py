"""What all tables share: one metadata, names of constraints, and columns of one kind."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, MetaData, Text, text

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


def words(name: str) -> Column[str]:
    """Return a column of text that is empty where nothing is said."""
    return Column(name, Text, nullable=False, server_default="")


def number(name: str) -> Column[int]:
    """Return a column of whole numbers that is 0 where nothing is said."""
    return Column(name, BigInteger, nullable=False, server_default=text("0"))
