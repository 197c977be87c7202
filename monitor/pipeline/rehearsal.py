"""Rehearsal: closed bins of one topic once more, and when somebody would have been called.

The watch and the life of its incidents are those of `judging` and `acting`, without a store and
without anything that is sent: one topic, no kin, and an end that is proposed counts as declared, as
in a recording. What a budget or a threshold would have meant is asked of this, and so is the bench.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.alert import NotifyReason
from alerts.incident import Incident, Outcome, Status
from alerts.moves import LULL, advance, resolve, wakes
from alerts.renotify import notify_reason
from detectors.context import PLAIN, Context
from detectors.detection import Assessment, Level
from detectors.topic import Topic
from detectors.watch import TopicWatch
from detectors.window import BIN, Bin, Window

CALLS = (NotifyReason.FIRST, NotifyReason.REOPENED)
"""What a person is called for. Both only ever come at level 4 or above (`alerts.moves.wakes`)."""
ACTOR = "rehearsal"
"""Who ends incidents here."""


@dataclass(frozen=True, slots=True)
class Past:
    """One closed bin and what is known of it.

    ``window`` returns the rows of the hour before its end, None where they are not kept; it is
    called at most once a rehearsal, and only where the watch wants them. ``media``: the echo that a
    person had set, 0-6. ``storm``: an incident was open in truth; heeded only where rows are not
    kept, so that a storm that cannot be seen again is not learned as the usual.
    """

    bin: Bin
    window: Callable[[], Window | None]
    media: int = 0
    storm: bool = False
    context: Context = PLAIN


@dataclass(frozen=True, slots=True)
class Called:
    """One page that would have gone out, at the end of a bin.

    ``seen``: level, reasons and return period of that bin. ``peak``: highest level of the episode
    it called to; ``until``: when that episode's end was proposed, None while it went on.
    """

    at: datetime
    seen: Assessment
    reason: NotifyReason
    peak: Level
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What a rehearsal came to over [``since``, ``until``).

    ``first``: start of the first bin given, from which on the topic was known. ``peak``: highest
    level shown. ``without_rows``: bins whose rows were wanted and are not kept; nothing above level
    2 is seen in them.
    """

    called: tuple[Called, ...]
    peak: Level
    first: datetime
    since: datetime
    until: datetime
    without_rows: int = 0

    @property
    def days(self) -> float:
        """How many days the calls are counted over."""
        return (self.until - self.since) / timedelta(days=1)


class Rehearsal:
    """One topic watched bin by bin. Costs what `TopicWatch` costs; raises what it raises."""

    def __init__(self, topic: Topic) -> None:
        self.watch = TopicWatch(topic)
        self.called: list[Called] = []
        self.without_rows = 0
        self._incident: Incident | None = None
        self._opened = 0
        self._unseen = False
        self._levels: deque[tuple[datetime, Level]] = deque(maxlen=LULL // BIN)

    def close(self, past: Past) -> Assessment:
        """Close the next bin; `called` has one more where somebody would have been called."""
        window = None
        if self.watch.wants_window(past.bin, past.context):
            window = past.window()
            self._unseen = window is None
            self.without_rows += self._unseen
        closed = self.watch.close(
            past.bin,
            window,
            media=past.media,
            frozen=self._frozen() or (past.storm and self._unseen),
            context=past.context,
        )
        self._act(closed.assessment)
        return closed.assessment

    def revise(self, bin: Bin) -> None:
        """Take the counts of a bin that late mentions re-opened; nobody is ever called for that."""
        self.watch.close(bin, None, frozen=True)

    def taken_up(self) -> Rehearsal:
        """Return a rehearsal that knows all this one knows and has called nobody yet.

        Both may go on, each over its own bins.
        """
        other = Rehearsal(self.watch.topic)
        other.watch.restore(json.loads(json.dumps(self.watch.snapshot())))
        other._incident, other._opened = self._incident, self._opened
        other._unseen = self._unseen
        other._levels.extend(self._levels)
        return other

    def _frozen(self) -> bool:
        now = self._incident
        return now is not None and now.is_open and now.status is not Status.WATCH

    def _is_wave(self, seen: Assessment) -> bool:
        """Return whether ``seen`` wakes after an hour of lower wind; see `advance`."""
        lull = (level for at, level in self._levels if at >= seen.at - LULL)
        return wakes(seen) and all(level < seen.level for level in lull)

    def _act(self, seen: Assessment) -> None:
        before = self._incident
        wave = self._is_wave(seen)
        self._levels.append((seen.at, seen.level))
        after, _ = advance(
            before,
            seen,
            topic_name=self.watch.topic.name,
            counter=self._opened + 1,
            now=seen.at,
            wave=wave,
        )
        if after is None or after == before:
            return
        self._opened += before is None or before.id != after.id
        reason = notify_reason(before, after, wave=wave)
        if reason in CALLS:
            self.called.append(Called(seen.at, seen, reason, after.peak))
        elif self.called and self.called[-1].peak < after.peak and self._frozen():
            self.called[-1] = replace(self.called[-1], peak=after.peak)
        if after.is_open and after.end_proposed:
            after, _ = resolve(after, ACTOR, Outcome.REAL, "assumed: nobody is asked", seen.at)
            if self.called:
                self.called[-1] = replace(self.called[-1], until=seen.at)
        self._incident = after


def rehearse(topic: Topic, bins: Iterable[Past], *, count_from: datetime) -> Rehearsed:
    """Return what watching ``topic`` over ``bins`` (oldest first) would have come to.

    Bins that end at or before ``count_from`` only teach. Raises ValueError where there are none, or a
    setting of the topic cannot hold.
    """
    rehearsal = Rehearsal(topic)
    first = until = None
    peak, unread = Level.CALM, 0
    for past in bins:
        first = first or past.bin.start
        until = past.bin.end
        level = rehearsal.close(past).level
        if until > count_from:
            peak = max(peak, level)
        else:
            unread = rehearsal.without_rows
    if first is None or until is None:
        raise ValueError(f"topic {topic.id!r}: no bins to rehearse over")
    return Rehearsed(
        called=tuple(call for call in rehearsal.called if call.at > count_from),
        peak=peak,
        first=first,
        since=max(first, count_from),
        until=until,
        without_rows=rehearsal.without_rows - unread,
    )
