"""Calibration: what operators say of pages and misses, and how far that may move a threshold.

Nothing moves by itself: a person confirms one proposal, and sees beforehand what it would have done
to the stored past. Each move is a row, and taking it back is a further one. They raise `NotFound`,
`Conflict` or `Invalid`, and then nothing was changed.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

from alerts.incident import Incident, Outcome, Status
from detectors.detection import WAKE
from detectors.thresholds import THRESHOLDS
from detectors.topic import Topic
from monitor.desk.errors import Conflict, Invalid, NotFound
from monitor.desk.lines import one_line
from monitor.ports import Missed, Moved, Reader, Store

MOVABLE = ("rarity_family", "level4_authors", "level4_multiple")
"""Thresholds that decide over waking. Of each, more means fewer pages."""
WHOLE = frozenset({"level4_authors"})
"""Counts of people: they move by whole ones or not at all."""
MOST = 0.25
MONTH = timedelta(days=30)
"""Within a month a threshold is confirmed at most a quarter away from any value it had in it."""
STEPS = (1.1, 1.25)
"""How far proposals go, of what the month still allows: a little, and as far as may be."""
VERDICT_DAYS = 90
LONGEST = timedelta(days=7)
NOTE_LIMIT = 500
FALSE = (Outcome.FALSE_ALARM, Outcome.NOT_OURS)
MANY = 10_000
"""Most incidents that are looked through."""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What people said of the last `VERDICT_DAYS`: pages that were right, pages that were not, and
    storms that nobody was called for. Oldest first."""

    real: tuple[Incident, ...] = ()
    false: tuple[Incident, ...] = ()
    missed: tuple[Missed, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.real or self.false or self.missed)


@dataclass(frozen=True, slots=True)
class Range:
    """From where to where a threshold may be confirmed now, both ends included; empty where
    ``low`` > ``high``."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a value would have done to the stored past, against the value of now.

    ``pages``: calls with it, ``before``: without. ``gained``: calls that meet none of now. ``gone``:
    false pages that would not have gone out, ``caught``: marked misses with a call, ``lost``: real
    storms and caught misses without a call, each by name. ``untold``: verdicts that cannot be
    tried any more, because their posts are no longer kept.
    """

    pages: int
    before: int
    gained: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    caught: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()
    since: str = ""
    until: str = ""

    def as_data(self) -> dict[str, Any]:
        """Return it JSON-ready, as it is kept with a move."""
        return {
            "pages": self.pages,
            "pages_before": self.before,
            "gained": list(self.gained),
            "false_gone": list(self.gone),
            "caught": list(self.caught),
            "lost": list(self.lost),
            "not_testable": list(self.untold),
            "from": self.since,
            "until": self.until,
        }


@dataclass(frozen=True, slots=True)
class Proposal:
    """One move to confirm. ``newest``: the topic's newest move when it was made (0: none).

    ``id`` names what is moved, from where, and all that was shown with it: once the past or the
    thresholds have changed, the same move is another proposal.
    """

    topic: str
    threshold: str
    before: float
    after: float
    outlook: Outlook
    newest: int

    @property
    def id(self) -> str:
        parts = [self.topic, self.threshold, self.before, self.after, self.newest]
        text = json.dumps([*parts, self.outlook.as_data()], sort_keys=True)
        return blake2b(text.encode(), digest_size=5).hexdigest()


# --- thresholds as they are ---------------------------------------------------------------------


def standing(moves: Sequence[Moved]) -> list[Moved]:
    """Return the moves that were not taken back, oldest first."""
    undone = {move.undoes for move in moves}
    return [m for m in moves if m.undoes is None and m.id not in undone]


def moved(topic: Topic, moves: Sequence[Moved]) -> Topic:
    """Return ``topic`` as its settings and its standing moves make it; the newest of each counts."""
    overlay = {m.threshold: m.after for m in standing(moves) if m.threshold in MOVABLE}
    return replace(topic, thresholds={**topic.thresholds, **overlay}) if overlay else topic


