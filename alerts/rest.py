"""Rest: how much time on call people carry, and when they may start work after a night call. Pure.

For people to share a rota fairly. Only time on call is counted: nothing here says how fast, how
often or how well somebody answered, lists are in the order of names, and no ranking is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from alerts.night import Night
from alerts.rota import DAY, Absence, Override, Rota, Shift, Span, shifts
from alerts.wall_clock import aware, instant, zone_of

NIGHT = Night()
"""From 22:00 to 06:30 local, where nothing else is set."""
REST_H = 11
"""Hours of rest in each 24: directive 2003/88/EC, article 3 ("11 consecutive hours")."""


@dataclass(frozen=True, slots=True)
class Carried:
    """Time on call of one person in a span. ``nights``: local nights of which any part was theirs;
    a night in which two people were on call counts for both."""

    person: str
    on_call: timedelta = timedelta(0)
    at_night: timedelta = timedelta(0)
    nights: int = 0


def carried(
    rota: Rota,
    overrides: Iterable[Override],
    since: datetime,
    until: datetime,
    absences: Iterable[Absence] = (),
    night: Night = NIGHT,
) -> list[Carried]:
    """Return what each one carried, or will, in [since, until), by name.

    Everybody of the rota is listed, with zeros too, and whoever else was on call. Lengths are
    elapsed time: a night in which the clock is set back is an hour longer. Of ``night`` only its hours
    count, by the rota's clock. Raises as `shifts` does.
    """
    theirs: dict[str, list[Shift]] = {person: [] for person in rota.people}
    for shift in shifts(rota, overrides, since, until, absences):
        if shift.person:
            theirs.setdefault(shift.person, []).append(shift)
    return [_carried(who, theirs[who], rota.timezone, night) for who in sorted(theirs)]


def at_night(at: datetime, timezone: str, night: Night = NIGHT) -> bool:
    """True in the hours of ``night`` by the clock of ``timezone``.

    Raises `ValueError` for an unknown zone, or where ``at`` is no aware datetime in UTC.
    """
    day = aware(at, "at").astimezone(zone_of(timezone)).date()
    nights = _nights(day - DAY, day, timezone, night)
    return any(since <= at < until for since, until in nights)


def earliest_start(called_out_until: datetime, rest_h: float = REST_H) -> datetime:
    """Return when work may start again after a call-out that ended at ``called_out_until``, in UTC.

    ``rest_h`` hours later, elapsed and not by wall clock: rest is sleep. Collective agreements may
    set other hours (directive 2003/88/EC, articles 17 and 18); which one binds is not ours to say.
    Raises `ValueError` for a naive time or negative hours.
    """
    if not rest_h >= 0:
        raise ValueError(f"rest is {rest_h} hours; expected 0 or more")
    return aware(called_out_until, "end of the call-out") + timedelta(hours=rest_h)


def _carried(person: str, held: list[Shift], timezone: str, night: Night) -> Carried:
    total, dark, nights = timedelta(0), timedelta(0), set[datetime]()
    for shift in held:
        total += shift.until - shift.since
        for start, length in _dark(shift, timezone, night):
            dark += length
            nights.add(start)
    return Carried(person, total, dark, len(nights))


def _dark(shift: Shift, timezone: str, night: Night) -> Iterator[tuple[datetime, timedelta]]:
    """Yield the start of each night that a shift touches, and how much of it is the shift's."""
    zone = zone_of(timezone)
    first, last = (at.astimezone(zone).date() for at in (shift.since, shift.until))
    for since, until in _nights(first - DAY, last, timezone, night):
        length = min(until, shift.until) - max(since, shift.since)
        if length > timedelta(0):
            yield since, length


def _nights(first: date, last: date, timezone: str, night: Night) -> Iterator[Span]:
    """Yield the nights that begin on local dates ``first`` to ``last``."""
    if night.since == night.until:
        return
    over_midnight = DAY if night.until < night.since else timedelta(0)
    for day in (first + timedelta(days=n) for n in range((last - first).days + 1)):
        since = instant(timezone, day, night.since)
        yield since, instant(timezone, day + over_midnight, night.until)
