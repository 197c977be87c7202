"""What is planned, as the store keeps it; parts of `Transaction` and `Reader`."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from detectors.planned import Planned


class PlannedReads(Protocol):
    """Whoever can look entries up: a transaction or a reader."""

    def planned(
        self, since: datetime, until: datetime, *, type: str | None = None, cancelled: bool = False
    ) -> list[Planned]:
        """Return entries that are announced for any moment of [since, until], by start.

        Only as announced, without lead and fade. ``type`` leaves out others; ``cancelled`` brings
        those too that were called off.
        """
        ...

    def planned_entry(self, id: str) -> Planned | None: ...


class PlannedWrites(PlannedReads, Protocol):
    """A transaction also keeps them."""

    def save_planned(self, entry: Planned, expected: int) -> bool:
        """Write where the stored version is ``expected`` (0: not there yet); stores ``expected + 1``."""
        ...
