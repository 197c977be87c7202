"""RedisLog: the log between sources and pipeline, on one Redis server or on a Redis Cluster.

A shard is a stream of its own; one entry is one batch. An append is answered when the server has
it on disk (``appendfsync always``, checked when the log is opened). What several threads append at
the same time shares the server's next flush by itself.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from monitor.clock import Clock, SystemClock, stopwatch
from monitor.ports import Backlog, Entry, EntryKind, NewEntry, Unavailable
from monitor.store.codec import instant, micros
from monitor.stream import WrongServer
from monitor.stream.redis_scripts import (
    ACK,
    APPEND,
    BACKLOG,
    CLAIM,
    READ,
    RESTAMP_ENTRIES,
    TRIM,
    TRIM_ENTRIES,
)

if TYPE_CHECKING:
    from monitor.stream.redis_link import Call, Link, Reply

log_ = logging.getLogger(__name__)

POLL_S = 0.1
"""How often `RedisLog.wait` looks for what another process appended."""

CLAIMED = 1_000
"""Most entries claimed from a shard at once: a script's arguments have their limit."""

TRIM_RUNS = 50
"""Most runs of the trimming script on one shard in one call, each for 1,000 entries."""


class RedisLog:
    """`monitor.ports.Log` over Redis Streams; any number of threads and processes.

    An append that fails on one server is wholly there or not there at all, although the answer may
    be lost; in a cluster this holds for each shard. A group begins with the oldest entry that is
    stored when it first reads. ``warnings``: sentences about what could not be checked.
    """

    def __init__(
        self, link: Link, *, shards: int, prefix: str, replicas: int, clock: Clock | None
    ) -> None:
        self.warnings: list[str] = []
        self._link = link
        self._shards = shards
        self._prefix = prefix
        self._replicas = replicas
        self._clock = clock or SystemClock()
        self._keys = [(f"{{{prefix}:{n}}}:log", f"{{{prefix}:{n}}}:sums") for n in range(shards)]
        self._guard = threading.Lock()
        self._turn = 0
        self._untrimmed = set(range(shards))
        self._groups: set[tuple[str, int]] = set()
        self._arrived = threading.Condition()
        self._counts = (0,) * shards
        self._appends = 0
        self._peeked = 0.0
        self._noticed = threading.local()
        self._closed = False

    @classmethod
    def open(
        cls,
        url: str,
        *,
        shards: int = 8,
        prefix: str = "sturmglas",
        clock: Clock | None = None,
        replicas: int = 0,
        timeout_s: float = 5.0,
    ) -> RedisLog:
        """Open the log at ``url``: redis://, rediss://, unix://, or a cluster with +cluster.

        ``redis+cluster://host:port,host:port/`` names any nodes of a cluster. ``replicas``: how many
        replicas must have an append before it returns (WAIT); that narrows, but does not close, the
        window in which a failover loses what was acknowledged. Raises `WrongServer` where the server
        would not keep what it accepted, `Unavailable` where it cannot be reached.
        """
        if shards < 1 or not prefix or set(prefix) & set("{}"):
            raise ValueError("a log has at least one shard, and a prefix without braces")
        try:
            from monitor.stream.redis_link import Link
        except ModuleNotFoundError as error:
            raise WrongServer(
                "a log on Redis needs redis-py: pip install 'sturmglas[redis]'"
            ) from error
        link = Link(url, timeout_s)
        log = cls(link, shards=shards, prefix=prefix, replicas=replicas, clock=clock)
        try:
            log.warnings += link.check()
            log._agree()
        except BaseException:
            log.close()
            raise
        return log

    def _agree(self) -> None:
        """Make sure that everybody who uses this log has the same number of shards."""
        key = f"{{{self._prefix}}}:shards"
        found = self._one(key, "GET", key)
        if found is not None and int(found) != self._shards:
            there = [f"{{{self._prefix}:{n}}}:log" for n in range(int(found))]
            if any(self._one(k, "XLEN", k) for k in there):
                raise WrongServer(
                    f"the log {self._prefix!r} at {self._link.place} holds entries in {int(found)}"
                    f" shards and was asked for {self._shards}; work them off first"
                )
            self._one(key, "SET", key, self._shards)
        elif found is None:
            self._one(key, "SET", key, self._shards)

    # in

    @property
    def shards(self) -> int:
        return self._shards

    def append(self, entries: Sequence[NewEntry]) -> list[str]:
        """Store entries durably and return their positions; one script on each node.

        Raises ValueError for a shard that there is not.
        """
        if not entries:
            return []
        by_shard: dict[int, list[int]] = {}
        for i, entry in enumerate(entries):
            if not 0 <= entry.shard < self._shards:
                raise ValueError(f"shard {entry.shard} is not in [0, {self._shards})")
            by_shard.setdefault(entry.shard, []).append(i)
        together = [[s] for s in by_shard] if self._link.clustered else [list(by_shard)]
        calls = [self._append_call(entries, shards, by_shard) for shards in together]
        self._open()
        self._link.room([call.key for call in calls])
        replies = self._link.run(calls, replicas=self._replicas)
        _raise_first(replies)
        positions = [""] * len(entries)
        for shards, (ids, counts) in zip(together, replies, strict=True):
            order = [i for shard in shards for i in by_shard[shard]]
            for i, id in zip(order, ids, strict=True):
                positions[i] = _position(entries[i].shard, id, len(entries[i].payload))
            self._tell(dict(zip(shards, counts, strict=True)))
        return positions

    def _append_call(
        self, entries: Sequence[NewEntry], shards: list[int], by_shard: dict[int, list[int]]
    ) -> Call:
        args: list[str | bytes | int] = []
        for number, shard in enumerate(shards, start=1):
            for i in by_shard[shard]:
                e = entries[i]
                source = e.source.encode(errors="surrogatepass")
                args += [number, e.kind.value, source, micros(e.observed_at), e.payload]
        return self._script(APPEND, shards, *args)

    # out

    def read(
        self, group: str, consumer: str, limit: int, shards: Collection[int] | None = None
    ) -> list[Entry]:
        """Return up to ``limit`` entries not yet handed to anybody of ``group``, oldest first.

        Oldest first in each shard; every shard has its share of ``limit`` before one has more. While
        a node of a cluster cannot be reached, the others' shards are read. Raises `Unavailable`
        where entries may have been handed out and not arrived: then `claim` has them.
        """

        def call(shard: int, count: int, after: bytes) -> Call:
            return self._script(READ, [shard], group, consumer, count)

        def taken(shard: int, reply: Reply) -> tuple[Sequence[Reply], bytes]:
            made, rows = reply
            self._know(group, shard, made=bool(made))
            return rows, rows[-1][0] if rows else b""

        return self._shared_out(call, taken, limit, shards, redelivered=False)

    def claim(
        self,
        group: str,
        consumer: str,
        older_than: datetime,
        limit: int,
        shards: Collection[int] | None = None,
    ) -> list[Entry]:
        """Take over entries handed out until ``older_than`` and never acknowledged, oldest first.

        How long an entry has been out is the server's knowledge, to the millisecond. One handed out
        after the server's present (its clock was set back since) counts as handed out now.
        """
        out = (self._clock.now() - older_than) // timedelta(milliseconds=1) - 1

        def call(shard: int, count: int, after: bytes) -> Call:
            start = b"(" + after if after else b"-"
            args = (group, consumer, max(0, out), min(count, CLAIMED), start, RESTAMP_ENTRIES)
            return self._script(CLAIM, [shard], *args)

        def taken(shard: int, reply: Reply) -> tuple[Sequence[Reply], bytes]:
            return reply[1], reply[0]

        return self._shared_out(call, taken, limit, shards, redelivered=True)

    def _shared_out(
        self,
        call: Callable[[int, int, bytes], Call],
        taken: Callable[[int, Reply], tuple[Sequence[Reply], bytes]],
        limit: int,
        shards: Collection[int] | None,
        *,
        redelivered: bool,
    ) -> list[Entry]:
        """Ask shards in turn, a fair share each, until ``limit`` is there or nothing is left."""
        self._open()
        turn = self._next_turn(shards)
        after = dict.fromkeys(turn, b"")
        found: list[Entry] = []
        while turn and (left := limit - len(found)) > 0:
            share = -(-left // len(turn))
            asked = turn[: -(-left // share)]
            # The last one's share is what remains, so that no more comes than was asked for.
            counts = [min(share, left - n * share) for n in range(len(asked))]
            replies = self._link.run(
                [call(s, n, after[s]) for s, n in zip(asked, counts, strict=True)]
            )
            _raise_unless_refused(replies)
            for shard, count, reply in zip(asked, counts, replies, strict=True):
                if _failed(reply):
                    turn.remove(shard)
                    continue
                rows, after[shard] = taken(shard, reply)
                found += [_entry(shard, row, redelivered) for row in rows]
                if len(rows) < count and not (redelivered and after[shard]):
                    turn.remove(shard)
            if not found and not turn:
                _raise_first(replies)
        return found

    def _next_turn(self, shards: Collection[int] | None) -> list[int]:
        wanted = (
            sorted(n for n in set(shards) if 0 <= n < self._shards) if shards is not None else []
        )
        if shards is None:
            wanted = list(range(self._shards))
        if not wanted:
            return []
        with self._guard:
            self._turn += 1
            first = self._turn % len(wanted)
        return wanted[first:] + wanted[:first]

    def _know(self, group: str, shard: int, *, made: bool) -> None:
        """Remember who reads here; say so when what was known of it is gone."""
        if made and (group, shard) in self._groups:
            log_.warning(
                "group %s of shard %d was gone from redis at %s and begins anew: somebody deleted"
                " keys or flushed the database, and what was not filed yet is lost",
                group,
                shard,
                self._link.place,
            )
        self._groups.add((group, shard))

    def ack(self, group: str, positions: Sequence[str]) -> None:
        """Forget that entries are pending; unknown positions and a second time change nothing."""
        if not positions:
            return
        self._open()
        by_shard: dict[int, list[str | bytes | int]] = {}
        for position in positions:
            shard, id, size = position.split(":")
            by_shard.setdefault(int(shard), []).extend((id, int(size)))
        known = {shard: ids for shard, ids in by_shard.items() if 0 <= shard < self._shards}
        replies = self._link.run(
            [self._script(ACK, [shard], group, *ids) for shard, ids in known.items()]
        )
        with self._guard:
            self._untrimmed |= set(known)
        _raise_first(replies)

    def backlog(self, group: str) -> Backlog:
        """Return what ``group`` has not acknowledged; costs the same however long it is."""
        self._open()
        replies = self._link.run(
            [self._script(BACKLOG, [shard], group) for shard in range(self._shards)]
        )
        _raise_first(replies)
        oldest = [int(reply[2]) for reply in replies if reply[2]]
        return Backlog(
            entries=sum(reply[0] for reply in replies),
            bytes=sum(reply[1] for reply in replies),
            oldest=instant(min(oldest)) if oldest else None,
        )

    def trim(self) -> int:
        """Drop entries that every group acknowledged; return how many.

        Looks at the shards in which something was acknowledged here since; at most `TRIM_RUNS`
        thousand entries a shard, the rest next time.
        """
        self._open()
        with self._guard:
            todo, self._untrimmed = self._untrimmed, set()
        dropped = 0
        try:
            for _ in range(TRIM_RUNS):
                asked = sorted(todo)
                if not asked:
                    break
                replies = self._link.run(
                    [self._script(TRIM, [shard], TRIM_ENTRIES) for shard in asked]
                )
                for shard, reply in zip(asked, replies, strict=True):
                    if not _failed(reply):
                        dropped += reply[0]
                        if reply[1]:
                            todo.discard(shard)
                if not dropped:
                    _raise_first(replies)
                if any(_failed(reply) for reply in replies):
                    break
        finally:
            with self._guard:
                self._untrimmed |= todo
        return dropped

    # waiting

    def wait(self, timeout_s: float) -> bool:
        """Block until something may have been appended, at most ``timeout_s``; False on time-out.

        True at once for whatever came since this thread's last `wait`; so read until nothing is
        left, then wait. Appends of other processes are noticed within `POLL_S`, by one question a
        node, whichever thread asks it for all that wait.
        """
        end = stopwatch() + timeout_s
        noticed: tuple[int, ...] = getattr(self._noticed, "counts", (0,) * self._shards)
        self._peek(now=True)
        with self._arrived:
            while self._counts == noticed and not self._closed:
                left = end - stopwatch()
                if left <= 0:
                    return False
                if not self._arrived.wait(min(left, POLL_S)):
                    self._arrived.release()
                    try:
                        self._peek(now=False)
                    finally:
                        self._arrived.acquire()
            self._noticed.counts = self._counts
            return self._counts != noticed and not self._closed

    def _peek(self, *, now: bool) -> None:
        with self._arrived:
            if self._closed or (not now and stopwatch() - self._peeked < POLL_S * 0.9):
                return
            self._peeked = stopwatch()
            before = self._appends
        replies = self._link.run([self._count_call(shard) for shard in range(self._shards)])
        with self._arrived:
            if self._appends == before:  # else what we know ourselves is newer
                known = zip(self._counts, replies, strict=True)
                counts = tuple(had if _failed(reply) else int(reply or 0) for had, reply in known)
                if counts != self._counts:
                    self._counts = counts
                    self._arrived.notify_all()

    def _count_call(self, shard: int) -> Call:
        from monitor.stream.redis_link import Call

        sums = self._keys[shard][1]
        return Call(sums, ("HGET", sums, "n"))

    def _tell(self, counts: dict[int, int]) -> None:
        """Wake whoever waits: the shards have so many entries in all."""
        with self._arrived:
            known = list(self._counts)
            for shard, n in counts.items():
                known[shard] = max(known[shard], int(n))
            self._counts = tuple(known)
            self._appends += 1
            self._arrived.notify_all()

    def close(self) -> None:
        """Wake whoever waits and close the connections. May be called twice."""
        with self._arrived:
            self._closed = True
            self._arrived.notify_all()
        self._link.close()

    # the way there

    def _open(self) -> None:
        if self._closed:
            raise Unavailable("the log is closed")

    def _script(self, text: str, shards: Iterable[int], *args: str | bytes | int) -> Call:
        from monitor.stream.redis_link import script

        return script(text, [key for shard in shards for key in self._keys[shard]], *args)

    def _one(self, key: str, *args: str | int) -> Reply:
        from monitor.stream.redis_link import Call

        return self._link.one(Call(key, args))


def _position(shard: int, id: bytes, size: int) -> str:
    """Return shard, stream id and bytes: what acknowledging must know, without looking it up."""
    return f"{shard}:{id.decode()}:{size}"


def _entry(shard: int, row: tuple[bytes, list[bytes]], redelivered: bool) -> Entry:
    id, fields = row
    kind, source, observed, payload = fields[1], fields[3], fields[5], fields[9]
    return Entry(
        position=_position(shard, id, len(payload)),
        kind=EntryKind(kind.decode()),
        source=source.decode(errors="surrogatepass"),
        observed_at=instant(int(observed)),
        payload=payload,
        redelivered=redelivered,
        shard=shard,
    )


def _failed(reply: Reply) -> bool:
    return isinstance(getattr(reply, "error", None), Exception)


def _raise_first(replies: Iterable[Reply]) -> None:
    for reply in replies:
        if _failed(reply):
            raise reply.error


def _raise_unless_refused(replies: Iterable[Reply]) -> None:
    """Raise where a server may have done what it did not answer, or said what is no outage."""
    for reply in replies:
        if _failed(reply) and (reply.in_doubt or not isinstance(reply.error, Unavailable)):
            raise reply.error
