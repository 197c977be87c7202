"""Adding mentions to PostgreSQL: each id once, and what hangs on it, a few statements a batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import BigInteger, Column, Connection, Float, Integer, SmallInteger, Text

from detectors.window import BIN_S
from monitor.ports import Filed, Unavailable
from monitor.store import schema
from monitor.store.codec import micros
from monitor.store.filed_rows import NARROW, WIDE, narrow_rest, person, rivals_of, wide_row
from monitor.store.partitions import DAY_BITS, Partitions, day_of

if TYPE_CHECKING:
    import psycopg

# The numbers are given in the order of the batch, the rows go in in the order of their ids: two
# workers that bring the same ids meet at the first of them and never cross.
_ADD_SEEN = (
    "WITH given AS MATERIALIZED (SELECT id, day,"  # noqa: S608 - a constant of ours
    f" (day::bigint << {DAY_BITS}) | nextval('mention_num_seq') AS num"
    " FROM unnest(%b::bytea[], %b::int[]) AS given(id, day))"
    " INSERT INTO seen (id, num, day) SELECT id, num, day FROM given ORDER BY id, num"
    " ON CONFLICT (id) DO NOTHING RETURNING id, num"
)
# An author who writes all day is written once an hour, and otherwise not even locked.
_ADD_AUTHORS = """
INSERT INTO author AS old (key, source, handle, name, followers, verified, type, last_seen_us)
SELECT new.* FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::bigint[],
  %s::boolean[], %s::text[], %s::bigint[])
  AS new(key, source, handle, name, followers, verified, type, last_seen_us)
LEFT JOIN author was ON was.key = new.key
WHERE was.key IS NULL OR new.last_seen_us >= was.last_seen_us + 3600000000
  OR (new.last_seen_us >= was.last_seen_us AND (new.name <> was.name
    OR new.followers <> was.followers OR new.type <> was.type
    OR new.verified IS DISTINCT FROM coalesce(was.verified, new.verified)))
ORDER BY new.key
ON CONFLICT (key) DO UPDATE SET handle = excluded.handle, name = excluded.name,
  followers = coalesce(excluded.followers, old.followers),
  verified = coalesce(excluded.verified, old.verified),
  type = excluded.type, last_seen_us = excluded.last_seen_us
WHERE excluded.last_seen_us >= old.last_seen_us
"""
_ADD_FIRSTS = """
INSERT INTO author_first AS old (topic, author, first_bin_s)
SELECT new.topic, new.author, new.first_bin_s
FROM unnest(%s::text[], %s::bigint[], %s::bigint[]) AS new(topic, author, first_bin_s)
WHERE NOT EXISTS (SELECT 1 FROM author_first was WHERE was.topic = new.topic
  AND was.author = new.author AND was.first_bin_s <= new.first_bin_s)
