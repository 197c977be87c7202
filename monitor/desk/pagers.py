"""Pagers: what people do in PagerDuty reaches our incident, once, and never ends it.

V3 webhooks (developer.pagerduty.com/docs/webhooks-overview): ``data.incident_key`` of an event about an
incident is the dedup key of the alert that opened it. They have no time of their own; a delivery is tried
five times over about 20 minutes, those behind it wait, and a 4xx drops it, after three of which all are
dropped for a day (the same pages, "behavior"). So whatever is signed is taken, and what is refused for its
age is a day old; younger repeats are known by the event's id, which is kept for 30 days.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from alerts.incident import Incident
from monitor.desk import incidents as desk
from monitor.desk.errors import Conflict, Used
from monitor.ports import Store

OLD = timedelta(hours=24)
"""So old an event is of no use; far below the 30 days for which answers are kept."""
AHEAD = timedelta(minutes=5)
_KEY = re.compile(r"sturmglas-([0-9a-f]{12})-([0-9]{1,6})(?:-r([0-6])-([0-9]{1,12}))?")
NAME_LIMIT = 60


class Effect(StrEnum):
    """What came of an event."""

    ACKNOWLEDGED = "acknowledged"
    NOTED = "noted"
    REPEATED = "repeated"
    TAKEN = "taken"  # somebody has it at this level already
    NOT_OURS = "not_ours"
    NOT_NOW = "not_now"  # of another episode, or of an earlier page, or the incident has ended
    MACHINE = "machine"  # no person did it: our own words come back
    OLD = "old"
    IGNORED = "ignored"  # of a kind that changes nothing here


@dataclass(frozen=True, slots=True)
class PagerEvent:
    """One event: ``key`` is the incident key, ``agent`` who did it ("" for no person), ``names`` whom it was
    handed to."""

    id: str
    kind: str
    at: datetime
    key: str
    agent: str = ""
    names: tuple[str, ...] = ()


ACKNOWLEDGED, RESOLVED = "incident.acknowledged", "incident.resolved"
HANDED = frozenset({"incident.reassigned", "incident.delegated", "incident.escalated"})
HEARD = HANDED | {ACKNOWLEDGED, RESOLVED}
"""Kinds of events that say something to us."""
_RESOLVED: dict[str, str] = {
    "de": "In PagerDuty beendet. Hier endet der Vorfall erst, wenn jemand sagt, was es war.",
    "en": "Resolved in PagerDuty. Here the incident ends when somebody says what it was.",
}
_HANDED: dict[str, str] = {
    "de": "In PagerDuty weitergegeben an: {names}",
    "en": "Handed on in PagerDuty to: {names}",
}


def hear(
    store: Store, channel: str, event: PagerEvent, now: datetime, lang: str
) -> tuple[Effect, Incident | None]:
    """Return what came of an event, and the incident where it was changed.

    An acknowledgement there is one here. A resolve there acknowledges too (nobody is called any more) and
    puts a note on the timeline; handing on is a note.
    """
    if event.kind not in HEARD:
        return Effect.IGNORED, None
    found = _KEY.fullmatch(event.key)
    incident = store.read.incident(found[1]) if found else None
    if found is None or incident is None or incident.id != found[1]:
        return Effect.NOT_OURS, None
    if not event.agent:
        return Effect.MACHINE, None
    if not now - OLD <= event.at <= now + AHEAD:
        return Effect.OLD, None
    once = desk.once(f"pagerduty/{channel}/{event.id}", event.agent, now, episode=int(found[2]))
    try:
        return _done(store, incident, event, now, lang, once)
    except Used:
        return Effect.REPEATED, None
    except Conflict:
        return Effect.NOT_NOW, None


def _done(
    store: Store, incident: Incident, event: PagerEvent, now: datetime, lang: str, once: desk.Once
) -> tuple[Effect, Incident | None]:
    if not incident.is_open:
        return Effect.NOT_NOW, None
    if event.kind in HANDED:
        text = _HANDED[lang].format(names=", ".join(event.names) or "?")
        after = desk.heard_of(store, incident.id, event.agent, text, now, once=once)
        return Effect.NOTED, after
    current = _is_current(incident, event.key)
    if event.kind == RESOLVED:
        after = desk.heard_of(
            store, incident.id, event.agent, _RESOLVED[lang], now, once=once, acknowledges=current
        )
        return Effect.ACKNOWLEDGED if _answered(incident, after) else Effect.NOTED, after
    if not current:
        return Effect.NOT_NOW, None
    try:
        after = desk.acknowledge(store, incident.id, event.agent, now, once=once)
    except Used:
        raise
    except Conflict:
        return Effect.TAKEN, None
    return (Effect.ACKNOWLEDGED if _answered(incident, after) else Effect.TAKEN), after


def _answered(before: Incident, after: Incident) -> bool:
    """True where the acknowledgement is another one than before."""
    return (before.acked_at, before.acked_level) != (after.acked_at, after.acked_level)


def _is_current(incident: Incident, key: str) -> bool:
    """True where ``key`` is that of the page for the level of now, or a higher one: who acknowledges an
    earlier page, maybe late, has not seen the rise."""
    found = _KEY.fullmatch(key)
    if found is None or found[3] is None:
        return key in (incident.ring, incident.ring_again)
    acked = incident.acked_at
    latest = acked is not None and int(acked.timestamp()) == int(found[4])
    return latest and int(found[3]) >= incident.level


def named(names: Sequence[str]) -> tuple[str, ...]:
    """Return names as they may stand on a timeline: one line each, not too long, none empty."""
    clean = ("".join(c if c.isprintable() else " " for c in name) for name in names)
    return tuple(line for c in clean if (line := " ".join(c.split())[:NAME_LIMIT]))
