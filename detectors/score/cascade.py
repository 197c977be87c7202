"""The cascade's queue: which texts a dear model reads, in which order, and which it never does.

Most uncertain and most widely read first. Sending the least certain 40 % of texts to a transformer keeps
74 to 84 % of what it would gain on all of them (docs/cascade.md). Plain values: no clock, no thread.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

import msgspec

from detectors.score.base import YES, Score, Tone
from detectors.score.heads import MORE, NO_CLAIM

T = TypeVar("T")

_TONES = (Tone.NEGATIVE, Tone.NEUTRAL, Tone.POSITIVE)


def uncertainty(score: Score, head: str) -> float:
    """Return how open a head's answer is: 0 sure, 1 undecided between all its labels.

    Tone: 1 - max p, as a share of the 2/3 that three equal labels leave. Yes or no: how near to 0.5.
    A text that was not read, a question without claim, and an offensive answer that a rule calls unsure
    are as open as can be; one that a word list gave is not open.
    """
    if head == "offensive" and score.marks.banned:
        return 0.0
    if score.tone is Tone.UNREAD or (head == "offensive" and score.marks.unsure):
        return 1.0
    if head == "sentiment":
        return min(1.0, 1.5 * (1.0 - max(score.p)))
    p = score.offensive if head == "offensive" else _claim(score, head)
    return 1.0 if p == NO_CLAIM else 1.0 - 2.0 * abs(p - 0.5)


def _claim(score: Score, head: str) -> float:
    return score.more[MORE.index(head)] if score.more else NO_CLAIM


def priority(doubt: float, reach: int) -> float:
    """Return uncertainty x log reach; an unknown reach (0) counts as one, a doubled one as one more."""
    return doubt * math.log2(2 + max(0, reach))


def replaced(score: Score, head: str, answer: Sequence[float]) -> Score:
    """Return a score with one head's answer replaced; ``answer``: p of its labels, in their order.

    Of a yes-or-no head the last one is the yes. All other answers, and the language, stay; so does what a
    word list decided. Doubt about an offensive answer goes with that answer.
    """
    if head == "sentiment":
        p = (float(answer[0]), float(answer[1]), float(answer[2]))
        tone = _TONES[p.index(max(p))]
        return msgspec.structs.replace(score, tone=tone, p=p, score=p[2] - p[0])
    yes = float(answer[-1])
    if head == "offensive":
        marks = score.marks
        if marks.banned:
            return score
        if marks.unsure and yes < YES:
            marks = msgspec.structs.replace(marks, unsure="")
        return msgspec.structs.replace(score, offensive=yes, marks=marks)
    more = list(score.more) or [NO_CLAIM] * len(MORE)
    more[MORE.index(head)] = yes
    return msgspec.structs.replace(score, more=tuple(more))


class Dropped(StrEnum):
    """Why something left the queue unread."""

    FULL = "full"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[T]):
    rank: tuple[float, int, bytes]
    value: T
    until: datetime


class CascadeQueue(Generic[T]):
    """A bounded queue that gives the weightiest first and forgets what is too old.

    At most ``size`` are held; when one more comes, the lightest leaves: it may be the new one. Among
    equals who came first is served first. An offer costs O(log n) and the moving of a list. Not
    thread-safe.
    """

    def __init__(self, size: int) -> None:
        if size < 1:
            raise ValueError(f"a queue of {size}; expected at least 1")
        self._size = size
        self._by_key: dict[bytes, _Waiting[T]] = {}
        self._ranks: list[tuple[float, int, bytes]] = []
        self._came = 0

    def __len__(self) -> int:
        return len(self._ranks)

    def offer(self, key: bytes, value: T, weight: float, until: datetime) -> Dropped | None:
        """Put in; what waits under the same key is replaced. Returns `Dropped.FULL` where something,
        this or lighter, had to leave for it, else None."""
        before = self._by_key.get(key)
        if before is not None:
            self._remove(before)
        self._came += 1
        waiting = _Waiting((weight, -self._came, key), value, until)
        self._by_key[key] = waiting
        insort(self._ranks, waiting.rank)
        if len(self._ranks) <= self._size:
            return None
        self._remove(self._by_key[self._ranks[0][2]])
        return Dropped.FULL

    def take(self, most: int, now: datetime) -> tuple[list[T], int]:
        """Return up to ``most``, the weightiest first, and how many had expired: those are gone.

        An item is good up to, and not at, the instant it was offered ``until``.
        """
        late = [waiting for waiting in self._by_key.values() if waiting.until <= now]
        for waiting in late:
            self._remove(waiting)
        taken = [self._by_key[rank[2]] for rank in reversed(self._ranks[-most:])] if most else []
        for waiting in taken:
            self._remove(waiting)
        return [waiting.value for waiting in taken], len(late)

    def clear(self) -> int:
        """Forget everything; return how many there were."""
        n = len(self._ranks)
        self._by_key.clear()
        self._ranks.clear()
        return n

    def _remove(self, waiting: _Waiting[T]) -> None:
        del self._by_key[waiting.rank[2]]
        del self._ranks[bisect_left(self._ranks, waiting.rank)]
