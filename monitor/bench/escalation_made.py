"""Incidents for `bench escalation`, made by chance where it hurts: empty steps, waits of seconds, answers at the
very instant at which the next one is called, second waves, nights."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from random import Random

from alerts.book import Book
from alerts.escalation import Chain, Step
from alerts.people import Method, Person
from alerts.routing import Route
from detectors.detection import Level

PEOPLE: dict[str, tuple[str, ...]] = {
    "kim": ("pager", "mail"),
    "robin": ("pager",),
    "lee": ("mail",),
    "sam": ("sms", "pager"),
    "noa": (),  # in the settings, and cannot be told
    "alex": (),
}
"""Person -> channels, one method each."""
CHANNELS = ("pager", "mail", "sms", "room")
ACTORS = (*PEOPLE, "stranger")
"""Who answers; one of them is in no settings."""
ROTAS = 8
CHAINS = 40
WAITS_S = (6, 6, 30, 60, 300, 300, 600, 600, 900, 1_800, 3_600, 10_800)
DAY_S = 86_400
LONGEST_S = 14 * 3_600
"""Of one incident: within 24 hours of its end a topic's next storm is the same incident."""


class Do(StrEnum):
    """What befalls an incident."""

    SAY = "say"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"


class Place(StrEnum):
    """When an answer comes: at a time; or at an instant at which a step is due, before the runner looks, between
    its look and its act, or after it."""

    TIME = "time"
    BEFORE = "before"
    BETWEEN = "between"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that befalls an incident ``after_s`` seconds after its beginning; ``due``: or when its step of that
    number falls due, whichever comes first."""

    after_s: float
    do: Do
    level: int = 0
    actor: str = ""
    place: Place = Place.TIME
    due: int = 0


@dataclass(frozen=True, slots=True)
class Made:
    """A chain: for each step its receivers and its wait in seconds; and its rounds."""

    steps: tuple[tuple[tuple[str, ...], int], ...]
    rounds: int


@dataclass(frozen=True, slots=True)
class Script:
    """One incident: when it begins, which chain it starts, and what befalls it, in order."""

    topic: str
    at_s: float
    chain: str
    acts: tuple[Act, ...]


@dataclass(frozen=True, slots=True)
class Install:
    """What one store is filled with. ``rotas``: for each hour of a UTC day who is on call, "" for nobody.

    ``jumps``: seconds at which the clock jumps, and by how much; ``stops``: spans in which the runner is down.
    """

    rotas: dict[str, tuple[str, ...]]
    chains: dict[str, Made]
    scripts: tuple[Script, ...]
    jumps: tuple[tuple[float, int], ...]
    stops: tuple[tuple[float, float], ...]
    end_s: float


def install(chance: Random, incidents: int, name: str) -> Install:
    """Return an install with so many incidents, some twenty of them open at once."""
    rotas = {f"r{n}": _rota(chance) for n in range(ROTAS)}
    chains = {f"c{n}": _chain(chance) for n in range(CHAINS)}
    at_s, scripts = 0.0, []
    for n in range(incidents):
        at_s += chance.expovariate(1 / 1_000)
        chain = chance.choice(tuple(chains))
        scripts.append(Script(f"{name}-{n}", at_s, chain, _acts(chance)))
    end_s = at_s + LONGEST_S + 4 * 3_600
    return Install(rotas, chains, tuple(scripts), *_troubles(chance, end_s), end_s)


def _rota(chance: Random) -> tuple[str, ...]:
    """Return who is on call by the hour; one in three rotas has gaps, one in eight nobody at all."""
    if chance.random() < 0.12:
        return ("",) * 24
    gaps = 0.3 if chance.random() < 0.35 else 0.0
    return tuple("" if chance.random() < gaps else chance.choice(tuple(PEOPLE)) for _ in range(24))


def _chain(chance: Random) -> Made:
    steps = tuple(_step(chance) for _ in range(chance.randint(1, 6)))
    return Made(steps, chance.randint(1, 5))


def _step(chance: Random) -> tuple[tuple[str, ...], int]:
    pool = [f"person.{p}" for p in PEOPLE] + [f"rota.r{n}" for n in range(ROTAS)]
    pool += ["channel.room", "channel.gone", "person.nobody"]  # two that nobody stands behind
    receivers = tuple(chance.sample(pool, chance.choice((1, 1, 1, 2, 3))))
    return receivers, chance.choice(WAITS_S)


def _acts(chance: Random) -> tuple[Act, ...]:
    said = _sayings(chance)
    last_s = said[-1].after_s
    acts = said + _answers(chance, last_s)
    ended = Act(last_s + chance.choice((900, 7_200, 21_600)), Do.RESOLVE, actor="kim")
    return tuple(sorted([*acts, ended], key=lambda act: act.after_s))


def _sayings(chance: Random) -> list[Act]:
    """Return what the wind does: a walk over levels, at least five minutes a step, with lulls and quiet."""
    level = chance.choice((4, 4, 4, 5, 5, 6))
    acts, at_s = [Act(0.0, Do.SAY, level)], 0.0
    for _ in range(chance.choice((0, 1, 1, 2, 3, 4))):
        at_s += chance.choice((300, 420, 900, 1_500, 3_300, 4_500, 7_200))
        if at_s > LONGEST_S - 8 * 3_600:
            break
        level = chance.choice([x for x in (1, 2, 3, 4, 4, 5, 5, 6) if x != level])
        acts.append(Act(at_s, Do.SAY, level))
        if level < 3 and chance.random() < 0.5:  # so quiet that its end is proposed
            at_s += 4_200
            acts.append(Act(at_s, Do.SAY, level))
    return acts


def _answers(chance: Random, last_s: float) -> list[Act]:
    acts = []
    for _ in range(chance.choice((0, 1, 1, 1, 2, 2, 3))):
        do = Do.RESOLVE if chance.random() < 0.2 else Do.ACKNOWLEDGE
        actor = chance.choice(ACTORS)
        if chance.random() < 0.4:
            place = chance.choice((Place.BEFORE, Place.BETWEEN, Place.AFTER))
            acts.append(Act(last_s + 7_200, do, 0, actor, place, chance.choice((1, 1, 2, 3))))
        else:
            at_s = chance.choice((1.0, 20.0, chance.uniform(0, last_s + 3_600)))
            acts.append(Act(at_s, do, 0, actor))
    return acts


def _troubles(
    chance: Random, end_s: float
) -> tuple[tuple[tuple[float, int], ...], tuple[tuple[float, float], ...]]:
    """Return jumps of the clock, an hour on and an hour back in turn, and stops of the runner."""
    jumps, stops, by = [], [], chance.choice((3_600, -3_600))
    at_s = chance.uniform(3_000, 20_000)
    while at_s < end_s:
        jumps.append((at_s, by))
        by = -by
        at_s += chance.uniform(6_000, 40_000)
    at_s = chance.uniform(3_000, 20_000)
    while at_s < end_s:
        length = chance.choice((3.0, 60.0, 900.0, 7_200.0))
        stops.append((at_s, at_s + length))
        at_s += length + chance.uniform(6_000, 40_000)
    return tuple(jumps), tuple(stops)


def book_of(made: Install) -> Book:
    people = {
        name: Person(name, name.title(), tuple(Method(channel) for channel in channels))
        for name, channels in PEOPLE.items()
    }
    chains = {
        name: Chain(
            name,
            tuple(Step(tell, timedelta(seconds=wait)) for tell, wait in chain.steps),
            chain.rounds,
        )
        for name, chain in made.chains.items()
    }
    rotas = made.rotas
    return Book(
        frozenset(CHANNELS),
        people,
        chains,
        lambda at: lambda rota: rotas[rota][at.hour],
        stale_after=timedelta(0),  # what becomes of an old acknowledgement is another bench's
    )


def routes_of(made: Install) -> list[Route]:
    """Return a route for each chain: its topics, no channel beside it."""
    topics: dict[str, list[str]] = defaultdict(list)
    for script in made.scripts:
        topics[script.chain].append(script.topic)
    return [Route(chain, Level.STRONG_WIND, tuple(t), wake=chain) for chain, t in topics.items()]
