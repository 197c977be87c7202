"""The oracle of `bench rota`: who is on call, found by walking through time minute by minute.

Written in the most naive way, and sharing nothing with `alerts.rota` but its types: no hand-over is
computed, no zone is asked for a change of its offset. At each minute somebody looks at the wall
clock. Whoever distrusts a clock that was set back goes by the latest time that it ever showed
(``latest``), and that is all there is to daylight saving here.

Right to the minute where overrides, absences and the zone's offsets are whole minutes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from alerts.rota import Absence, Override, Rota, TurnKind, Why

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


class Glance(NamedTuple):
    """One minute: its instant, and the latest time that the local clock showed so far."""

    at: datetime
    latest: datetime


class Seen(NamedTuple):
    """Who is on call in one minute and why; ``duty``: in hours of duty."""

    person: str
    why: Why
    duty: bool


def clock(zone: str, since: datetime, until: datetime) -> list[Glance]:
    """Return every minute of [since, until). Begin a day or more after a change of the clock."""
    tz, at, found = ZoneInfo(zone), since, list[Glance]()
    latest = datetime.min  # noqa: DTZ901 - a wall clock's time, which has no zone
    while at < until:
        latest = max(latest, at.astimezone(tz).replace(tzinfo=None))
        found.append(Glance(at, latest))
        at += MINUTE
    return found


def edges(zone: str, year: int) -> list[datetime]:
    """Return the minutes of ``year`` at which the clock of ``zone`` jumps.

    Where it never does (Kolkata): when Berlin's does, so that there is something to compare.
    """
    tz, at, found = ZoneInfo(zone), datetime(year, 1, 1, tzinfo=UTC), list[datetime]()
    while at.year == year:
        if at.astimezone(tz).utcoffset() != (at - DAY).astimezone(tz).utcoffset():
            minute = at - DAY
            while minute.astimezone(tz).utcoffset() == (at - DAY).astimezone(tz).utcoffset():
                minute += MINUTE
            found.append(minute)
        at += DAY
    return found or edges("Europe/Berlin", year)


def first_shown(glances: Sequence[Glance]) -> dict[datetime, int]:
    """Return, for each time that the wall clock showed, the place of the minute in which it first did."""
    found: dict[datetime, int] = {}
    for place, (_, latest) in enumerate(glances):
        found.setdefault(latest, place)
    return found


def handovers(rota: Rota, shown: dict[datetime, int], last: datetime) -> list[int]:
    """Return the places of the minutes at which turns begin, until the clock shows ``last``.

    A time that was never shown is waited for, minute by minute, until a later one was.
    """
    step = rota.turn.every * (1 if rota.turn.kind is TurnKind.DAILY else 7)
    due, found = datetime.combine(rota.since, rota.turn.handover), list[int]()
    while due <= last:
        waited = due
        while waited not in shown:
            waited += MINUTE
        found.append(shown[waited])
        due += timedelta(days=step)
    return found


def walk(
    rota: Rota,
    overrides: Sequence[Override],
    absences: Sequence[Absence],
    glances: Sequence[Glance],
    begun: Sequence[int],
) -> list[Seen]:
    """Return who is on call in each of ``glances``; ``begun``: the places at which turns begin,
    negative for those that began before the first glance."""
    hours, found, number = _hours(rota, glances), list[Seen](), -1
    ours = [override for override in overrides if override.rota == rota.id]
    for place, (at, latest) in enumerate(glances):
        while number + 1 < len(begun) and begun[number + 1] <= place:
            number += 1
        duty = not rota.hours or any(start <= latest < end for start, end in hours)
        person, why = "", Why.NOBODY
        if duty and number >= 0:
            person, why = rota.people[number % len(rota.people)], Why.TURN
        made_at = None
        for one in ours:
            if one.since <= at < one.until and (made_at is None or one.at >= made_at):
                made_at, person, why = one.at, one.person, Why.OVERRIDE
        if absences and person and _away(person, absences, at):
            person, why = "", Why.NOBODY
            if rota.deputy is not None and not _away(rota.deputy, absences, at):
                person, why = rota.deputy, Why.DEPUTY
        found.append(Seen(person, why, duty))
    return found


def _away(person: str, absences: Sequence[Absence], at: datetime) -> bool:
    for absence in absences:
        if absence.person == person and absence.since <= at < absence.until:
            return True
    return False


def _hours(rota: Rota, glances: Sequence[Glance]) -> list[tuple[datetime, datetime]]:
    """Return the hours of duty of all days of ``glances`` and of the one before, by wall clock."""
    day, found = glances[0].latest.date() - DAY, list[tuple[datetime, datetime]]()
    while day <= glances[-1].latest.date():
        for hours in rota.hours:
            if day.weekday() in hours.weekdays:
                over_midnight = DAY if hours.end <= hours.start else timedelta(0)
                end = datetime.combine(day, hours.end) + over_midnight
                found.append((datetime.combine(day, hours.start), end))
        day += DAY
    return found
