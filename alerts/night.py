"""Night: who may be woken when. Pure; local hours are those of a zone, on both edges of summer time too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from alerts.alert import Alert
from alerts.wall_clock import instant, zone_of
from detectors.detection import Level, ReasonCode


@dataclass(frozen=True, slots=True)
class Night:
    """From ``since`` to ``until``, local time, only ``level`` and above wakes, and words of danger do always.

    ``since`` equal to ``until``: there is no night, everything that wakes may. What is held back waits for
    ``until`` of the same night.
    """

    since: time = time(22, 0)
    until: time = time(6, 30)
    level: Level = Level.STORM

    def held_until(self, alert: Alert, now: datetime) -> datetime | None:
        """Return until when an alert waits, None where it may wake at once.

        A time that does not exist on the spring edge is the first instant after it; of one that exists twice the
        first counts (`alerts.wall_clock`).
        """
        if alert.level >= self.level or _danger(alert) or self.since == self.until:
            return None
        local = now.astimezone(zone_of(alert.timezone))
        if not self.is_on(local.time()):
            return None
        day = local.date()
        if self.since > self.until and local.time() >= self.since:
            day += timedelta(days=1)
        return max(now, instant(alert.timezone, day, self.until))

    def is_on(self, at: time) -> bool:
        """Return whether it is night at this local time."""
        if self.since < self.until:
            return self.since <= at < self.until
        return at >= self.since or at < self.until


def _danger(alert: Alert) -> bool:
    return any(r.code is ReasonCode.TRIPWIRE and r.met for r in alert.reasons)
