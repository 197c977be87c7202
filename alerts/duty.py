"""Changes of who is on call: somebody takes over for a while, or is away. Pure; no I/O, no clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alerts.rota import Absence, Override


class DutyKind(StrEnum):
    """What is changed."""

    OVERRIDE = "override"
    ABSENCE = "absence"


@dataclass(frozen=True, slots=True)
class DutyChange:
    """``person`` is on call for ``rota``, or away from every rota (``rota`` ""), in [since, until).

    ``actor`` made it at ``made_at``; ``ended_by`` took it back at ``ended_at``, until when it held.
    ``id``: its number in the store, 0 before it is kept.
    """

    kind: DutyKind
    rota: str
    person: str
    since: datetime
    until: datetime
    made_at: datetime
    actor: str = ""
    note: str = ""
    ended_at: datetime | None = None
    ended_by: str = ""
    id: int = 0

    @property
    def held_until(self) -> datetime:
        """Return when it ends, or ended because it was taken back; not after ``since``: it never held."""
        return self.until if self.ended_at is None else min(self.until, self.ended_at)


def overrides(changes: Iterable[DutyChange]) -> list[Override]:
    """Return the overrides among ``changes``, each as long as it holds."""
    return [
        Override(c.rota, c.person, c.since, c.held_until, c.actor, c.note, c.made_at)
        for c in changes
        if c.kind is DutyKind.OVERRIDE and c.since < c.held_until
    ]


def absences(changes: Iterable[DutyChange]) -> list[Absence]:
    """Return the absences among ``changes``, each as long as it holds."""
    return [
        Absence(c.person, c.since, c.held_until)
        for c in changes
        if c.kind is DutyKind.ABSENCE and c.since < c.held_until
    ]
