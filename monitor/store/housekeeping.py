"""Housekeeping: what is older than the install wants to keep goes, a slice at a time.

Gone are mentions that arrived before the horizon, their rows per topic, their ids, and authors who
have not been seen since. Counts, conclusions, incidents and evidence stay. An interruption leaves
nothing half: the next call goes on. Once an id is gone the store no longer knows it: a platform
that sends the same post again after that (a late repeat, an old export loaded anew) files a new
mention, counted at its event time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import Connection, Row

from detectors.mention import mention_id
from monitor.store.mentions import topics_of
from monitor.store.partitions import Partitions, day_of, existing, first_num, table_of
from monitor.store.transactions import Transactions

SLICE: Final = 2_000
"""Mentions per transaction: some tens of milliseconds, so that whoever files hardly waits."""

_DAY_US = 86_400_000_000
_HOUR_US = 3_600_000_000
_LOCK_S = 2

_OLDEST = (
    "SELECT num, source, source_id, at_us, topics, observed_us FROM mention"
    " WHERE num > ? AND num < ? ORDER BY num LIMIT ?"
)
_Row = tuple[int, str, str, int, str, int]


def horizon_us(now: datetime, keep_days: int) -> int:
    """Return the start of the oldest day that is kept whole."""
    return (day_of(now) - keep_days) * _DAY_US


def sweep(write: Transactions, before_us: int, *, below: int = 2**63 - 1) -> int:
    """Delete mentions that arrived before an instant; returns how many.

    Goes by number, which rises with arrival, and ends at the first slice in which nothing is old.
    """
    gone, last = 0, -1
    while True:
        with write() as c:
            rows = _slice(c, last, below)
            old = [row for row in rows if row[5] < before_us]
            _forget(c, old)
            if old:
                c.exec_driver_sql("DELETE FROM mention WHERE num = ?", [(row[0],) for row in old])
        if not old:
            return gone
        gone, last = gone + len(old), rows[-1][0]


def sweep_days(write: Transactions, partitions: Partitions, before_us: int) -> int:
    """Drop the days of `partitions` wholly before an instant; returns how many mentions went.

    What belongs to them goes first, in slices; then, with everybody held off for a moment, what
    came meanwhile, and the partition as one file.
    """
    gone = 0
    with write() as c:
        days = [day for day in existing(c) if (day + 1) * _DAY_US <= before_us]
    for day in days:
        last, end = first_num(day) - 1, first_num(day + 1)
        while True:
            with write() as c:
                rows = _slice(c, last, end)
                _forget(c, rows)
            if not rows:
                break
            gone, last = gone + len(rows), rows[-1][0]
        with write() as c:
            c.exec_driver_sql(f"SET LOCAL lock_timeout = '{_LOCK_S}s'")
            c.exec_driver_sql("LOCK TABLE mention IN ACCESS EXCLUSIVE MODE")
            late = c.exec_driver_sql(_OLDEST, (last, end, 2**31)).all()
            _forget(c, [_row(row) for row in late])
            c.exec_driver_sql(f"DROP TABLE IF EXISTS {table_of(day)}")
        partitions.forget(day)
        gone += len(late)
    return gone


def sweep_capped(write: Transactions, before_us: int) -> None:
    """Forget of which spans before an instant only a part came: no page reaches back to them."""
    with write() as c:
        c.exec_driver_sql("DELETE FROM capped WHERE until_us <= ?", (before_us,))


def sweep_taken_back(write: Transactions, before_us: int) -> None:
    """Forget how many posts were taken back before an instant."""
    with write() as c:
        c.exec_driver_sql("DELETE FROM taken_back WHERE bin_s < ?", (before_us // 1_000_000,))


def sweep_authors(write: Transactions, before_us: int) -> int:
    """Delete authors not seen since an instant, and when topics first heard of them."""
    # They are written at most hourly, so what stands there may lag behind by so much.
    before_us -= _HOUR_US
    gone, last = 0, -(2**63)
    while True:
        with write() as c:
            rows = c.exec_driver_sql(_AUTHORS, (last, SLICE)).all()
            old = [(row[0], before_us) for row in rows if row[1] < before_us]
            if old:
                c.exec_driver_sql("DELETE FROM author WHERE key = ? AND last_seen_us < ?", old)
        gone += len(old)
        if len(rows) < SLICE:
            break
        last = rows[-1][0]
    topic, author = "", -(2**63)
    while True:
        with write() as c:
            firsts = c.exec_driver_sql(_FIRSTS, (topic, topic, author, SLICE)).all()
            orphans = [(row[0], row[1]) for row in firsts if row[2] is None]
            if orphans:
                c.exec_driver_sql(
                    "DELETE FROM author_first WHERE topic = ? AND author = ?", orphans
                )
        if len(firsts) < SLICE:
            return gone
        topic, author = firsts[-1][0], firsts[-1][1]


_AUTHORS = "SELECT key, last_seen_us FROM author WHERE key > ? ORDER BY key LIMIT ?"
_FIRSTS = (
    "SELECT f.topic, f.author, a.key FROM author_first f LEFT JOIN author a ON a.key = f.author"
    " WHERE f.topic >= ? AND (f.topic > ? OR f.author > ?) ORDER BY f.topic, f.author LIMIT ?"
)


def _slice(c: Connection, last: int, end: int) -> list[_Row]:
    return [_row(row) for row in c.exec_driver_sql(_OLDEST, (last, end, SLICE))]


def _row(row: Row[Any]) -> _Row:
    return cast(_Row, tuple(row))


def _forget(c: Connection, rows: Sequence[_Row]) -> None:
    """Delete what hangs on mentions: ids (unless filed anew since) and rows per topic."""
    if not rows:
        return
    ids = sorted((mention_id(source, source_id), num) for num, source, source_id, *_ in rows)
    c.exec_driver_sql("DELETE FROM seen WHERE id = ? AND num = ?", ids)
    narrow = sorted(
        (topic, at_us // 1_000_000, num)
        for num, _, _, at_us, topics, _ in rows
        for topic in topics_of(topics)
    )
    if narrow:
        c.exec_driver_sql(
            "DELETE FROM mention_topic WHERE topic = ? AND at_s = ? AND num = ?", narrow
        )
