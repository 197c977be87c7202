"""Silences: alerts of a kind held back for a while, by a person, with reason and end. Pure; no I/O, no clock.

A silence holds back what would call or tell somebody anew (`Action.TRIGGER`), never an acknowledgement
or an end. It breaks by itself when what it holds back has become something else: see `ruling`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from alerts.alert import Action, Alert, Broke, Broken
from alerts.matching import Comparison, Field, Matcher, ceiling, matches, show
from detectors.detection import WAKE, Level, ReasonCode

USUAL = timedelta(hours=4)
LONGEST = timedelta(hours=24)
RISE = 2
"""Levels above that at which a silence was made which break it."""
ALL_CLEAR = "all clear, sleep"
"""What stands as the cause of an incident that was cleared, until somebody says by day what it was."""
GROWTH = 2
"""Times the distinct negative authors at which "all clear, sleep" no longer holds."""


class SilenceKind(StrEnum):
    """How a silence came to be: asked for, by a recurring mute window, or by "all clear, sleep"."""

    ASKED = "asked"
    WINDOW = "window"
    SLEEP = "sleep"


class Ruling(StrEnum):
    """What a silence says of an alert. All but the first two: it is broken, and by what."""

    ELSEWHERE = "elsewhere"
    HOLDS = "holds"
    ROSE = Broke.ROSE.value
    TRIPWIRE = Broke.TRIPWIRE.value
    AUTHORS = Broke.AUTHORS.value
    TERMS = Broke.TERMS.value

    @property
    def broke(self) -> Broke | None:
        return None if self in (Ruling.ELSEWHERE, Ruling.HOLDS) else Broke(self.value)


@dataclass(frozen=True, slots=True)
class Silence:
    """Holds back alerts that all of ``matchers`` fit, in [since, until), unless it ended before.

    ``key`` makes it one: the same key again is the same silence. ``level`` at which it was made, 4 at
    least. ``ended_at``, ``ended_by``: a person took it back, or `MACHINE` found it ``broken``. Of one that
    came by "all clear, sleep" ``incident`` is that which was cleared, ``authors`` and ``terms`` its
    distinct negative authors within the hour and its words. ``id`` 0 and ``version`` 0 before it is kept.
    """

    key: str
    matchers: tuple[Matcher, ...]
    since: datetime
    until: datetime
    author: str
    reason: str
    kind: SilenceKind = SilenceKind.ASKED
    level: Level = WAKE
    incident: str = ""
    authors: int = 0
    terms: tuple[str, ...] = ()
    ended_at: datetime | None = None
    ended_by: str = ""
    broken: Broke | None = None
    id: int = field(default=0, compare=False)
    version: int = field(default=0, compare=False)

    @property
    def over_at(self) -> datetime:
        """When it stopped, or will."""
        return self.until if self.ended_at is None else min(self.until, self.ended_at)

    def stands(self, now: datetime) -> bool:
        return self.since <= now < self.over_at

    @property
    def breaks_at(self) -> int:
        """The level from which on it no longer holds; 7, which no alert has: no rise breaks it.

        Two above that at which it was made, or the next above its own ``level<=``. A hurricane breaks all
        but those that were made in one.
        """
        risen = min(self.level + RISE, Level.HURRICANE + (self.level is Level.HURRICANE))
        top = ceiling(self.matchers)
        return risen if top is None else min(risen, top + 1)

    @property
    def says(self) -> str:
        """Its matchers as text."""
        return show(self.matchers)

    def broken_by(self, by: Broke) -> Broken:
        return Broken(self.author, self.until, by)


@dataclass(frozen=True, slots=True)
class Held:
    """What a silence holds back, as its errand keeps it: the key of the silence, the alert, its episode,
    who would have been told and which chain would have started."""

    silence: str
    alert: str
    episode: int
    targets: tuple[str, ...]
    chain: str


def ruling(silence: Silence, alert: Alert, now: datetime) -> Ruling:
    """Return what ``silence`` says of ``alert`` at ``now``.

    Broken by a word of danger, by a rise (`Silence.breaks_at`), and one of "all clear, sleep" also when
    twice as many people write or words come up that were not said when it was made.
    """
    if not silence.stands(now) or alert.action is not Action.TRIGGER or alert.test:
        return Ruling.ELSEWHERE
    return would_rule(silence, alert, now)


def would_rule(silence: Silence, alert: Alert, now: datetime) -> Ruling:
    """Return what ``silence`` would say of ``alert`` at ``now`` if it stood then."""
    if not matches(_scope(silence.matchers), alert, now):
        return Ruling.ELSEWHERE
    if any(r.code is ReasonCode.TRIPWIRE and r.met for r in alert.reasons):
        return Ruling.TRIPWIRE
    if alert.level >= silence.breaks_at:
        return Ruling.ROSE
    if not matches(silence.matchers, alert, now):
        return Ruling.ELSEWHERE
    if silence.kind is not SilenceKind.SLEEP:
        return Ruling.HOLDS
    if silence.authors and alert.authors >= GROWTH * silence.authors:
        return Ruling.AUTHORS
    return Ruling.TERMS if is_new(alert.terms, silence.terms) else Ruling.HOLDS


def is_new(terms: Iterable[str], known: Iterable[str]) -> bool:
    """Return whether one of ``terms`` shares no word with any that is ``known``."""
    words = {word for term in known for word in _words(term)}
    return any(words.isdisjoint(_words(term)) for term in terms)


def holding(silences: Sequence[Silence], alert: Alert, now: datetime) -> Silence | None:
    """Return the silence that holds an alert back, that which ends last; None where none does or one breaks."""
    rulings = [(ruling(silence, alert, now), silence) for silence in silences]
    if any(found.broke for found, _ in rulings):
        return None
    held = [silence for found, silence in rulings if found is Ruling.HOLDS]
    return max(held, key=lambda silence: silence.until, default=None)


def broken(silences: Sequence[Silence], alert: Alert, now: datetime) -> list[tuple[Silence, Broke]]:
    """Return the silences that an alert breaks, and by what."""
    found = ((silence, ruling(silence, alert, now).broke) for silence in silences)
    return [(silence, by) for silence, by in found if by is not None]


def is_broad(matchers: Sequence[Matcher]) -> bool:
    """Return whether matchers name neither topic nor anything else of a burst but its level."""
    named = (m for m in matchers if m.comparison is Comparison.IS and m.values != ("*",))
    return all(m.field in (Field.LEVEL, Field.HOUR) for m in named)


def _scope(matchers: Sequence[Matcher]) -> tuple[Matcher, ...]:
    """Return the matchers without those that only say up to which level."""
    top = (Comparison.AT_MOST, Comparison.IS)
    return tuple(m for m in matchers if m.field is not Field.LEVEL or m.comparison not in top)


def _words(term: str) -> set[str]:
    return {word.strip("#").casefold() for word in term.split()}
