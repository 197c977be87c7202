"""Mute windows: silences that come again, by weekday and local hour. Pure; no I/O, no clock.

Each coming is a `Silence` of its own, from the start of its hours to their end; both are wall-clock
times of the window's zone, on both edges of summer time too (`alerts.wall_clock`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.matching import Matcher
from alerts.rota import DAY, DutyHours
from alerts.silences import Silence, SilenceKind
from alerts.wall_clock import zone_of


@dataclass(frozen=True, slots=True)
class MuteWindow:
    """What is muted when: ``matchers``, in ``hours`` of the week, local time of ``timezone``."""

    id: str
    matchers: tuple[Matcher, ...]
    hours: tuple[DutyHours, ...]
    timezone: str
    reason: str

    def __post_init__(self) -> None:
        zone_of(self.timezone)
        if not self.hours:
            raise ValueError(f"mute {self.id}: no hours; expected some of the week")

    def silence(self, since: datetime, until: datetime) -> Silence:
        """Return one coming of it; the same coming is the same silence to everybody who asks."""
        key = f"window/{self.id}/{int(since.timestamp())}"
        author = f"mute.{self.id}"
        return Silence(key, self.matchers, since, until, author, self.reason, SilenceKind.WINDOW)

    def spans(self, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the comings that touch [since, until), by start; whole, not cut."""
        zone = zone_of(self.timezone)
        day, last = since.astimezone(zone).date() - DAY, until.astimezone(zone).date()
        while day <= last:
            found = {h.on(day, self.timezone) for h in self.hours if day.weekday() in h.weekdays}
            yield from sorted((a, b) for a, b in found if a < b and a < until and b > since)
            day += DAY


def open_at(windows: Iterable[MuteWindow], now: datetime) -> list[Silence]:
    """Return the comings that are on at ``now``."""
    return [
        window.silence(since, until)
        for window in windows
        for since, until in window.spans(now, now + timedelta(microseconds=1))
    ]
