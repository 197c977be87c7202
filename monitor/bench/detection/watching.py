"""The code under test, driven as the pipeline drives it: bins in, pages out."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from alerts.alert import NotifyReason
from alerts.incident import Incident, Outcome, Status
from alerts.moves import advance, resolve
from alerts.renotify import notify_reason
from detectors.detection import Assessment
from detectors.topic import Query, Topic
from detectors.watch import TopicWatch
from detectors.window import BIN, LATENESS
from monitor.bench.detection.stream import Hours, Stream

PAGES = (NotifyReason.FIRST, NotifyReason.REOPENED)


@dataclass(frozen=True, slots=True)
class Page:
    """Somebody was called at the end of bin ``bin``."""

    bin: int
    seen: Assessment


@dataclass(slots=True)
class Watching:
    """One topic watched over a stream; incidents open, and end when their end is proposed."""

    stream: Stream
    budget_days: float = 30.0
    pages: list[Page] = field(default_factory=list)
    peak: int = 0
    watch: TopicWatch = field(init=False)
    _hours: Hours = field(init=False)
    _incident: Incident | None = None
    _opened: int = 0

    def __post_init__(self) -> None:
        query = Query(any=("brand",))
        self.watch = TopicWatch(
            Topic(
                self.stream.topic,
                "Brand",
                query,
                timezone="UTC",
                alarm_budget_days=self.budget_days,
            )
        )
        self._hours = Hours(self.stream)

    def taken_up(self, stream: Stream) -> Watching:
        """Return a watching that knows all this one knows, over a stream that goes on otherwise."""
        other = Watching(stream, self.budget_days)
        other.watch.restore(json.loads(json.dumps(self.watch.snapshot())))
        other._incident, other._opened = self._incident, self._opened
        return other

    def run(self, first: int, end: int, *, until_page: bool = False) -> None:
        """Close bins [``first``, ``end``); stop early at the first page where asked."""
        for bin in range(first, end):
            self.step(bin)
            if until_page and self.pages:
                return

    def step(self, number: int) -> Assessment:
        """Close one bin, after the bins whose late mentions have come with it."""
        for first, end in self.stream.came(number):
            for late in range(max(first, number - LATENESS // BIN), end):
                self.watch.close(self.stream.bin(late, number, revision=1), None)
        bin = self.stream.bin(number, number)
        window = self._hours.window(number) if self.watch.wants_window(bin) else None
        incident = self._incident
        frozen = incident is not None and incident.is_open and incident.status is not Status.WATCH
        seen = self.watch.close(bin, window, frozen=frozen).assessment
        self.peak = max(self.peak, int(seen.level))
        self._act(number, seen)
        return seen

    def _act(self, number: int, seen: Assessment) -> None:
        before, now = self._incident, self.stream.time(number + 1)
        after, _ = advance(before, seen, topic_name="Brand", counter=self._opened + 1, now=now)
        if after is None or after == before:
            return
        self._opened += before is None or before.id != after.id
        if notify_reason(before, after) in PAGES:
            self.pages.append(Page(number, seen))
        if after.is_open and after.end_proposed:
            after, _ = resolve(after, "bench", Outcome.REAL, "over", now)
        self._incident = after
