"""Backtest: the stored past of a topic with other settings, beside what really happened then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.incident import Incident, Outcome
from detectors.thresholds import THRESHOLDS, ThresholdError, Thresholds
from detectors.topic import Topic
from detectors.window import BIN
from monitor.pipeline.past import REACH, Bounded, begun, happened, stood, stored, woke
from monitor.pipeline.rehearsal import Called, Rehearsed, rehearse
from monitor.ports import Reader

DAY = timedelta(days=1)


class NoPast(Exception):
    """Nothing of this topic is stored that could be watched again; says why."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page that would have gone out, and the stored incident it belongs to, if any."""

    called: Called
    incident: Incident | None


@dataclass(frozen=True, slots=True)
class Backtest:
    """What a span of the past would have been with these settings.

    ``topic`` with the settings tried. ``rehearsed.first`` is when its history begins: what lies
    between that and ``rehearsed.since`` only taught. ``asked``: when the span asked for begins.
    ``lost``: incidents that a person called real, and that would have paged nobody. ``then``:
    incidents of the span that woke somebody.
    """

    topic: Topic
    asked: datetime
    rehearsed: Rehearsed
    pages: tuple[Page, ...]
    lost: tuple[Incident, ...]
    then: tuple[Incident, ...]

    @property
    def warm_days(self) -> float:
        """Days of history before the span, which only taught."""
        return (self.rehearsed.since - self.rehearsed.first) / DAY

    @property
    def short_days(self) -> float:
        """Days of the span asked for that lie before anything is known."""
        return (self.rehearsed.since - self.asked) / DAY

    @property
    def young_days(self) -> float:
        """Days of the span in which the topic was so new that fixed counts and guesses judged."""
        limits = Thresholds(self.topic.thresholds)
        grown = self.rehearsed.first + limits["young_topic_days"] * DAY
        return max(timedelta(0), min(grown, self.rehearsed.until) - self.rehearsed.since) / DAY


def tried(topic: Topic, budget_days: float | None, thresholds: Mapping[str, float]) -> Topic:
    """Return ``topic`` with other settings; ValueError names one that is unknown or cannot hold."""
    if budget_days is not None and not 0 < budget_days <= 365:
        raise ValueError(f"a budget of {budget_days:g} days; expected more than 0, at most 365")
    for name in thresholds:
        if name not in THRESHOLDS and not name.startswith("trip_"):
            raise ThresholdError(f"unknown threshold {name!r}; see docs/levels.md")
    changed = replace(
        topic,
        alarm_budget_days=topic.alarm_budget_days if budget_days is None else budget_days,
        thresholds={**topic.thresholds, **thresholds},
    )
    Thresholds(changed.thresholds)
    return changed


def backtest(
    read: Reader,
    topic: Topic,
    days: float,
    *,
    reach: timedelta = REACH,
    rows: int | None = None,
) -> Backtest:
    """Watch the last ``days`` of ``topic`` again, up to its newest closed bin.

    What lies before, up to ``reach``, teaches. Costs about 0.4 ms a bin, 0.12 s a day.
    ``rows`` bounds how many are read. Raises `NoPast`, and `TooMuch` beyond ``rows``. Reads only.
    """
    latest = read.latest(topic.id)
    if latest is None:
        raise NoPast(
            f"nothing of the topic {topic.id!r} is stored yet: it is counted from the day on which"
            " it stands in the settings of the running service"
        )
    until = latest.start + BIN
    asked = until - timedelta(days=days)
    first = begun(read, topic.id, asked, until, reach)
    if first is None:
        raise NoPast(f"not one mention of the topic {topic.id!r} in the {days:g} days asked for")
    source = Bounded(read, rows) if rows is not None else None
    bins = stored(read, topic.id, first, until, rows=source)
    rehearsed = rehearse(topic, bins, count_from=asked)
    real = happened(read, topic.id, rehearsed.since, rehearsed.until)
    pages = tuple(Page(c, _met(c, real, rehearsed.until)) for c in rehearsed.called)
    lost = tuple(
        i
        for i in real
        if i.outcome is Outcome.REAL
        and not any(_overlap(c, i, rehearsed.until) for c in rehearsed.called)
    )
    return Backtest(topic, asked, rehearsed, pages, lost, tuple(i for i in real if woke(i)))


def _met(called: Called, happened: list[Incident], until: datetime) -> Incident | None:
    """Return the stored incident that a page belongs to: one that woke rather than a watch, and
    of those the one that shares most of its time."""
    met = [i for i in happened if _overlap(called, i, until)]
    return max(met, key=lambda i: (woke(i), _overlap(called, i, until)), default=None)


def _overlap(called: Called, incident: Incident, until: datetime) -> timedelta:
    start, end = stood(incident, until)
    since = min(called.seen.onset or called.at, called.at)
    shared = min(end, called.until or until) - max(start, since)
    return max(shared, timedelta(0))
