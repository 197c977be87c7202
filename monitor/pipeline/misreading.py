"""Misreading: which topics' tone is unreliable, by what people said of drawn posts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from monitor.desk.corrections import unreliable
from monitor.ports import Transaction

AGAIN = timedelta(hours=6)
"""So often it is looked up though nobody said anything: words grow old."""


class Misreading:
    """Keeps the share of critical posts that are not seen, by topic; looked up where words were said."""

    def __init__(self) -> None:
        self._seen = -1
        self._due: datetime | None = None
        self._shares: dict[str, float] = {}

    def look(self, tx: Transaction, topics: Iterable[str], now: datetime) -> None:
        """Look up anew where something was said or taken back since; one small read if not."""
        version = tx.corrections_version()
        if version == self._seen and (self._due is None or now < self._due):
            return
        recalls = {topic: unreliable(tx, topic, now) for topic in topics} if version else {}
        self._shares = {topic: 1.0 - r for topic, r in recalls.items() if r is not None}
        self._seen, self._due = version, now + AGAIN if version else None

    def of(self, topic: str) -> float:
        """Return the share of a topic's critical posts that are not seen; 0.0 where tone can be relied on."""
        return self._shares.get(topic, 0.0)
