"""What people said of a topic's sample of posts, as the store keeps it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from detectors.query_health import Mark
from monitor.ports.rows import Recent


class RelevanceReads(Protocol):
    """What is read to tell how a query does."""

    def marks(self, topic: str, month: str | None = None) -> list[Mark]:
        """Return marks of a topic by month, then post; of one month, or of all."""
        ...

    def unmatched(self, since: datetime, limit: int) -> list[int]:
        """Return numbers of posts that belong to no topic and came since, newest first.

        Looks only at the newest 20,000 posts.
        """
        ...

    def recent(self, limit: int, before: int | None = None) -> list[Recent]:
        """Return the newest stored mentions, of every topic and of none, as a query looks at them;
        page on with ``before`` = the last num seen."""
        ...


class RelevanceWrites(Protocol):
    def mark_relevance(self, mark: Mark) -> None:
        """Keep a mark; a later one of the same post and month replaces it."""
        ...
