"""Acting: levels become incidents; incidents become alerts, evidence and runs.

Part of the transaction that closed the bins (`judging`); nothing here is written apart from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from alerts.alert import NotifyReason
from alerts.fact import MACHINE, Fact, FactKind
from alerts.incident import Incident, Outcome, Status
from alerts.moves import LULL, advance, resolve, wakes
from alerts.renotify import asks_what_was_told, notify_reason, told_level
from detectors.card import card_json
from detectors.detection import WATCH, Assessment
from detectors.topic import Topic
from detectors.window import BIN, Counts, Window
from monitor.pipeline.hours import HOUR
from monitor.pipeline.kin import Shared, same_posts, same_terms, same_voices, together
from monitor.pipeline.lines import Line, incident_data
from monitor.pipeline.response import Burst, Response
from monitor.pipeline.speaking import Speaking
from monitor.pipeline.waking import Waking
from monitor.ports import Signals, Transaction

REOPEN_WITHIN = timedelta(hours=24)
REPLAY = "replay"
"""The actor who ends incidents in a recording."""
SHOWN = frozenset({FactKind.OPENED, FactKind.LEVEL_ROSE, FactKind.REOPENED})
"""Facts at which the card of the burst is kept."""


@dataclass(slots=True)
class Closing:
    """What one bin end brought, over all topics.

    ``expected``: negatives expected over the last hour, by topic. ``late``: end of the newest bin
    that was closed at the same time, and too late for anybody to act on it.
    """

    end: datetime
    now: datetime
    seen: dict[str, Assessment] = field(default_factory=dict)
    counts: dict[str, Counts] = field(default_factory=dict)
    windows: dict[str, Window] = field(default_factory=dict)
    expected: dict[str, float] = field(default_factory=dict)
    late: datetime | None = None


class Acting:
    """Turns what bins brought into incidents and what follows from them.

    ``live`` False: a recording, in which proposed ends are taken as declared. Holds the open
    incidents between `look` and the end of the transaction.
    """

    def __init__(
        self,
        topics: Mapping[str, Topic],
        response: Response,
        waking: Waking,
        signals: Signals,
        *,
        live: bool,
    ) -> None:
        self._topics = topics
        self._response = response
        self._speaking = Speaking(response, waking, signals)
        self._signals = signals
        self._live = live
        self._open: list[Incident] = []

    def look(self, tx: Transaction) -> None:
        """Read the open incidents; once a transaction, before `decide`."""
        self._open = [i for i in tx.open_incidents() if i.topics and i.topics[0] in self._topics]

    def frozen(self) -> set[str]:
        """Return the topics whose baselines learn nothing now: an incident is open on them."""
        return {t for i in self._open if i.status is not Status.WATCH for t in i.topics}

    def decide(self, tx: Transaction, closing: Closing) -> list[Line]:
        """Open, join, raise, lower and end incidents after one bin end; return what happened."""
        lines: list[Line] = []
        covered: set[str] = set()
        for topic, seen in sorted(closing.seen.items(), key=lambda item: -item[1].level):
            if seen.level < WATCH or any(topic in i.topics for i in self._open):
                continue
            kin = self._same_storm(tx, topic, closing)
            if kin is not None:
                lines += self._join(tx, topic, *kin, closing)
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

    def _same_storm(
        self, tx: Transaction, topic: str, closing: Closing
    ) -> tuple[Incident, Shared] | None:
        """Return the open incident of the brand whose storm this is too, and what they share.

        Either half of the posts are the same; or both began within an hour of each other and share
        angry people, texts, or new words. The oldest such incident is taken.
        """
        brand = self._topics[topic].brand
        since, until = closing.end - HOUR, closing.end
        mine: Window | None = None
        for incident in self._open if brand else ():
            kin = [t for t in incident.topics if t in self._topics]
            kin = [t for t in kin if self._topics[t].brand == brand]
            if not kin:
                continue
            mine = mine or closing.windows.get(topic) or tx.window(topic, since, until)
            theirs = [closing.windows.get(t) or tx.window(t, since, until) for t in kin]
            shared = self._shared(topic, mine, kin, theirs, incident, closing)
            if shared is not None:
                return incident, shared
        return None

    def _shared(
        self,
        topic: str,
        mine: Window,
        kin: Sequence[str],
        theirs: Sequence[Window],
        incident: Incident,
        closing: Closing,
    ) -> Shared | None:
        if same_posts(mine, theirs):
            return Shared.POSTS
        seen = closing.seen[topic]
        if not together(seen.onset or seen.at, incident.onset):
            return None
        voices = same_voices(mine, theirs)
        if voices is not None:
            return voices
        told = self._terms(topic, mine, incident, closing)
        others = [t for t in kin if t in closing.seen]
        if any(
            same_terms(
                told,
                self._terms(t, theirs[kin.index(t)], incident, closing),
                [self._topics[topic], self._topics[t]],
            )
            for t in others
        ):
            return Shared.TERMS
        return None

    def _terms(
        self, topic: str, window: Window, incident: Incident, closing: Closing
    ) -> tuple[str, ...]:
        expected = closing.expected[topic]
        return self._response.burst(window, closing.seen[topic], incident, expected).terms

    def _join(
        self, tx: Transaction, topic: str, incident: Incident, shared: Shared, closing: Closing
    ) -> list[Line]:
        after = replace(incident, topics=(*incident.topics, topic), updated_at=closing.now)
        if not tx.save_incident(after, incident.version):
            return []
        level = int(closing.seen[topic].level)
        payload = {"topic": topic, "level": level, "shared": shared.value}
        fact = Fact(FactKind.TOPIC_JOINED, closing.end, closing.now, MACHINE, payload)
        tx.add_facts(incident.id, [fact])
        self._signals.publish("incident", incident.id, incident.version + 1)
        self._now_stands(replace(after, version=incident.version + 1))
        return [Line("incident", closing.end, topic, incident_data(after, fact))]

    def _advance(
        self, tx: Transaction, before: Incident | None, seen: Assessment, closing: Closing
    ) -> list[Line]:
        topic = self._topics[seen.topic]
        wave = before is not None and self._is_wave(tx, before, seen, closing)
        after, facts = advance(
            before,
            seen,
            topic_name=topic.name,
            counter=tx.count_incidents(topic.id) + 1 if before is None else 0,
            now=closing.now,
            wave=wave,
        )
        if after is None or after == before:
            return []
        lines = self._change(tx, before, after, facts, seen, closing, wave=wave)
        proposed = any(fact.kind is FactKind.END_PROPOSED for fact in facts)
        if proposed and lines and not self._live:
            lines += self._end(tx, seen, closing, after)
        return lines

    def _is_wave(
        self, tx: Transaction, before: Incident, seen: Assessment, closing: Closing
    ) -> bool:
        """Return whether ``seen`` wakes after an hour in which every topic had lower wind.

        Asked of the store only where the level rises, or somebody has ended it.
        """
        if not wakes(seen) or (before.is_open and seen.level <= before.level):
            return False
        last = closing.end - BIN
        return all(
            r.level < seen.level
            for topic in before.topics
            for r in tx.results(topic, last - LULL, last)
        )

    def _end(
        self, tx: Transaction, seen: Assessment, closing: Closing, proposed: Incident
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
        closing: Closing,
        *,
        wave: bool = False,
    ) -> list[Line]:
        """Save an incident with its facts and what they bring about; [] if somebody was faster."""
        expected = before.version if before else 0
        after = replace(after, version=expected)
        if not tx.save_incident(after, expected):
            return []  # a person was faster; the next bin sees their state
        self._now_stands(replace(after, version=expected + 1))
        tx.add_facts(after.id, facts)
        lines = [Line("incident", closing.end, seen.topic, incident_data(after, f)) for f in facts]
        asks = asks_what_was_told(before, after)
        told = told_level(after, tx.facts(after.id)) if asks else None
        reason = notify_reason(before, after, wave=wave, told=told)
        shows = after.level >= WATCH and any(fact.kind in SHOWN for fact in facts)
        if reason is not None or shows:
            window = tx.window(seen.topic, closing.end - HOUR, closing.end)
            usual = closing.expected[seen.topic]
            burst = self._response.burst(window, seen, after, usual)
            tx.keep_evidence(after.id, burst.evidence)
            if shows:
                self._show(tx, after, burst, closing)
            if _opens_watch(after, facts):
                alert = self._response.alert(
                    after, seen, NotifyReason.WATCH, window, burst, "", closing.end, usual
                )
                self._speaking.watched(tx, alert, closing.now)
            if reason is not None:
                lines += self._speak(tx, reason, after, seen, closing, window, burst)
        self._signals.publish("incident", after.id, after.version + 1)
        return lines

    def _show(self, tx: Transaction, after: Incident, burst: Burst, closing: Closing) -> None:
        """Keep the burst's card as it stands now; the page shows the newest."""
        payload = card_json(burst.card)
        tx.add_facts(after.id, [Fact(FactKind.CARD, closing.end, closing.now, MACHINE, payload)])

    def _speak(
        self,
        tx: Transaction,
        reason: NotifyReason,
        after: Incident,
        seen: Assessment,
        closing: Closing,
        window: Window,
        burst: Burst,
    ) -> list[Line]:
        """Queue the alert that this change deserves, start or move the run."""
        lines, next_step = self._response.run(tx, after, seen, burst, closing.now)
        expected = closing.expected[seen.topic]
        alert = self._response.alert(
            after, seen, reason, window, burst, next_step, closing.end, expected
        )
        blind = self._response.blind_until(seen.topic, alert.since)
        if closing.late is not None and alert.since < closing.late:
            blind = closing.now
        alert = replace(alert, blind_until=blind)
        lines.append(self._speaking.queue(tx, after, alert, closing.end, closing.now))
        return lines


def _opens_watch(after: Incident, facts: Sequence[Fact]) -> bool:
    """Return whether ``facts`` tell that a watch began, of which nobody is told at once."""
    return after.status is Status.WATCH and any(fact.kind in SHOWN for fact in facts)


def _recent(last: Incident, now: datetime) -> bool:
    return last.resolved_at is not None and now - last.resolved_at <= REOPEN_WITHIN
