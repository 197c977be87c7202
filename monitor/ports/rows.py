"""What goes into the store and comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

from detectors.detection import Assessment
from detectors.mention import Mention
from detectors.score.base import Score
from detectors.window import Counts, SourceClock
from monitor.ports.log import Entry


class Filed(msgspec.Struct, frozen=True, gc=False):
    """A mention with everything the machine found out about it: one row to be stored.

    A struct, because one is made for each mention: a frozen dataclass costs 2 us more.

    ``at`` event time (see `detectors.window.event_time`); ``dated`` how it was found;
    ``author`` / ``thread`` / ``cluster`` signed 64-bit keys, 0 for none; ``topics`` ids that
    match, may be empty; ``tripwire`` category or ""; ``rivals`` for each of ``topics`` the named
    rival or "", empty where none is named.
    """

    id: bytes
    mention: Mention
    at: datetime
    observed_at: datetime
    dated: str
    author: int
    thread: int
    cluster: int
    topics: tuple[str, ...]
    score: Score
    model: str
    tripwire: str = ""
    rivals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What the store remembers of a mention it has, as needed to amend it."""

    id: bytes
    num: int
    source: str
    at: datetime
    topics: tuple[str, ...]
    counts: Counts
    deleted: bool


class CountKey(NamedTuple):
    """Key of an additive count row: minute = epoch minute of the event time."""

    topic: str
    source: str
    minute: int
    revision: int = 0


@dataclass(frozen=True, slots=True)
class WatchState:
    """A topic's detectors as saved: closed up to ``closed_until``; ``state`` is JSON-ready."""

    topic: str
    closed_until: datetime | None
    state: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BinResult:
    """What was concluded at the end of one bin; the pages' source for curve and level strip."""

    topic: str
    start: datetime
    revision: int
    mentions: int
    negatives: int
    expected_mentions: float
    expected_negatives: float
    level: int
    assessment: Assessment | None = None
    """Stored only when the level is above 0 or changed, or the topic is silent; else None."""
    uplift: float = 1.0
    """Times the usual mentions expected because of something announced; in ``expected_mentions``."""


class Answers(NamedTuple):
    """What was answered of a mention besides tone and offensive.

    ``yes``: the further questions (`detectors.score.heads.MORE`) that were answered with yes, in percent
    by name. ``marks``: what rules say of it, by name (`detectors.score.base.Marks`).
    """

    yes: Mapping[str, int] = MappingProxyType({})
    marks: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Post:
    """A stored mention as shown to people.

    ``answers`` and ``marks``: see `Answers`; empty for a post kept as evidence.
    """

    num: int
    text: str
    title: str
    source: str
    url: str
    lang: str
    kind: str
    at: datetime
    observed_at: datetime
    tone: int
    score: float
    offensive: float
    reach: int
    author: int
    handle: str
    cluster: int
    deleted: bool
    answers: Mapping[str, int] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recent:
    """A stored mention as far as a query looks at it. ``gone``: its platform deleted it. ``own``: the
    brand or a partner wrote it, so that it belongs to no topic. ``matched``: it was filed under one."""

    num: int
    text: str
    title: str
    tags: tuple[str, ...]
    source: str
    lang: str
    kind: str
    at: datetime
    observed_at: datetime
    cluster: int
    gone: bool
    own: bool
    matched: bool


@dataclass(frozen=True, slots=True)
class SourceState:
    """Health of one configured source: its clock, its cursor, what went wrong last."""

    clock: SourceClock
    cursor: Mapping[str, Any] = field(default_factory=dict)
    ok_at: datetime | None = None
    error: str = ""
    error_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Capped:
    """A span of which a source gave us only a part: it hands out so many at most, and had more."""

    source: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Parked:
    """What could not be filed, kept aside: ``entry`` holds those items of the batch that failed.

    ``error`` names what was raised, without the text that raised it; ``at`` when it was parked.
    """

    number: int
    entry: Entry
    error: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One step of a curve; None where nothing is known yet (open) or nothing was expected yet."""

    at: datetime
    mentions: int
    negatives: int
    expected_mentions: float | None
    expected_negatives: float | None
    level: int | None
