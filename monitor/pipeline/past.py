"""Past: the closed bins of one topic as the store has them, one after the other, for a rehearsal.

Memory is that of a week of counts and two hours of rows, whatever the span. Late posts stand in the
bins they belong to, as in a replay: what nobody could see yet at the time is seen here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from alerts.incident import Incident, Outcome, Status
from detectors.context import PLAIN, Context
from detectors.detection import WAKE, Reason, ReasonCode
from detectors.ensemble import MISREAD
from detectors.window import BIN, Bin, Counts, Window
from monitor.pipeline.hours import HOUR, Hours, Rows, ends
from monitor.pipeline.rehearsal import Past
from monitor.ports import BinResult, Reader

WEEK = timedelta(days=7)
SILENCE = 5
"""Weeks without any mention before which a topic's history is not looked for: nothing that lies
further back than 28 days matters (`detectors.watch.MEMORY`), and a stray old post is no history."""
REACH = timedelta(days=400)
"""How far before the span a topic's history is looked for."""
MANY = 10_000
"""Most incidents that are looked through for what really happened."""
BY_HAND = "set by hand"
"""Text of the reason that a person's media echo leaves."""


class TooMuch(Exception):
    """More rows would have to be read than may be; ``until`` tells how far it got."""

    def __init__(self, limit: int, until: datetime) -> None:
        super().__init__(f"more than {limit:,} rows up to {until:%Y-%m-%d %H:%M} UTC")
        self.limit = limit
        self.until = until


class Bounded:
    """Rows that may be read up to a limit; raises `TooMuch` once it is passed."""

    def __init__(self, rows: Rows, limit: int) -> None:
        self._rows = rows
        self._limit = limit
        self._read = 0

    def window(self, topic: str, since: datetime, until: datetime, limit: int = 50_000) -> Window:
        found = self._rows.window(topic, since, until, limit)
        self._read += len(found)
        if self._read > self._limit:
            raise TooMuch(self._limit, until)
        return found


def begun(
    read: Reader, topic: str, since: datetime, until: datetime, reach: timedelta = REACH
) -> datetime | None:
    """Return the start of the first bin of a topic's history up to ``until``; None without any.

    Looks back ``reach`` before ``since``, or to the first `SILENCE` weeks that hold nothing. One
    small read a week.
    """
    oldest, empty, end = None, 0, until
    while end > since - reach and empty < SILENCE:
        start = end - WEEK
        if read.counts(topic, start, end).mentions:
            oldest, empty = start, 0
        elif end <= since:
            empty += 1
        end = start
    return min(read.bins(topic, oldest, oldest + WEEK), default=None) if oldest else None


def happened(read: Reader, topic: str, since: datetime, until: datetime) -> list[Incident]:
    """Return the stored incidents that stood in [``since``, ``until``), oldest first."""
    found = [i for i in read.incidents(limit=MANY) if topic in i.topics]
    spans = ((i, *stood(i, until)) for i in found)
    inside = [i for i, start, end in spans if start < until and end > since]
    return sorted(inside, key=lambda i: (i.opened_at, i.id))


def stood(incident: Incident, until: datetime) -> tuple[datetime, datetime]:
    """Return from when to when an incident stood; of several episodes all; open ones to ``until``."""
    start = min(incident.onset, incident.opened_at)
    return start, incident.resolved_at or max(incident.updated_at, until)


def woke(incident: Incident) -> bool:
    """Return whether somebody was called for an incident: it was more than a watch."""
    watched = incident.status is Status.WATCH or incident.outcome is Outcome.CLOSED_ITSELF
    return incident.peak >= WAKE and not watched


def stored(
    read: Reader,
    topic: str,
    first: datetime,
    until: datetime,
    *,
    rows: Rows | None = None,
) -> Iterator[Past]:
    """Yield the bins from ``first`` (a bin's start) to ``until``, long empty stretches left out.

    ``rows``: where to read rows from instead. What was announced, what a person had set of the media
    echo and what was known of sources is found in what the bins led to at the time.
    """
    counted: dict[datetime, Counts] = {}
    known: dict[datetime, tuple[int, Context]] = {}

    def busy() -> Iterator[datetime]:
        start = first
        while start < until:
            end = min(start + WEEK, until)
            found = read.bins(topic, start, end)
            counted.update(found)
            known.update(_known_then(read.results(topic, start, end)))
            yield from sorted(found)
            start = end

    hours = Hours(rows or read, until)
    storms = [stood(i, until) for i in happened(read, topic, first, until) if woke(i)]
    recent: deque[tuple[datetime, int]] = deque()
    for end in ends(first, until, busy()):
        start = end - BIN
        counts = counted.pop(start, Counts())
        recent.append((start, counts.mentions))
        while recent[0][0] < end - HOUR:
            recent.popleft()
        anything = any(mentions for _, mentions in recent)
        media, context = known.pop(start, (0, PLAIN))
        yield Past(
            Bin(topic, start, counts),
            _window(hours, end, topic, anything),
            media=media,
            storm=any(since <= start < over for since, over in storms),
            context=context,
        )


def _window(hours: Hours, end: datetime, topic: str, anything: bool) -> Callable[[], Window | None]:
    def window() -> Window | None:
        found = hours.before(end, topic)
        return None if anything and not len(found) else found  # counted, and kept no more

    return window


def _known_then(results: list[BinResult]) -> Iterator[tuple[datetime, tuple[int, Context]]]:
    """Yield what was known of bins besides their posts: the echo set by a person, and the context."""
    for result in results:
        found = result.assessment
        if found is None and result.uplift == 1.0:
            continue
        reasons = {r.code: r for r in found.reasons} if found is not None else {}
        media = reasons.get(ReasonCode.MEDIA)
        unread = ReasonCode.TONE_UNREADABLE
        by_hand = int(found.media) if found and media and media.text == BY_HAND else 0
        context = Context(
            uplift=result.uplift,
            planned=_text(reasons, ReasonCode.EXPECTED_EVENT),
            capped=_names(reasons, ReasonCode.CAPPED),
            down=_names(reasons, ReasonCode.MOVED),
            strange=reasons[ReasonCode.NOT_OURS].value if ReasonCode.NOT_OURS in reasons else 0.0,
            misread=reasons[unread].value if _text(reasons, unread) == MISREAD else 0.0,
        )
        if by_hand or context != PLAIN:
            yield result.start, (by_hand, context)


def _text(reasons: Mapping[ReasonCode, Reason], code: ReasonCode) -> str:
    return reasons[code].text if code in reasons else ""


def _names(reasons: Mapping[ReasonCode, Reason], code: ReasonCode) -> tuple[str, ...]:
    text = _text(reasons, code)
    return tuple(text.split(", ")) if text else ()
