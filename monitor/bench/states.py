"""`bench states`: incidents go through moves by chance over a real store, and after each what must hold is looked at.

Every change of status is a legal one, the timeline retells the stored incident, versions and numbers have no gap,
one chain runs at most and none after an answer, and the outside key carries the episode. The first breach ends it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import closing
from random import Random

from alerts.incident import Outcome
from detectors.detection import Level
from monitor.bench.blowing import hushed
from monitor.bench.figures import versions
from monitor.bench.states_life import Broken, Life
from monitor.store.database import SqliteStore

LIFE = 40
"""Moves of one life; the next has topics of its own."""
STORE = 2_000
"""Moves in one store."""
PEOPLE = ("kim", "robin")
OUTCOMES = tuple(Outcome)
WINDS = (0, 1, 2, 3, 3, 4, 4, 4, 5, 5, 6)


def run(steps: int, seed: int, say: Callable[[str], None]) -> dict[str, object]:
    """Return how many moves of which kind there were, what the timelines hold, and the breaches."""
    moves, seen, wrong, done, number = Counter[str](), Counter[str](), list[str](), 0, 0
    while done < steps and not wrong:
        with hushed(), closing(SqliteStore.open("sqlite://")) as store:
            for _ in range(STORE // LIFE):
                size = min(LIFE, steps - done)
                wrong += _lived(store, f"{seed} {number}", f"t{number}", size, moves, seen)
                done, number = done + size, number + 1
                if wrong or done >= steps:
                    break
        say(f"{done} moves, {len(wrong)} breaches so far")
    return _record(seed, number, moves, seen, wrong)


def _lived(
    store: SqliteStore, seed: str, name: str, size: int, moves: Counter[str], seen: Counter[str]
) -> list[str]:
    """Let one life pass; return what was wrong with it, with its seed."""
    chance, life = Random(seed), Life(store, name)
    with closing(life):
        try:
            for _ in range(size):
                move(life, chance)
        except Broken as error:
            return [f'seed "{seed}", move {sum(life.moves.values())}: {error}']
        finally:
            moves.update(life.moves)
            seen.update(life.seen)
    return []


def move(life: Life, chance: Random) -> None:
    """Do one thing by chance; wind most often."""
    kind = chance.random()
    if kind < 0.40:
        levels = (Level(chance.choice(WINDS)), Level(chance.choice(WINDS)))
        life.blows(levels, chance.choice((5, 5, 10, 30, 65, 1_500)), rare=chance.random() < 0.8)
    elif kind < 0.48:
        life.is_quiet(chance.choice((30, 65)))
    elif kind < 0.54:
        life.says_the_same()
    elif kind < 0.58:
        life.comes_late(Level(chance.choice(WINDS)))
    elif kind < 0.70:
        life.acknowledges(chance.choice(PEOPLE))
    elif kind < 0.74:
        life.assigns(chance.choice((*PEOPLE, "")))
    elif kind < 0.77:
        life.notes(chance.choice(("Wir wissen Bescheid.", " ")))
    elif kind < 0.85:
        life.resolves(chance.choice(OUTCOMES))
    elif kind < 0.93:
        life.passes(chance.choice((1, 5, 30)))
    elif kind < 0.97:
        life.races()
    else:
        life.sends()


def _record(
    seed: int, lives: int, moves: Counter[str], seen: Counter[str], wrong: list[str]
) -> dict[str, object]:
    found: dict[str, object] = {"bench": "states", "seed": seed, "lives": lives}
    found |= {"moves": sum(moves.values()), "breaches": len(wrong)}
    found |= {"by_move": dict(sorted(moves.items())), "seen": dict(sorted(seen.items()))}
    if wrong:
        found["first"] = wrong
    return found | {"versions": versions(("sturmglas", "sqlalchemy"))}
