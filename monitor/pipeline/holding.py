"""Holding: the entries that a worker has in hand, from the log until they are filed or put aside.

What cannot be filed must not hold up what can. A batch that fails again and again is taken apart:
entry by entry, and a failing entry item by item. What fails even alone is parked in the store with
its error, then acknowledged: nothing accepted is lost, and the rest goes on.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import msgspec

from monitor import metrics
from monitor.clock import Clock, stopwatch
from monitor.pipeline.filing import Taken
from monitor.ports import Entry, Log, Store, Unavailable

READ = 200
"""Entries read at once; an entry is a request's batch, so this is up to 200,000 mentions' bytes.
Bounded further by the door, which refuses when the backlog grows."""
MOST_SINGLES = 1600
"""Entries read at once where each holds but one mention or two: up to eight times `READ`."""
PATIENCE = 3
"""Failures of a batch after which it is taken apart: a passing trouble parks nothing."""
PARKED_IN_A_ROW = 20
"""So many entries parked with nothing filed in between are no poisonous entries: then it is we who
are broken, and standing still with an alarm beats putting everything aside."""
CLAIM_EVERY = timedelta(minutes=1)
STALE = timedelta(minutes=5)
"""Handed out to us so long ago and still not acknowledged: the acknowledgement was lost (a failover
of Redis can do that). Filing it again changes nothing, and then it can be trimmed."""
PAGE = 10
"""Parked entries held in memory at once; each may be a request of several MiB."""

_items = msgspec.json.Decoder(list[msgspec.Raw])

log = logging.getLogger("sturmglas.pipeline")

Take = Callable[[Sequence[Entry]], Taken]


@dataclass(frozen=True, slots=True)
class _Failed:
    """What is left of an entry: the items that fail even alone, and why the last of them does."""

    entry: Entry
    error: Exception
    nothing_filed: bool


class Hand:
    """Reads entries, has them filed, acknowledges them. One thread drives it.

    ``take`` files entries, safe to repeat. ``on_parked`` is told in plain words how much could
    not be filed, "" when nothing is parked.
    """

    def __init__(
        self,
        take: Take,
        store: Store,
        log_: Log,
        clock: Clock,
        *,
        group: str,
        consumer: str,
        on_parked: Callable[[str], None] = lambda told: None,
    ) -> None:
        self._take = take
        self._store = store
        self._log = log_
        self._clock = clock
        self._group = group
        self._consumer = consumer
        self._on_parked = on_parked
        self._entries: list[Entry] = []
        self._limit = READ
        self._shards: list[int] | None = None
        self._unclaimed, self._claimed_at = True, clock.now()
        self._retried = False
        self._failures = 0
        self._in_a_row = 0

    @property
    def busy(self) -> bool:
        """True while entries are in hand that are not filed yet."""
        return bool(self._entries)

    def own(self, shards: list[int]) -> None:
        """Read from these shards from now on; what others left unfinished in new ones comes first."""
        if shards != self._shards:
            self._shards, self._unclaimed = shards, True

    def drop(self) -> None:
        """Forget what is in hand: it is somebody else's now."""
        self._entries, self._failures, self._in_a_row = [], 0, 0
        self._shards, self._unclaimed = [], True

    def fill(self) -> bool:
        """Have entries in hand, if there are any; False where there is nothing to do.

        What was handed out before and never acknowledged comes first: to a process that died, or
        to us when the log failed before it could tell.
        """
        if not self._entries and self._shards != []:
            now = self._clock.now()
            if self._unclaimed or now - self._claimed_at >= CLAIM_EVERY:
                since = now if self._unclaimed else now - STALE
                self._entries = self._log.claim(
                    self._group, self._consumer, since, READ, self._shards
                )
                self._unclaimed, self._claimed_at = bool(self._entries), now
            if not self._entries:
                self._unclaimed = True
                self._entries = self._log.read(
                    self._group, self._consumer, self._limit, self._shards
                )
                self._unclaimed = False
        return bool(self._entries)

    def file(self) -> int:
        """File what is in hand and acknowledge it; return how many mentions.

        Raises what went wrong; then call it again.
        """
        filed = 0
        try:
            if self._failures < PATIENCE:
                filed = self._file(self._entries)
            else:
                self._file_apart()
        except Unavailable:
            raise  # the disk's fault, not the entries'
        except Exception:
            self._failures += 1
            raise
        full_of_singles = len(self._entries) == self._limit and filed <= 2 * self._limit
        self._limit = min(2 * self._limit, MOST_SINGLES) if full_of_singles else READ
        self._entries, self._failures, self._in_a_row = [], 0, 0
        return filed

    def retry_parked(self) -> None:
        """Try once more, at the first call, what was parked: a new version may well file it.

        Whoever reads the first shard does it. Filing a mention late is harmless. An edit that was parked may undo a later one.
        """
        if self._retried or (self._shards is not None and 0 not in self._shards):
            return
        number = 0
        while page := self._store.read.parked(PAGE, number):
            for parked in page:
                number = parked.number
                failed = self._salvage(parked.entry)
                with self._store.begin() as tx:
                    if failed is None:
                        tx.unpark(number)
                    elif not failed.nothing_filed:
                        tx.park(failed.entry, _named(failed.error), self._clock.now())
        self._retried = True
        self._tell()

    # --- filing -----------------------------------------------------------------------------

    def _file(self, entries: Sequence[Entry]) -> int:
        started = stopwatch()
        taken = self._take(entries)
        self._count(taken)
        self._log.ack(self._group, [entry.position for entry in entries])
        self._log.trim()
        metrics.FILE_SECONDS.observe(stopwatch() - started)
        metrics.FILED_AT_ONCE.observe(taken.mentions)
        now = self._clock.now()
        for entry in entries:
            metrics.FILED_LAG.observe(max(0.0, (now - entry.observed_at).total_seconds()))
        return taken.mentions

    def _file_apart(self) -> None:
        """File entry by entry, each acknowledged by itself; park what fails even alone."""
        while self._entries:
            entry = self._entries[0]
            failed = self._salvage(entry)
            if failed is None or not failed.nothing_filed:
                self._in_a_row = 0
            elif self._in_a_row >= PARKED_IN_A_ROW:
                raise failed.error
            else:
                self._in_a_row += 1
            if failed is not None:
                self._park(failed)
            self._log.ack(self._group, [entry.position])
            self._entries = self._entries[1:]
        self._log.trim()

    def _salvage(self, entry: Entry) -> _Failed | None:
        """File what can be filed of one entry; return the rest, None where nothing is left."""
        error = self._try(entry)
        if error is None:
            return None
        try:
            items = _items.decode(entry.payload)
        except msgspec.MsgspecError:
            return _Failed(entry, error, nothing_filed=True)
        left = []
        for item in items:
            alone = self._try(replace(entry, payload=b"[" + item + b"]"))
            if alone is not None:
                left.append(item)
                error = alone
        if not left:
            return None
        rest = replace(entry, payload=b"[" + b",".join(left) + b"]")
        return _Failed(rest, error, nothing_filed=len(left) == len(items))

    def _try(self, entry: Entry) -> Exception | None:
        try:
            self._count(self._take([entry]))
        except Unavailable:
            raise
        except Exception as error:  # whatever it is: it is what we want to know
            return error
        return None

    def _count(self, taken: Taken) -> None:
        metrics.FILED.labels("new").inc(taken.new)
        metrics.FILED.labels("known").inc(taken.mentions - taken.new)
        metrics.FILED.labels("late").inc(taken.late)

    def _park(self, failed: _Failed) -> None:
        told = _named(failed.error)
        with self._store.begin() as tx:
            tx.park(failed.entry, told, self._clock.now())
        log.error("put aside: part of a batch of %s: %s", failed.entry.source, told)
        self._tell(told)

    def _tell(self, newest: str = "") -> None:
        """Say how much is parked, and why the newest of it is."""
        n = self._store.read.parked_count()
        if not n:
            self._on_parked("")
            return
        why = newest or self._store.read.parked(1)[0].error
        batches = "1 batch" if n == 1 else f"{n} batches"
        self._on_parked(
            f"{batches} could not be filed: {why}; kept in the store, tried again at the next start"
        )


def _named(error: Exception) -> str:
    """Return kind and place of an error. Its message may hold what somebody wrote."""
    where = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(where[-1].filename).name}:{where[-1].lineno}" if where else ""
    return f"{type(error).__name__}{place}"
