"""Silencers: what would have kept somebody asleep. The nearest change that leaves the level below 4.

Read off the reasons of an assessment, backwards: each way in which `detectors.ensemble.judge` leads
to 4 is a path of conditions, and a path is closed by breaking any one of them. Where several paths are
open at once (rare *and* a tripwire) each must be closed, and a silencer names all its changes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import Protocol

from detectors.detection import WAKE, Assessment, Reason, ReasonCode

FARTHEST_DAYS = 3650.0
"""A budget of more than ten years is no advice."""
MANY = 3
"""Silencers that are named; the nearest are the telling ones."""
_CEILINGS = frozenset(
    {
        ReasonCode.TONE_LOW,
        ReasonCode.TONE_USUAL,
        ReasonCode.CLIFF,
        ReasonCode.ONE_BIN,
        ReasonCode.NOT_OURS,
        ReasonCode.LATE,
    }
)
"""Reasons that, met, hold back everything that is judged by rarity and size."""


class Lever(StrEnum):
    """What would have had to be different."""

    BUDGET = "budget"  # days of the alarm budget
    AUTHORS = "authors"  # unique negative authors, last hour
    THREADS = "threads"  # threads with negatives, last hour
    MULTIPLE = "multiple"  # pace / frozen usual hour
    SHARE = "share"  # share of negatives, 0..1
    REACH = "reach"  # people, of the widest negative post
    TRIPWIRE = "tripwire"  # independent authors; text: category
    MEDIA = "media"  # level of the echo that a person set


@dataclass(frozen=True, slots=True)
class Change:
    """One measure as it was, and the nearest ``value`` of it that breaks its condition."""

    lever: Lever
    value: float
    measured: float
    text: str = ""

    @property
    def distance(self) -> float:
        """How far it is to ``value``, relative to what was measured; 1 is the whole of it."""
        return abs(self.value - self.measured) / max(abs(self.measured), 1e-9)

    def covers(self, other: Change) -> bool:
        """True where this goes at least as far as ``other`` on the same lever."""
        if (self.lever, self.text) != (other.lever, other.text):
            return False
        further = self.value >= other.value
        return further if self.lever is Lever.BUDGET else self.value <= other.value


@dataclass(frozen=True, slots=True)
class Silencer:
    """Changes that together would have left the level below 4."""

    changes: tuple[Change, ...]

    @property
    def distance(self) -> float:
        """The distance of the farthest change."""
        return max(change.distance for change in self.changes)


class Limits(Protocol):
    """The thresholds of a topic (`detectors.ensemble.Thresholds`)."""

    def __getitem__(self, name: str, /) -> float: ...

    def trip(self, category: str, /) -> float: ...


def silencers(
    seen: Assessment, limits: Limits, budget_days: float, share: Change | None = None
) -> tuple[Silencer, ...]:
    """Return at most three silencers of ``seen``, the nearest first; () below level 4.

    ``share``: the share of negatives at which the tone would have been called low, where that can be
    said (`detectors.card`). Nothing is said of a level that is merely held. Where the reasons leave
    open whether a crowd was gross by its unexplained part alone, it is taken to have been: what is named
    is surely silent, though something nearer may be too.
    """
    held = any(r.code is ReasonCode.HOLD for r in seen.reasons)
    if seen.level < WAKE or (held and seen.media < WAKE):
        return ()
    paths = [*_by_size(seen.reasons, limits, budget_days, share)]
    paths += _by_other(seen, limits, budget_days)
    if not paths or not all(paths):
        return ()
    found = {_merge(ways) for ways in product(*paths)}
    ranked = sorted(found, key=lambda s: (s.distance, len(s.changes), s.changes[0].lever))
    kept: list[Silencer] = []
    for one in sorted(ranked, key=lambda s: len(s.changes)):
        if not any(_dominates(other, one) for other in kept):
            kept.append(one)
    return tuple(sorted(kept, key=ranked.index)[:MANY])


def _dominates(less: Silencer, more: Silencer) -> bool:
    """True where ``more`` asks for all that ``less`` asks for, and so is no advice of its own."""
    return all(any(c.covers(wanted) for c in more.changes) for wanted in less.changes)


def _merge(ways: Iterable[Change]) -> Silencer:
    strongest: dict[tuple[Lever, str], Change] = {}
    for change in ways:
        key = change.lever, change.text
        if key not in strongest or change.covers(strongest[key]):
            strongest[key] = change
    return Silencer(tuple(strongest[key] for key in sorted(strongest)))


def _by_size(
    reasons: Sequence[Reason], limits: Limits, budget_days: float, share: Change | None
) -> Iterable[list[Change]]:
    """Yield, for each way in which size and rarity together lead to 4, what breaks it."""
    if any(r.met and r.code in _CEILINGS for r in reasons):
        return
    value = {r.code: r.value for r in reasons}
    authors = value.get(ReasonCode.NEGATIVE_AUTHORS, 0.0)
    multiple = value.get(ReasonCode.MULTIPLE, 0.0)
    sizes = [_size(value, authors, multiple, limits), _wide(reasons, authors, multiple, limits)]
    rarities = _rarities(reasons, authors, multiple, limits, budget_days)
    calmer = [share] if share is not None else []
    for size, rarity in product([s for s in sizes if s], rarities):
        yield [*size, *rarity, *calmer]


def _size(
    value: dict[ReasonCode, float], authors: float, multiple: float, limits: Limits
) -> list[Change]:
    threads = value.get(ReasonCode.NEGATIVE_THREADS, 0.0)
    least = limits["level4_authors"], limits["level4_multiple"], limits["level4_threads"]
    if authors < least[0] or multiple < least[1] or threads < least[2]:
        return []
    return [
        _fewer(Lever.AUTHORS, authors, least[0]),
        _less(multiple, least[1]),
        _fewer(Lever.THREADS, threads, least[2]),
    ]


def _wide(
    reasons: Sequence[Reason], authors: float, multiple: float, limits: Limits
) -> list[Change]:
    reach = next(
        (r for r in reasons if r.code in (ReasonCode.REACH, ReasonCode.FIRST_SPARK) and r.met), None
    )
    least = limits["wide_authors"], limits["level4_multiple"]
    if reach is None or reach.threshold is None or authors < least[0] or multiple < least[1]:
        return []
    return [
        _fewer(Lever.REACH, reach.value, reach.threshold),
        _fewer(Lever.AUTHORS, authors, least[0]),
        _less(multiple, least[1]),
    ]


def _rarities(
    reasons: Sequence[Reason], authors: float, multiple: float, limits: Limits, budget_days: float
) -> list[list[Change]]:
    """Return what breaks each way in which it was rare enough to interrupt."""
    for reason in reasons:
        if reason.code is ReasonCode.YOUNG_NEGATIVES and reason.text == "authors":
            return [[_fewer(Lever.AUTHORS, authors, limits["new_topic_authors"])]]
    ways = [
        _budget(r, budget_days) for r in reasons if r.code is ReasonCode.NEGATIVE_BURST and r.met
    ]
    gross = limits["gross_authors"], limits["gross_multiple"]
    if authors >= gross[0] and multiple >= gross[1]:
        ways.append([_fewer(Lever.AUTHORS, authors, gross[0]), _less(multiple, gross[1])])
    return ways


def _by_other(seen: Assessment, limits: Limits, budget_days: float) -> list[list[Change]]:
    """Return what breaks the ways that ask neither for a burst nor for tone."""
    paths: list[list[Change]] = []
    authors = next((r.value for r in seen.reasons if r.code is ReasonCode.NEGATIVE_AUTHORS), 0.0)
    ours = all(r.code is not ReasonCode.NOT_OURS or not r.met for r in seen.reasons)
    for reason in seen.reasons:
        if not reason.met:
            continue
        if reason.code is ReasonCode.SLOW_NEGATIVES and ours:
            fewer = _fewer(Lever.AUTHORS, authors, limits["slow_authors"])
            paths.append([*_budget(reason, budget_days), fewer])
        elif reason.code is ReasonCode.TRIPWIRE:
            least = limits.trip(reason.text)
            paths.append([_fewer(Lever.TRIPWIRE, reason.value, least, reason.text)])
    if seen.media >= WAKE:
        paths.append([Change(Lever.MEDIA, float(WAKE - 1), float(seen.media))])
    return paths


def _budget(reason: Reason, budget_days: float) -> list[Change]:
    """Return the budget at which so rare a burst would have been too common; it asks for a share of it."""
    days, family = reason.value, (reason.threshold or 0.0) / budget_days
    if family <= 0 or not math.isfinite(days) or days / family >= FARTHEST_DAYS:
        return []
    # From here up `judge` asks for more days than were reached.
    enough = math.floor(days / family) + 1
    return [Change(Lever.BUDGET, float(enough), float(budget_days))]


def _fewer(lever: Lever, measured: float, least: float, text: str = "") -> Change:
    return Change(lever, float(math.ceil(least) - 1), float(measured), text)


def _less(measured: float, least: float) -> Change:
    """Return the largest multiple below ``least`` that is shown with one decimal."""
    return Change(Lever.MULTIPLE, (math.ceil(least * 10) - 1) / 10, float(measured))
