"""Hours: the rows before each bin's end, and which bins to walk, for whoever closes many in a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import chain
from typing import Protocol

from detectors.window import BIN, Window

HOUR = timedelta(hours=1)
WINDOW_ROWS = 50_000
"""Most rows looked at of one topic's hour: the newest."""
GAP = timedelta(days=1)
"""Longer stretches without any mention are skipped at once instead of bin by bin."""


class Rows(Protocol):
    """Whoever has the narrow rows: a transaction, or what reads."""

    def window(
        self, topic: str, since: datetime, until: datetime, limit: int = 50_000
    ) -> Window: ...


class Hours:
    """The last hour of each topic, for bins that are closed one after the other up to ``until``.

    A backlog of bins would read most rows of an hour twelve times; here an hour more is read
    ahead, so that none is read more than twice. What closes bins for good makes a new one for each
    transaction: before the next one late mentions may have come.
    """

    def __init__(self, rows: Rows, until: datetime) -> None:
        self._rows = rows
        self._until = until
        self._read: dict[str, Window] = {}
        self._crowded: set[str] = set()

    def before(self, end: datetime, topic: str) -> Window:
        """Return the rows of the hour before ``end``; ask in the order of time."""
        since = end - HOUR
        read = self._read.get(topic)
        ahead = end < self._until and topic not in self._crowded
        if ahead and (read is None or read.until < end):
            read = self._rows.window(topic, since, min(end + HOUR, self._until), WINDOW_ROWS)
            if len(read) == WINDOW_ROWS:  # its oldest rows may be missing
                self._crowded.add(topic)
                self._read.pop(topic, None)
                read = None
            else:
                self._read[topic] = read
        if read is not None and read.until >= end:
            return read.part(since, end)
        # Nothing is kept of the newest bin: an hour of a loud topic is 20 MB, and topics are many.
        return self._rows.window(topic, since, end, WINDOW_ROWS)


def ends(first: datetime, until: datetime, busy: Iterable[datetime]) -> Iterator[datetime]:
    """Yield the ends of the bins from ``first`` to ``until``, leaping over long empty stretches.

    ``busy``: starts of the bins that hold anything, oldest first; asked for as they are needed.
    """
    end = first + BIN
    for start in chain(busy, (until - BIN,)):
        if start + BIN - end > GAP:
            # The last empty day is walked bin by bin, so that incidents can fall and end.
            walk_until = end + GAP
            while end <= walk_until:
                yield end
                end += BIN
            end = start + BIN
        while end <= min(start + BIN, until):
            yield end
            end += BIN
