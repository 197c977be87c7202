"""Detection, Reason, Assessment: what is noticed, why, and how grave it is.

Everything above this floor sees only these types, never the detectors behind them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any, Protocol


class Level(IntEnum):
    """The shitstorm scale of Barbara Schwede and Daniel Graf (Zuerich, 2012), 0 to 6.

    The names and their order are theirs; the numeric reading (`detectors.ensemble`) is ours.
    """

    CALM = 0
    LIGHT_AIR = 1
    LIGHT_BREEZE = 2
    FRESH_BREEZE = 3
    STRONG_WIND = 4
    STORM = 5
    HURRICANE = 6


WATCH = Level.FRESH_BREEZE
WAKE = Level.STRONG_WIND


class Series(StrEnum):
    """Which count of a bin a detector looks at."""

    MENTIONS = "mentions"
    NEGATIVES = "negatives"
    NEW_AUTHORS = "new_authors"
    COPIES = "copies"
    DELETIONS = "deletions"
    SOURCES = "sources"


class ReasonCode(StrEnum):
    """Every reason a level can have. Words for people stand in `alerts.words`."""

    NEGATIVE_BURST = "negative_burst"  # value: return period, days
    MENTION_BURST = "mention_burst"  # value: return period, days
    SLOW_NEGATIVES = "slow_negatives"  # value: return period of 6, 12 or 24 hours, days
    SLOW_DAYS = "slow_days"  # value: of the last seven days, so many were raised
    YOUNG_NEGATIVES = "young_negatives"  # value: -log10 p of the predictive tail
    YOUNG_MENTIONS = "young_mentions"  # value: -log10 p
    NEGATIVE_AUTHORS = "negative_authors"  # value: unique negative authors, last hour
    NEGATIVE_THREADS = "negative_threads"  # value: threads with negatives, last hour
    SOURCES = "sources"  # value: sources with negatives, last hour
    MULTIPLE = "multiple"  # value: negatives of the last hour / frozen 28-day hourly median
    NEGATIVE_SHARE = "negative_share"  # value: lower end of its interval, 0..1
    TONE_LOW = "tone_low"  # value: upper end of the share's interval: attention, not a storm
    TONE_USUAL = "tone_usual"  # value: share of texts critical beyond the usual
    TONE_UNREADABLE = "tone_unreadable"  # value: share of unread, 0..1
    AGGRESSION = "aggression"  # value: share of offensive among negatives, 0..1
    NEW_AUTHORS = "new_authors"  # value: share of authors never seen with this topic, 0..1
    DELETIONS = "deletions"  # value: share of posts that were deleted, 0..1
    SPREAD = "spread"  # value: sources, counted by how evenly posts spread over them
    DOUBLING = "doubling"  # value: minutes in which what is beyond the usual doubles
    PERSISTENCE = "persistence"  # value: minutes for which it has been beyond the usual
    SILENCE = "silence"  # value: such a silence is expected once in so many days
    GROWTH = "growth"  # value: negatives of the last 15 min / the 15 before
    REACH = "reach"  # value: reach of the widest negative post
    FIRST_SPARK = "first_spark"  # value: reach
    TRIPWIRE = "tripwire"  # value: independent authors; text: category
    COPIES = "copies"  # value: share of negatives that copy a text of unsure tone, 0..1
    BOTS = "bots"  # value: share of negatives that hardly followed accounts copy, 0..1
    NAMED_ALONG = "named_along"  # value: share of negatives that name a rival; text: which
    CLIFF = "cliff"  # value: bins since all began at once; judged again after two
    ONE_BIN = "one_bin"  # value: bins of the last hour with negatives, in a quiet hour
    CAPPED = "capped"  # value: mentions of the last hour, at least; text: source
    MOVED = "moved"  # value: sources that are silent while others speak more; text: which
    NOT_OURS = "not_ours"  # value: share of posts with terms never seen with this topic, 0..1
    EXPECTED_EVENT = "expected_event"  # value: mentions / what was announced; text: title
    MEDIA = "media"  # value: article outlets seen in 24 h
    YOUNG_TOPIC = "young_topic"  # value: days known
    BLIND = "blind"  # value: hours blind; text: source
    LATE = "late"  # value: revision of a bin that was re-opened
    HOLD = "hold"  # value: quiet bins seen; the level is held until enough of them


RARITIES = frozenset(
    {
        ReasonCode.NEGATIVE_BURST,
        ReasonCode.MENTION_BURST,
        ReasonCode.SLOW_NEGATIVES,
        ReasonCode.SILENCE,
    }
)
"""Reasons whose value is a return period in days."""
SHARES = frozenset(
    {
        ReasonCode.NEGATIVE_SHARE,
        ReasonCode.TONE_LOW,
        ReasonCode.TONE_USUAL,
        ReasonCode.TONE_UNREADABLE,
        ReasonCode.AGGRESSION,
        ReasonCode.COPIES,
        ReasonCode.BOTS,
        ReasonCode.NAMED_ALONG,
        ReasonCode.NOT_OURS,
        ReasonCode.NEW_AUTHORS,
        ReasonCode.DELETIONS,
    }
)
"""Reasons whose value is a share, 0..1."""
MULTIPLES = frozenset({ReasonCode.MULTIPLE, ReasonCode.GROWTH, ReasonCode.EXPECTED_EVENT})
"""Reasons whose value says how many times something else."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One line of "why this level": measured ``value`` against ``threshold``.

    ``met`` tells whether the value reached the threshold; unmet ones are shown too, because
    "what would have silenced it" is as telling. ``text`` names a thing (a source, a category),
    never a person.
    """

    code: ReasonCode
    value: float
    threshold: float | None = None
    met: bool = True
    text: str = ""


@dataclass(frozen=True, slots=True)
class Detection:
    """What one detector says of one closed bin.

    ``score`` is its own scale (log10 of days for bursts); ``return_period_days`` is comparable
    between detectors: an excess like this is expected once in so many days for this topic.
    """

    detector: str
    series: Series
    at: datetime
    value: float
    expected: float
    score: float
    return_period_days: float
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the ensemble says of one topic at the end of one closed bin.

    ``level`` is shown; it is the higher of ``social`` (measured) and ``media`` (echo). ``interrupt``:
    rare enough to wake somebody within the topic's alarm budget. ``onset`` is the start of the
    burst that is running, None while calm. ``revision`` > 0: the bin was re-opened by late
    mentions; such an assessment never raises a page by itself.
    """

    topic: str
    at: datetime
    level: Level
    social: Level
    media: Level
    interrupt: bool
    return_period_days: float
    reasons: tuple[Reason, ...]
    onset: datetime | None = None
    revision: int = 0


class Detector(Protocol):
    """A river-style estimator over closed bins, O(1) per bin.

    ``x`` is the features of one bin as floats: ``mentions``, ``negatives``, ``hour`` (local hour
    0-23), ``weekday`` (0 Monday). Score first, then learn; ``score_one`` changes nothing.
    """

    def score_one(self, x: Mapping[str, float]) -> float: ...

    def learn_one(self, x: Mapping[str, float]) -> None: ...

    def pass_by(self, x: Mapping[str, float]) -> None:
        """See one bin without learning from it, because an incident is open."""
        ...

    def detect(self, x: Mapping[str, float], at: datetime) -> Detection:
        """Score ``x`` with its reasons; changes nothing."""
        ...

    def snapshot(self) -> dict[str, Any]:
        """Return the whole state as JSON-ready data."""
        ...

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take a state that `snapshot` returned; ValueError names what does not fit."""
        ...
