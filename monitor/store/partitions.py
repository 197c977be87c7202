"""The days of ``mention`` on PostgreSQL: one partition per day of arrival, found by the number.

A number is ``day << 36 | n`` with ``day`` = days since 1970 of the moment of arrival, and ``n`` from
a sequence. So the number alone leads to the partition and to the row, numbers rise with time,
and a day is dropped as one file. They stay below 2^53, which JavaScript can count to, until the
year 2328.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, Engine

from monitor.store.codec import micros
from monitor.store.dialects import hold

DAY_BITS = 36
DAYS_AHEAD = 7
LAST_DAY = 2**17 - 1

_DAY_US = 86_400_000_000
_PREFIX = "mention_d"


def day_of(at: datetime) -> int:
    """Return the day whose partition takes what arrived at ``at``; 1 for all before 1970."""
    return min(max(micros(at) // _DAY_US, 1), LAST_DAY)


def first_num(day: int) -> int:
    """Return the lowest number of a day."""
    return day << DAY_BITS


class Partitions:
    """Which days have a partition; makes those that are missing, in a transaction of their own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: set[int] = set()

    def ensure(self, days: Collection[int]) -> None:
        """Make the partitions of these days where they are missing; any number of workers may."""
        missing = sorted(set(days) - self._known)
        if not missing:
            return
        with self._engine.connect() as c, c.begin():
            hold(c, "partitions", ["mention"])
            there = existing(c)
            for day in missing:
                if day not in there:
                    _make(c, day)
        self._known.update(missing)

    def ahead(self) -> None:
        """Make today's partition and those of the days to come, by the server's clock."""
        with self._engine.connect() as c, c.begin():
            today = int(c.exec_driver_sql(_TODAY).scalar_one())
        self.ensure(range(today, today + DAYS_AHEAD + 1))

    def forget(self, day: int) -> None:
        """Look again before the next row of that day: its partition was dropped."""
        self._known.discard(day)


def existing(c: Connection) -> list[int]:
    """Return the days that have a partition, oldest first."""
    rows = c.exec_driver_sql(
        "SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid"
        " WHERE inhparent = to_regclass('mention')"
    )
    names = [str(name) for (name,) in rows]
    return sorted(int(n.removeprefix(_PREFIX)) for n in names if n.startswith(_PREFIX))


def table_of(day: int) -> str:
    return f"{_PREFIX}{int(day)}"


def _make(c: Connection, day: int) -> None:
    # Made apart and then attached: CREATE ... PARTITION OF would wait for every reader and writer
    # of the parent, ATTACH lets them go on (PostgreSQL manual, "ALTER TABLE").
    name = table_of(day)
    c.exec_driver_sql(f"CREATE TABLE IF NOT EXISTS {name} (LIKE mention INCLUDING ALL)")
    c.exec_driver_sql(
        f"ALTER TABLE mention ATTACH PARTITION {name}"
        f" FOR VALUES FROM ({first_num(day)}) TO ({first_num(day + 1)})"
    )


_TODAY = "SELECT floor(extract(epoch FROM now()) / 86400)::bigint"
