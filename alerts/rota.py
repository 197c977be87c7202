"""Rota: who is on call when, by turns, overrides, absences and hours of duty. Pure; no I/O, no clock.

All instants in and out are aware datetimes in UTC. Turns and hours of duty are wall-clock times of
the rota's zone, found by walking local dates; what daylight saving does to them: `alerts.wall_clock`.

Who is on call at an instant, first rule that fits:

1. An override holds: its person, ``""`` for nobody. Of several the one that was made last (``at``;
   of the same ``at`` the one that stands later in the list). It holds outside hours of duty as well.
2. Outside the hours of duty: nobody.
3. Before the first hand-over: nobody. Then whoever's turn it is.

Who was found so and is away (`Absence`) is never called, not even by an override. The deputy comes,
unless that is the same person or away too: then nobody does. Where rules 1 to 3 found nobody, the
deputy does not come. Overrides of other rotas are ignored, so that all of them may be passed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple

from alerts.wall_clock import aware, in_order, instant, zone_of

LOOK_AHEAD = timedelta(days=366)
"""Beyond this `on_call` does not look for the end of a shift: one person alone never hands over."""
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DAY = timedelta(days=1)
SEARCHED = range(-1, 9)
"""Days around one on which hours of duty may begin that matter to it: yesterday's may reach into it,
and the next ones are at most a week away."""


class TurnKind(StrEnum):
    """What a turn is counted in."""

    DAILY = "daily"
    WEEKLY = "weekly"


class Why(StrEnum):
    """Why somebody, or nobody, is on call."""

    TURN = "turn"
    OVERRIDE = "override"
    DEPUTY = "deputy"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Turn:
    """How long one person's turn lasts: ``every`` so many days or weeks, from ``handover`` on.

    ``weekday`` of the hand-over, 0 Monday to 6 Sunday, for weekly turns only. Raises `ValueError`.
    """

    kind: TurnKind
    handover: time
    weekday: int | None = None
    every: int = 1

    def __post_init__(self) -> None:
        if self.every < 1:
            raise ValueError(f"every is {self.every}; expected 1 or more")
        _whole_minutes(self.handover, "hand-over")
        if self.kind is TurnKind.DAILY and self.weekday is not None:
            raise ValueError(f"weekday is {self.weekday}; expected none for a daily turn")
        if self.kind is TurnKind.WEEKLY and self.weekday not in range(7):
            raise ValueError(f"weekday is {self.weekday}; expected 0 (Monday) to 6 (Sunday)")

    @property
    def days(self) -> int:
        """Local days from one hand-over to the next."""
        return self.every if self.kind is TurnKind.DAILY else 7 * self.every


@dataclass(frozen=True, slots=True)
class DutyHours:
    """From ``start`` to ``end`` of each of ``weekdays`` (0 Monday to 6 Sunday), local wall clock.

    An ``end`` that is not after ``start`` lies on the next day: 22:00-06:00 is a night, 08:00-00:00
    ends at midnight, 00:00-00:00 is a whole day. On the day on which an hour comes twice, hours
    still begin once and end once. Raises `ValueError`.
    """

    weekdays: frozenset[int]
    start: time
    end: time

    def __post_init__(self) -> None:
        if not self.weekdays or not self.weekdays <= set(range(7)):
            found = sorted(self.weekdays)
            raise ValueError(f"weekdays are {found}; expected some of 0 (Monday) to 6 (Sunday)")
        _whole_minutes(self.start, "start of the hours")
        _whole_minutes(self.end, "end of the hours")

    def on(self, day: date, zone: str) -> tuple[datetime, datetime]:
        """Return the instants at which the hours that begin on ``day`` start and end."""
        last = day if self.end > self.start else day + DAY
        return instant(zone, day, self.start), instant(zone, last, self.end)


@dataclass(frozen=True, slots=True)
class Rota:
    """People who take turns. ``people[0]`` has the first turn; a name may stand several times.

    ``since``: local date of the first hand-over, for weekly turns on their weekday. ``deputy``: who
    comes when the one on call is away. ``hours`` of duty: empty is always. Raises `ValueError`.
    """

    id: str
    timezone: str
    people: tuple[str, ...]
    turn: Turn
    since: date
    deputy: str | None = None
    hours: tuple[DutyHours, ...] = ()

    def __post_init__(self) -> None:
        zone_of(self.timezone)
        if not self.people or not all(self.people):
            raise ValueError(
                f"people are {list(self.people)}; expected one name or more, none empty"
            )
        if self.deputy == "":
            raise ValueError('deputy is ""; expected a name, or None')
        weekday = self.turn.weekday
        if weekday is not None and self.since.weekday() != weekday:
            raise ValueError(_not_that_weekday(self.since, weekday))

    def handover(self, number: int) -> datetime:
        """Return the instant at which turn ``number``, from 0, begins."""
        day = self.since + timedelta(days=number * self.turn.days)
        return instant(self.timezone, day, self.turn.handover)


@dataclass(frozen=True, slots=True)
class Override:
    """``person`` ("": nobody) is on call in [since, until) whoever's turn it is.

    ``actor`` made it at ``at``; of two that overlap the later made one holds. Raises `ValueError`.
    """

    rota: str
    person: str
    since: datetime
    until: datetime
    actor: str
    note: str
    at: datetime

    def __post_init__(self) -> None:
        in_order(self.since, self.until)
        aware(self.at, "at")


@dataclass(frozen=True, slots=True)
class Absence:
    """``person`` is away in [since, until), for every rota. Raises `ValueError`."""

    person: str
    since: datetime
    until: datetime

    def __post_init__(self) -> None:
        if not self.person:
            raise ValueError('person is ""; expected who is away')
        in_order(self.since, self.until)


@dataclass(frozen=True, slots=True)
class OnCall:
    """``person`` ("": nobody) is on call, and why.

    ``until``: when person or reason change next; None: not within `LOOK_AHEAD`.
    """

    person: str
    until: datetime | None
    why: Why


@dataclass(frozen=True, slots=True)
class Shift:
    """``person`` ("": nobody) is on call in [since, until), for one reason."""

    person: str
    since: datetime
    until: datetime
    why: Why


Span = tuple[datetime, datetime]
"""[since, until)."""


def on_call(
    rota: Rota, overrides: Iterable[Override], at: datetime, absences: Iterable[Absence] = ()
) -> OnCall:
    """Return who is on call at ``at``. 20 to 100 us; 10 ms for one person alone on hours without a break.

    Raises `ValueError` where ``at`` is no aware datetime in UTC.
    """
    at = aware(at, "at")
    end = at + LOOK_AHEAD
    now = next(_merged(_pieces(rota, overrides, absences, at, end)))
    return OnCall(now.person, now.until if now.until < end else None, now.why)


def shifts(
    rota: Rota,
    overrides: Iterable[Override],
    since: datetime,
    until: datetime,
    absences: Iterable[Absence] = (),
) -> list[Shift]:
    """Return who is on call in [since, until): without holes, nobody's shifts included.

    Two that follow each other differ in person or reason. The first and the last are cut to the
    span. Raises `ValueError` where ``since`` is after ``until`` or either is not in UTC.
    """
    since, until = in_order(since, until, empty=True)
    return list(_merged(_pieces(rota, overrides, absences, since, until)))


def gaps(
    rota: Rota,
    overrides: Iterable[Override],
    since: datetime,
    until: datetime,
    absences: Iterable[Absence] = (),
) -> list[Span]:
    """Return the longest stretches of [since, until) inside hours of duty in which nobody is on call.

    For whatever reason: before the first hand-over, by an override that says nobody, or because all
    who could come are away. Raises as `shifts` does.
    """
    since, until = in_order(since, until, empty=True)
    found: list[Span] = []
    for piece in _pieces(rota, overrides, absences, since, until):
        if piece.person or not piece.duty:
            continue
        if found and found[-1][1] == piece.since:
            found[-1] = (found[-1][0], piece.until)
        else:
            found.append((piece.since, piece.until))
    return found


# --- one instant after the other ----------------------------------------------------------------


class _Piece(NamedTuple):
    """A stretch in which nothing changes. ``duty``: it lies inside hours of duty."""

    person: str
    since: datetime
    until: datetime
    why: Why
    duty: bool


def _merged(pieces: Iterator[_Piece]) -> Iterator[Shift]:
    """Yield shifts; each as soon as the next one is seen to differ."""
    held = next(pieces, None)
    if held is None:
        return
    for piece in pieces:
        if (piece.person, piece.why) == (held.person, held.why):
            held = held._replace(until=piece.until)
        else:
            yield Shift(held.person, held.since, held.until, held.why)
            held = piece
    yield Shift(held.person, held.since, held.until, held.why)


def _pieces(
    rota: Rota,
    overrides: Iterable[Override],
    absences: Iterable[Absence],
    since: datetime,
    until: datetime,
) -> Iterator[_Piece]:
    """Yield [since, until) cut at every instant at which something may change."""
    made = sorted((o for o in overrides if o.rota == rota.id), key=lambda o: o.at)
    made = [o for o in made if o.until > since and o.since < until]
    away = [a for a in absences if a.until > since and a.since < until]
    edges = {e for o in made for e in (o.since, o.until)}
    edges |= {e for a in away for e in (a.since, a.until)}
    while since < until:
        duty, duty_edge = _duty(rota, since)
        person, why, turn_edge = _planned(rota, made, since, duty)
        person, why = _present(rota, away, since, person, why)
        ends = (*edges, duty_edge, turn_edge, until)
        end = min(e for e in ends if e is not None and e > since)
        yield _Piece(person, since, end, why, duty)
        since = end


def _planned(
    rota: Rota, made: Sequence[Override], at: datetime, duty: bool
) -> tuple[str, Why, datetime | None]:
    """Return who should come, why, and the next hand-over where that matters; absences left aside."""
    for override in reversed(made):
        if override.since <= at < override.until:
            return override.person, Why.OVERRIDE, None
    if not duty:
        return "", Why.NOBODY, None
    number = _turn(rota, at)
    if number < 0:
        return "", Why.NOBODY, rota.handover(0)
    alone = len(set(rota.people)) == 1
    after = None if alone else rota.handover(number + 1)
    return rota.people[number % len(rota.people)], Why.TURN, after


def _present(
    rota: Rota, away: Sequence[Absence], at: datetime, person: str, why: Why
) -> tuple[str, Why]:
    """Return who comes, where whoever should may be away."""
    absent = {a.person for a in away if a.since <= at < a.until}
    if person not in absent:
        return person, why
    if rota.deputy is None or rota.deputy in absent:
        return "", Why.NOBODY
    return rota.deputy, Why.DEPUTY


def _turn(rota: Rota, at: datetime) -> int:
    """Return the number of the turn at ``at``; below 0 before the first hand-over.

    The local date tells the number but for one: the hand-over hour of that day may not have come
    yet, and where clocks are set back across midnight that of the next day may have.
    """
    day = at.astimezone(zone_of(rota.timezone)).date()
    number = (day - rota.since).days // rota.turn.days + 1
    while rota.handover(number) > at:
        number -= 1
        if number < 0:
            break
    return number


def _duty(rota: Rota, at: datetime) -> tuple[bool, datetime | None]:
    """Return whether ``at`` lies in hours of duty, and when hours next begin or end."""
    if not rota.hours:
        return True, None
    today = at.astimezone(zone_of(rota.timezone)).date()
    for day in (today + timedelta(days=n) for n in SEARCHED):
        spans = [h.on(day, rota.timezone) for h in rota.hours if day.weekday() in h.weekdays]
        # What begins on a later day either begins later, or inside of hours that hold already.
        if edges := [edge for span in spans for edge in span if edge > at]:
            return any(start <= at < end for start, end in spans), min(edges)
    return False, None


def _whole_minutes(clock: time, what: str) -> None:
    if clock.second or clock.microsecond or clock.tzinfo is not None:
        raise ValueError(
            f"{what} is {clock.isoformat()}; expected hours and minutes, such as 09:00"
        )


def _not_that_weekday(since: date, weekday: int) -> str:
    before = since - timedelta(days=(since.weekday() - weekday) % 7)
    return (
        f"since {since} is a {WEEKDAYS[since.weekday()]}, hand-overs are on a {WEEKDAYS[weekday]};"
        f" expected {before} or {before + timedelta(days=7)}"
    )
