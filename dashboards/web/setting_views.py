"""What a topic's settings page shows: what is watched, when somebody is called, and a trial of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alerts.incident import Outcome
from dashboards.web.calibration_views import CalibrationPart
from dashboards.web.duty_views import NightView
from dashboards.web.health_views import HealthPart
from dashboards.web.planned_views import PlannedPart
from dashboards.web.query_views import QueryPart
from dashboards.web.views import Chrome
from detectors.detection import Level, Reason

BUDGETS = (7, 14, 30, 60, 90)
"""Days that a trial offers."""
SPAN_DAYS = 30
"""Days of the past that a trial on the page goes over."""


class TrialState(StrEnum):
    """What came of trying other settings on the past."""

    DONE = "done"
    BUSY = "busy"  # another trial is being computed; one at a time
    INVALID = "invalid"  # a number that cannot be tried
    NO_PAST = "no_past"  # nothing is stored that could be watched again
    TOO_MUCH = "too_much"  # more posts than a page may read; the command line may
    UNAVAILABLE = "unavailable"  # the store cannot be read now


@dataclass(frozen=True, slots=True)
class TrialPage:
    """One page that would have gone out. ``ref`` "": no incident was opened then.

    ``outcome`` None with a ``ref``: it is still open. ``peak`` highest level of that episode.
    """

    at: datetime
    level: Level
    peak: Level
    reasons: tuple[Reason, ...]
    ref: str = ""
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class LostIncident:
    """An incident that a person called real, and for which nobody would have been called."""

    ref: str
    at: datetime
    peak: Level


@dataclass(frozen=True, slots=True)
class Trial:
    """A budget and a floor of authors tried on the last ``asked_days``.

    ``days`` of them could be watched, ``short_days`` lie before anything is known, in ``young_days``
    the topic was new; ``warm_days`` before the span only taught. ``then``: incidents that woke
    somebody in truth, ``real`` of them called real. ``peak`` is the highest level shown.
    ``blind_hours``: busy hours of which only counts are kept.
    """

    state: TrialState
    budget: float
    authors: float
    asked_days: int
    days: float = 0.0
    since: datetime | None = None
    until: datetime | None = None
    warm_days: float = 0.0
    short_days: float = 0.0
    young_days: float = 0.0
    blind_hours: float = 0.0
    pages: tuple[TrialPage, ...] = ()
    lost: tuple[LostIncident, ...] = ()
    then: int = 0
    real: int = 0
    peak: Level = Level.CALM


@dataclass(frozen=True, slots=True)
class OwnThreshold:
    """A threshold that this topic overrides; ``usual`` None for a tripwire of one's own."""

    name: str
    value: float
    usual: float | None


@dataclass(frozen=True, slots=True)
class NightCaller:
    """Night calls of one person; ``over``: so many that the rota is to be looked at."""

    name: str
    calls: tuple[datetime, ...]
    over: bool


@dataclass(frozen=True, slots=True)
class NightPart:
    """Who was called at night within ``days``, over all topics; from ``budget`` calls on the lead is told."""

    days: int
    budget: int
    people: tuple[NightCaller, ...]


@dataclass(frozen=True, slots=True)
class TopicSettings:
    """One topic's settings, read only. ``rivals``: names with the terms that name them.

    ``authors``: unique negative authors that level 4 asks now. ``trial`` None: nothing was tried.
    ``kin``: names of the brand's other topics, which a trial of this one leaves out.
    ``sources`` empty: every source counts. ``calibration`` is drawn by ``_calibration.html`` where there is one.
    """

    chrome: Chrome
    topic: str
    name: str
    brand: str
    any: tuple[str, ...]
    all: tuple[str, ...]
    none: tuple[str, ...]
    languages: tuple[str, ...]
    budget: float
    authors: float
    own: tuple[OwnThreshold, ...] = ()
    rivals: tuple[tuple[str, tuple[str, ...]], ...] = ()
    kin: tuple[str, ...] = ()
    trial: Trial | None = None
    calibration: CalibrationPart | None = None
    planned: PlannedPart | None = None
    health: HealthPart | None = None
    query: QueryPart | None = None
    night_asked: NightView | None = None
    sources: tuple[str, ...] = ()
    night: NightPart | None = None
    span_days: int = SPAN_DAYS

    def choices(self, chosen: float) -> tuple[float, ...]:
        """Return the budgets to choose from: the offered ones, today's and the chosen one."""
        return tuple(sorted({*map(float, BUDGETS), self.budget, chosen}))
