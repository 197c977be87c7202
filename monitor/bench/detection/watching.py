"""The code under test over a stream: bins in, pages out, as `Rehearsal` watches any topic's past."""

from __future__ import annotations

from dataclasses import dataclass, field

from detectors.detection import Assessment
from detectors.topic import Query, Topic
from detectors.watch import TopicWatch
from detectors.window import BIN, LATENESS, Window
from monitor.bench.detection.stream import Hours, Stream
from monitor.pipeline.rehearsal import Past, Rehearsal


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
    _rehearsal: Rehearsal = field(init=False)
    _hours: Hours = field(init=False)

    def __post_init__(self) -> None:
        topic = Topic(
            self.stream.topic,
            "Brand",
            Query(any=("brand",)),
            timezone="UTC",
            alarm_budget_days=self.budget_days,
        )
        self._rehearsal = Rehearsal(topic)
        self._hours = Hours(self.stream)

    @property
    def watch(self) -> TopicWatch:
        return self._rehearsal.watch

    def taken_up(self, stream: Stream) -> Watching:
        """Return a watching that knows all this one knows, over a stream that goes on otherwise."""
        other = Watching(stream, self.budget_days)
        other._rehearsal = self._rehearsal.taken_up()
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
                self._rehearsal.revise(self.stream.bin(late, number, revision=1))
        known = len(self._rehearsal.called)
        seen = self._rehearsal.close(self._past(number))
        self.peak = max(self.peak, int(seen.level))
        if len(self._rehearsal.called) > known:
            self.pages.append(Page(number, seen))
        return seen

    def _past(self, number: int) -> Past:
        def window() -> Window:
            return self._hours.window(number)

        return Past(self.stream.bin(number, number), window, context=self.stream.context(number))
