"""What happens in the invented world: channels, storms, loud friendly events, outages, their truth.

Everything is a rate in mentions per hour as a function of time; `monitor.sources.world_build`
draws from these rates.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from detectors.mention import Kind
from monitor.sources.world_texts import Brand, Tone

WEEKDAY = (
    0.30, 0.18, 0.12, 0.10, 0.12, 0.25, 0.60, 1.00, 1.25, 1.20, 1.15, 1.20,
    1.40, 1.30, 1.15, 1.15, 1.25, 1.45, 1.60, 1.75, 1.80, 1.60, 1.20, 0.68,
)  # fmt: skip
"""Share of a weekday's posts by local hour, mean about 1: low at four, a lunch bump, high at eight."""
WEEKEND = (
    0.50, 0.35, 0.22, 0.15, 0.12, 0.15, 0.28, 0.50, 0.85, 1.15, 1.30, 1.35,
    1.35, 1.30, 1.25, 1.25, 1.30, 1.40, 1.50, 1.60, 1.60, 1.45, 1.20, 0.80,
)  # fmt: skip
OFFICE = (
    0.02, 0.02, 0.02, 0.02, 0.10, 0.60, 1.80, 2.40, 2.40, 2.20, 2.00, 1.80,
    1.60, 1.60, 1.60, 1.60, 1.40, 1.20, 0.80, 0.40, 0.20, 0.12, 0.06, 0.04,
)  # fmt: skip
"""Newsrooms and office hours."""

_CALM = {Tone.NEUTRAL: 38, Tone.QUESTION: 17, Tone.PRAISE: 23, Tone.NEGATIVE: 16, Tone.SARCASM: 6}
_REVIEWS = {Tone.PRAISE: 52, Tone.NEGATIVE: 34, Tone.NEUTRAL: 10, Tone.SARCASM: 4}


@dataclass(frozen=True, slots=True)
class Channel:
    """One source of the world. ``share`` is its part of a calm day's mentions.

    ``replies`` share of posts that answer an earlier one; ``states_lang`` whether the platform
    tells the language; ``weekend`` factor on Saturdays and Sundays.
    """

    name: str
    share: float
    kind: Kind
    replies: float = 0.0
    reply_kind: Kind = Kind.COMMENT
    weekday_hours: tuple[float, ...] = WEEKDAY
    weekend_hours: tuple[float, ...] = WEEKEND
    weekend: float = 0.85
    states_lang: bool = False
    rated: bool = False
    tones: Mapping[Tone, float] = field(default_factory=lambda: dict(_CALM))


