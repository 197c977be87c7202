"""Curves: what a chart and a line of text draw, as data; `dashboards.web.svg` draws it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from detectors.detection import Level


class Span(StrEnum):
    """How far back a curve reaches; the value stands in the address."""

    HOUR = "1h"
    QUARTER = "6h"
    DAY = "24h"
    WEEK = "7d"


@dataclass(frozen=True, slots=True)
class Range:
    """How many posts chance alone would bring, from ``low`` to ``high``."""

    low: int
    high: int

    @classmethod
    def around(cls, mean: float) -> Range:
        """Return two standard deviations of a Poisson count around ``mean``, as alerts write it."""
        mean = max(0.0, mean)
        width = 2 * math.sqrt(mean)
        return cls(max(0, math.floor(mean - width)), math.ceil(mean + width))


@dataclass(frozen=True, slots=True)
class Spark:
    """A curve small enough for a line of text; None where nothing is known."""

    values: tuple[int | None, ...]
    high: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """One step of a curve. ``open``: not closed yet, so it may still grow; ``level`` as shown then.

    ``capped``: a source gave only a part of it, so there were at least so many.
    """

    at: datetime
    mentions: int
    negatives: int
    expected: Range | None
    level: Level | None
    open: bool = False
    capped: bool = False


class MarkKind(StrEnum):
    """What happened at a moment of the curve."""

    ONSET = "onset"
    OPENED = "opened"
    ROSE = "rose"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    PLANNED = "planned"


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment of the curve; with ``until`` a stretch of it, named by ``text``."""

    at: datetime
    kind: MarkKind
    level: Level | None = None
    until: datetime | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Curve:
    """Negative posts per step, with what was expected and the level shown."""

    span: Span
    step_s: int
    points: tuple[Point, ...]
    marks: tuple[Mark, ...] = ()
