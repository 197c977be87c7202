"""GroupCommit: requests that arrive while the disk is busy share the next commit.

One commit is under way at a time. Whoever arrives meanwhile is in the next one, so that a lone
request waits for nobody and a crowd pays for one sync of the disk together.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from monitor import metrics
from monitor.clock import stopwatch
from monitor.ports import GROUP, Log, NewEntry, Unavailable

log = logging.getLogger(__name__)

WAITING_BYTES = 64 * 1024 * 1024
"""Most bytes that may wait for the disk; beyond that the door is shut (memory stays bounded)."""
WAITING_REQUESTS = 4096
LOOK_EVERY_S = 0.5
"""How often, at most, the backlog is looked at."""
STUCK_S = 5.0
FORGIVEN_S = 15.0
"""After so long without a new failure, the log counts as able again: nobody may have tried."""


@dataclass(slots=True)
class _Waiting:
    entries: Sequence[NewEntry]
    size: int
    done: asyncio.Future[None]


class GroupCommit:
    """Appends entries durably; for one event loop at a time."""

    def __init__(self, target: Log, max_backlog_bytes: int) -> None:
        self._log = target
        self._max_backlog_bytes = max_backlog_bytes
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="commit")
        self._waiting: list[_Waiting] = []
        self._waiting_bytes = 0
        self._task: asyncio.Task[None] | None = None
        self._started_at: float | None = None
        self._failure = ""
        self._failed_at = 0.0
        self._backlog_bytes = 0
        self._looked_at: float | None = None

    async def append(self, entries: Sequence[NewEntry]) -> None:
        """Return when ``entries`` are on disk.

        Raises `Unavailable` when the log cannot take them, when too much is unread already, or
        when too much is waiting; then none of them is stored.
        """
        size = sum(len(entry.payload) for entry in entries)
        if len(self._waiting) >= WAITING_REQUESTS or self._waiting_bytes + size > WAITING_BYTES:
            raise Unavailable("Too many requests are waiting for the disk.", retry_after_s=1.0)
        await self._check_backlog()
        waiting = _Waiting(entries, size, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._waiting_bytes += size
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        await waiting.done

    def trouble(self) -> str:
        """Return why nothing can be accepted right now, "" when nothing is known against it."""
        now = stopwatch()
        if self._failure and now - self._failed_at < FORGIVEN_S:
            return f"log: {self._failure}"
        if self._started_at is not None and now - self._started_at > STUCK_S:
            return f"log: a commit has been under way for {now - self._started_at:.0f} s"
        if self._full():
            return f"log: {self._too_much()}"
        return ""

    async def close(self) -> None:
        """Finish what is waiting, then give the thread back."""
        if self._task is not None and not self._task.done():
            await asyncio.wait([self._task])
        self._thread.shutdown(wait=True)

    async def _run(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            self._waiting_bytes = 0
            await self._commit(batch)

    async def _commit(self, batch: list[_Waiting]) -> None:
        entries = [entry for waiting in batch for entry in waiting.entries]
        loop = asyncio.get_running_loop()
        self._started_at = stopwatch()
        error: Exception | None = None
        try:
            await loop.run_in_executor(self._thread, self._log.append, entries)
        except Exception as failed:  # each waiting request gets it as its answer
            error = failed
            self._failure, self._failed_at = str(failed) or type(failed).__name__, stopwatch()
        else:
            self._failure = ""
            metrics.COMMIT_REQUESTS.observe(len(batch))
            metrics.COMMIT_SECONDS.observe(stopwatch() - self._started_at)
        self._started_at = None
        for waiting in batch:
            if waiting.done.done():
                continue  # its sender hung up
            if error is None:
                waiting.done.set_result(None)
            else:
                waiting.done.set_exception(error)

    async def _check_backlog(self) -> None:
        now = stopwatch()
        if self._looked_at is None or now - self._looked_at >= LOOK_EVERY_S:
            self._looked_at = now
            backlog = await asyncio.to_thread(self._log.backlog, GROUP)
            self._backlog_bytes = backlog.bytes
        if self._full():
            raise Unavailable(self._too_much(), retry_after_s=5.0)

    def _full(self) -> bool:
        return self._backlog_bytes > self._max_backlog_bytes

    def _too_much(self) -> str:
        return (
            f"{self._backlog_bytes} bytes are waiting to be read, more than the "
            f"{self._max_backlog_bytes} of server.max_backlog_bytes."
        )
