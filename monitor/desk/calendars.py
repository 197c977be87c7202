"""A calendar file taken over: what is new is announced, what moved is changed, what is off called off."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from detectors.planned import Kind, Planned
from monitor.desk import planned
from monitor.desk.errors import Invalid
from monitor.desk.planned import Plan
from monitor.ports import Store


@dataclass(frozen=True, slots=True)
class FromCalendar:
    """One dated event of a file; ``key`` is the same each time the file is read."""

    key: str
    title: str
    starts: datetime
    ends: datetime
    type: str = ""
    uplift: float | None = None
    cancelled: bool = False


@dataclass(slots=True)
class Taken:
    """What came of a file. ``changed``: the entries that are not as they were; ``refused``: events
    that could not be taken, in words."""

    added: int = 0
    moved: int = 0
    cancelled: int = 0
    same: int = 0
    changed: list[Planned] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def take(
    store: Store,
    known: Collection[str],
    events: Sequence[FromCalendar],
    topics: tuple[str, ...],
    actor: str,
    now: datetime,
) -> Taken:
    """Announce the events of a calendar for some topics; taking it twice changes nothing.

    What a person called off here stays so while its time is the same. One that cannot be taken
    (too long, without a title) is told and spoils no other. An event without a length is a post.
    """
    taken = Taken()
    for event in events:
        kind = Kind.EVENT if event.ends > event.starts else Kind.POST
        plan = Plan(
            title=event.title,
            topics=topics,
            starts=event.starts,
            ends=event.ends,
            kind=kind,
            type=event.type,
            uplift=event.uplift,
            key=event.key,
        )
        try:
            _take(store, known, plan, event.cancelled, actor, now, taken)
        except Invalid as error:
            taken.refused.append(f'"{event.title}" on {event.starts:%Y-%m-%d}: {error}')
    return taken


def _take(
    store: Store,
    known: Collection[str],
    plan: Plan,
    off: bool,
    actor: str,
    now: datetime,
    taken: Taken,
) -> None:
    wanted = planned.made_of(plan, known, actor, now)
    before = store.read.planned_entry(wanted.id)
    if off:
        if before is None or before.cancelled is not None:
            taken.same += 1
            return
        taken.cancelled += 1
        taken.changed.append(planned.cancel(store, wanted.id, actor, now))
        return
    if before is None:
        taken.added += 1
        taken.changed.append(planned.add(store, known, plan, actor, now))
    elif _as_told(before) == _as_told(wanted):
        taken.same += 1
    else:
        taken.moved += 1
        args = (store, known, wanted.id, before.version, plan, actor, now)
        taken.changed.append(planned.change(*args))


def _as_told(entry: Planned) -> Planned:
    """Return what the calendar says of an entry, without who and when."""
    return replace(entry, actor="", at=entry.starts, cancelled=None, version=0)
