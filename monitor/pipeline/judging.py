"""Judging: bins are closed and become levels; what follows from a level is `acting`.

All that one closing of bins brings about is one transaction: the detectors' state, the level,
the incident with its facts, the alerts in the outbox, the run of the playbook. A process that
dies in between has done none of it, and does all of it again.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from alerts.book import EMPTY, Book
from alerts.routing import Route
from detectors.context import Context
from detectors.detection import WATCH, Assessment, Level, ReasonCode
from detectors.topic import Topic
from detectors.watch import Closed, TopicWatch
from detectors.window import BIN, HOLD, Bin, Counts, Window, bin_start, closable_until
from monitor import metrics
from monitor.desk.calibration import moved
from monitor.pipeline.acting import Acting, Closing
from monitor.pipeline.announced import Announced
from monitor.pipeline.hours import HOUR, Hours, ends
from monitor.pipeline.lines import Line, level_data, stamp
from monitor.pipeline.misreading import Misreading
from monitor.pipeline.response import Response
from monitor.pipeline.sight import Sight
from monitor.pipeline.waking import Waking
from monitor.pipeline.wording import Wording
from monitor.ports import BinResult, Reader, Signals, Store, Transaction, WatchState
from playbooks.playbook import Playbook

BLIND = 2 * BIN
"""A bin judged later than this after its end is past: alone it opens, raises and reopens nothing."""
ASKED = 1_000
"""Authors of a window who are looked up: the share of new ones is known to 3 percent then."""
BEHIND = BLIND - 2 * HOLD
"""How long a backlog holds up the closing of bins; later they would be past and wake nobody."""


@dataclass(slots=True)
class _Watched:
    """A topic's detectors in memory, as of the last commit."""

    topic: Topic
    watch: TopicWatch
    closed_until: datetime | None
    latest: Assessment | None = None
    expected: deque[float] = field(default_factory=lambda: deque(maxlen=HOUR // BIN))
    """Expected negatives of the last hour's bins."""


class Judging:
    """Closes bins and decides. One owner per topic; not thread-safe.

    ``live`` False (replay, backtest): every bin is judged as if its end were now, so that a file
    gives the timeline that a live run would have given.
    """

    def __init__(
        self,
        store: Store,
        topics: Mapping[str, Topic],
        playbooks: Mapping[str, Playbook],
        routes: Sequence[Route],
        signals: Signals,
        *,
        page_url: str = "",
        language: str = "de",
        live: bool = True,
        book: Book = EMPTY,
    ) -> None:
        self._store = store
        self._configured = topics
        self._topics = dict(topics)  # as people moved their thresholds; whoever answers sees it too
        self._moves = 0
        self._signals = signals
        self._live = live
        response = Response(store.read, self._topics, playbooks, routes, page_url, language)
        waking = Waking(book, signals)
        self._acting = Acting(topics, response, waking, signals, live=live)
        self._watched: dict[str, _Watched] = {}
        self._media: dict[str, int] = {}
        self._misreading = Misreading()
        self._uplifts: dict[tuple[str, int, str], float] = {}
        self._late: datetime | None = None
        self._taken_back: Mapping[str, Mapping[datetime, int]] = {}
        self._torn = False
        self._load()

    def _load(self) -> None:
        """(Re)read every topic's detectors from the store: at start, and after a failed commit."""
        self._wording = Wording(self._store.read, self._topics)
        with self._store.begin() as tx:
            self._watched = {}
            self._uplifts = {}
            self._calibrate(tx)
            for topic in self._topics.values():
                saved = tx.watch(topic.id)
                watch = TopicWatch(topic)
                if saved.state:
                    watch.restore(saved.state)
                latest = self._store.read.latest_assessment(topic.id)
                watched = _Watched(topic, watch, saved.closed_until, latest)
                if saved.closed_until is not None:
                    since = saved.closed_until - HOUR
                    hour = self._store.read.results(topic.id, since, saved.closed_until)
                    by_start = {r.start: r.expected_negatives for r in hour}
                    watched.expected.extend(by_start[start] for start in sorted(by_start))
                self._watched[topic.id] = watched
        self._torn = False

    def _calibrate(self, tx: Transaction) -> None:
        """Judge by the thresholds that people confirmed or took back since; one small read if none.

        A new watch goes on from the old one's state: what was learned does not depend on them.
        """
        moves = tx.calibration_version()
        if moves == self._moves:
            return
        for id, topic in self._configured.items():
            now_is = moved(topic, tx.calibrations(id))
            if now_is == self._topics[id]:
                continue
            self._topics[id] = now_is
            watched = self._watched.get(id)
            if watched is not None:
                state = json.loads(json.dumps(watched.watch.snapshot()))
                watched.topic, watched.watch = now_is, TopicWatch(now_is)
                watched.watch.restore(state)
        self._moves = moves

    def closed_until(self, topic: str) -> datetime | None:
        """Return up to when the bins of ``topic`` are closed; None before its first."""
        watched = self._watched.get(topic)
        return watched.closed_until if watched else None

    def oldest_closed(self) -> datetime | None:
        """Return up to when the bins of every topic are closed; None before the first."""
        known = [w.closed_until for w in self._watched.values() if w.closed_until is not None]
        return min(known, default=None)

    def begin_at(self, first: datetime) -> None:
        """Let topics that never closed a bin start at ``first``: bins before it do not exist."""
        fresh = [w for w in self._watched.values() if w.closed_until is None]
        if not fresh:
            return
        with self._store.begin() as tx:
            for watched in fresh:
                tx.save_watch(WatchState(watched.topic.id, bin_start(first)))
        for watched in fresh:
            watched.closed_until = bin_start(first)

    def settle(self) -> None:
        """Be as the store is: after a commit that failed, memory may be ahead of it."""
        if self._torn:
            self._load()

    def tick(self, now: datetime, behind: datetime | None = None) -> list[Line]:
        """Close every bin that may be closed at ``now`` and act on it; one transaction.

        ``behind``: since when mentions wait that nobody has filed. A bin is not closed while part
        of it may be among them, for at most `BEHIND`.
        """
        self.settle()
        self._torn = True  # until the commit: what is in memory may be ahead of the store
        with self._store.begin() as tx:
            tx.begin_closing(self._watched)
            lines = self._tick(tx, now, behind)
        self._torn = False
        return lines

    def _tick(self, tx: Transaction, now: datetime, behind: datetime | None) -> list[Line]:
        # A recording has no sources to wait for: what its file holds of a bin is there already.
        waited = [s.clock for s in tx.sources().values()] if self._live else []
        filed_until = now if behind is None else min(now, max(behind, now - BEHIND))
        until = closable_until(filed_until, waited)
        lines = self._rejudge(tx, now)
        oldest = self.oldest_closed()
        if oldest is None or oldest >= until:
            return lines
        self._calibrate(tx)
        self._misreading.look(tx, self._watched, until)
        self._acting.look(tx)
        self._media = {topic: tx.media(topic) for topic in self._watched}
        bins = {
            t: tx.bins(t, w.closed_until, until)
            for t, w in self._watched.items()
            if w.closed_until is not None
        }
        self._late = None
        self._sight = Sight(tx, oldest, until, live=self._live)
        self._taken_back = tx.taken_back(oldest, until)
        hours, announced = Hours(tx, until), Announced(tx, oldest, until, self._uplifts)
        busy = sorted({start for found in bins.values() for start in found})
        for end in ends(oldest, until, busy):
            lines += self._close(tx, self._now_for(end, now), end, bins, hours, announced)
        if self._live:
            metrics.JUDGED_LAG.observe((now - until).total_seconds())
        for topic, watched in self._watched.items():
            if topic in bins:
                state = WatchState(topic, watched.closed_until, watched.watch.snapshot())
                tx.save_watch(state)
                self._signals.publish("topic", topic, int(until.timestamp()))
                metrics.LAST_BIN.labels(topic).set(until.timestamp())
                if watched.latest is not None:
                    metrics.LEVEL.labels(topic).set(watched.latest.level)
        return lines

    def _now_for(self, end: datetime, now: datetime) -> datetime:
        return now if self._live else min(now, end + HOLD)

    # --- one bin end ------------------------------------------------------------------------

    def _close(
        self,
        tx: Transaction,
        now: datetime,
        end: datetime,
        bins: Mapping[str, Mapping[datetime, Counts]],
        hours: Hours,
        announced: Announced,
    ) -> list[Line]:
        closing = Closing(end, now, late=self._late)
        frozen = self._acting.frozen()
        lines: list[Line] = []
        results: list[BinResult] = []
        for watched in self._watched.values():
            if watched.closed_until is None or watched.closed_until >= end:
                continue
            topic = watched.topic.id
            bin = Bin(topic, end - BIN, bins[topic].get(end - BIN, Counts()))
            context = self._context(topic, end, announced)
            is_frozen = topic in frozen
            self._wording.refresh(tx, topic, end, frozen=is_frozen)
            found, result = self._close_topic(tx, closing, watched, bin, hours, is_frozen, context)
            lines += found
            results.append(result)
        tx.add_results(results)
        past = now - end > BLIND
        if past:
            self._late = end
        else:
            lines += self._acting.decide(tx, closing)
        return lines

    def _context(self, topic: str, end: datetime, announced: Announced) -> Context:
        """Return what was announced for the hour before ``end``; `_close_topic` adds the rest."""
        expected = announced.at(topic, end)
        misread = self._misreading.of(topic)
        return Context(uplift=expected.times, planned=expected.title, misread=misread)

    def _close_topic(
        self,
        tx: Transaction,
        closing: Closing,
        watched: _Watched,
        bin: Bin,
        hours: Hours,
        frozen: bool,
        context: Context,
    ) -> tuple[list[Line], BinResult]:
        topic, end = bin.topic, bin.end
        if watched.closed_until is not None and bin.start > watched.closed_until:
            watched.watch.skip_to(bin.start)
        window = hours.before(end, topic) if watched.watch.wants_window(bin, context) else None
        context = replace(
            context,
            strange=self._wording.strange(tx, topic, window),
            deletions=self._taken_back.get(topic, {}).get(bin.start, 0),
        )
        if window is not None:  # without rows no reason is told
            sight = self._sight
            context = replace(
                context,
                capped=sight.capped(topic, end),
                down=sight.down(topic, end),
                new_authors=_new_share(self._store.read, topic, window),
            )
        closed = watched.watch.close(
            bin, window, media=self._media[topic], frozen=frozen, context=context
        )
        before, now = watched.latest, closed.assessment
        closing.seen[topic] = now
        closing.counts[topic] = bin.counts
        if now.level >= WATCH and window is not None:  # else nobody asks, and twenty would be large
            closing.windows[topic] = window
        watched.latest, watched.closed_until = now, end
        watched.expected.append(closed.expected_negatives)
        closing.expected[topic] = sum(watched.expected)
        metrics.BINS_CLOSED.labels(topic).inc()
        changed = (before.level if before else Level.CALM) != now.level
        keep = changed or now.level > 0 or _hushed(now)
        result = _result(bin, closed, context.uplift, keep=keep)
        if not changed:
            return [], result
        return [Line("level", end, topic, level_data(before, now))], result

    def _rejudge(self, tx: Transaction, now: datetime) -> list[Line]:
        """Give re-opened bins their new result. It is shown, but raises nothing by itself."""
        lines: list[Line] = []
        bins = tx.take_reopened(self._watched)
        if not bins:
            return lines
        announced = Announced(
            tx, min(b.start for b in bins), max(b.end for b in bins), self._uplifts
        )
        for bin in bins:
            watched = self._watched.get(bin.topic)
            if watched is None:
                continue
            window = tx.window(bin.topic, bin.end - HOUR, bin.end)
            closed = watched.watch.close(bin, window, media=tx.media(bin.topic), frozen=True)
            times = announced.at(bin.topic, bin.end).times
            closed = replace(closed, expected_mentions=times * closed.expected_mentions)
            tx.add_result(_result(bin, closed, times, keep=True))
            data = {
                "start": stamp(bin.start),
                "revision": bin.revision,
                "mentions": bin.counts.mentions,
                "negatives": bin.counts.negatives,
            }
            lines.append(Line("revised", now, bin.topic, data))
        return lines


def _new_share(read: Reader, topic: str, window: Window) -> float | None:
    """Return the share of a window's stated authors whom the topic never heard before it; of many,
    some are asked about. None where nobody states who they are."""
    asked = sorted({*window.author} - {0})[:ASKED]  # keys are hashes: the lowest are any
    if not asked:
        return None
    return len(read.new_authors(topic, asked, window.since)) / len(asked)


def _hushed(seen: Assessment) -> bool:
    """Return whether a calm topic is merely silent: pages must know."""
    return any(r.code is ReasonCode.SILENCE and r.met for r in seen.reasons)


def _result(bin: Bin, closed: Closed, uplift: float, *, keep: bool) -> BinResult:
    return BinResult(
        topic=bin.topic,
        start=bin.start,
        revision=bin.revision,
        mentions=bin.counts.mentions,
        negatives=bin.counts.negatives,
        expected_mentions=closed.expected_mentions,
        expected_negatives=closed.expected_negatives,
        level=int(closed.assessment.level),
        assessment=closed.assessment if keep else None,
        uplift=uplift,
    )
