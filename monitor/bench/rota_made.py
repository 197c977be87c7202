"""Rotas, overrides and absences for `bench rota`, made by chance where it hurts: around the days on
which clocks change, at hours that are skipped or come twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from alerts.rota import Absence, DutyHours, Override, Rota, Turn, TurnKind

PEOPLE = ("kim", "robin", "lee", "sam", "noa")
SKIPPED = (time(0), time(0, 30), time(1, 30), time(2), time(2, 15), time(2, 30), time(3))
"""Hand-over hours in and around what clocks skip or repeat in the six zones."""


@dataclass(frozen=True, slots=True)
class Case:
    """One rota with what people did to it."""

    rota: Rota
    overrides: tuple[Override, ...]
    absences: tuple[Absence, ...]


def case(chance: Random, number: int, zone: str, edges: Sequence[datetime]) -> Case:
    """Return one case around ``edges``; its first hand-over lies -2 to 35 days before the first."""
    day = edges[0].astimezone(ZoneInfo(zone)).date() - timedelta(days=chance.randint(-2, 35))
    rota = Rota(
        f"rota-{number}",
        zone,
        tuple(chance.choices(PEOPLE, k=chance.randint(1, 4))),
        _turn(chance, day),
        day,
        chance.choice((None, *PEOPLE[2:])),
        _hours(chance),
    )
    made = [o for edge in edges for o in _overrides(chance, rota, edge)]
    away = [a for edge in edges for a in _absences(chance, edge)]
    chance.shuffle(made)
    return Case(rota, tuple(made), tuple(away))


def _turn(chance: Random, first: date) -> Turn:
    kind, every = chance.choice(tuple(TurnKind)), chance.choice((1, 1, 1, 2, 3))
    weekday = first.weekday() if kind is TurnKind.WEEKLY else None
    return Turn(kind, _clock(chance), weekday, every)


def _clock(chance: Random) -> time:
    if chance.random() < 0.4:
        return chance.choice(SKIPPED)
    return time(chance.randrange(24), chance.choice((0, 0, 15, 30, chance.randrange(60))))


def _hours(chance: Random) -> tuple[DutyHours, ...]:
    count = chance.choice((0, 0, 0, 1, 1, 2))
    return tuple(_some_hours(chance) for _ in range(count))


def _some_hours(chance: Random) -> DutyHours:
    weekdays = frozenset(chance.sample(range(7), chance.randint(1, 7)))
    return DutyHours(weekdays, _clock(chance), _clock(chance))


def _overrides(chance: Random, rota: Rota, edge: datetime) -> list[Override]:
    made = []
    for _ in range(chance.choice((0, 0, 1, 2, 3))):
        since, until = _span(chance, edge)
        id = rota.id if chance.random() < 0.9 else "another"
        person = chance.choice((*PEOPLE, ""))
        at = edge - timedelta(days=chance.randint(3, 6))  # often two at the same instant
        made.append(Override(id, person, since, until, "kim", "", at))
    return made


def _absences(chance: Random, edge: datetime) -> list[Absence]:
    count = chance.choice((0, 0, 1, 2, 4))
    return [Absence(chance.choice(PEOPLE), *_span(chance, edge)) for _ in range(count)]


def _span(chance: Random, edge: datetime) -> tuple[datetime, datetime]:
    since = edge + timedelta(minutes=chance.randint(-36 * 60, 36 * 60))
    return since, since + timedelta(minutes=chance.choice((1, 30, 600, chance.randint(1, 2400))))
