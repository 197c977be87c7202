"""Calibrating: the stored past of a topic with thresholds moved, and which move to propose.

What operators said is the measure: false pages should vanish, marked misses be caught, and no storm
that somebody called real be lost. All values are tried in one pass over the past.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.incident import Incident
from detectors.topic import Topic
from detectors.window import BIN, Window
from monitor.desk import calibration as desk
from monitor.desk.calibration import Outlook, Proposal, Verdicts, name_of
from monitor.pipeline.backtest import NoPast, tried
from monitor.pipeline.hours import HOUR
from monitor.pipeline.lines import stamp
from monitor.pipeline.past import Bounded, begun, stood, stored
from monitor.pipeline.rehearsal import Called, Past, Rehearsal
from monitor.ports import Missed, Moved, Reader

WARM = timedelta(days=28)
"""History before the first verdict that teaches."""
MARGIN = timedelta(hours=6)
"""A call so shortly before the first verdict may belong to it."""

Verdict = Incident | Missed
Values = tuple[str, float] | None
"""A threshold and what to try for it; None as it is."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What a value came to over the past: calls, and spans whose rows are no longer kept."""

    called: tuple[Called, ...]
    blind: tuple[datetime, ...]
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Checked:
    """One verdict against the thresholds as they are. ``right`` None: no longer testable."""

    name: str
    kind: str
    since: datetime
    until: datetime
    right: bool | None


@dataclass(frozen=True, slots=True)
class Proposed:
    """What calibration has to say of a topic: ``topic`` as its settings and moves make it."""

    topic: Topic
    verdicts: Verdicts
    checks: tuple[Checked, ...]
    proposals: tuple[Proposal, ...]


def propose(read: Reader, topic: Topic, now: datetime, *, rows: int | None = None) -> Proposed:
    """Return the moves that would have helped, best first; those that lose a real storm last.

    ``topic`` as its settings make it. Without false pages and misses nothing is tried. Costs what
    a backtest of the verdicts' days and `WARM` costs, and a quarter of it for each value; ``rows``
    bounds how many are read. Raises `NoPast`, and `TooMuch`. Reads only.
    """
    moves = read.calibrations(topic.id)
    now_is = desk.moved(topic, moves)
    said = desk.verdicts(read, topic.id, now)
    values = _values(now_is, moves, said, now)
    if not said.false and not said.missed:
        return Proposed(now_is, said, (), ())
    found = rehearsed(read, now_is, said, values, rows=rows)
    before = found[None]
    newest = moves[-1].id if moves else 0
    proposals = [
        Proposal(
            topic=topic.id,
            threshold=value[0],
            before=desk.value_of(now_is, value[0]),
            after=value[1],
            outlook=_outlook(said, before, after),
            newest=newest,
        )
        for value, after in found.items()
        if value is not None
    ]
    helping = [p for p in proposals if p.outlook.gone or p.outlook.caught]
    return Proposed(now_is, said, checks(said, before), tuple(sorted(helping, key=_rank)))


def verify(read: Reader, topic: Topic, now: datetime, *, rows: int | None = None) -> Proposed:
    """Return whether each marked miss and each false page would be judged right now; no proposals."""
    now_is = desk.moved(topic, read.calibrations(topic.id))
    said = desk.verdicts(read, topic.id, now, days=10 * 365)
    if not said.false and not said.missed:
        return Proposed(now_is, said, (), ())
    before = rehearsed(read, now_is, said, [None], rows=rows)[None]
    return Proposed(now_is, said, checks(said, before), ())


def _rank(p: Proposal) -> tuple[object, ...]:
    """Best first: nothing lost; then most put right; then fewest further pages; then the least move."""
    o = p.outlook
    change = abs(p.after - p.before) / p.before
    return (len(o.lost), -len(o.gone) - len(o.caught), len(o.gained), round(change, 6), p.threshold)


def _values(topic: Topic, moves: Sequence[Moved], said: Verdicts, now: datetime) -> list[Values]:
    found: list[Values] = [None]
    for threshold in desk.MOVABLE:
        value = desk.value_of(topic, threshold)
        if value <= 0:
            continue  # set to "always": a share of nothing is nothing
        room = desk.allowed(threshold, value, moves, now)
        for up, asked in ((True, said.false), (False, said.missed)):
            if asked:
                found += [(threshold, v) for v in desk.steps(threshold, value, room, up=up)]
    return found


# --- the past, once for all values ----------------------------------------------------------------


