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
from monitor.pipeline.ownership import (
    SHARD,
    TOPICS,
    FencedStore,
    Ownership,
    names,
    number,
    partition_of,
)
from monitor.ports import (
    GROUP,
    Alone,
    Entry,
    Fenced,
    Fences,
    Log,
    Signals,
    Store,
)
from playbooks.playbook import Playbook

TICK = timedelta(seconds=1)
"""How often, in the clock's time, closed bins are looked for and leases renewed."""
LINGER_S = 0.1
FULL = 400
"""After filing fewer mentions than `FULL` we wait `LINGER_S` for more: a transaction for each single
post would cost five times as much as one for all that come within the blink of an eye."""
STRAINED_BYTES = 64 * 1024 * 1024
"""Unfiled bytes from which load is shed, and half of which ends it: minutes of a busy stream."""

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
    """Files entries and judges bins over one store. Not thread-safe: one thread drives it.

    ``partitions`` of the topics are judged apart from each other (see `partition_of`). ``held``: the
    leases it works under; None holds everything, as is right where nobody else works on the store.
    """

    def __init__(
        self,
        store: Store,
        parts: Parts,
        signals: Signals,
        *,
        live: bool = True,
        partitions: int = 1,
        held: Fences | None = None,
    ) -> None:
        self.store: Store = FencedStore(store, self._shards)
        self.parts = parts
        self._base = store
        self._signals = signals
        self._live = live
        self._began: datetime | None = None
        self.topics: dict[str, dict[str, Topic]] = {name: {} for name in names(TOPICS, partitions)}
        for id, topic in parts.topics.items():
            self.topics[f"{TOPICS}/{partition_of(topic, partitions)}"][id] = topic
        self.filing = Filing(self.store, parts.matcher, parts.scorer, parts.tripwires)
        self._judging: dict[str, Judging] = {}
        self._held: Fences = {}
        self.own(dict.fromkeys(self.topics, 1) if held is None else held)

    def own(self, held: Fences) -> None:
        """Work under these leases from now on: take up what is new, drop what is lost."""
        before, self._held = self._held, held
        for name in list(self._judging):
            if held.get(name) != before.get(name):
                del self._judging[name]
                for topic in self.topics[name]:
                    metrics.forget_topic(topic)
        for name in self.topics.keys() & held.keys():
            if name not in self._judging and self.topics[name]:
                self._take_up(name)

    def _take_up(self, name: str) -> None:
        fence = {name: self._held[name]}
        self._judging[name] = Judging(
            FencedStore(self._base, lambda: fence),
            self.topics[name],
            self.parts.playbooks,
            self.parts.routes,
            self._signals,
            page_url=self.parts.page_url,
            language=self.parts.language,
            live=self._live,
        )
        if self._began is not None:
            self._judging[name].begin_at(self._began)

    def _shards(self) -> Fences:
        return {name: fence for name, fence in self._held.items() if name.startswith(f"{SHARD}/")}

    def begin_at(self, first: datetime) -> None:
        """Topics without history start at ``first``; see `Judging.begin_at`."""
        self._began = first
        for judging in self._judging.values():
            judging.begin_at(first)

    def closed_until(self, topic: str) -> datetime | None:
        """Return up to when a topic's bins are closed; None before its first, or if not judged here."""
        known = (j.closed_until(topic) for j in self._judging.values())
        return next((at for at in known if at is not None), None)

    def oldest_closed(self) -> datetime | None:
        """Return up to when the bins of every topic judged here are closed; None before the first."""
        known = (j.oldest_closed() for j in self._judging.values())
        return min((at for at in known if at is not None), default=None)

    def take(self, entries: Sequence[Entry]) -> Taken:
        """File entries of the log; see `Filing.take`."""
        return self.filing.take(entries)

    def tick(self, now: datetime, behind: datetime | None = None) -> list[Line]:
        """Close and judge what may be closed; see `Judging.tick`.

        A partition that fails holds up no other; its error is raised when all had their turn.
        """
        lines: list[Line] = []
        errors: list[Exception] = []
        for judging in list(self._judging.values()):
            try:
                lines += judging.tick(now, behind)
            except Exception as error:  # each partition is a worker of its own
                errors.append(error)
        if errors:
            raise errors[0]
        return lines


def work(
    pipeline: Pipeline,
    log_: Log,
    clock: Clock,
    stop: threading.Event,
    *,
    ownership: Ownership | None = None,
    on_lines: Callable[[list[Line]], None] = lambda lines: None,
    on_trouble: Callable[[str], None] = lambda trouble: None,
    on_parked: Callable[[str], None] = lambda told: None,
) -> None:
    """Drive ``pipeline`` from ``log_`` until ``stop``; survives whatever a batch or a bin throws.

    Entries are acknowledged after the commit that stored them. What was handed out to a process
    that died comes first. Trouble is told once per kind of error and retried with back-off,
    because giving up would be silence; what cannot be filed at all is parked (`holding.Hand`).
    Without ``ownership`` everything is this worker's.
    """
    ownership = ownership or Ownership(Alone(), "main", work_of(pipeline, log_))
    hand = Hand(
        pipeline.take,
        pipeline.store,
        log_,
        clock,
        group=GROUP,
        consumer=ownership.owner,
        on_parked=on_parked,
    )
    next_tick = clock.now()
    pause_s = 0.0
    while not stop.is_set():
        try:
            now = clock.now()
            due = now >= next_tick
            if due and not hand.busy:
                ownership.renew()
                pipeline.own(ownership.held)
                hand.own(shards_of(ownership.held))
            hand.retry_parked()
            busy = hand.fill()
            if busy:
                filed = hand.file()
            if due:
                on_lines(_tick(pipeline, log_, clock.now()))
                next_tick = now + TICK
            elif not busy:
                log_.wait(0.1)
            elif filed < FULL:
                stop.wait(LINGER_S)
            if pause_s:
                on_trouble("")
            pause_s = 0.0
        except Fenced as lost:
            log.warning("another worker has taken over: %s", lost)
            hand.drop()
            ownership.lost()
            pipeline.own({})
            next_tick = clock.now()
        except Exception as trouble:  # outermost loop of a worker: log, count, back off, carry on
            log.exception("pipeline failed; trying again")
            metrics.PIPELINE_ERRORS.inc()
            on_trouble(f"{type(trouble).__name__}: {trouble}")
            pause_s = min(max(0.5, pause_s * 2), 30.0)
            stop.wait(pause_s)


def _tick(pipeline: Pipeline, log_: Log, now: datetime) -> list[Line]:
    """Judge as far as everything is filed, and shed load while much is not."""
    backlog = log_.backlog(GROUP)
    strained = backlog.bytes > STRAINED_BYTES / (2 if pipeline.filing.strained else 1)
    if strained != pipeline.filing.strained:
        log.warning("load is shed: no near-copy clusters" if strained else "load is no longer shed")
        pipeline.filing.strained = strained
        metrics.SHED.labels("clusters").set(strained)
    return pipeline.tick(now, backlog.oldest if backlog.entries else None)


def work_of(pipeline: Pipeline, log_: Log) -> dict[str, list[str]]:
    """Return all leases that the work of a pipeline is split into, by kind."""
    return {SHARD: names(SHARD, log_.shards), TOPICS: list(pipeline.topics)}


def shards_of(held: Fences) -> list[int]:
    return sorted(number(name) for name in held if name.startswith(f"{SHARD}/"))