CHANNELS: tuple[Channel, ...] = (
    Channel("kurznachrichten", 0.50, Kind.POST, 0.35, Kind.REPLY, states_lang=True),
    Channel("stadtforum", 0.17, Kind.POST, 0.65, weekend=1.1),
    Channel("kommentare", 0.20, Kind.COMMENT, 0.50),
    Channel("app-bewertungen", 0.08, Kind.REVIEW, rated=True, tones=_REVIEWS),
    Channel(
        "nachrichten", 0.05, Kind.ARTICLE,
        weekday_hours=OFFICE, weekend_hours=OFFICE, weekend=0.4, tones={Tone.NEUTRAL: 1},
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Storm:
    """Outrage of stated onset, growth, height, tone and spread.

    From ``onset`` the rate over all sources starts at ``start_per_hour`` and doubles every
    ``doubling`` until the peak (``peak_per_hour``, or ``peak_factor`` times the brand's calm mean
    when that is 0), holds for ``plateau``, then halves every ``half_life``. A storm keeps its own
    time: no daily rhythm is laid over it. ``negativity`` is the true share of negative posts,
    sarcasm included. ``sources`` join in their order, each ``spread`` after the one before.
    """

    onset: datetime
    doubling: timedelta = timedelta(minutes=12)
    peak_per_hour: float = 0.0
    peak_factor: float = 20.0
    start_per_hour: float = 6.0
    plateau: timedelta = timedelta(minutes=90)
    half_life: timedelta = timedelta(hours=2)
    negativity: float = 0.85
    sarcasm: float = 0.12
    sources: tuple[str, ...] = (
        "kurznachrichten",
        "kommentare",
        "stadtforum",
        "app-bewertungen",
        "nachrichten",
    )
    spread: timedelta = timedelta(minutes=10)
    langs: Mapping[str, float] = field(default_factory=lambda: {"de": 0.8, "en": 0.2})
    theme: str = "billing"
    copies: float = 0.12
    """Share of near-copies of a handful of slogans."""

    def peak(self, calm_per_hour: float) -> float:
        """Return the peak in mentions per hour over all sources."""
        return max(self.peak_per_hour or self.peak_factor * calm_per_hour, self.start_per_hour)

    def rise(self, calm_per_hour: float) -> timedelta:
        """Return how long the growth takes."""
        return self.doubling * math.log2(self.peak(calm_per_hour) / self.start_per_hour)

    def rate(self, at: datetime, calm_per_hour: float) -> float:
        """Return mentions per hour at an instant, 0 before the onset and once it has died down."""
        if at < self.onset:
            return 0.0
        since, peak = at - self.onset, self.peak(calm_per_hour)
        rise = self.rise(calm_per_hour)
        if since < rise:
            return self.start_per_hour * math.exp2(since / self.doubling)
        over = since - rise - self.plateau
        if over <= timedelta(0):
            return peak
        rate = peak * math.exp2(-(over / self.half_life))
        return rate if rate >= 0.5 else 0.0

    def end(self, calm_per_hour: float) -> datetime:
        """Return when its rate has fallen to half a mention per hour."""
        halvings = math.log2(max(self.peak(calm_per_hour) / 0.5, 1.0))
        return self.onset + self.rise(calm_per_hour) + self.plateau + self.half_life * halvings


@dataclass(frozen=True, slots=True)
class LoudEvent:
    """Many posts and a good mood: a livestream, a launch. Must never look like a storm.

    Ramps up over ten minutes at ``start``, holds for ``duration``, then halves every twenty
    minutes. ``praise`` and ``negativity`` are true shares; the rest is neutral or asks.
    """

    start: datetime
    duration: timedelta = timedelta(hours=2)
    peak_per_hour: float = 0.0
    peak_factor: float = 15.0
    theme: str = "livestream"
    praise: float = 0.55
    negativity: float = 0.04
    sources: tuple[str, ...] = ("kurznachrichten", "kommentare", "stadtforum")
    langs: Mapping[str, float] = field(default_factory=lambda: {"de": 0.8, "en": 0.2})
    copies: float = 0.05
    announced: bool = True
    """The brand posts about it two hours before."""

    RAMP = timedelta(minutes=10)
    FADE = timedelta(minutes=20)

    def peak(self, calm_per_hour: float) -> float:
        return self.peak_per_hour or self.peak_factor * calm_per_hour

    def rate(self, at: datetime, calm_per_hour: float) -> float:
        """Return mentions per hour at an instant."""
        if at < self.start:
            return 0.0
        since, peak = at - self.start, self.peak(calm_per_hour)
        if since < self.RAMP:
            return peak * (since / self.RAMP)
        over = since - self.duration
        if over <= timedelta(0):
            return peak
        rate = peak * math.exp2(-(over / self.FADE))
        return rate if rate >= 0.5 else 0.0

    def end(self, calm_per_hour: float) -> datetime:
        halvings = math.log2(max(self.peak(calm_per_hour) / 0.5, 1.0))
        return self.start + self.duration + self.FADE * halvings


@dataclass(frozen=True, slots=True)
class Outage:
    """A source that says nothing from ``since`` to ``until`` (None: for good); its posts are lost."""

    source: str
    since: datetime
    until: datetime | None = None

    def covers(self, source: str, at: datetime) -> bool:
        return (
            source == self.source and at >= self.since and (self.until is None or at < self.until)
        )


class TruthKind(StrEnum):
    STORM = "storm"
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class Truth:
    """What really happened, for benches: never shown to a detector."""

    kind: TruthKind
    brand: str
    theme: str
    onset: datetime
    peak_at: datetime
    end: datetime
    peak_per_hour: float
    negativity: float
    sources: tuple[str, ...]


def storm_truth(storm: Storm, brand: Brand, calm_per_hour: float) -> Truth:
    return Truth(
        TruthKind.STORM, brand.id, storm.theme, _utc(storm.onset),
        _utc(storm.onset + storm.rise(calm_per_hour)), _utc(storm.end(calm_per_hour)),
        storm.peak(calm_per_hour), storm.negativity, storm.sources,
    )  # fmt: skip


def event_truth(event: LoudEvent, brand: Brand, calm_per_hour: float) -> Truth:
    return Truth(
        TruthKind.EVENT, brand.id, event.theme, _utc(event.start),
        _utc(event.start + event.RAMP), _utc(event.end(calm_per_hour)),
        event.peak(calm_per_hour), event.negativity, event.sources,
    )  # fmt: skip


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)
