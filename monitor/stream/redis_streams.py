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

from monitor.clock import Clock, SystemClock
from monitor.ports import Backlog, Entry, NewEntry, Unavailable
from monitor.store.codec import instant, micros
from monitor.stream import WrongServer
from monitor.stream.redis_arrivals import Arrivals
from monitor.stream.redis_replies import (
    entry_of,
    failed,
    no_group,
    position_of,
    raise_first,
    raise_unless_refused,
)
from monitor.stream.redis_scripts import (
    ACK,
    APPEND,
    BACKLOG,
    CLAIM,
    GROUP,
    RESTAMP_ENTRIES,
    TRIM,
    TRIM_ENTRIES,
)

if TYPE_CHECKING:
    from monitor.stream.redis_link import Call, Link, Reply

log_ = logging.getLogger(__name__)

CLAIMED = 1_000
"""Most entries claimed from a shard at once: a script's arguments have their limit."""

MOST_KNOWN = 10_000
"""Most pairs of group and shard that are remembered, to tell when one is gone."""

_GONE = (
    "group %s of shard %d was gone from redis at %s and begins anew: somebody deleted keys or"
    " flushed the database, and what was not filed yet is lost"
)

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
        self._arrivals = Arrivals(self._counts, shards)
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
        raise_first(replies)
        positions = [""] * len(entries)
        for shards, (ids, counts) in zip(together, replies, strict=True):
            order = [i for shard in shards for i in by_shard[shard]]
            for i, id in zip(order, ids, strict=True):
                positions[i] = position_of(entries[i].shard, id, len(entries[i].payload))
            self._arrivals.tell(dict(zip(shards, counts, strict=True)))
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
            key = self._keys[shard][0]
            names: tuple[str | int, ...] = ("GROUP", group, consumer, "COUNT", count)
            return self._call(key, "XREADGROUP", *names, "STREAMS", key, ">")

        def taken(reply: Reply) -> tuple[Sequence[Reply], bytes]:
            return (reply[0][1] if reply else ()), b""

        return self._shared_out(call, taken, group, limit, shards, redelivered=False)

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

        def taken(reply: Reply) -> tuple[Sequence[Reply], bytes]:
            return reply[1], reply[0]

        return self._shared_out(call, taken, group, limit, shards, redelivered=True)

    def _shared_out(
        self,
        call: Callable[[int, int, bytes], Call],
        taken: Callable[[Reply], tuple[Sequence[Reply], bytes]],
        group: str,
        limit: int,
        shards: Collection[int] | None,
        *,
        redelivered: bool,
    ) -> list[Entry]:
        """Ask shards in turn, a fair share each, until ``limit`` is there or nothing is left.

        A shard that is refused is left out; where nothing else came, that is raised, so that nobody
        takes it for an empty one.
        """
        self._open()
        turn = self._next_turn(shards)
        after = dict.fromkeys(turn, b"")
        found: list[Entry] = []
        refused: list[Reply] = []
        while turn and (left := limit - len(found)) > 0:
            share = -(-left // len(turn))
            asked = turn[: -(-left // share)]
            # The last one's share is what remains, so that no more comes than was asked for.
            counts = [min(share, left - n * share) for n in range(len(asked))]
            calls = [call(s, n, after[s]) for s, n in zip(asked, counts, strict=True)]
            replies = self._link.run(calls)
            self._begin(group, asked, calls, replies, remember=not redelivered)
            raise_unless_refused(replies)
            for shard, count, reply in zip(asked, counts, replies, strict=True):
                if failed(reply):
                    turn.remove(shard)
                    refused.append(reply)
                    continue
                rows, after[shard] = taken(reply)
                found += [entry_of(shard, row, redelivered) for row in rows]
                if len(rows) < count and not (redelivered and after[shard]):
                    turn.remove(shard)
        if not found:
            raise_first(refused)
        return found

    def _next_turn(self, shards: Collection[int] | None) -> list[int]:
        every = range(self._shards)
        wanted = [n for n in every if shards is None or n in shards]
        if not wanted:
            return []
        with self._guard:
            self._turn += 1
            first = self._turn % len(wanted)
        return wanted[first:] + wanted[:first]

    def _begin(
        self,
        group: str,
        asked: Sequence[int],
        calls: Sequence[Call],
        replies: list[Reply],
        *,
        remember: bool,
    ) -> None:
        """Make the group in those shards where it was missing, and ask there again.

        Says so where it was not missing before, as far as reading is remembered: a claim finds nothing
        where there never was a group.
        """
        missing = [i for i, reply in enumerate(replies) if no_group(reply)]
        if missing:
            made = self._link.run([self._script(GROUP, [asked[i]], group) for i in missing])
            raise_first(made)
            again = self._link.run([calls[i] for i in missing])
            for i, new, reply in zip(missing, made, again, strict=True):
                replies[i] = reply
                if new and (group, asked[i]) in self._groups:
                    log_.warning(_GONE, group, asked[i], self._link.place)
        if remember and len(self._groups) < MOST_KNOWN:
            read = zip(asked, replies, strict=True)
            self._groups |= {(group, shard) for shard, reply in read if not failed(reply)}

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
        raise_first(replies)

    def backlog(self, group: str) -> Backlog:
        """Return what ``group`` has not acknowledged; costs the same however long it is."""
        self._open()
        replies = self._link.run(
            [self._script(BACKLOG, [shard], group) for shard in range(self._shards)]
        )
        raise_first(replies)
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
                    if not failed(reply):
                        dropped += reply[0]
                        if reply[1]:
                            todo.discard(shard)
                if not dropped:
                    raise_first(replies)
                if any(failed(reply) for reply in replies):
                    break
        finally:
            with self._guard:
                self._untrimmed |= todo
        return dropped

    def wait(self, timeout_s: float) -> bool:
        """Block until something may have been appended, at most ``timeout_s``; see `Arrivals.wait`."""
        return self._arrivals.wait(timeout_s)

    def close(self) -> None:
        """Wake whoever waits and close the connections. May be called twice."""
        self._closed = True
        self._arrivals.close()
        self._link.close()

    def _counts(self) -> list[int | None]:
        """Return how many entries each shard ever had; None where nobody answers."""
        calls = [self._call(sums, "HGET", sums, "n") for _, sums in self._keys]
        return [None if failed(reply) else int(reply or 0) for reply in self._link.run(calls)]

    # the way there

    def _open(self) -> None:
        if self._closed:
            raise Unavailable("the log is closed")

    def _script(self, text: str, shards: Iterable[int], *args: str | bytes | int) -> Call:
        from monitor.stream.redis_link import script

        return script(text, [key for shard in shards for key in self._keys[shard]], *args)

    def _call(self, key: str, *args: str | int) -> Call:
        from monitor.stream.redis_link import Call

        return Call(key, args)

    def _one(self, key: str, *args: str | int) -> Reply:
        return self._link.one(self._call(key, *args))