def value_of(topic: Topic, threshold: str) -> float:
    """Return a threshold of a topic: its own, else the usual one."""
    return float(topic.thresholds.get(threshold, THRESHOLDS[threshold].value))


def allowed(threshold: str, value: float, moves: Sequence[Moved], now: datetime) -> Range:
    """Return where ``threshold``, now at ``value``, may be moved to.

    At most `MOST` away from each value that it had within a `MONTH`, so that neither many small
    moves nor moves that are taken back and made again add up to more.
    """
    held = [value]
    for move in moves:
        if move.threshold == threshold and move.at > now - MONTH:
            held += [move.before, move.after]
    low, high = (1 - MOST) * max(held), (1 + MOST) * min(held)
    if threshold in WHOLE:
        low, high = float(math.ceil(low - 1e-9)), float(math.floor(high + 1e-9))
    return Range(low, high)


def steps(threshold: str, value: float, range: Range, *, up: bool) -> list[float]:
    """Return the values to try, up or down from ``value``; none where the month is used up."""
    found = []
    for times in STEPS:
        wanted = min(value * times, range.high) if up else max(value * (2 - times), range.low)
        if threshold in WHOLE:
            wanted = math.ceil(wanted) if up else math.floor(wanted)
        else:
            # Rounded inwards: a move may never be more than it may be.
            wanted = (math.floor if up else math.ceil)(wanted * 1000 + (1e-6 if up else -1e-6))
            wanted /= 1000
        beyond = wanted > value if up else wanted < value
        if beyond and range.low - 1e-9 <= wanted <= range.high + 1e-9 and wanted > 0:
            found.append(float(wanted))
    return sorted(set(found), reverse=not up)


# --- verdicts -----------------------------------------------------------------------------------


def verdicts(read: Reader, topic: str, now: datetime, days: float = VERDICT_DAYS) -> Verdicts:
    """Return what people said of the last ``days`` of a topic."""
    since = now - timedelta(days=days)
    said = [
        i
        for i in read.incidents(limit=MANY)
        if topic in i.topics and (i.resolved_at or i.updated_at) >= since and _woke(i)
    ]
    said.sort(key=lambda i: (i.opened_at, i.id))
    return Verdicts(
        real=tuple(i for i in said if i.outcome is Outcome.REAL),
        false=tuple(i for i in said if i.outcome in FALSE),
        missed=tuple(m for m in read.missed(topic) if m.until >= since),
    )


def _woke(incident: Incident) -> bool:
    return incident.peak >= WAKE and incident.status is not Status.WATCH


def name_of(missed: Missed) -> str:
    """Return what a marked miss is called in lists."""
    return f"miss-{missed.id}"


def miss(
    store: Store,
    topics: Mapping[str, Topic],
    topic: str,
    since: datetime,
    until: datetime,
    note: str,
    actor: str,
    now: datetime,
) -> Missed:
    """Keep that somebody should have been called in a span of the past, of at most `LONGEST`.

    `Invalid` begins with the name of what is wrong; the same span again is a `Conflict`.
    """
    _known(topics, topic)
    for name, at in (("since", since), ("until", until)):
        if at.tzinfo is None:
            raise Invalid(f"{name}: has no zone; expected an offset such as +01:00")
    since, until = since.astimezone(UTC), until.astimezone(UTC)
    if until <= since:
        raise Invalid("until: is not after its start")
    if until > now:
        raise Invalid("until: lies in the future; expected a span of the past")
    if until - since > LONGEST:
        raise Invalid(f"until: more than {LONGEST.days} days after its start")
    note = one_line(note, "note", NOTE_LIMIT)
    with store.begin() as tx:
        kept = tx.add_missed(Missed(topic, since, until, note, actor, now))
        if kept is None:
            same = next(m for m in tx.missed(topic) if (m.since, m.until) == (since, until))
            raise Conflict("this span is marked as missed already", same.actor, same.at)
        return kept


