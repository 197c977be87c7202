"""Posted: where an incident's message stands at a receiver that can change what it showed.

Implemented by the store, held by laws. Losing a row costs a look at the receiver, never a message.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Shown:
    """One message. ``message`` is what the receiver calls it, ``place`` where it stands there (Slack: ts and
    channel); ``seq`` is the newest delivery of its (target, key) that it shows, ``pictured`` the newest of
    which a picture was begun in its thread, -1 for none."""

    target: str
    key: str
    message: str
    place: str
    seq: int
    at: datetime
    pictured: int = -1

    def after(self, before: Shown | None) -> Shown:
        """Return it as it is kept in place of ``before``: pictures of the same message are not forgotten."""
        if before is None or before.message != self.message:
            return self
        return replace(self, pictured=max(self.pictured, before.pictured))


class Posted(Protocol):
    """Durable on return."""

    def find(self, target: str, key: str) -> Shown | None:
        """Return the message of an incident's episode at a target."""
        ...

    def keep(self, shown: Shown) -> None:
        """Keep it in place of the one known before, but for pictures of the same message (`Shown.after`)."""
        ...

    def picture(self, shown: Shown, seq: int) -> bool:
        """Remember that a picture of delivery ``seq`` is begun in the thread of ``shown.message``.

        False where one of it or of a newer one was begun before, or another message stands there by now;
        then nothing changes. Of any number that ask at once one gets True.
        """
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
            at = shown.target, shown.key
            self._all[at] = shown.after(self._all.get(at))

    def picture(self, shown: Shown, seq: int) -> bool:
        with self._lock:
            known = self._all.get((shown.target, shown.key))
            if known is None or known.message != shown.message or known.pictured >= seq:
                return False
            self._all[(shown.target, shown.key)] = replace(known, pictured=seq)
            return True


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
