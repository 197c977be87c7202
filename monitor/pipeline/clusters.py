"""Clusters: the id under which copies of one text are filed, reworded ones too."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from detectors.copies import LONGEST, cluster_key
from detectors.mention import readable
from detectors.near_copies import HALF, NearCopies
from monitor.ports import Recent, Store

LEARNED, PAGE = 5000, 500
"""Newest posts from which a process learns the clusters of before, and how many are read at once: some
0.2 s and at most 10 MB, once."""


class Clusters:
    """Gives mentions their cluster, and knows those that are stored.

    What was filed before is read when the first mention of a topic comes, so that a process that was
    killed goes on with the same ids; of more than 5,000 posts in a day, with those of the newest.
    A deleted text stays here, folded, until it is forgotten like any other.

    Where several workers file, each has an index of its own and learns what others filed only when it
    takes up a shard. Until then near-copies in shards of different workers may get different ids. A
    first text and its exact copies never do, because their id is made from the text; exact copies of a
    *reworded* text may, where only one of the workers knows the first: at most one id a worker.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._near: NearCopies | None = None

    def of(self, text: str, at: datetime, topics: Sequence[str]) -> int:
        """Return the cluster of a text of ``topics`` seen at ``at``; the exact key where there are none."""
        if not topics:
            return cluster_key(text)
        if self._near is None:
            self._near = self._learned(at)
        return self._near.cluster(text, at)

    def drop(self) -> None:
        """Forget everything, and learn anew from the store: shards are another's, or were."""
        self._near = None

    def _learned(self, now: datetime) -> NearCopies:
        near = NearCopies()
        for text, cluster, at in reversed(self._filed(now - 2 * HALF)):
            near.learn(text, cluster, at)
        return near

    def _filed(self, since: datetime) -> list[tuple[str, int, datetime]]:
        """Return texts of topics, newest first, with their cluster and when they were seen."""
        found: list[tuple[str, int, datetime]] = []
        before: int | None = None
        for _ in range(LEARNED // PAGE):
            page = self._store.read.recent(PAGE, before)
            found += [
                (readable(row.title, row.text)[:LONGEST], row.cluster, row.observed_at)
                for row in page
                if _counts(row, since)
            ]
            if len(page) < PAGE or page[-1].observed_at < since:
                break
            before = page[-1].num
        return found


def _counts(row: Recent, since: datetime) -> bool:
    return row.matched and not row.gone and row.cluster != 0 and row.observed_at >= since
