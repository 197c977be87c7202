"""Floors: what verifying, decoding and storing cost at the very least, in plain sqlite3.

The ingest floor is an HMAC, one msgspec decode and the durable append of the raw body. The
pipeline floor adds the insert and commit of the final rows, made ready beforehand: nothing is
scored, matched, looked up or counted. Files have the pragmas of our own (WAL, synchronous=FULL,
checkpoint size); the rows and the tables with their indices are read back from a file that our
store has written, so that the floor stays the floor of today's schema.
"""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from detectors.mention import Mention
from monitor.store.sqlite import CACHE_KIB, connect

SECRET = b"bench secret of no worth"
BODIES = 10
"""Bodies that share one commit, on our side and here: ten requests of 100 in flight."""
ROWS = 1000
"""Mentions whose final rows share one commit."""
_TABLES = ("seen", "mention", "mention_topic", "author", "author_first", "count")

Row = tuple[object, ...]
_many = msgspec.json.Decoder(list[Mention])


@dataclass(frozen=True, slots=True)
class FinalRows:
    """What is in the store when all is filed. ``groups``: per commit, each table's statement and rows."""

    schema: tuple[str, ...]
    groups: tuple[tuple[tuple[str, list[Row]], ...], ...]

    @classmethod
    def of(cls, path: Path) -> FinalRows:
        """Read the rows of a file that our store has written."""
        with closing(sqlite3.connect(path)) as db:
            schema = [
                sql
                for name in _TABLES
                for (sql,) in db.execute(
                    "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL"
                    " ORDER BY type DESC",  # tables before their indices
                    (name,),
                )
            ]
            mentions = db.execute("SELECT count(*) FROM mention").fetchone()[0]
            groups = max(1, -(-mentions // ROWS))
            tables = [_grouped(db, name, groups) for name in _TABLES]
        return cls(
            tuple(schema),
            tuple(
                tuple((sql, parts[n]) for sql, parts in tables if parts[n]) for n in range(groups)
            ),
        )


def _grouped(db: sqlite3.Connection, table: str, groups: int) -> tuple[str, list[list[Row]]]:
    """Return the INSERT of a table, and its rows as written in so many commits."""
    columns = [row[1] for row in db.execute(f'PRAGMA table_info("{table}")')]
    by_number = "num" in columns
    order = ' ORDER BY "num"' if by_number else ""
    rows = db.execute(f'SELECT * FROM "{table}"{order}').fetchall()
    parts: list[list[Row]] = [[] for _ in range(groups)]
    at = columns.index("num") if by_number else 0
    for i, row in enumerate(rows):
        n = (row[at] - 1) // ROWS if by_number else i * groups // len(rows)
        parts[min(n, groups - 1)].append(row)
    names = ",".join(f'"{name}"' for name in columns)
    marks = ",".join("?" * len(columns))
    return f'INSERT INTO "{table}" ({names}) VALUES ({marks})', parts


def ingest_floor(bodies: Sequence[bytes], signatures: Sequence[str], group: int = BODIES) -> float:
    """Return the CPU seconds of taking the bodies in, ``group`` of them in one commit."""
    with _file(("CREATE TABLE raw (n INTEGER PRIMARY KEY, body BLOB NOT NULL)",)) as db:
        started = time.process_time()
        _take_in(db, bodies, signatures, group)
        used = time.process_time() - started
        stored = db.execute("SELECT count(*) FROM raw").fetchone()[0]
        assert stored == len(bodies), stored
    return used


def pipeline_floor(bodies: Sequence[bytes], signatures: Sequence[str], final: FinalRows) -> float:
    """Return the CPU seconds of taking the bodies in and storing the final rows."""
    raw = "CREATE TABLE raw (n INTEGER PRIMARY KEY, body BLOB NOT NULL)"
    with _file((raw, *final.schema)) as db:
        started = time.process_time()
        _take_in(db, bodies, signatures, BODIES)
        for group in final.groups:
            db.execute("BEGIN IMMEDIATE")
            for sql, rows in group:
                db.executemany(sql, rows)
            db.execute("COMMIT")
        used = time.process_time() - started
        stored = db.execute("SELECT count(*) FROM mention").fetchone()[0]
        assert stored == sum(
            len(rows) for g in final.groups for sql, rows in g if '"mention"' in sql
        )
    return used


def verify(body: bytes, signature: str) -> None:
    """Check an HMAC-SHA256 in hex; raises PermissionError."""
    expected = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(signature, expected):
        raise PermissionError("bad signature")


def _take_in(
    db: sqlite3.Connection, bodies: Sequence[bytes], signatures: Sequence[str], group: int
) -> None:
    for start in range(0, len(bodies), group):
        some = bodies[start : start + group]
        for body, signature in zip(some, signatures[start : start + group], strict=True):
            verify(body, signature)
            _many.decode(body)
        db.execute("BEGIN IMMEDIATE")
        db.executemany("INSERT INTO raw (body) VALUES (?)", [(body,) for body in some])
        db.execute("COMMIT")


@contextmanager
def _file(schema: Sequence[str]) -> Iterator[sqlite3.Connection]:
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(connect(Path(folder) / "floor.db", cache_kib=CACHE_KIB)) as db,
    ):
        db.execute("PRAGMA journal_mode=WAL")
        for sql in schema:
            db.execute(sql)
        yield db