ORDER BY new.topic, new.author
ON CONFLICT (topic, author) DO UPDATE SET first_bin_s = excluded.first_bin_s
WHERE excluded.first_bin_s < old.first_bin_s
"""

Row = tuple[object, ...]


def _type_of(column: Column[Any]) -> str:
    """Return PostgreSQL's name of a column's type, as COPY in binary needs it."""
    kinds = ((BigInteger, "int8"), (SmallInteger, "int2"), (Integer, "int4"))
    for kind, name in (*kinds, (Float, "float8"), (Text, "text")):
        if isinstance(column.type, kind):
            return name
    raise TypeError(f"{column}: no binary COPY for {column.type!r}")


_WIDE_TYPES = [_type_of(schema.mention.c[name]) for name in WIDE]
_NARROW_TYPES = [_type_of(schema.mention_topic.c[name]) for name in NARROW]
_COPY_WIDE = f"COPY mention ({','.join(WIDE)}) FROM STDIN (FORMAT binary)"
_COPY_NARROW = f"COPY mention_topic ({','.join(NARROW)}) FROM STDIN (FORMAT binary)"


class PostgresAdder:
    """`monitor.store.mentions.Adder` on PostgreSQL.

    The new ids come back from one INSERT; their wide and narrow rows then go straight into their
    tables by binary COPY. (docs/decisions/0012-postgresql.md has what that costs.)
    """

    def __init__(self, partitions: Partitions) -> None:
        self._partitions = partitions

    def add(self, c: Connection, rows: Sequence[Filed]) -> list[bool]:
        if not rows:
            return []
        days = _days(rows)
        self._partitions.ensure(set(days))
        cursor = _raw(c).cursor()
        cursor.execute(_ADD_SEEN, ([row.id for row in rows], days))
        num_of = {bytes(cast(bytes, id)): cast(int, num) for id, num in cursor.fetchall()}
        new, fresh = [], []
        for row in rows:
            num = num_of.pop(row.id, None)  # once: of two equal ids the first is new
            new.append(num is not None)
            if num is not None:
                fresh.append((num, row))
        if fresh:
            self._add_rows(cursor, fresh, set(days))
        return new

    def _add_rows(
        self, cursor: psycopg.Cursor[Row], fresh: Sequence[tuple[int, Filed]], days: set[int]
    ) -> None:
        from psycopg.errors import CheckViolation

        try:
            _add_rows(cursor, fresh)
        except CheckViolation as error:
            # Housekeeping of another worker dropped the day; look again at the next attempt.
            for day in days:
                self._partitions.forget(day)
            raise Unavailable(
                "a day of the store was dropped meanwhile; nothing was stored, try again",
                retry_after_s=1.0,
            ) from error


def _days(rows: Sequence[Filed]) -> list[int]:
    days: list[int] = []
    at: datetime | None = None
    day = 0
    for row in rows:
        if row.observed_at is not at:  # the mentions of one batch share it
            at, day = row.observed_at, day_of(row.observed_at)
        days.append(day)
    return days


def _add_rows(cursor: psycopg.Cursor[Row], fresh: Sequence[tuple[int, Filed]]) -> None:
    wide: list[Row] = []
    narrow: list[Row] = []
    people: dict[int, Row] = {}
    firsts: dict[tuple[str, int], int] = {}
    observed_at, observed_us = None, 0
    for num, row in fresh:
        at_us = micros(row.at)
        if row.observed_at is not observed_at:
            observed_at, observed_us = row.observed_at, micros(row.observed_at)
        wide.append(wide_row(num, row, at_us, observed_us))
        key, author = row.author, row.mention.author
        if row.topics:
            at_s = at_us // 1_000_000
            rest = narrow_rest(num, row)
            start = at_s - at_s % BIN_S
            for topic, rival in rivals_of(row):
                narrow.append((topic, at_s, *rest, rival))
                if key and firsts.get((topic, key), start) >= start:
                    firsts[topic, key] = start
        if key and author is not None:
            people[key] = (key, row.mention.source, *person(author), observed_us)
    _copy(cursor, _COPY_WIDE, _WIDE_TYPES, wide)
    _copy(cursor, _COPY_NARROW, _NARROW_TYPES, narrow)
    if people:
        cursor.execute(_ADD_AUTHORS, _columns(people[key] for key in sorted(people)))
    if firsts:
        found = sorted((topic, key, start) for (topic, key), start in firsts.items())
        cursor.execute(_ADD_FIRSTS, _columns(found))


def _columns(rows: Iterable[Row]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _copy(cursor: psycopg.Cursor[Row], sql: str, types: Sequence[str], rows: list[Row]) -> None:
    if not rows:
        return
    with cursor.copy(sql.encode()) as copy:
        copy.set_types(types)
        write = copy.write_row
        for row in _storable(rows, types):
            write(row)


def _storable(rows: list[Row], types: Sequence[str]) -> list[Row]:
    """Return rows without U+0000, which PostgreSQL cannot store; looked for a column at a time."""
    columns = zip(types, zip(*rows, strict=True), strict=True)
    texts = (cast("tuple[str | None, ...]", column) for kind, column in columns if kind == "text")
    if not any("\0" in "".join(filter(None, column)) for column in texts):
        return rows
    return [tuple(v.replace("\0", "") if isinstance(v, str) else v for v in row) for row in rows]


def _raw(c: Connection) -> psycopg.Connection[Row]:
    return cast("psycopg.Connection[Row]", c.connection.driver_connection)
