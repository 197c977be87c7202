"""Morning: the row that is due once a day, and what it says.

One errand waits at a time; its successor is added by the transaction that queues the line. So a restart at
eight neither loses nor doubles it. One that is found much too late is not said any more: the next line tells of
all that time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from alerts.book import Book, calm
from alerts.errand import Errand, Kind
from alerts.fact import FactKind
from alerts.incident import Incident, Outcome, Status
from alerts.morning import DAY, Seen, Times, morning_line
from alerts.night_calls import MONTH, Called, night_calls
from detectors.detection import WAKE, Level
from monitor.pipeline.awake import RUNNING, blind_spans
from monitor.pipeline.errands import Handler
from monitor.pipeline.sight import out
from monitor.ports import Reader, Store, Transaction

TOO_LATE = timedelta(hours=4)
"""A line found so late is left to the next one: nobody wants "good morning" at midnight."""
INCIDENTS = 500


class Morning:
    """Plants and does the line of the morning."""

    def __init__(
        self,
        read: Reader,
        book: Book,
        times: Times,
        to: Sequence[str],
        *,
        topics: Sequence[str],
        sources: Sequence[str],
    ) -> None:
        self._read = read
        self._book = book
        self._times = times
        self._to = to
        self._topics = topics
        self._sources = sources

    @property
    def handlers(self) -> Mapping[Kind, Handler]:
        return {Kind.MORNING: self.say}

    def plant(self, store: Store, now: datetime) -> None:
        """See that one line waits, at the time that is set now."""
        if not self._to:
            return
        with store.begin() as tx:
            waiting = [one for one in tx.errands("") if one.kind is Kind.MORNING]
            for one in waiting:
                due = self._times.of(_day(one))
                if one.due_at > now and due != one.due_at:
                    tx.move_errand(one, max(due, now), one.content)
            if not waiting:
                self._next(tx, now, now - DAY)

    def say(self, tx: Transaction, errand: Errand, now: datetime) -> bool:
        """Queue the line, and add the errand of the next."""
        since = datetime.fromisoformat(errand.content["since"])
        if not tx.move_errand(errand, None, errand.content):
            return False
        if not self._to:
            return True
        late = now - errand.due_at > TOO_LATE
        self._next(tx, now, since if late else now)
        targets = self._targets(now)
        if targets and not late:
            names = {id: person.name for id, person in self._book.people.items()}
            zone = self._times.timezone
            tx.enqueue(morning_line(self.seen(since, now), names, now, zone), targets, now)
        return True

    def seen(self, since: datetime, now: datetime) -> Seen:
        """Return what was seen from ``since`` on."""
        read = self._read
        latest = [found for topic in self._topics if (found := read.latest(topic))]
        states = read.sources()
        month = self.calls(now)
        recent = [i for i in read.incidents(limit=INCIDENTS) if i.updated_at >= since]
        spans = blind_spans(read.beat(RUNNING))
        return Seen(
            since=since,
            mentions=sum(read.counts(topic, since, now).mentions for topic in self._topics),
            level=Level(max((found.level for found in latest), default=0)),
            sources=len(self._sources),
            healthy=sum(
                name in states
                and states[name].clock.seen_at is not None
                and not out(states[name], now)
                for name in self._sources
            ),
            alarms=sum(i.opened_at >= since and _woke(i) for i in recent),
            blind=tuple((s.since, s.until) for s in spans if s.until >= since),
            held=tuple(i.ref for i in recent if self._was_held(i, since)),
            called=[c for one in month if (c := one.since(since)).at],
            month=month,
        )

    def calls(self, now: datetime) -> Sequence[Called]:
        """Return whom the nights of the last 30 days called."""
        return night_calls(self._read.sent(now - MONTH, now), self._book.night)

    def _was_held(self, incident: Incident, since: datetime) -> bool:
        facts = self._read.facts(incident.id)
        return any(fact.kind is FactKind.HELD and fact.at >= since for fact in facts)

    def _targets(self, now: datetime) -> tuple[str, ...]:
        reach = self._book.reach(now)
        every = dict.fromkeys(target for one in self._to for target in reach(one))
        return calm(tuple(every), self._book)

    def _next(self, tx: Transaction, now: datetime, since: datetime) -> None:
        """Add the next line; the time may have been moved to later on a day that had its line."""
        after = now
        while True:
            day = self._times.next(after)
            after = self._times.of(day)
            content = {"since": since.isoformat(), "day": day.isoformat()}
            key = f"{Kind.MORNING}/{day.isoformat()}"
            if tx.add_errand(Errand(key, Kind.MORNING, "", after, content)):
                return


def _day(errand: Errand) -> date:
    return date.fromisoformat(errand.content["day"])


def _woke(incident: Incident) -> bool:
    watched = incident.status is Status.WATCH or incident.outcome is Outcome.CLOSED_ITSELF
    return incident.peak >= WAKE and not watched
