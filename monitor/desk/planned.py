"""What people announce: add, change, call off, list. The detectors read it at the next bin.

Each function is one transaction; a change is compare-and-set on the version that was seen. They
raise `NotFound`, `Conflict` or `Invalid`, and then nothing was changed.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from detectors.planned import LARGEST, LONGEST, Kind, Planned
from monitor.desk.errors import Conflict, Invalid, NotFound
from monitor.desk.lines import one_line
from monitor.ports import PlannedReads, Store

TITLE_LIMIT = 200
TYPE_LIMIT = 40
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Plan:
    """What somebody wants to announce, not looked at yet; fields as in `Planned`.

    ``type`` "" is the name of the kind. ``key`` names it in the calendar that it came from: the same
    key again is the same entry, whatever its title and time have become.
    """

    title: str
    topics: tuple[str, ...]
    starts: datetime
    ends: datetime
    kind: Kind = Kind.EVENT
    type: str = ""
    uplift: float | None = None
    key: str = ""


def add(store: Store, known: Collection[str], plan: Plan, actor: str, now: datetime) -> Planned:
    """Return the new entry. ``known`` are the ids of all topics.

    One that is there already is a `Conflict` that says who announced it; one that was called off
    counts again. In the past it is allowed: bins that are closed stay as they are, and it teaches
    what the next of its type will bring.
    """
    entry = made_of(plan, known, actor, now)
    with store.begin() as tx:
        before = tx.planned_entry(entry.id)
        if before is not None and before.cancelled is None:
            raise Conflict(f'"{before.title}" is announced already', before.actor, before.at)
        version = before.version if before else 0
        if not tx.save_planned(entry, version):
            raise Conflict(f'"{entry.title}" was announced by somebody else at the same moment')
    return replace(entry, version=version + 1)


def change(
    store: Store,
    known: Collection[str],
    id: str,
    version: int,
    plan: Plan,
    actor: str,
    now: datetime,
) -> Planned:
    """Return the entry as changed; whoever saw an older ``version`` gets a `Conflict`."""
    wanted = made_of(plan, known, actor, now)
    with store.begin() as tx:
        before = tx.planned_entry(id)
        if before is None:
            raise NotFound(f'planned event "{id[:80]}"')
        entry = replace(wanted, id=id)
        if not tx.save_planned(entry, version):
            told = f'"{before.title}" has changed since (version {before.version}, not {version})'
            raise Conflict(told, before.actor, before.at)
    return replace(entry, version=version + 1)


def cancel(store: Store, id: str, actor: str, now: datetime) -> Planned:
    """Return the entry as called off; a second time changes nothing.

    From now on nothing more is expected for it, and it teaches nothing; bins that are closed stay.
    """
    with store.begin() as tx:
        before = tx.planned_entry(id)
        if before is None:
            raise NotFound(f'planned event "{id[:80]}"')
        if before.cancelled is not None:
            return before
        entry = replace(before, cancelled=now, actor=actor, at=now)
        if not tx.save_planned(entry, before.version):
            raise Conflict(f'"{before.title}" was changed by somebody else at the same moment')
    return replace(entry, version=before.version + 1)


def announced(
    read: PlannedReads,
    since: datetime,
    until: datetime,
    topic: str = "",
    *,
    cancelled: bool = False,
) -> list[Planned]:
    """Return the entries of [since, until] by start; of one topic, or of all with ""."""
    found = read.planned(since, until, cancelled=cancelled)
    return [entry for entry in found if not topic or topic in entry.topics]


def is_past(entry: Planned, now: datetime) -> bool:
    """Return whether nothing more is expected of an entry."""
    return entry.reach[1] <= now


def made_of(plan: Plan, known: Collection[str], actor: str, now: datetime) -> Planned:
    """Return the entry that a plan makes, in no store yet; `Invalid` says what is wrong with it."""
    plan = _looked_at(plan, known)
    return Planned(
        id=_id(plan),
        kind=plan.kind,
        type=plan.type,
        title=plan.title,
        topics=plan.topics,
        starts=plan.starts,
        ends=plan.ends,
        uplift=plan.uplift,
        actor=actor,
        at=now,
    )


def _id(plan: Plan) -> str:
    """Return an id that is the same for the same thing, so that sending it twice adds one."""
    if plan.key:
        parts = ["key", plan.key]
    else:
        parts = [plan.kind.value, plan.type, plan.title, plan.starts.isoformat()]
        parts += sorted(plan.topics)
    return blake2b("\n".join(parts).encode("utf-8", "replace"), digest_size=8).hexdigest()


def _looked_at(plan: Plan, known: Collection[str]) -> Plan:
    """Return a plan in the form in which it is kept; `Invalid` says what is wrong with it."""
    title = one_line(plan.title, "title", TITLE_LIMIT)
    if not title:
        raise Invalid("title: is empty; expected what people will call it")
    topics = tuple(dict.fromkeys(plan.topics))
    if not topics:
        raise Invalid("topics: is empty; expected at least one topic")
    for topic in topics:
        if topic not in known:
            told = ", ".join(sorted(known)) or "none"
            raise Invalid(f'topics: unknown topic "{topic[:80]}"; known: {told}')
    starts, ends = _span(plan)
    if plan.uplift is not None and not (math.isfinite(plan.uplift) and 1 <= plan.uplift <= LARGEST):
        raise Invalid(
            f"uplift: {plan.uplift:g}; expected 1 to {LARGEST:g} times the usual mentions"
        )
    return replace(
        plan,
        title=title,
        topics=topics,
        type=one_line(plan.type, "type", TYPE_LIMIT).lower() or plan.kind.value,
        starts=starts,
        ends=ends,
    )


def _span(plan: Plan) -> tuple[datetime, datetime]:
    for name, at in (("starts", plan.starts), ("ends", plan.ends)):
        if at.tzinfo is None:
            raise Invalid(f"{name}: has no zone; expected an offset such as +01:00")
        if not EARLIEST <= at <= LATEST:
            raise Invalid(f"{name}: {at:%Y-%m-%d}; expected a time from 1990 to 2100")
    starts, ends = plan.starts.astimezone(UTC), plan.ends.astimezone(UTC)
    if ends < starts or (ends == starts and plan.kind is Kind.EVENT):
        raise Invalid(f"ends: {_at(ends)} is not after its start, {_at(starts)}")
    if ends - starts > LONGEST:
        days = (ends - starts) / timedelta(days=1)
        raise Invalid(
            f"ends: {days:.1f} days after its start; expected at most {LONGEST.days}: what lasts"
            " longer becomes the usual by itself"
        )
    return starts, ends


def _at(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
