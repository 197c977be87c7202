"""Calendars: an iCalendar file (RFC 5545) into single dated events, repeats written out.

Zones as the file names them, daylight saving by wall clock: "every Tuesday at 18:00" stays at 18:00.
`icalendar` reads the file and its zones, `dateutil` counts out the repeats.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import islice
from typing import Any

from dateutil.rrule import rrulestr
from icalendar import Calendar

from monitor.desk.calendars import FromCalendar
from monitor.sources.base import SourceError

MOST = 1_000
"""Most events taken of one file; more is no calendar of announcements."""
MOST_BYTES = 10 * 1024 * 1024
MOST_REPEATS = 50_000
"""Repeats of one event that are counted through to reach the span asked for."""
UPLIFT = "X-STURMGLAS-UPLIFT"
"""Property of an event that says how many times the usual mentions it will bring."""

Event = Any
"""An `icalendar.Event`; as types its properties are one union of thirty classes."""


@dataclass(frozen=True, slots=True)
class Read:
    """The events of a file by start, and what in it could not be used, in words. The first category that
    an event names is its type."""

    events: tuple[FromCalendar, ...]
    unusable: tuple[str, ...]


class CalendarError(SourceError):
    """The file is no calendar. Says what was expected."""


def read_calendar(data: bytes, zone: tzinfo, since: datetime, until: datetime) -> Read:
    """Return the events of an iCalendar file that touch [since, until).

    ``zone`` is for times without one and for whole days. A repeat that was moved or called off by
    itself is taken as such; an event that was called off comes with ``cancelled``, so that an
    earlier import of it can be undone. Raises `CalendarError` for what is no calendar, or holds more
    than `MOST` events in the span.
    """
    events = _events(data)
    moved = {
        (_text(e, "UID"), _instant(e.get("RECURRENCE-ID").dt, zone)): e
        for e in events
        if e.get("RECURRENCE-ID") is not None
    }
    found: list[FromCalendar] = []
    unusable: list[str] = []
    for event in events:
        try:
            found += islice(_dated(event, moved, zone, since, until), MOST + 1)
        except (ValueError, TypeError, OverflowError, AttributeError, KeyError) as error:
            unusable.append(f'"{_text(event, "SUMMARY") or _text(event, "UID")}": {error}')
        if len(found) > MOST:
            raise CalendarError(
                f"more than {MOST} events from {since:%Y-%m-%d} to {until:%Y-%m-%d};"
                " expected a calendar of what you announce, or a shorter span"
            )
    return Read(tuple(sorted(found, key=lambda d: (d.starts, d.key))), tuple(unusable))


def _events(data: bytes) -> list[Event]:
    if len(data) > MOST_BYTES:
        raise CalendarError(f"{len(data):,} bytes; expected at most {MOST_BYTES:,}")
    try:
        calendars = Calendar.from_ical(data, multiple=True)
    except (ValueError, KeyError, IndexError) as error:
        raise CalendarError(f"no iCalendar file: {error}") from error
    events: list[Event] = [e for c in calendars for e in c.walk("VEVENT")]
    if not calendars or all(c.name != "VCALENDAR" for c in calendars):
        raise CalendarError("no iCalendar file: expected BEGIN:VCALENDAR")
    return events


def _dated(
    event: Event,
    moved: dict[tuple[str, datetime], Event],
    zone: tzinfo,
    since: datetime,
    until: datetime,
) -> Iterator[FromCalendar]:
    """Yield the event itself, or each of its repeats that was not moved, in the span."""
    if event.get("DTSTART") is None:
        raise ValueError("has no DTSTART")
    start, length = event["DTSTART"].dt, _length(event, zone)
    uid = _text(event, "UID") or f"{_text(event, 'SUMMARY')} {start}"
    own = event.get("RECURRENCE-ID")
    if own is not None:
        first = _instant(own.dt, zone)
        at = _instant(start, zone)
        if at < until and at + length >= since:
            yield _one(event, f"{uid} {first:%Y%m%dT%H%MZ}", at, at + length)
        return
    repeats = any(event.get(name) is not None for name in ("RRULE", "RDATE"))
    for wall, off in _starts(event, start, zone, since - length - timedelta(days=1), until):
        at = _instant(wall, zone)
        ends = _end(wall, length, zone)
        if (uid, at) in moved or not (at < until and ends >= since):
            continue
        found = _one(event, f"{uid} {at:%Y%m%dT%H%MZ}" if repeats else uid, at, ends)
        yield replace(found, cancelled=True) if off else found


def _starts(
    event: Event, start: datetime | date, zone: tzinfo, since: datetime, until: datetime
) -> Iterator[tuple[datetime | date, bool]]:
    """Yield starts as the wall clock shows them, in the zone of ``start``, and which are left out."""
    rules = _several(event, "RRULE")
    extra = {d.dt for one in _several(event, "RDATE") for d in one.dts if _single(d.dt)}
    if not rules and not extra:
        yield start, False
        return
    is_day = not isinstance(start, datetime)
    home = (start.tzinfo if isinstance(start, datetime) else None) or zone
    left_out = {_instant(d.dt, home) for one in _several(event, "EXDATE") for d in one.dts}
    naive = _wall(start, home)
    walls = {naive, *(_wall(d, home) for d in extra)}
    for rule in rules:
        text = _floating(rule.to_ical().decode(), home)
        repeats = rrulestr(text, dtstart=naive)
        first, last = _wall(since, home), _wall(until, home)
        for n, wall in enumerate(repeats):
            if wall > last:
                break
            if n >= MOST_REPEATS:
                raise ValueError(
                    f"repeats more than {MOST_REPEATS:,} times before {until:%Y-%m-%d}"
                )
            if wall >= first:
                walls.add(wall)
    for wall in sorted(walls):
        at = wall.replace(tzinfo=home)
        yield (wall.date() if is_day else at), at.astimezone(UTC) in left_out


def _floating(rule: str, home: tzinfo) -> str:
    """Return a rule whose UNTIL is told by the wall clock, as its start is here."""
    parts = []
    for part in rule.split(";"):
        name, _, value = part.partition("=")
        if name.upper() == "UNTIL" and value.upper().endswith("Z"):
            end = datetime.strptime(value.upper(), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            value = f"{end.astimezone(home):%Y%m%dT%H%M%S}"
        parts.append(f"{name}={value}")
    return ";".join(parts)


def _one(event: Event, key: str, starts: datetime, ends: datetime) -> FromCalendar:
    categories = [str(c) for one in _several(event, "CATEGORIES") for c in one.cats]
    uplift = _text(event, UPLIFT)
    try:
        times = float(uplift) if uplift else None
    except ValueError:
        raise ValueError(f"{UPLIFT}:{uplift[:40]}; expected a number") from None
    return FromCalendar(
        key=key,
        title=_text(event, "SUMMARY"),
        starts=starts,
        ends=ends,
        type=categories[0] if categories else "",
        uplift=times,
        cancelled=_text(event, "STATUS").upper() == "CANCELLED",
    )


def _length(event: Event, zone: tzinfo) -> timedelta:
    """Return how long an event lasts; without an end a day lasts a day, an instant no time."""
    start = event["DTSTART"].dt
    if event.get("DTEND") is not None:
        length = _instant(event["DTEND"].dt, zone) - _instant(start, zone)
    elif event.get("DURATION") is not None:
        length = event["DURATION"].dt
    else:
        length = timedelta(0) if isinstance(start, datetime) else timedelta(days=1)
    if length < timedelta(0):
        raise ValueError("ends before it starts")
    return length


def _end(wall: datetime | date, length: timedelta, zone: tzinfo) -> datetime:
    """Return the end; days end at midnight, also where one of them has 23 or 25 hours."""
    if isinstance(wall, datetime):
        return _instant(wall, zone) + length
    return _instant(wall + timedelta(days=max(1, round(length / timedelta(days=1)))), zone)


def _instant(at: datetime | date, zone: tzinfo) -> datetime:
    if not isinstance(at, datetime):
        at = datetime.combine(at, datetime.min.time())
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


def _wall(at: datetime | date, home: tzinfo) -> datetime:
    return _instant(at, home).astimezone(home).replace(tzinfo=None)


def _single(at: object) -> bool:
    """True for a date or a time; a period (RDATE;VALUE=PERIOD) has two."""
    return isinstance(at, date)


def _several(event: Event, name: str) -> Sequence[Any]:
    found = event.get(name)
    if found is None:
        return ()
    return found if isinstance(found, list) else (found,)


def _text(event: Event, name: str) -> str:
    return str(event.get(name, "")).strip()
