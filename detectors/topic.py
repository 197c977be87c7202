"""Topic: what we watch. Its query, its zone, its languages, its alarm budget."""

from __future__ import annotations

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


@dataclass(frozen=True, slots=True)
class Query:
    """Which texts belong: at least one of ``any``, all of ``all``, none of ``none``.

    The language of terms is that of `detectors.term`. A query with neither ``any`` nor ``all``
    matches nothing.
    """

    any: tuple[str, ...] = ()
    all: tuple[str, ...] = ()
    none: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Topic:
    """One thing watched. ``id`` is its key in the configuration and everywhere else.

    ``alarm_budget_days``: about one page without a real storm in that many days.
    ``brand`` groups topics of one brand. ``languages`` empty means every language, ``sources`` every
    source.
    ``thresholds`` overrides single entries of `detectors.thresholds.THRESHOLDS` by name. ``rivals``:
    competitors by name, each with what names it.
    """

    id: str
    name: str
    query: Query
    brand: str = ""
    languages: tuple[str, ...] = ()
    timezone: str = "Europe/Berlin"
    alarm_budget_days: float = 30.0
    thresholds: dict[str, float] = field(default_factory=dict)
    rivals: dict[str, Query] = field(default_factory=dict)
    sources: tuple[str, ...] = ()

    def zone(self) -> ZoneInfo:
        """Return the zone that its days and hours are of; ValueError where nobody knows it."""
        try:
            return ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(
                f"topic {self.id!r}: unknown timezone {self.timezone!r}; "
                "expected an IANA name such as 'Europe/Berlin'"
            ) from None
