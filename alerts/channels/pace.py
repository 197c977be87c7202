"""Pace: how fast one place at a receiver is written to.

Slack takes about one message a second and channel, bursts allowed, and says 429 to more
(docs.slack.dev/apis/web-api/rate-limits). Edits, replies that ring and quiet ones keep to that, each in turns of
their own. A delivery waits before it is claimed, so that an end may still cancel it, and what comes behind it goes out
with it (`alerts.deliver`). A new incident's message waits for nobody.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

SPACING_S = 1.0
AGAIN_S = 0.1
"""Longest sleep between two looks, as one under way may end at any time."""
LOOK_S = 0.01
"""Sleep of one whose turn it could be but for somebody more urgent who is just waking up."""


@dataclass(slots=True)
class Pace:
    """When the next one may go, in seconds of a clock that only runs forward. Pure; one every ``spacing_s``."""

    spacing_s: float = SPACING_S
    free_at: float = 0.0

    def wait_s(self, now: float) -> float:
        """Return how long the next one has to wait, 0 for not at all."""
        return max(0.0, self.free_at - now)

    def take(self) -> None:
        """Let one go, and nobody else until it is `over`."""
        self.free_at = math.inf

    def over(self, now: float) -> None:
        """Count from the answer: the receiver saw the request at some time before it."""
        self.free_at = now + self.spacing_s

    def unused(self) -> None:
        """Let the next one go at once: nothing was sent."""
        self.free_at = 0.0


@dataclass(slots=True)
class Turn:
    """What one has while it is its turn."""

    used: bool = True

    def give_back(self) -> None:
        """Say that nothing was sent."""
        self.used = False


@dataclass(slots=True)
class Turns:
    """Waits at a `Pace`: the more urgent first, then in the order of coming. For one event loop.

    ``clock`` and ``sleep`` are the loop's where none are given.
    """

    pace: Pace = field(default_factory=Pace)
    clock: Callable[[], float] | None = None
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _waiting: list[tuple[int, int]] = field(default_factory=list)
    _count: itertools.count[int] = field(default_factory=itertools.count)

    @asynccontextmanager
    async def turn(self, rank: int) -> AsyncIterator[Turn]:
        """Enter when it is this one's turn, and have it until it is left; lower ``rank`` goes first."""
        await self._taken(rank)
        mine = Turn()
        try:
            yield mine
        finally:
            if mine.used:
                self.pace.over(self.now())
            else:
                self.pace.unused()

    @property
    def busy(self) -> bool:
        """True where somebody who comes now has to wait."""
        return bool(self._waiting) or self.pace.wait_s(self.now()) > 0

    async def _taken(self, rank: int) -> None:
        mine = (rank, next(self._count))
        heapq.heappush(self._waiting, mine)
        try:
            while True:
                now = self.now()
                pause = self.pace.wait_s(now)
                if pause <= 0 and self._waiting[0] == mine:
                    self.pace.take()
                    return
                await self.sleep(min(max(pause, LOOK_S), AGAIN_S))
        finally:
            self._waiting.remove(mine)
            heapq.heapify(self._waiting)

    def now(self) -> float:
        return self.clock() if self.clock else asyncio.get_running_loop().time()


@dataclass(slots=True)
class Place:
    """One place at a receiver: turns of edits, of replies that ring, of quiet ones, and how long it asked us to
    wait."""

    edits: Turns = field(default_factory=Turns)
    rings: Turns = field(default_factory=Turns)
    quiet: Turns = field(default_factory=Turns)
    closed_until: float = 0.0

    def closed_s(self) -> float:
        """Return for how long nothing may be sent, because the receiver said so."""
        return max(0.0, self.closed_until - self.edits.now())

    def close(self, seconds: float) -> None:
        """Send nothing for ``seconds``."""
        self.closed_until = max(self.closed_until, self.edits.now() + seconds)


class Places:
    """The places of one sender, by what the receiver calls them; channels that share one share its pace."""

    def __init__(self) -> None:
        self._all: dict[str, Place] = {}

    def of(self, name: str) -> Place:
        return self._all.setdefault(name, Place())
