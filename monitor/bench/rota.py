"""`bench rota`: who is on call, against an oracle that walks minute by minute.

Made rotas in six zones, each around both days of a year on which its clocks change, with turns
counted through from one to the other. For 36 hours around each: `shifts` and `gaps` whole, and
`on_call` at every minute of two hours around the change and around every change of shift.
The bar: no difference, and every gap reported.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import groupby
from random import Random

from alerts.rota import Shift, Span, gaps, on_call, shifts
from monitor.bench.figures import versions
from monitor.bench.rota_made import Case, case
from monitor.bench.rota_oracle import (
    MINUTE,
    Glance,
    Seen,
    clock,
    edges,
    first_shown,
    handovers,
    walk,
)

ZONES = {
    "Europe/Berlin": (2026, 2027),
    "Europe/London": (2026, 2027),
    "America/New_York": (2026, 2027),
    "Australia/Lord_Howe": (2026, 2027),  # by 30 minutes
    "America/Sao_Paulo": (2017, 2018),  # at midnight; the last ones before it was given up
    "Asia/Kolkata": (2026, 2027),  # never
}
BEFORE, AFTER = timedelta(days=38), timedelta(days=4)
"""Of the edges, what the oracle's clock covers: a made rota begins at most 35 days before."""
AROUND = timedelta(hours=18)
CLOSE = 60
"""Minutes before and after the change of the clock in which `on_call` is asked every minute."""
SHIFT_CLOSE = 2
"""The same around changes of shift."""


def run(rotas: int, seed: int, say: Callable[[str], None]) -> dict[str, object]:
    """Return what was compared and how often there were differences, with the first few in words."""
    count, wrong = Counter[str](), list[str]()
    cells = [(zone, year) for zone, years in ZONES.items() for year in years]
    for place, (zone, year) in enumerate(cells):
        share = rotas * (place + 1) // len(cells) - rotas * place // len(cells)
        for told in _cell(zone, year, share, Random(f"{seed} {zone} {year}"), count):
            count["differences"] += 1
            wrong += [told] if len(wrong) < 10 else []
        say(f"{zone} {year}: {share} rotas, {count['differences']} differences so far")
    return _record(count, wrong, seed)


def _record(count: Counter[str], wrong: list[str], seed: int) -> dict[str, object]:
    keys = ("rotas", "edges", "minutes", "asked", "shifts", "gaps_found", "gaps_reported")
    found: dict[str, object] = {"bench": "rota", "seed": seed, "zones": len(ZONES)}
    found |= {key: count[key] for key in (*keys, "differences")}
    if wrong:
        found["first"] = wrong
    return found | {"versions": versions(("sturmglas", "tzdata"))}


def _cell(zone: str, year: int, rotas: int, chance: Random, count: Counter[str]) -> Iterator[str]:
    """Yield the differences of some rotas in one zone and year."""
    changes = edges(zone, year)
    glances = clock(zone, changes[0] - BEFORE, changes[-1] + AFTER) if rotas else []
    shown = first_shown(glances)
    for number in range(rotas):
        made = case(chance, number, zone, changes)
        begun = handovers(made.rota, shown, glances[-1].latest)
        count["rotas"] += 1
        for change in changes:
            first = (change - AROUND - glances[0].at) // MINUTE
            part = glances[first : first + 2 * (AROUND // MINUTE)]
            here = [place - first for place in begun]
            seen = walk(made.rota, made.overrides, made.absences, part, here)
            yield from _compared(made, part, seen, count)


def _compared(
    made: Case, minutes: list[Glance], seen: list[Seen], count: Counter[str]
) -> Iterator[str]:
    """Yield the differences around one change of the clock."""
    since, until = minutes[0].at, minutes[-1].at + MINUTE
    count["edges"] += 1
    count["minutes"] += len(seen)
    theirs = _shifts(seen, since)
    ours = shifts(made.rota, made.overrides, since, until, made.absences)
    count["shifts"] += len(theirs)
    if ours != theirs:
        yield f"{made}: shifts {ours}, expected {theirs}"
    holes = _gaps(seen, since)
    reported = gaps(made.rota, made.overrides, since, until, made.absences)
    count["gaps_found"] += len(holes)
    count["gaps_reported"] += len(set(holes) & set(reported))
    if reported != holes:
        yield f"{made}: gaps {reported}, expected {holes}"
    yield from _asked(made, theirs, since, until, count)


def _asked(
    made: Case, theirs: list[Shift], since: datetime, until: datetime, count: Counter[str]
) -> Iterator[str]:
    middle = (until - since) // MINUTE // 2
    chosen = set(range(middle - CLOSE, middle + CLOSE))
    for shift in theirs:
        place = (shift.since - since) // MINUTE
        chosen |= set(range(max(place - SHIFT_CLOSE, 0), place + SHIFT_CLOSE))
    coming = iter(theirs)
    shift = next(coming)
    for place in sorted(chosen):
        at = since + place * MINUTE
        if at >= until:
            break
        while shift.until <= at:
            shift = next(coming)
        count["asked"] += 1
        yield from _one(made, shift, at, until)


def _one(made: Case, shift: Shift, at: datetime, until: datetime) -> Iterator[str]:
    """Yield a difference of `on_call` at one minute; nothing is known of ends after ``until``."""
    ours = on_call(made.rota, made.overrides, at, made.absences)
    end = ours.until if ours.until is None or ours.until < until else until
    right_end = end == shift.until if shift.until < until else end in (until, None)
    if (ours.person, ours.why) != (shift.person, shift.why) or not right_end:
        yield f"{made}: at {at.isoformat()} {ours}, expected {shift}"


def _shifts(seen: list[Seen], since: datetime) -> list[Shift]:
    """Return the oracle's minutes as shifts."""
    found = []
    for (person, why), minutes in groupby(seen, key=lambda s: (s.person, s.why)):
        until = since + len(list(minutes)) * MINUTE
        found.append(Shift(person, since, until, why))
        since = until
    return found


def _gaps(seen: list[Seen], since: datetime) -> list[Span]:
    found = []
    for empty, minutes in groupby(seen, key=lambda s: s.duty and not s.person):
        until = since + len(list(minutes)) * MINUTE
        if empty:
            found.append((since, until))
        since = until
    return found