def withdraw(store: Store, topics: Mapping[str, Topic], topic: str, id: int, now: datetime) -> None:
    """Take a marked miss back; `NotFound` where there is none of that number."""
    _known(topics, topic)
    with store.begin() as tx:
        if not tx.withdraw_missed(topic, id, now):
            raise NotFound(f"marked miss {id} of the topic {topic}")


# --- moves --------------------------------------------------------------------------------------


def confirm(
    store: Store,
    topics: Mapping[str, Topic],
    proposal: Proposal,
    actor: str,
    note: str,
    now: datetime,
) -> Moved:
    """Move a threshold as proposed. `Conflict` where somebody moved one since it was shown;
    `Invalid` where the month no longer allows it."""
    topic = _known(topics, proposal.topic)
    with store.begin() as tx:
        moves = tx.calibrations(topic.id)
        newest = moves[-1] if moves else None
        if (newest.id if newest else 0) != proposal.newest:
            raise _faster(newest)
        value = value_of(moved(topic, moves), proposal.threshold)
        if value != proposal.before:
            raise Conflict(f"{proposal.threshold} is {value:g} by now, not {proposal.before:g}")
        range = allowed(proposal.threshold, value, moves, now)
        whole = proposal.threshold not in WHOLE or proposal.after == int(proposal.after)
        if not (whole and range.low - 1e-9 <= proposal.after <= range.high + 1e-9):
            raise Invalid(
                f"{proposal.threshold}: {proposal.after:g} cannot be: a quarter away at most from any"
                f" value of the last {MONTH.days} days, people by whole ones; expected {range.low:g} to {range.high:g}"
            )
        row = Moved(
            topic=topic.id,
            threshold=proposal.threshold,
            before=value,
            after=proposal.after,
            note=one_line(note, "note", NOTE_LIMIT),
            actor=actor,
            at=now,
            shown=proposal.outlook.as_data(),
        )
        kept = tx.add_calibration(row, proposal.newest)
        if kept is None:
            raise _faster(None)
    return kept


def undo(
    store: Store,
    topics: Mapping[str, Topic],
    topic: str,
    id: int,
    actor: str,
    note: str,
    now: datetime,
) -> Moved:
    """Take a move back by a further row: the value before it counts again, at once and in full.

    Only the newest standing move of a threshold can be; an older one, or one that was taken back
    already, is a `Conflict`.
    """
    known = _known(topics, topic)
    with store.begin() as tx:
        moves = tx.calibrations(topic)
        row = next((m for m in moves if m.id == id and m.undoes is None), None)
        if row is None:
            raise NotFound(f"move {id} of the topic {topic}")
        left = standing(moves)
        if row not in left:
            by = next(m for m in moves if m.undoes == id)
            raise Conflict(f"move {id} was taken back already", by.actor, by.at)
        later = [m for m in left if m.threshold == row.threshold and m.id > id]
        if later:
            raise Conflict(
                f"{row.threshold} was moved again since; take back move {later[-1].id} first"
            )
        now_at = value_of(moved(known, moves), row.threshold)
        rest = [m for m in moves if m is not row]
        then = value_of(moved(known, rest), row.threshold)
        back = Moved(
            topic,
            row.threshold,
            now_at,
            then,
            one_line(note, "note", NOTE_LIMIT),
            actor,
            now,
            undoes=id,
        )
        kept = tx.add_calibration(back, moves[-1].id)
        if kept is None:
            raise _faster(None)
    return kept


def _faster(newest: Moved | None) -> Conflict:
    what = "the thresholds were moved by somebody else since"
    return Conflict(what, newest.actor, newest.at) if newest else Conflict(what)


def _known(topics: Mapping[str, Topic], topic: str) -> Topic:
    if topic not in topics:
        raise NotFound(f'topic "{topic[:80]}"')
    return topics[topic]
