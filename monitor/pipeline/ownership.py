"""Ownership: which shards of the log and which topics this process works on, and proof of it.

Alone on a store it is all of them. Where several workers share one, leases say who does what: a
shard of the log is read by one worker, a partition of the topics is judged by one. Every write
names the leases it relies on, so that a worker that was paused for too long writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from zlib import crc32

from alerts.outbox import Outbox
from alerts.posted import Posted
from detectors.topic import Topic
from monitor.clock import stopwatch
from monitor.ports import (
    LEASE_S,
    OUTBOX_LEASE,
    Fenced,
    Fences,
    Leases,
    Reader,
    Store,
    Transaction,
)

MARGIN_S = 0.5
"""Of a lease: for what is written when we looked, and not yet out."""


def names(kind: str, n: int) -> list[str]:
    """Return the names of the ``n`` leases of a kind: ``shard/0``, ``shard/1`` ..."""
    return [f"{kind}/{i}" for i in range(n)]


def number(name: str) -> int:
    """Return the number in the name of a lease."""
    return int(name.rpartition("/")[2])


def partition_of(topic: Topic, partitions: int) -> int:
    """Return the partition a topic is judged in. Topics of one brand stay together, because one
    storm over several of them is one incident."""
    return crc32((topic.brand or topic.id).encode()) % partitions


class FencedStore:
    """A store whose transactions are only valid while the leases they rely on are held."""

    def __init__(self, store: Store, fences: Callable[[], Fences]) -> None:
        self._store = store
        self._fences = fences

    @property
    def read(self) -> Reader:
        return self._store.read

    @property
    def outbox(self) -> Outbox:
        return self._store.outbox

    @property
    def posted(self) -> Posted:
        return self._store.posted

    @property
    def leases(self) -> Leases:
        return self._store.leases

    def begin(self, fences: Fences | None = None) -> AbstractContextManager[Transaction]:
        return self._store.begin({**self._fences(), **(fences or {})})

    def secret(self, name: str) -> bytes:
        return self._store.secret(name)

    def close(self) -> None:
        self._store.close()


class Ownership:
    """What this process holds, kept up to date by asking about once a second.

    ``owner`` is unique among all processes that ever ran. ``work``: all there is, by kind.
    ``on_change`` hears everything that is held whenever that is not what it was.
    """

    def __init__(
        self,
        leases: Leases,
        owner: str,
        work: Mapping[str, Sequence[str]],
        on_change: Iterable[Callable[[Fences], None]] = (),
    ) -> None:
        self.owner = owner
        self._leases = leases
        self._work = work
        self._on_change = list(on_change)
        self._held: dict[str, int] = {}
        self._asked = 0.0

    @property
    def held(self) -> Fences:
        return self._held

    def renew(self) -> None:
        """Renew, give back and take; only with nothing in hand. See `Leases.balance`."""
        asked = stopwatch()
        held = self._leases.balance(self.owner, self._work)
        self._asked = asked
        self._now_held(held)

    @property
    def asked(self) -> float:
        """When we asked for what is held, by `stopwatch`."""
        return self._asked

    def leave(self) -> None:
        """Give back everything; a clean stop."""
        self._now_held({})
        self._leases.leave(self.owner)

    def _now_held(self, held: dict[str, int]) -> None:
        if held != self._held:
            self._held = held
            for hear in self._on_change:
                hear(held)


class Sending:
    """The right to send from the outbox of ``store``: the lease, as far as it surely still lasts.

    `may_send` asks nobody, so that it is right also in a process that was frozen and has not looked yet.
    `keep`, called by whoever sends about once a second, renews the lease where the pipeline, which renews
    all, stands still: a pipeline that hangs must not keep alerts back.
    """

    def __init__(self, store: Store, ownership: Ownership, lease_s: float = LEASE_S) -> None:
        self._store = store
        self._ownership = ownership
        self._lease_s = lease_s
        self._kept = 0.0

    def may_send(self) -> bool:
        return OUTBOX_LEASE in self._ownership.held and self._age() < self._lease_s - MARGIN_S

    def keep(self) -> None:
        """Renew the lease where that is not done elsewhere; what cannot be renewed ends."""
        fence = self._ownership.held.get(OUTBOX_LEASE)
        if fence is None or self._age() < self._lease_s / 3:
            return
        asked = stopwatch()
        try:
            with self._store.begin({OUTBOX_LEASE: fence}):
                pass
        except Fenced:
            return
        self._kept = asked

    def _age(self) -> float:
        return stopwatch() - max(self._ownership.asked, self._kept)
