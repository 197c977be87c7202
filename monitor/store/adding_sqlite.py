"""Adding mentions to an SQLite file: each id once, and what hangs on it, in few statements."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from operator import itemgetter

from sqlalchemy import Connection

from detectors.score.base import YES, percent
from detectors.window import BIN_S
from monitor.ports import Filed
from monitor.store.codec import micros
from monitor.store.filed_rows import NARROW, WIDE, certainty, person, rivals_of, wide_row

IN_LIMIT = 500
"""Ids per ``IN (...)``: a handful of statement texts stay prepared."""

_DAY_US = 86_400_000_000
_Row = tuple[object, ...]
_Numbered = tuple[int, Filed, int]
"""A row, the number given to it, and its event time in microseconds."""

# A narrow row is most of a wide one; picked in C this costs a third of `narrow_rest`.
_FLAG = NARROW.index("offensive")
_BEFORE = itemgetter(*(WIDE.index(name) for name in NARROW[2:_FLAG]))
_AFTER = itemgetter(*(WIDE.index(name) for name in NARROW[_FLAG + 1 : NARROW.index("certainty")]))


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
    """`monitor.store.mentions.Adder` on an SQLite file.

    Statements go to the driver itself, prepared texts and tuples, nothing in between.
    """

    def add(self, c: Connection, rows: Sequence[Filed]) -> list[bool]:
        """Insert rows; True where the id was new. Of two equal ids in one call the first is new.

        The cost, by itself and against plain SQLite: docs/decisions/0002-one-sqlite-file.md.
        """
        if not rows:
            return []
        driver = driver_of(c)
        first = _last_num(driver) + 1
        at = [micros(row.at) for row in rows]
        numbered = list(zip(range(first, first + len(rows)), rows, at, strict=True))
        ids = [(row.id, num, at_us // _DAY_US) for num, row, at_us in numbered]
        inserted = driver.executemany(_ADD_SEEN, ids).rowcount
        if inserted == len(rows):
            self._add_rows(driver, numbered)
            return [True] * len(rows)
        # A row is new where the number that `seen` holds is the one given to it here.
        num_of = known_nums(c, [row.id for row in rows])
        new = [num_of[row.id] == num for num, row in enumerate(rows, first)]
        self._add_rows(driver, [n for n, is_new in zip(numbered, new, strict=True) if is_new])
        return new

    def _add_rows(self, driver: sqlite3.Connection, fresh: Sequence[_Numbered]) -> None:
        wide: list[_Row] = []
        narrow: list[_Row] = []
        seen_at, observed_us = None, 0
        for num, row, at_us in fresh:
            if row.observed_at is not seen_at:  # the mentions of one batch share it
                seen_at, observed_us = row.observed_at, micros(row.observed_at)
            whole = wide_row(num, row, at_us, observed_us)
            wide.append(whole)
            if row.topics:
                rest = (
                    *(at_us // 1_000_000, *_BEFORE(whole)),
                    *(int(row.score.offensive >= YES), *_AFTER(whole)),
                    *(certainty(row.score), percent(row.score.p[0])),
                )
                for topic, rival in rivals_of(row):
                    narrow.append((topic, *rest, rival))
        for sql, rows in (
            (_ADD_MENTION, wide),
            (ADD_NARROW, narrow),
            (_ADD_AUTHOR, _people_of(fresh)),
            (_ADD_FIRST, _firsts_of(fresh)),
        ):
            if rows:
                driver.executemany(sql, rows)


def _people_of(fresh: Sequence[_Numbered]) -> list[_Row]:
    """Return each author once, as last seen."""
    people: dict[int, _Row] = {}
    last: dict[int, int] = {}
    seen_at, observed_us = None, 0
    for _, row, _ in fresh:
        key, author = row.author, row.mention.author
        if not key or author is None:
            continue
        if row.observed_at is not seen_at:
            seen_at, observed_us = row.observed_at, micros(row.observed_at)
        if observed_us >= last.get(key, observed_us):
            last[key] = observed_us
            people[key] = (key, row.mention.source, *person(author), observed_us)
    return list(people.values())


def _firsts_of(fresh: Sequence[_Numbered]) -> list[_Row]:
    """Return the earliest bin of each author per topic."""
    firsts: dict[tuple[str, int], int] = {}
    for _, row, at_us in fresh:
        author = row.author
        if not author:
            continue
        at_s = at_us // 1_000_000
        start = at_s - at_s % BIN_S
        for topic in row.topics:
            pair = (topic, author)
            if firsts.get(pair, start) >= start:
                firsts[pair] = start
    return [(topic, author, start) for (topic, author), start in firsts.items()]


def driver_of(c: Connection) -> sqlite3.Connection:
    """Return the driver's own connection under SQLAlchemy's, inside the same transaction."""
    driver = c.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


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


def _last_num(driver: sqlite3.Connection) -> int:
    found = driver.execute("SELECT seq FROM sqlite_sequence WHERE name = 'mention'").fetchone()
    return int(found[0]) if found else 0
