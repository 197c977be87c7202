"""What need not be written again: authors and first bins that are in the store already.

Most mentions come from people who wrote a moment ago. Their rows lie at random places in large
trees, so that every write of one is a page of the write-ahead log; knowing that it would change
nothing saves it. Only what was committed is remembered, and forgetting costs a write, no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

LIMIT: Final = 32_768
"""Entries per generation: at most twice as many are held, about 250 bytes each, 30 MB in all."""

HOUR_US: Final = 3_600_000_000
"""An author who goes on unchanged is written once in this time (the statements say the same)."""


class Recent(Generic[K, V]):
    """A bounded dict that forgets what was not asked for longest, half of it at a time.

    ``young`` may be looked into directly: `get` does so first, but a method costs more.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self.young: dict[K, V] = {}
        self._old: dict[K, V] = {}

    def get(self, key: K) -> V | None:
        found = self.young.get(key)
        if found is None and (found := self._old.get(key)) is not None:
            self.put(key, found)
        return found

    def put(self, key: K, value: V) -> None:
        if len(self.young) >= self._limit:
            self._old, self.young = self.young, {}
        self.young[key] = value

    def clear(self) -> None:
        self.young, self._old = {}, {}

    def __len__(self) -> int:
        return len(self.young.keys() | self._old.keys())


class Remembered:
    """Authors and first bins known to be stored in one file; shared by its transactions.

    True as long as rows are only added or moved on, by whatever process: whoever deletes authors
    or first bins must `clear` afterwards. An author's change made by another process may be
    taken back here up to an hour later than otherwise.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        # Key of an author: the hash of what was written of them, and when they were seen.
        self.people: Recent[int, tuple[int, int]] = Recent(limit)
        # Topic and author: a bin in or before which the topic first heard of them.
        self.firsts: Recent[tuple[str, int], int] = Recent(limit)
        self._newest_us = 0

    def add(
        self, people: Mapping[int, tuple[int, int]], firsts: Mapping[tuple[str, int], int]
    ) -> None:
        """Take over what one transaction wrote, once it is committed and before the next begins.

        An author brought later than what came since is not remembered: the store may well have
        kept what it had.
        """
        for key, (what, seen_us) in people.items():
            if seen_us >= self._newest_us:
                self.people.put(key, (what, seen_us))
        self._newest_us = max([self._newest_us, *(seen_us for _, seen_us in people.values())])
        for pair, start in firsts.items():
            self.firsts.put(pair, start)

    def clear(self) -> None:
        """Forget everything; in the transaction's own turn, like every other use of this."""
        self.people.clear()
        self.firsts.clear()