def rehearsed(
    read: Reader, topic: Topic, said: Verdicts, values: Sequence[Values], *, rows: int | None = None
) -> dict[Values, Tried]:
    """Return what each of ``values`` would have come to, over the days that ``said`` spans."""
    latest = read.latest(topic.id)
    if latest is None:
        raise NoPast(f"nothing of the topic {topic.id!r} is stored yet")
    until = latest.start + BIN
    oldest = min(_span(v, until)[0] for v in _all(said))
    since = min(oldest, until) - MARGIN
    first = begun(read, topic.id, since, until, WARM)
    if first is None:
        raise NoPast(f"not one mention of the topic {topic.id!r} is stored")
    first = max(first, since - WARM)
    first -= (first - first.replace(hour=0, minute=0, second=0, microsecond=0)) % BIN
    source = Bounded(read, rows) if rows is not None else None
    rehearsals = {v: Rehearsal(_with(topic, v)) for v in values}
    blind: dict[Values, list[datetime]] = {v: [] for v in values}
    for past in stored(read, topic.id, first, until, rows=source):
        shared = replace(past, window=_once(past))
        for value, rehearsal in rehearsals.items():
            unseen = rehearsal.without_rows
            rehearsal.close(shared)
            if rehearsal.without_rows > unseen:
                blind[value].append(past.bin.end)
    return {
        v: Tried(tuple(r.called), tuple(blind[v]), max(first, since), until)
        for v, r in rehearsals.items()
    }


def _with(topic: Topic, value: Values) -> Topic:
    return topic if value is None else tried(topic, None, dict([value]))


def _once(past: Past) -> Callable[[], Window | None]:
    """Return a bin's rows that are read once however many ask."""
    kept: list[Window | None] = []

    def window() -> Window | None:
        if not kept:
            kept.append(past.window())
        return kept[0]

    return window


# --- verdicts against calls -----------------------------------------------------------------------


def _all(said: Verdicts) -> tuple[Verdict, ...]:
    return (*said.real, *said.false, *said.missed)


def _name(verdict: Verdict) -> str:
    return verdict.ref if isinstance(verdict, Incident) else name_of(verdict)


def _span(verdict: Verdict, until: datetime) -> tuple[datetime, datetime]:
    if isinstance(verdict, Incident):
        return stood(verdict, until)
    return verdict.since, verdict.until


def _hit(verdict: Verdict, found: Tried) -> bool:
    """Return whether somebody would have been called for what a verdict is about."""
    start, end = _span(verdict, found.until)
    return any(c.at <= end + BIN and (c.until or found.until) > start for c in found.called)


def _untold(verdict: Verdict, found: Tried) -> bool:
    """Return whether a verdict cannot be tried: its rows, or all that was counted, are gone."""
    start, end = _span(verdict, found.until)
    if end <= found.since or start >= found.until:
        return True
    return any(start < at <= end + HOUR for at in found.blind)


def checks(said: Verdicts, now_is: Tried) -> tuple[Checked, ...]:
    """Return for each false page and each miss whether it would be judged right now, by time."""
    found = []
    judged: tuple[Verdict, ...] = (*said.false, *said.missed)
    for verdict in judged:
        start, end = _span(verdict, now_is.until)
        hit, wanted = _hit(verdict, now_is), isinstance(verdict, Missed)
        # What is called for is seen, whatever else of it is gone.
        right = None if _untold(verdict, now_is) and not hit else hit == wanted
        kind = "missed" if wanted else "false_page"
        found.append(Checked(_name(verdict), kind, start, end, right))
    return tuple(sorted(found, key=lambda c: (c.since, c.name)))


def _outlook(said: Verdicts, before: Tried, after: Tried) -> Outlook:
    def changed(verdicts: Sequence[Verdict], *, to: bool) -> tuple[str, ...]:
        return tuple(
            _name(v) for v in verdicts if _hit(v, before) is not to and _hit(v, after) is to
        )

    gained = [c for c in after.called if c.at > after.since and not _met(c, before)]
    return Outlook(
        pages=sum(c.at > after.since for c in after.called),
        before=sum(c.at > before.since for c in before.called),
        gained=tuple(stamp(c.at) for c in gained),
        gone=changed(said.false, to=False),
        caught=changed(said.missed, to=True),
        lost=(*changed(said.real, to=False), *changed(said.missed, to=False)),
        untold=tuple(_name(v) for v in _all(said) if _untold(v, before) and not _hit(v, before)),
        since=stamp(after.since),
        until=stamp(after.until),
    )


def _met(called: Called, found: Tried) -> bool:
    end = called.until or found.until
    return any(c.at <= end and (c.until or found.until) >= called.at for c in found.called)
