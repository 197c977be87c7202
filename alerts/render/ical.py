"""Shifts as an iCalendar file (RFC 5545), for the calendar people look at anyway. Data in, bytes out.

An entry keeps its UID as long as its rota, person and start stay the same, so that a calendar which
fetches again moves what it has instead of doubling it. Times are UTC; calendars show them local.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from icalendar import Calendar, Event

from alerts.rota import Absence, Override, Rota, Shift, Why, on_call, shifts
from alerts.wall_clock import aware
from alerts.words import Language, pick

SPAN = timedelta(days=90)
"""How far ahead a calendar shows."""
NAMESPACE = UUID("6235a404-6ec7-4606-addc-7faab0755e95")
"""Of our UIDs (RFC 9562, version 5); drawn once, never to be changed."""
PRODID = "-//Sturmglas//On call//EN"
REFRESH = timedelta(hours=1)
WHY: dict[Why, tuple[str, str]] = {
    Why.TURN: ("an der Reihe", "their turn"),
    Why.OVERRIDE: ("getauscht", "override"),
    Why.DEPUTY: ("Vertretung", "deputy"),
}


def calendar(
    rotas: Sequence[Rota],
    overrides: Iterable[Override],
    now: datetime,
    lang: Language,
    *,
    person: str = "",
    absences: Iterable[Absence] = (),
) -> bytes:
    """Return the shifts of ``rotas`` that end after ``now`` and begin within `SPAN`.

    ``person``: only theirs; "": everybody's. Stretches with nobody on call are no entries. A shift is
    shown whole, with the start it had before ``now``, so pass overrides and absences since it began; one
    without an end is shown until the end of the span. Cost: about 20 us for each change since the
    rota's first hand-over. Raises `ValueError` where ``now`` is no aware datetime in UTC.
    """
    now = aware(now, "now")
    overrides, absences = list(overrides), list(absences)
    whole = _frame(rotas, lang, person)
    for rota in rotas:
        for shift in _coming(rota, overrides, absences, now):
            if shift.person and person in ("", shift.person):
                whole.add_component(_entry(rota, shift, now, lang))
    return bytes(whole.to_ical())


def uid(rota: str, person: str, since: datetime) -> str:
    """Return the UID of the shift of ``person`` that begins at ``since``."""
    return f"{uuid5(NAMESPACE, chr(0).join((rota, person, since.isoformat())))}@sturmglas"


def _coming(
    rota: Rota, overrides: list[Override], absences: list[Absence], now: datetime
) -> list[Shift]:
    """Return the shifts of the span, none cut where it can be helped."""
    until = now + SPAN
    begun = [o.since for o in overrides if o.rota == rota.id]
    begun += [rota.handover(0), now]
    found = shifts(rota, overrides, min(begun), until, absences)
    found = [shift for shift in found if shift.until > now]
    last = found[-1]
    end = on_call(rota, overrides, last.since, absences).until
    return [*found[:-1], Shift(last.person, last.since, end or until, last.why)]


def _frame(rotas: Sequence[Rota], lang: Language, person: str) -> Calendar:
    name = pick(("Bereitschaft", "On call"), lang)
    name = f"{name}: {person or ', '.join(rota.id for rota in rotas)}"
    whole = Calendar()
    whole.add("prodid", PRODID)
    whole.add("version", "2.0")
    whole.add("name", name)  # RFC 7986; the next line is what older calendars read
    whole.add("x-wr-calname", name)
    whole.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    return whole


def _entry(rota: Rota, shift: Shift, now: datetime, lang: Language) -> Event:
    entry = Event()
    entry.add("uid", uid(rota.id, shift.person, shift.since))
    entry.add("dtstamp", _whole_second(now))
    entry.add("dtstart", _whole_second(shift.since))
    entry.add("dtend", _whole_second(shift.until))
    what = pick(("Bereitschaft", "On call"), lang)
    entry.add("summary", f"{what}: {shift.person} ({rota.id})")
    entry.add("description", pick(WHY[shift.why], lang))
    entry.add("transp", "TRANSPARENT")  # being on call leaves the hours free for meetings
    return entry


def _whole_second(at: datetime) -> datetime:
    """Return ``at`` as RFC 5545 can say it."""
    return at.replace(microsecond=0)
