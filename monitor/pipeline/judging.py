"""Judging: closed bins become levels; levels become incidents, alerts and runs.

All that one closing of bins brings about is one transaction: the detectors' state, the level,
the incident with its facts, the alerts in the outbox, the run of the playbook. A process that
dies in between has done none of it, and does all of it again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from alerts.alert import Alert, NotifyReason
from alerts.incident import MACHINE, Fact, FactKind, Incident, Outcome, Status, advance, resolve
from alerts.renotify import notify_reason
from alerts.route import Route
from detectors.detection import WATCH, Assessment, Level
from detectors.topic import Topic
from detectors.watch import Closed, TopicWatch
from detectors.window import BIN, HOLD, Bin, Counts, Window, bin_start, closable_until
from monitor import metrics
from monitor.pipeline.lines import Line, incident_data, level_data, stamp
from monitor.pipeline.response import Response
from monitor.ports import BinResult, Signals, Store, Transaction, WatchState
from playbooks.playbook import Playbook

HOUR = timedelta(hours=1)
REOPEN_WITHIN = timedelta(hours=24)
BLIND = 2 * BIN
"""A bin judged later than this after its end is past: alone it opens, raises and reopens nothing."""
GAP = timedelta(days=1)
"""Longer stretches without any mention are skipped at once instead of bin by bin."""
REPLAY = "replay"
"""The actor who ends incidents in a recording."""
SAME_STORM = 0.5
"""Share of a topic's last hour that must also belong to an incident's topics to be the same storm."""


@dataclass(slots=True)
class _Watched:
    """A topic's detectors in memory, as of the last commit."""

    topic: Topic
    watch: TopicWatch
    closed_until: datetime | None
    latest: Assessment | None = None
    expected: deque[float] = field(default_factory=lambda: deque(maxlen=HOUR // BIN))
    """Expected negatives of the last hour's bins."""


@dataclass(slots=True)
class _Closing:
    """What one bin end brought, over all topics."""

    end: datetime
    now: datetime
    seen: dict[str, Assessment] = field(default_factory=dict)
    counts: dict[str, Counts] = field(default_factory=dict)
    windows: dict[str, Window | None] = field(default_factory=dict)


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
    ) -> None:
        self._store = store
        self._topics = topics
        self._signals = signals
        self._live = live
        self._response = Response(store.read, topics, playbooks, routes, page_url, language)
        self._watched: dict[str, _Watched] = {}
        self._open: list[Incident] = []
        self._media: dict[str, int] = {}
        self._torn = False
        self._load()

    def _load(self) -> None:
        """(Re)read every topic's detectors from the store: at start, and after a failed commit."""
        with self._store.begin() as tx:
            self._watched = {}
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

    def tick(self, now: datetime) -> list[Line]:
        """Close every bin that may be closed at ``now`` and act on it; one transaction."""
        self.settle()
        self._torn = True  # until the commit: what is in memory may be ahead of the store
        with self._store.begin() as tx:
            lines = self._tick(tx, now)
        self._torn = False
        return lines

    def _tick(self, tx: Transaction, now: datetime) -> list[Line]:
        # A recording has no sources to wait for: what its file holds of a bin is there already.
        waited = [s.clock for s in tx.sources().values()] if self._live else []
        until = closable_until(now, waited)
        lines = self._rejudge(tx, now)
        oldest = self.oldest_closed()
        if oldest is None or oldest >= until:
            return lines
        self._open = tx.open_incidents()
        self._media = {topic: tx.media(topic) for topic in self._watched}
        bins = {
            t: tx.bins(t, w.closed_until, until)
            for t, w in self._watched.items()
            if w.closed_until is not None
        }
        for end in self._ends(oldest, until, bins):
            lines += self._close(tx, self._now_for(end, now), end, bins)
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

    def _ends(
        self, first: datetime, until: datetime, bins: Mapping[str, Mapping[datetime, Counts]]
    ) -> Iterable[datetime]:
        """Yield the ends of the bins to close, oldest first, leaping over long empty stretches."""
        busy = sorted({start for found in bins.values() for start in found})
        end = first + BIN
        for start in [*busy, until - BIN]:
            if start + BIN - end > GAP:
                # The last empty day is walked bin by bin, so that incidents can fall and end.
                walk_until = end + GAP
                while end <= walk_until:
                    yield end
                    end += BIN
                end = start + BIN
            while end <= min(start + BIN, until):
                yield end
                end += BIN

    # --- one bin end ------------------------------------------------------------------------

    def _close(
        self,
        tx: Transaction,
        now: datetime,
        end: datetime,
        bins: Mapping[str, Mapping[datetime, Counts]],
    ) -> list[Line]:
        closing = _Closing(end, now)
        frozen = {t for i in self._open if i.status is not Status.WATCH for t in i.topics}
        lines: list[Line] = []
        for watched in self._watched.values():
            if watched.closed_until is None or watched.closed_until >= end:
                continue
            counts = bins[watched.topic.id].get(end - BIN, Counts())
            lines += self._close_topic(tx, closing, watched, counts, watched.topic.id in frozen)
        past = now - end > BLIND
        if not past:
            lines += self._decide(tx, closing)
        return lines

    def _close_topic(
        self, tx: Transaction, closing: _Closing, watched: _Watched, counts: Counts, frozen: bool
    ) -> list[Line]:
        topic, end = watched.topic.id, closing.end
        if watched.closed_until is not None and end - BIN > watched.closed_until:
            watched.watch.skip_to(end - BIN)
        bin = Bin(topic, end - BIN, counts)
        window = tx.window(topic, end - HOUR, end) if watched.watch.wants_window(bin) else None
        closed = watched.watch.close(bin, window, media=self._media[topic], frozen=frozen)
        before, now = watched.latest, closed.assessment
        closing.seen[topic] = now
        closing.counts[topic], closing.windows[topic] = counts, window
        watched.latest, watched.closed_until = now, end
        watched.expected.append(closed.expected_negatives)
        metrics.BINS_CLOSED.labels(topic).inc()
        changed = (before.level if before else Level.CALM) != now.level
        tx.add_result(_result(bin, closed, keep=changed or now.level > 0))
        if not changed:
            return []
        return [Line("level", end, topic, level_data(before, now))]

    def _rejudge(self, tx: Transaction, now: datetime) -> list[Line]:
        """Give re-opened bins their new result. It is shown, but raises nothing by itself."""
        lines = []
        for bin in tx.take_reopened():
            watched = self._watched.get(bin.topic)
            if watched is None:
                continue
            window = tx.window(bin.topic, bin.end - HOUR, bin.end)
            closed = watched.watch.close(bin, window, media=tx.media(bin.topic), frozen=True)
            tx.add_result(_result(bin, closed, keep=True))
            data = {
                "start": stamp(bin.start),
                "revision": bin.revision,
                "mentions": bin.counts.mentions,
                "negatives": bin.counts.negatives,
            }
            lines.append(Line("revised", now, bin.topic, data))
        return lines

    # --- incidents --------------------------------------------------------------------------

    def _decide(self, tx: Transaction, closing: _Closing) -> list[Line]:
        lines: list[Line] = []
        covered: set[str] = set()
        for topic, seen in sorted(closing.seen.items(), key=lambda item: -item[1].level):
            if seen.level < WATCH or any(topic in i.topics for i in self._open):
                continue
            kin = self._same_storm(tx, topic, closing)
            if kin is not None:
                lines += self._join(tx, topic, kin, closing)
                continue
            covered.add(topic)
            last = tx.last_incident(topic)
            reopen = last if last and _recent(last, closing.now) else None
            lines += self._advance(tx, reopen, seen, closing)
        for incident in list(self._open):
            found = [closing.seen[t] for t in incident.topics if t in closing.seen]
            if found and not covered.intersection(incident.topics):
                best = max(found, key=lambda a: (a.level, a.interrupt, a.return_period_days))
                lines += self._advance(tx, incident, best, closing)
        return lines

    def _now_stands(self, incident: Incident) -> None:
        """Keep the list of open incidents as the store has it, without asking it each bin."""
        others = [i for i in self._open if i.id != incident.id]
        self._open = [*others, incident] if incident.is_open else others

    def _same_storm(self, tx: Transaction, topic: str, closing: _Closing) -> Incident | None:
        """Return the open incident that this topic's posts already belong to, if there is one."""
        since, until = closing.end - HOUR, closing.end
        window = closing.windows[topic] or tx.window(topic, since, until)
        mine = set(window.num)
        brand = self._topics[topic].brand
        for incident in self._open:
            kin = [t for t in incident.topics if brand and self._topics.get(t) is not None]
            kin = [t for t in kin if self._topics[t].brand == brand]
            theirs = {n for t in kin for n in tx.window(t, since, until).num}
            if mine and len(mine & theirs) >= SAME_STORM * min(len(mine), len(theirs) or 1):
                return incident
        return None

    def _join(
        self, tx: Transaction, topic: str, incident: Incident, closing: _Closing
    ) -> list[Line]:
        after = replace(incident, topics=(*incident.topics, topic), updated_at=closing.now)
        if not tx.save_incident(after, incident.version):
            return []
        payload = {"topic": topic, "level": int(closing.seen[topic].level)}
        fact = Fact(FactKind.TOPIC_JOINED, closing.end, closing.now, MACHINE, payload)
        tx.add_facts(incident.id, [fact])
        self._signals.publish("incident", incident.id, incident.version + 1)
        self._now_stands(replace(after, version=incident.version + 1))
        return [Line("incident", closing.end, topic, incident_data(after, fact))]

    def _advance(
        self, tx: Transaction, before: Incident | None, seen: Assessment, closing: _Closing
    ) -> list[Line]:
        topic = self._topics[seen.topic]
        after, facts = advance(
            before,
            seen,
            topic_name=topic.name,
            counter=tx.count_incidents(topic.id) + 1 if before is None else 0,
            now=closing.now,
        )
        if after is None or after == before:
            return []
        lines = self._change(tx, before, after, facts, seen, closing)
        proposed = any(fact.kind is FactKind.END_PROPOSED for fact in facts)
        if proposed and lines and not self._live:
            lines += self._end(tx, seen, closing, after)
        return lines

    def _end(
        self, tx: Transaction, seen: Assessment, closing: _Closing, proposed: Incident
    ) -> list[Line]:
        """End an incident of a recording when its end is proposed, as a team would.

        Nobody is there to declare it; left open, it would keep its topic's baseline frozen for
        days that no team would leave it, and swallow what comes next.
        """
        before = next(i for i in self._open if i.id == proposed.id)
        cause = "assumed: a recording has nobody to declare the end"
        after, facts = resolve(before, REPLAY, Outcome.REAL, cause, closing.now)
        return self._change(tx, before, after, facts, seen, closing)

    def _change(
        self,
        tx: Transaction,
        before: Incident | None,
        after: Incident,
        facts: Sequence[Fact],
        seen: Assessment,
        closing: _Closing,
    ) -> list[Line]:
        """Save an incident with its facts and what they bring about; [] if somebody was faster."""
        expected = before.version if before else 0
        after = replace(after, version=expected)
        if not tx.save_incident(after, expected):
            return []  # a person was faster; the next bin sees their state
        self._now_stands(replace(after, version=expected + 1))
        tx.add_facts(after.id, facts)
        lines = [Line("incident", closing.end, seen.topic, incident_data(after, f)) for f in facts]
        lines += self._speak(tx, before, after, seen, closing)
        self._signals.publish("incident", after.id, after.version + 1)
        return lines

    def _speak(
        self,
        tx: Transaction,
        before: Incident | None,
        after: Incident,
        seen: Assessment,
        closing: _Closing,
    ) -> list[Line]:
        """Queue the alert that this change deserves, keep its evidence, start or move the run."""
        reason = notify_reason(before, after)
        if reason is None:
            return []
        window = tx.window(seen.topic, closing.end - HOUR, closing.end)
        burst = self._response.burst(window, seen)
        tx.keep_evidence(after.id, burst.evidence)
        lines, next_step = self._response.run(tx, after, seen, burst, closing.now)
        expected = sum(self._watched[seen.topic].expected)
        alert = self._response.alert(
            after, seen, reason, window, burst, next_step, closing.end, expected
        )
        lines += self._queue(tx, after, alert, closing, reason)
        return lines

    def _queue(
        self,
        tx: Transaction,
        incident: Incident,
        alert: Alert,
        closing: _Closing,
        reason: NotifyReason,
    ) -> list[Line]:
        channels = self._response.channels(alert)
        tx.enqueue(alert, channels, closing.now)
        payload: dict[str, Any] = {
            "reason": reason.value,
            "level": int(alert.level),
            "channels": list(channels),
            "alert": alert.id,
        }
        fact = Fact(FactKind.ALERT_QUEUED, closing.end, closing.now, MACHINE, payload)
        tx.add_facts(incident.id, [fact])
        data = {"incident": incident.ref, "key": alert.key, **payload}
        return [Line("alert", closing.end, alert.topic, data)]


def _recent(last: Incident, now: datetime) -> bool:
    return last.resolved_at is not None and now - last.resolved_at <= REOPEN_WITHIN


def _result(bin: Bin, closed: Closed, *, keep: bool) -> BinResult:
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
    )
