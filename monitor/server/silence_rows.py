"""Filling what pages show of silences: from the store to the view types of `dashboards.web`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from alerts.incident import Incident, Outcome, Status
from alerts.people import named
from alerts.silences import Silence
from dashboards.web.silence_views import ForetoldPart, ForetoldRow, QuietView, SilenceRow
from detectors.detection import Level
from monitor.desk import silences as desk
from monitor.desk import sleeping
from monitor.desk.errors import Invalid
from monitor.desk.incidents import reached_by
from monitor.ports import Reader
from monitor.service import Service

RECENT = timedelta(days=7)
"""For how long it is asked what a cleared incident was."""


def row_of(silence: Silence, now: datetime, holds: Sequence[str] = ()) -> SilenceRow:
    """Return a silence as pages show it."""
    breaks = silence.breaks_at
    return SilenceRow(
        id=silence.id,
        kind=silence.kind,
        match=silence.says,
        since=silence.since,
        until=silence.over_at,
        author=silence.author,
        reason=silence.reason,
        breaks_at=Level(breaks) if breaks <= Level.HURRICANE else None,
        holds=tuple(holds),
        standing=silence.stands(now),
        ended_by="" if silence.broken else silence.ended_by,
        broken=silence.broken,
    )


def foretold(read: Reader, match: str, now: datetime) -> ForetoldPart:
    """Return what matchers would have held back; what cannot be read says why."""
    if not match.strip():
        return ForetoldPart(desk.DAYS, asked=False)
    try:
        seen = desk.preview(read, desk.matchers_of(match), now)
    except Invalid as error:
        return ForetoldPart(desk.DAYS, fault=str(error).removeprefix("match: "))
    rows = (
        ForetoldRow(one.at, one.ref, one.topic, one.level, one.targets, one.broke)
        for one in seen.met
    )
    return ForetoldPart(desk.DAYS, tuple(rows))


# --- on an incident ---------------------------------------------------------------------------


def quiet_view(service: Service, incident: Incident, now: datetime) -> QuietView:
    """Return what an incident shows of silences, and of all clear."""
    read = service.store.read
    match = desk.suggested(incident)
    if not incident.is_open:
        return _cleared(service, incident, now, match)
    if incident.status is Status.WATCH:
        return QuietView(match)
    held = desk.held_back(read, incident)
    mine = [d for d in read.deliveries(incident.id) if d.key == incident.key]
    return QuietView(
        match=match,
        silence=row_of(held.silence, now) if held and held.silence else None,
        due=held.due_at if held else None,
        told=named(dict.fromkeys(d.channel for d in reached_by(mine)), service.book.people),
        foretold=foretold(read, match, now),
    )


def _cleared(service: Service, incident: Incident, now: datetime, match: str) -> QuietView:
    read = service.store.read
    mute = read.silence_of(sleeping.key_of(incident))
    stands = mute is not None and mute.stands(now)
    still = asked(service, incident, now)
    return QuietView(
        match=match,
        silence=row_of(mute, now) if mute else None,
        muted=mute.until if mute and stands else None,
        asked_by=still.by if still else "",
    )


def asked(service: Service, incident: Incident, now: datetime) -> sleeping.Asked | None:
    """Return what is still to be said of a cleared incident; None at night, and after a week."""
    if incident.outcome is not Outcome.FALSE_ALARM or incident.resolved_at is None:
        return None
    if now - incident.resolved_at > RECENT:
        return None
    topic = service.topics.get(incident.topic)
    zone = topic.timezone if topic else service.settings.timezone
    return sleeping.asked(service.store.read, incident, service.book.night, zone, now)


def held_by(read: Reader, incident: Incident) -> str:
    """Return whose silence holds an incident's alert back, "" where none does."""
    held = desk.held_back(read, incident)
    return held.silence.author if held and held.silence else ""


def standing_lines(service: Service, now: datetime) -> tuple[tuple[str, datetime], ...]:
    """Return matchers and end of the silences that stand, for the situation room."""
    found = desk.standing(service.store.read, service.book.mutes, now)
    return tuple((s.says, s.until) for s in found)
