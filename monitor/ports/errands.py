"""Errands: what is to be done at a time, and by nobody twice."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from alerts.errand import Errand, Kind


class ErrandReads(Protocol):
    """Whoever can look them up: a transaction or a reader."""

    def errands(self, incident: str) -> list[Errand]:
        """Return what still waits for an incident, the next first."""
        ...


class ErrandWrites(ErrandReads, Protocol):
    """A transaction also keeps them."""

    def add_errand(self, errand: Errand) -> bool:
        """Keep an errand; False where its key was ever kept before, done or not."""
        ...

    def move_errand(
        self, errand: Errand, due_at: datetime | None, content: Mapping[str, Any]
    ) -> bool:
        """Set it to another time with another content, None: it is done. False where it no longer waits
        as it was read: somebody else was first."""
        ...

    def cancel_errands(self, incident: str, but: str = "", kinds: Collection[Kind] = ()) -> int:
        """Let nothing more be done for an incident, of these ``kinds`` (none: of any), except the errand with
        the key ``but``; return how many waited."""
        ...


class Errands(Protocol):
    """Whoever runs them looks here, outside of a transaction."""

    def due_errands(self, now: datetime, limit: int) -> Sequence[Errand]:
        """Return what is due at ``now``, the oldest first."""
        ...

    def next_errand(self) -> datetime | None:
        """Return when the next one is due, None where none waits."""
        ...
