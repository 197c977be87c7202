"""Adding mentions to an SQLite file: each id once, and what hangs on it, in few statements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection

from detectors.window import BIN_S
from monitor.ports import Filed
from monitor.store.codec import micros
from monitor.store.filed_rows import NARROW, WIDE, narrow_rest, person, wide_row

IN_LIMIT = 500
"""Ids per ``IN (...)``: a handful of statement texts stay prepared."""

_DAY_US = 86_400_000_000


def _insert(table: str, columns: Sequence[str], verb: str = "INSERT") -> str:
    marks = ",".join("?" * len(columns))
    return f"{verb} INTO {table} ({','.join(columns)}) VALUES ({marks})"


_ADD_SEEN = _insert("seen", ["id", "num", "day"], "INSERT OR IGNORE")
_ADD_MENTION = _insert("mention", WIDE)
ADD_NARROW = _insert("mention_topic", NARROW)
_ADD_AUTHOR = (
    _insert(
        "author",
        ["key", "source", "handle", "name", "followers", "verified", "type", "last_seen_us"],
    )
    # An author who writes all day is written once an hour: every write is a page of the log.
    + " ON CONFLICT (key) DO UPDATE SET handle = excluded.handle, name = excluded.name,"
    " followers = coalesce(excluded.followers, followers),"
    " verified = coalesce(excluded.verified, verified),"
    " type = excluded.type, last_seen_us = excluded.last_seen_us"
    " WHERE excluded.last_seen_us >= last_seen_us + 3600000000"
    " OR (excluded.last_seen_us >= last_seen_us AND (excluded.name <> name"
    " OR excluded.followers <> followers OR excluded.type <> type"
    " OR excluded.verified IS NOT coalesce(verified, excluded.verified)))"
)
_ADD_FIRST = (
    _insert("author_first", ["topic", "author", "first_bin_s"])
    + " ON CONFLICT (topic, author) DO UPDATE SET first_bin_s = excluded.first_bin_s"
    " WHERE excluded.first_bin_s < first_bin_s"
)


class SqliteAdder:
    """`monitor.store.mentions.Adder` of one transaction on an SQLite file."""

    def add(self, c: Connection, rows: Sequence[Filed]) -> list[bool]:
        """Insert rows; True where the id was new. Of two equal ids in one call the first is new.

        About 1.5 times what SQLite alone needs for the same rows (docs/decisions/0003-schema.md).
        """
        if not rows:
            return []
        first = _last_num(c) + 1
        at = [micros(row.at) for row in rows]
        inserted = c.exec_driver_sql(
            _ADD_SEEN,
            [
                (row.id, num, at_us // _DAY_US)
                for num, (row, at_us) in enumerate(zip(rows, at, strict=True), first)
            ],
        ).rowcount
        if inserted == len(rows):
            self._add_rows(c, list(zip(range(first, first + len(rows)), rows, at, strict=True)))
            return [True] * len(rows)
        # A row is new where the number that `seen` holds is the one given to it here.
        num_of = known_nums(c, [row.id for row in rows])
        new = [num_of[row.id] == num for num, row in enumerate(rows, first)]
        fresh = zip(range(first, first + len(rows)), rows, at, new, strict=True)
        self._add_rows(c, [(num, row, at_us) for num, row, at_us, is_new in fresh if is_new])
        return new

    def _add_rows(self, c: Connection, fresh: Sequence[tuple[int, Filed, int]]) -> None:
        wide: list[tuple[object, ...]] = []
        narrow: list[tuple[object, ...]] = []
        people: dict[int, tuple[object, ...]] = {}
        firsts: dict[tuple[str, int], int] = {}
        seen_at, observed_us = None, 0
        for num, row, at_us in fresh:
            if row.observed_at is not seen_at:  # the mentions of one batch share it
                seen_at, observed_us = row.observed_at, micros(row.observed_at)
            wide.append(wide_row(num, row, at_us, observed_us))
            key, author = row.author, row.mention.author
            if row.topics:
                at_s = at_us // 1_000_000
                rest = narrow_rest(num, row)
                start = at_s - at_s % BIN_S
                for topic in row.topics:
                    narrow.append((topic, at_s, *rest))
                    if key and firsts.get((topic, key), start) >= start:
                        firsts[topic, key] = start
            if key and author is not None:
                people[key] = (key, row.mention.source, *person(author), observed_us)
        run = c.exec_driver_sql
        for sql, rows in (
            (_ADD_MENTION, wide),
            (ADD_NARROW, narrow),
            (_ADD_AUTHOR, list(people.values())),
            (_ADD_FIRST, [(topic, key, start) for (topic, key), start in firsts.items()]),
        ):
            if rows:
                run(sql, rows)

    def committed(self) -> None:
        """To be called once what was added is durable, before anybody else may write."""


def known_nums(c: Connection, ids: Sequence[bytes]) -> dict[bytes, int]:
    """Return the numbers of those ids that are stored."""
    found: dict[bytes, int] = {}
    for some in _chunks(ids):
        marks = ",".join("?" * len(some))
        rows = c.exec_driver_sql(
            f"SELECT id, num FROM seen WHERE id IN ({marks})",  # noqa: S608 - only marks
            tuple(some),
        )
        found.update((bytes(id), num) for id, num in rows)
    return found


def _chunks(ids: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(ids), IN_LIMIT):
        yield ids[start : start + IN_LIMIT]


def _last_num(c: Connection) -> int:
    found = c.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = 'mention'").scalar()
    return int(found or 0)
