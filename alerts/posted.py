"""Posted: where an incident's message stands at a receiver that can change what it showed.

Implemented by the store, held by laws. Losing a row costs a look at the receiver, never a message.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Shown:
    """One message. ``message`` is what the receiver calls it, ``place`` where it stands there (Slack: ts and
    channel); ``seq`` is the newest delivery of its (target, key) that it shows."""

    target: str
    key: str
    message: str
    place: str
    seq: int
    at: datetime


class Posted(Protocol):
    """Durable on return."""

    def find(self, target: str, key: str) -> Shown | None:
        """Return the message of an incident's episode at a target."""
        ...

    def keep(self, shown: Shown) -> None:
        """Keep it in place of the one known before."""
        ...


class Remembered:
    """`Posted` for as long as the process lives: for a test alert, which has no store behind it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: dict[tuple[str, str], Shown] = {}

    def find(self, target: str, key: str) -> Shown | None:
        with self._lock:
            return self._all.get((target, key))

    def keep(self, shown: Shown) -> None:
        with self._lock:
            self._all[(shown.target, shown.key)] = shown


@dataclass(frozen=True, slots=True)
class Answer:
    """What is to be told at a receiver after somebody answered there, through the channel ``channel``.

    Either the messages of ``incident`` are to show how it stands, or ``user`` alone is told ``text`` at ``place``.
    """

    channel: str
    incident: str = ""
    place: str = ""
    user: str = ""
    text: str = ""
