"""`bench escalation`: nobody answers, somebody does, clocks jump, runners stop; is the right one called in time?

Made incidents go through the service's own parts (levels to pages, chains, the desk's answers, store, outbox) on a
moved clock: it runs on while something is done, and skips what lies between. An oracle tells from the documents who
had to be called when. A naive twin with timers in memory goes the same way before the same judge.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random

from monitor.bench.escalation_made import Install, install
from monitor.bench.escalation_oracle import Found, Judge
from monitor.bench.escalation_play import Played, play
from monitor.bench.escalation_twin import TimersInMemory
from monitor.bench.figures import versions
from monitor.pipeline.waking import Waking

INSTALL = 250
"""Incidents in one store; some twenty are open at once."""
SENDS = 4
"""Of every four stores the last is one whose outbox is emptied as a deliverer does."""
TWIN = 1_000
"""Incidents of the naive twin: enough to fail."""
BREACHES = (
    *("missed", "after_an_answer", "too_much", "early", "late", "other_content"),
    *("rises_unpaged", "untold", "unsent", "failed"),
)


@dataclass(frozen=True, slots=True)
class Side:
    """One side's figures so far."""

    found: Found
    played: Counter[str]

    def breaches(self) -> int:
        return sum(self.found.count[name] for name in BREACHES)


def run(
    incidents: int, seed: int, say: Callable[[str], None], *, flowing: bool = True
) -> dict[str, object]:
    """Return both sides' figures; ``breaches`` counts ours. ``flowing`` False: doing takes no time, so that a
    busy machine changes nothing."""
    ours = _side(Waking, incidents, seed, say, flowing=flowing)
    twin = _side(TimersInMemory, min(incidents, TWIN), seed, say, flowing=flowing)
    record: dict[str, object] = {"bench": "escalation", "seed": seed, "breaches": ours.breaches()}
    record |= _figures(ours)
    record["twin"] = _figures(twin) | {"breaches": twin.breaches()}
    return record | {"versions": versions(("sturmglas", "sqlalchemy"))}


def _side(
    kind: type[Waking], incidents: int, seed: int, say: Callable[[str], None], *, flowing: bool
) -> Side:
    side = Side(Found(), Counter())
    for number, size in enumerate(_sizes(incidents)):
        made = install(Random(f"{seed} {number}"), size, f"t{number}")
        chance = Random(f"{seed} {number} looks")
        sends = number % SENDS == SENDS - 1
        _judged(made, play(made, kind, chance, flowing=flowing, sends=sends), side)
        done = side.found.count["incidents"]
        say(f"{kind.__name__}: {done} incidents, {side.breaches()} breaches so far")
    return side


def _sizes(incidents: int) -> Iterable[int]:
    while incidents > 0:
        yield min(incidents, INSTALL)
        incidents -= INSTALL


def _judged(made: Install, played: Played, side: Side) -> None:
    judge = Judge(made.chains, made.rotas, played.stretches, side.found)
    for script in made.scripts:
        happened, calls = played.happened[script.topic], played.calls[script.topic]
        judge.judge(script.topic, script.chain, happened, calls)
    side.played.update(played.count)
    for name in ("untold", "unsent", "failed"):
        side.found.count[name] += played.count[name]


def _figures(side: Side) -> dict[str, object]:
    count, found = side.found.count, side.found
    keys = ("incidents", "chains", "steps", "skipped", "exhausted", "rises_above_acknowledged")
    made: dict[str, object] = {key: count[key] for key in keys}
    made |= {key: side.played[key] for key in ("answers", "jumps", "stops", "raced", "deliveries")}
    made |= {key: count[key] for key in BREACHES}
    made["late_s"] = _spread(found.late_s)
    made["late_after_stop_or_jump_s"] = _spread(found.woken_late_s)
    if found.words:
        made["first"] = found.words
    return made


def _spread(late_s: list[float]) -> dict[str, float]:
    """Return median, 99 of 100 and the greatest, in seconds."""
    if not late_s:
        return {}
    ordered = sorted(late_s)
    places = {"p50": len(ordered) // 2, "p99": len(ordered) * 99 // 100, "max": -1}
    return {"count": len(ordered)} | {k: round(ordered[at], 4) for k, at in places.items()}
