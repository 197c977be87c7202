"""Silences, as the store keeps them, and what was told that one would have held back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from alerts.alert import Alert
from alerts.silences import Silence


@dataclass(frozen=True, slots=True)
class Told:
    """An alert of the past, and the targets that it was for; none where it was held back."""

    alert: Alert
    targets: tuple[str, ...]


class SilenceReads(Protocol):
    """Whoever can look them up: a transaction or a reader."""

    def silences(self, now: datetime, ended_since: datetime | None = None) -> list[Silence]:
        """Return those that are not over at ``now``, and those that stopped at ``ended_since`` or later; the
        next to end first."""
        ...

    def silence(self, id: int) -> Silence | None: ...

    def silence_of(self, key: str) -> Silence | None:
        """Return the one with this key, also one that is over."""
        ...


class SilenceWrites(SilenceReads, Protocol):
    """A transaction also keeps them."""

    def add_silence(self, silence: Silence) -> Silence | None:
        """Keep a silence and return it as kept; None where its key was ever kept before."""
        ...

    def save_silence(self, silence: Silence, expected: int) -> bool:
        """Write where the stored version is ``expected``; stores ``expected + 1``."""
        ...


class Past(Protocol):
    """What was said in the past; only a reader tells it."""

    def told(self, since: datetime, until: datetime) -> list[Told]:
        """Return the alerts of [since, until) that called or told somebody anew, or would have; by time."""
        ...
