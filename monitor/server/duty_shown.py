"""Who is on call, as its page shows it: rotas and what was changed become views."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from alerts.alert import Action
from alerts.duty import DutyKind
from alerts.night import Night
from alerts.people import Person, parted
from alerts.rest import at_night, earliest_start
from alerts.rota import DAY, Rota, Shift, Why, gaps, on_call, shifts
from alerts.trial_call import Tested
from alerts.wall_clock import instant, zone_of
from dashboards.web.duty_views import (
    DayView,
    NightView,
    Reached,
    Rested,
    RotaView,
    Turn,
    Warned,
    WayView,
    Worry,
)
from monitor.desk.duty import Changes
from monitor.desk.nights import answered
from monitor.desk.trials import Way
from monitor.ports import Reader
from monitor.settings import Settings

WEEKS = 2
GAPS = 3
"""Gaps of a rota that are told one by one."""
INCIDENTS = 20
"""Newest incidents whose deliveries are looked through for calls at night."""
CALLED = timedelta(days=1)
"""Older calls matter to no start of work."""


def night_view(settings: Settings, read: Reader) -> NightView:
    """Return who may be woken when: by the settings file, else by the last answer, else as a question."""
    if settings.night_is_set:
        return _night(settings.night.night(), fixed=True)
    said = answered(read)
    if said is None:
        return _night(settings.night.night())
    return _night(said.night, by=said.by, at=said.at)


def _night(night: Night, **said: Any) -> NightView:
    return NightView(night.since, night.until, int(night.level), **said)


def weeks_of(now: datetime, zone: str) -> list[list[tuple[datetime, datetime]]]:
    """Return start and end of each local day of this week, from Monday, and of the next."""
    today = now.astimezone(zone_of(zone)).date()
    monday = today - timedelta(days=today.weekday())
    days = [monday + timedelta(days=n) for n in range(7 * WEEKS)]
    spans = [(instant(zone, d, time()), instant(zone, d + DAY, time())) for d in days]
    return [spans[7 * n : 7 * n + 7] for n in range(WEEKS)]


def rota_view(
    rota: Rota, people: Mapping[str, Person], changed: Changes, now: datetime, zone: str
) -> RotaView:
    """Return a rota as it stands ``now``; its weeks are those of ``zone``."""
    taken, away = changed.overrides, changed.absences
    weeks = weeks_of(now, zone)
    begin, end = weeks[0][0][0], weeks[-1][-1][1]
    nobody = gaps(rota, taken, begin, end, away)
    held = [_turn(s, people) for s in shifts(rota, taken, begin, end, away)]
    turns = [*(t for t in held if t.name), *(_gap(s, u) for s, u in nobody)]
    turns.sort(key=lambda turn: turn.since)
    at = on_call(rota, taken, now, away)
    inside = any(since <= now < until for since, until in nobody)
    name = _name(at.person, people)
    current = Turn(name, now, at.until, at.why, duty=bool(name) or inside)
    person = people.get(at.person)
    return RotaView(
        id=rota.id,
        now=current,
        ways=tuple(Reached(m.channel, m.pierces) for m in person.methods) if person else (),
        next=_next(rota, changed, at.until, people),
        weeks=tuple(tuple(_day(span, turns, now) for span in week) for week in weeks),
        gaps=tuple(_gap(max(s, now), u) for s, u in nobody if u > now),
        changes=tuple(
            c
            for c in changed.all
            if c.kind is DutyKind.OVERRIDE
            and c.rota == rota.id
            and c.ended_at is None
            and c.until > now
        ),
        zone=rota.timezone if rota.timezone != zone else "",
    )


def _next(
    rota: Rota, changed: Changes, at: datetime | None, people: Mapping[str, Person]
) -> Turn | None:
    if at is None:
        return None
    after = on_call(rota, changed.overrides, at, changed.absences)
    return Turn(_name(after.person, people), at, after.until, after.why)


def _turn(shift: Shift, people: Mapping[str, Person]) -> Turn:
    return Turn(_name(shift.person, people), shift.since, shift.until, shift.why)


def _gap(since: datetime, until: datetime) -> Turn:
    return Turn("", since, until, Why.NOBODY)


def _name(id: str, people: Mapping[str, Person]) -> str:
    return people[id].name if id in people else id


def _day(span: tuple[datetime, datetime], turns: Sequence[Turn], now: datetime) -> DayView:
    since, until = span
    inside = tuple(
        Turn(t.name, max(t.since, since), min(t.until, until), t.why, t.duty)
        for t in turns
        if t.until is not None and t.since < until and t.until > since
    )
    return DayView(since, until, inside, today=since <= now < until, past=until <= now)


def warned(
    rotas: Sequence[RotaView],
    called: Sequence[str],
    ways: Sequence[Way],
    people: Mapping[str, Person],
) -> Iterator[Warned]:
    """Yield what may keep a page from reaching somebody, the worst first."""
    for rota in rotas:
        for gap in rota.gaps[:GAPS]:
            yield Warned(Worry.GAP, rota=rota.id, since=gap.since, until=gap.until)
        if more := len(rota.gaps[GAPS:]):
            yield Warned(Worry.GAPS, rota=rota.id, count=more)
    theirs = [people[id] for id in called]
    for person in theirs:
        if not person.methods:
            yield Warned(Worry.NO_METHOD, person.name)
    for person in theirs:
        if person.methods and not person.wakes:
            yield Warned(Worry.SLEEPS, person.name)
    for way in ways:
        if way.method.pierces and way.person.id in called and way.state is not Tested.RANG:
            channel = way.method.channel
            yield Warned(Worry.UNTESTED, way.person.name, channel=channel, state=way.state)


def way_view(way: Way, settings: Settings) -> WayView:
    """Return one way to a person for the table of test calls."""
    channel = way.method.channel
    return WayView(
        person=way.person.id,
        name=way.person.name,
        channel=channel,
        type=settings.channels[channel].type,
        pierces=way.method.pierces,
        state=way.state,
        call=way.call,
    )


def rested(
    read: Reader, night: Night, people: Mapping[str, Person], now: datetime, zone: str
) -> tuple[Rested, ...]:
    """Return who was called last night and may not have started work yet, by earliest start.

    A call is what was sent in the night to start or raise an alarm, on a way that rings through Do
    Not Disturb; a mail that lies there until the morning is none.
    """
    last: dict[str, datetime] = {}
    for incident in read.incidents(limit=INCIDENTS):
        if incident.resolved_at is not None and incident.resolved_at < now - CALLED:
            continue
        for delivery in read.deliveries(incident.id):
            channel, id = parted(delivery.channel)
            person, at = people.get(id), delivery.sent_at
            if person is None or at is None or delivery.alert.action is not Action.TRIGGER:
                continue
            rings = any(m.channel == channel and m.pierces for m in person.methods)
            if rings and at_night(at, zone, night):
                last[id] = max(at, last.get(id, at))
    found = [Rested(people[id].name, at, earliest_start(at)) for id, at in last.items()]
    return tuple(sorted((r for r in found if r.start > now), key=lambda r: r.start))
