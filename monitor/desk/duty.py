"""Who is on call, as people change it: take over for a while, say that somebody is away, take back.

Each function is one transaction. They raise `NotFound`, `Conflict` or `Invalid`, and then nothing was
changed. Changes may overlap: of two overrides the later one holds, and who is away is never called.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from alerts.book import OnCall, Roster
from alerts.duty import DutyChange, DutyKind, absences, overrides
from alerts.rota import Absence, Override, Rota, on_call
from monitor.desk.errors import Conflict, Invalid, NotFound
from monitor.desk.lines import one_line
from monitor.ports import DutyReads, Store

NOTE_LIMIT = 200
LONGEST = timedelta(days=366)
AHEAD = timedelta(days=366)
"""A change begins at most so far ahead; calendars look no further either."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to change, not looked at yet; ``since`` None: from now on."""

    person: str
    since: datetime | None
    until: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """What was changed in a span, as `alerts.rota` takes it."""

    all: tuple[DutyChange, ...]
    overrides: tuple[Override, ...]
    absences: tuple[Absence, ...]


def take_over(
    store: Store,
    rotas: Collection[str],
    people: Collection[str],
    rota: str,
    asked: Asked,
    actor: str,
    now: datetime,
) -> DutyChange:
    """Return the change by which a person is on call for ``rota``, whoever's turn it is.

    A start that is past counts as ``now``: whom a page has called is not changed afterwards.
    """
    if rota not in rotas:
        raise NotFound(f'rota "{rota[:80]}"')
    return _keep(store, DutyKind.OVERRIDE, rota, people, asked, actor, now)


def away(
    store: Store, people: Collection[str], asked: Asked, actor: str, now: datetime
) -> DutyChange:
    """Return the change by which a person is away, for every rota; a start that is past counts as now."""
    return _keep(store, DutyKind.ABSENCE, "", people, asked, actor, now)


def take_back(store: Store, id: int, actor: str, now: datetime) -> DutyChange:
    """Return a change as taken back; a second time changes nothing. What is over is a `Conflict`."""
    with store.begin() as tx:
        found = tx.duty_change(id)
        if found is None:
            raise NotFound(f"change {id} of a rota")
        if found.ended_at is not None:
            return found
        if found.until <= now:
            raise Conflict(f"change {id} is over", found.person, found.until)
        if not tx.end_duty(id, now, actor):
            return tx.duty_change(id) or found  # somebody was first
    return replace(found, ended_at=now, ended_by=actor)


def changes(read: DutyReads, since: datetime, until: datetime | None = None) -> Changes:
    """Return what was changed in a span; what was taken back meanwhile as long as it held."""
    found = tuple(read.duty(since, until, ended=True))
    return Changes(found, tuple(overrides(found)), tuple(absences(found)))


def roster(rotas: Mapping[str, Rota], read: DutyReads | None) -> Roster:
    """Return who is on call when, by the rotas and what stands in the store at that moment.

    One look at a small indexed table for each instant asked about, so that what another process
    has changed counts at once. ``read`` None: nothing was ever changed.
    """

    def at(at: datetime) -> OnCall:
        standing = read.duty_at(at) if read is not None and rotas else []
        taken, gone = overrides(standing), absences(standing)
        return lambda rota: on_call(rotas[rota], taken, at, gone).person if rota in rotas else ""

    return at


def _keep(
    store: Store,
    kind: DutyKind,
    rota: str,
    people: Collection[str],
    asked: Asked,
    actor: str,
    now: datetime,
) -> DutyChange:
    if asked.person not in people:
        known = ", ".join(people) or "none"
        raise Invalid(f'person: unknown "{asked.person[:80]}"; known: {known}')
    since, until = _span(asked, now)
    note = one_line(asked.note, "note", NOTE_LIMIT)
    new = DutyChange(kind, rota, asked.person, since, until, now, actor, note)
    with store.begin() as tx:
        return tx.add_duty(new)


def _span(asked: Asked, now: datetime) -> tuple[datetime, datetime]:
    for name, at in (("since", asked.since), ("until", asked.until)):
        if at is not None and at.tzinfo is None:
            raise Invalid(f"{name}: has no zone; expected an offset such as +01:00")
    since = max(now, asked.since.astimezone(UTC)) if asked.since else now
    until = asked.until.astimezone(UTC)
    if until <= now:
        raise Invalid(f"until: {_at(until)} is past; expected a time to come")
    if until <= since:
        raise Invalid(f"until: {_at(until)} is not after its start, {_at(since)}")
    if since - now > AHEAD:
        raise Invalid(f"since: {_at(since)}; expected at most {AHEAD.days} days ahead")
    if until - since > LONGEST:
        days = (until - since) / timedelta(days=1)
        raise Invalid(f"until: {days:.0f} days after its start; expected at most {LONGEST.days}")
    return since, until


def _at(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
