"""The durable log between sources and pipeline."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol
from zlib import crc32

GROUP: Final = "pipeline"
"""The consumer group of the workers that file."""


class EntryKind(StrEnum):
    """What an entry's payload tells of its mentions."""

    CREATED = "created"  # JSON array of Mention
    UPDATED = "updated"  # JSON array of Mention: text or date changed
    DELETED = "deleted"  # JSON array of MentionRef
    METRICS = "metrics"  # JSON array of MetricsUpdate


@dataclass(frozen=True, slots=True)
class NewEntry:
    """One batch as it came through the door, already checked; ``payload`` is a JSON array.

    ``shard``: all items of the payload belong to this one (see `shard_of`).
    """

    kind: EntryKind
    source: str
    observed_at: datetime
    payload: bytes
    shard: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry in the log. ``position`` orders entries of a shard; ``redelivered``: handed out before."""

    position: str
    kind: EntryKind
    source: str
    observed_at: datetime
    payload: bytes
    redelivered: bool = False
    shard: int = 0


@dataclass(frozen=True, slots=True)
class Backlog:
    """How far a group is behind: entries and bytes not yet acknowledged."""

    entries: int
    bytes: int
    oldest: datetime | None


class Log(Protocol):
    """The durable log between sources and pipeline (tests/laws/test_log.py).

    A log has one or more shards. All that concerns one mention goes through one shard, and one
    process at a time reads a shard (a lease says who), so that an edit never overtakes the post.

    Laws: an entry whose ``append`` returned survives SIGKILL; one group sees the entries of a shard
    in order of position; an entry read and not acknowledged comes again after `claim` or a
    restart; `trim` drops only what every group has acknowledged; appends raise `Unavailable` when
    the disk is full or the server lost. A log in a file has then stored nothing of that append; a
    log on a server may have stored any part of it (the answer may be what was lost), which the
    sender's repeat makes whole, because ids are stored once.
    """

    @property
    def shards(self) -> int:
        """How many shards there are; fixed while entries are in the log."""
        ...

    def append(self, entries: Sequence[NewEntry]) -> list[str]:
        """Store entries durably in one commit (group commit) and return their positions."""
        ...

    def read(
        self, group: str, consumer: str, limit: int, shards: Collection[int] | None = None
    ) -> list[Entry]:
        """Return up to ``limit`` entries not yet handed to anybody of ``group``, oldest first.

        ``shards``: from these only; None from all.
        """
        ...

    def claim(
        self,
        group: str,
        consumer: str,
        older_than: datetime,
        limit: int,
        shards: Collection[int] | None = None,
    ) -> list[Entry]:
        """Take over entries handed out before ``older_than`` and never acknowledged, oldest first."""
        ...

    def ack(self, group: str, positions: Sequence[str]) -> None: ...

    def backlog(self, group: str) -> Backlog: ...

    def trim(self) -> int:
        """Drop entries that every group acknowledged; return how many."""
        ...

    def wait(self, timeout_s: float) -> bool:
        """Block until something may have been appended, at most ``timeout_s``; False on time-out."""
        ...

    def close(self) -> None: ...


def shard_of(source: str, source_id: str, shards: int) -> int:
    """Return the shard that everything about one mention goes through, in [0, ``shards``)."""
    return (
        crc32(f"{source}\0{source_id}".encode(errors="surrogatepass")) % shards if shards > 1 else 0
    )
