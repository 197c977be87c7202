"""Work: the loop that drives filing and judging, and what it does when something breaks."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.route import Route
from detectors.score.base import Scorer
from detectors.topic import Topic
from detectors.tripwires import Tripwires
from monitor import metrics
from monitor.clock import Clock
from monitor.pipeline.filing import Filing, Taken, TopicMatcher
from monitor.pipeline.holding import Hand
from monitor.pipeline.judging import Judging
from monitor.pipeline.lines import Line
from monitor.ports import Entry, Log, Signals, Store
from playbooks.playbook import Playbook

GROUP = "pipeline"
TICK = timedelta(seconds=1)
"""How often, in the clock's time, closed bins are looked for."""

log = logging.getLogger("sturmglas.pipeline")


@dataclass(frozen=True, slots=True)
class Parts:
    """What a pipeline decides with; everything that is not storage."""

    topics: Mapping[str, Topic]
    matcher: TopicMatcher
    scorer: Scorer
    tripwires: Tripwires
    playbooks: Mapping[str, Playbook]
    routes: Sequence[Route]
    page_url: str = ""
    language: str = "de"


class Pipeline:
    """Files entries and judges bins over one store. Not thread-safe: one thread drives it."""

    def __init__(self, store: Store, parts: Parts, signals: Signals, *, live: bool = True) -> None:
        self.store = store
        self.judging = Judging(
            store,
            parts.topics,
            parts.playbooks,
            parts.routes,
            signals,
            page_url=parts.page_url,
            language=parts.language,
            live=live,
        )
        self.filing = Filing(
            store, parts.matcher, parts.scorer, parts.tripwires, self.judging.closed_until
        )

    def begin_at(self, first: datetime) -> None:
        """Topics without history start at ``first``; see `Judging.begin_at`."""
        self.judging.begin_at(first)

    def take(self, entries: Sequence[Entry]) -> Taken:
        """File entries of the log; see `Filing.take`."""
        self.judging.settle()  # filing goes by the bins that are closed in the store
        return self.filing.take(entries)

    def tick(self, now: datetime) -> list[Line]:
        """Close and judge what may be closed; see `Judging.tick`."""
        return self.judging.tick(now)


def work(
    pipeline: Pipeline,
    log_: Log,
    clock: Clock,
    stop: threading.Event,
    *,
    consumer: str = "main",
    on_lines: Callable[[list[Line]], None] = lambda lines: None,
    on_trouble: Callable[[str], None] = lambda trouble: None,
    on_parked: Callable[[str], None] = lambda told: None,
) -> None:
    """Drive ``pipeline`` from ``log_`` until ``stop``; survives whatever a batch or a bin throws.

    Entries are acknowledged after the commit that stored them. What was handed out to a process
    that died comes first. Trouble is told once per kind of error and retried with back-off,
    because giving up would be silence; what cannot be filed at all is parked (`holding.Hand`).
    """
    hand = Hand(
        pipeline.take,
        pipeline.store,
        log_,
        clock,
        group=GROUP,
        consumer=consumer,
        on_parked=on_parked,
    )
    next_tick = clock.now()
    pause_s = 0.0
    while not stop.is_set():
        try:
            hand.retry_parked()
            busy = hand.fill()
            if busy:
                hand.file()
            now = clock.now()
            if now >= next_tick:
                on_lines(pipeline.tick(now))
                next_tick = now + TICK
            elif not busy:
                log_.wait(0.1)
            if pause_s:
                on_trouble("")
            pause_s = 0.0
        except Exception as trouble:  # outermost loop of a worker: log, count, back off, carry on
            log.exception("pipeline failed; trying again")
            metrics.PIPELINE_ERRORS.inc()
            on_trouble(f"{type(trouble).__name__}: {trouble}")
            pause_s = min(max(0.5, pause_s * 2), 30.0)
            stop.wait(pause_s)
