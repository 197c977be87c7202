"""Work: the loop that drives filing and judging, and what it does when something breaks."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.book import EMPTY, Book
from alerts.routing import Route
from detectors.rivals import Rivals
from detectors.score.addition import Addition
from detectors.score.base import Scorer
from detectors.topic import Topic
from detectors.tripwires import Tripwires
from monitor import metrics
from monitor.clock import Clock
from monitor.pipeline.cascading import Cascade
from monitor.pipeline.filing import Filing, Taken, TopicMatcher
from monitor.pipeline.holding import Hand
from monitor.pipeline.judging import Judging
from monitor.pipeline.lines import Line
from monitor.pipeline.listening import Listening
from monitor.pipeline.ownership import FencedStore, Ownership, names, number, partition_of
from monitor.ports import (
    GROUP,
    SHARD,
    TOPICS,
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
PAUSE = timedelta(seconds=0.5)
PAUSE_MAX = timedelta(seconds=30)
"""Rest after a failure; doubled with each further one, up to the longest."""
STRAINED_BYTES = 64 * 1024 * 1024
"""Unfiled bytes from which load is shed, and half of which ends it: minutes of a busy stream."""

log = logging.getLogger("sturmglas.pipeline")


@dataclass(frozen=True, slots=True)
class Parts:
    """What a pipeline decides with; everything that is not storage.

    ``taught``: the scorer with what corrections taught added; None where it cannot be taught.
    """

    topics: Mapping[str, Topic]
    matcher: TopicMatcher
    scorer: Scorer
    tripwires: Tripwires
    playbooks: Mapping[str, Playbook]
    routes: Sequence[Route]
    page_url: str = ""
    language: str = "de"
    taught: Callable[[Addition], Scorer] | None = None
    book: Book = EMPTY


@dataclass(frozen=True, slots=True)
class _Failing:
    """A partition that could not be judged: why, how long it rests, and until when."""

    why: str
    pause: timedelta
    until: datetime


class Pipeline:
    """Files entries and judges bins over one store. Not thread-safe: one thread drives it.

    ``partitions`` of the topics are judged apart from each other (see `partition_of`). ``held``: the
    leases it works under; None holds everything, as is right where nobody else works on the store.
    ``cascade``: what reads some mentions a second time, in a thread that is not started here.
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
        cascade: Cascade | None = None,
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
        rivals = Rivals(parts.topics.values())
        self.cascade = cascade
        offer = cascade.offer if cascade else lambda rows: None
        self.filing = Filing(
            self.store, parts.matcher, parts.scorer, parts.tripwires, rivals, offer
        )
        self._listening = Listening(parts.scorer, parts.taught) if parts.taught else None
        self._judging: dict[str, Judging] = {}
        self._failing: dict[str, _Failing] = {}
        self._held: Fences = {}
        self.own(dict.fromkeys(self.topics, 1) if held is None else held)

    def own(self, held: Fences) -> None:
        """Work under these leases from now on: take up what is new, drop what is lost."""
        before, self._held = self._held, held
        if _of_shards(before) != _of_shards(held):
            self.filing.clusters.drop()
            if self.cascade:
                self.cascade.drop()
        for name in list(self._judging):
            if held.get(name) != before.get(name):
                self._drop(name)
        for name in self.topics.keys() & held.keys():
            if name not in self._judging and self.topics[name]:
                self._take_up(name)

    def _drop(self, name: str) -> None:
        del self._judging[name]
        self._failing.pop(name, None)
        for topic in self.topics[name]:
            metrics.forget_topic(topic)

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
            book=self.parts.book,
        )
        if self._began is not None:
            self._judging[name].begin_at(self._began)

    def _shards(self) -> Fences:
        return _of_shards(self._held)

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

    def settle(self) -> None:
        """Write what the cascade has answered since the last call, if there is one."""
        answers = self.cascade.answers() if self.cascade else []
        if not answers:
            return
        try:
            done = self.filing.rescore(answers)
        except Exception:  # the cheap scores stand; the loop tells what is wrong with the store
            metrics.CASCADE.labels("failed").inc(len(answers))
            raise
        metrics.CASCADE.labels("replaced").inc(done)
        metrics.CASCADE.labels("stale").inc(len(answers) - done)

    def listen(self, now: datetime) -> None:
        """Read with the weights that a person lets speak, from the next batch on."""
        scorer = self._listening.newer(self.store.read, now) if self._listening else None
        if scorer is not None:
            self.filing.scorer = scorer

    @property
    def trouble(self) -> str:
        """Why a partition could not be judged at its last turn; "" while all can be."""
        return next((failing.why for failing in self._failing.values()), "")

    def tick(self, now: datetime, behind: datetime | None = None) -> list[Line]:
        """Close and judge what may be closed; see `Judging.tick`.

        Live, a partition that fails rests before its next turn and holds up no other: see
        `trouble`. One that turns out to be another worker's is dropped. In a replay errors are
        raised.
        """
        lines: list[Line] = []
        for name, judging in list(self._judging.items()):
            failing = self._failing.get(name)
            if failing is not None and now < failing.until:
                continue
            try:
                lines += judging.tick(now, behind)
                self._failing.pop(name, None)
            except Fenced as lost:
                log.warning("another worker has taken over: %s", lost)
                self._drop(name)
            except Exception as error:  # each partition is a worker of its own
                if not self._live:
                    raise
                self._failed(name, error, now)
        return lines

    def _failed(self, name: str, error: Exception, now: datetime) -> None:
        log.exception("%s could not be judged; trying again", name)
        metrics.PIPELINE_ERRORS.inc()
        before = self._failing.get(name)
        pause = min(before.pause * 2, PAUSE_MAX) if before else PAUSE
        self._failing[name] = _Failing(_told(error), pause, now + pause)


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
    on_turn: Callable[[], None] = lambda: None,
) -> None:
    """Drive ``pipeline`` from ``log_`` until ``stop``; survives whatever a batch or a bin throws.

    Entries are acknowledged after the commit that stored them. What was handed out to a process
    that died comes first. Trouble is told when it changes and retried with back-off, because
    giving up would be silence; ``on_turn`` hears of each turn that went well. What cannot be filed at all is parked (`holding.Hand`), and what
    cannot be judged holds up no filing (`Pipeline.tick`). Without ``ownership`` everything is this worker's.
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
    told = ""

    def tell(trouble: str) -> None:
        nonlocal told
        if trouble != told:
            told = trouble
            on_trouble(trouble)

    next_tick = clock.now()
    pause = timedelta(0)
    while not stop.is_set():
        try:
            now = clock.now()
            due = now >= next_tick
            if due and not hand.busy:
                ownership.renew()
                pipeline.own(ownership.held)
                hand.own(shards_of(ownership.held))
            if due:
                pipeline.listen(now)
            hand.retry_parked()
            busy = hand.fill()
            if busy:
                filed = hand.file()
            pipeline.settle()
            if due:
                on_lines(_tick(pipeline, log_, clock.now()))
                next_tick = now + TICK
            elif not busy:
                log_.wait(0.1)
            elif filed < FULL:
                stop.wait(LINGER_S)
            tell(pipeline.trouble)
            on_turn()
            pause = timedelta(0)
        except Fenced as lost:
            log.warning("another worker has taken over: %s", lost)
            hand.drop()
            next_tick = clock.now()  # ask at once what is still ours
        except Exception as trouble:  # outermost loop of a worker: log, count, back off, carry on
            log.exception("pipeline failed; trying again")
            metrics.PIPELINE_ERRORS.inc()
            tell(_told(trouble))
            pause = min(max(PAUSE, pause * 2), PAUSE_MAX)
            stop.wait(pause.total_seconds())


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _tick(pipeline: Pipeline, log_: Log, now: datetime) -> list[Line]:
    """Judge as far as everything is filed, and shed load while much is not."""
    backlog = log_.backlog(GROUP)
    strained = backlog.bytes > STRAINED_BYTES / (2 if pipeline.filing.strained else 1)
    if strained != pipeline.filing.strained:
        log.warning(
            "load is shed: no near-copy clusters, no transformer"
            if strained
            else "load is no longer shed"
        )
        pipeline.filing.strained = strained
        metrics.SHED.labels("clusters").set(strained)
        if pipeline.cascade:
            pipeline.cascade.shed = strained
            metrics.SHED.labels("transformer").set(strained)
    return pipeline.tick(now, backlog.oldest if backlog.entries else None)


def work_of(pipeline: Pipeline, log_: Log) -> dict[str, list[str]]:
    """Return all leases that the work of a pipeline is split into, by kind."""
    return {SHARD: names(SHARD, log_.shards), TOPICS: list(pipeline.topics)}


def _of_shards(held: Fences) -> Fences:
    return {name: fence for name, fence in held.items() if name.startswith(f"{SHARD}/")}


def shards_of(held: Fences) -> list[int]:
    return sorted(number(name) for name in held if name.startswith(f"{SHARD}/"))
