"""Changes of rotas, as the store keeps them; parts of `Transaction` and `Reader`."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from alerts.duty import DutyChange


class DutyReads(Protocol):
    """Whoever can look changes up: a transaction or a reader."""

    def duty(
        self, since: datetime, until: datetime | None = None, *, ended: bool = False
    ) -> list[DutyChange]:
        """Return changes made for any moment of [since, until), in the order in which they were made.

        ``until`` None: without an end. ``ended`` brings those too that were taken back.
        """
        ...

    def duty_at(self, at: datetime) -> list[DutyChange]:
        """Return what stands and holds at one instant, in the order in which it was made."""
        ...

    def duty_change(self, id: int) -> DutyChange | None: ...


class DutyWrites(DutyReads, Protocol):
    """A transaction also keeps them."""

    def add_duty(self, change: DutyChange) -> DutyChange:
        """Keep a change that stands; returns it with its number."""
        ...

    def end_duty(self, id: int, at: datetime, actor: str) -> bool:
        """Take a change back; False, and nothing changed, where it is unknown or was taken back before."""
        ...
