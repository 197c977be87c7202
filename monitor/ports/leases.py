"""Leases: who does what, where several processes work on one store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

LEASE_S = 10.0
"""How long a lease lasts after its last renewal: what a killed owner held stands still so long."""
HUNG_TERMS = 3
"""So many terms without a word inside a transaction: that worker hangs, or was frozen."""

SHARD = "shard"
"""Kind of lease: reading one shard of the log, ``shard/N``."""
TOPICS = "topics"
"""Kind of lease: judging one partition of the topics, ``topics/N``."""
SOURCE = "source"
"""Kind of lease: fetching from one source, ``source/NAME``."""
DELIVER = "deliver"
"""Kind of lease: sending; only ``deliver/outbox``, so that order per receiver holds."""
OUTBOX_LEASE = f"{DELIVER}/outbox"

Fences = Mapping[str, int]
"""What is held: the name of a lease, and the fencing number it was taken with."""


class Fenced(Exception):
    """A lease was lost meanwhile: somebody else owns the work, and nothing of this was written."""


@dataclass(frozen=True, slots=True)
class Holding:
    """One lease as it stands: ``owner`` "" when nobody holds it; ``until`` by the store's clock."""

    name: str
    owner: str
    fence: int
    until: datetime | None


class Leases(Protocol):
    """Ownership of named pieces of work by rows with an end and a fencing number.

    Laws (tests/laws/test_leases.py): at any instant one owner per name; each take raises the
    fencing number; a transaction that names an older number raises `Fenced` and writes nothing;
    a transaction that names current numbers renews them, and nobody takes them before it ends.
    Times are the store's own, so that workers' clocks may differ. Fencing after Kleppmann, "How to
    do distributed locking" (2016).
    """

    def balance(self, owner: str, work: Mapping[str, Sequence[str]]) -> dict[str, int]:
        """Renew, give back and take, so that everybody alive has a fair share of each kind.

        ``work``: names by kind. The fair share of a kind is ceil(names / live owners); who asks is
        alive for `LEASE_S`. Returns all that ``owner`` holds now with its fencing numbers. Call it
        about once a second, and only when nothing that was taken under a lease is in hand.
        """
        ...

    def leave(self, owner: str) -> None:
        """Give back everything at once and be no longer counted: a clean stop."""
        ...

    def holdings(self) -> list[Holding]:
        """Return every lease ever taken, by name."""
        ...


class Alone:
    """Leases where only one process can work on the store: it holds everything, always."""

    def balance(self, owner: str, work: Mapping[str, Sequence[str]]) -> dict[str, int]:
        return {name: 1 for names in work.values() for name in names}

    def leave(self, owner: str) -> None:
        return None

    def holdings(self) -> list[Holding]:
        return []
