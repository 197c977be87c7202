"""Say it again? The reason why an incident's change deserves an alert now, or None."""

from __future__ import annotations

from collections.abc import Iterable

from alerts.alert import NotifyReason
from alerts.fact import Fact, FactKind
from alerts.incident import Incident, Status
from detectors.detection import WAKE, Level

_CALLS = frozenset({NotifyReason.FIRST, NotifyReason.ESCALATED, NotifyReason.REOPENED})


def asks_what_was_told(before: Incident | None, after: Incident) -> bool:
    """True where `notify_reason` depends on `told_level`: a rise above the acknowledged level that stays at or
    below the episode's peak, because somebody answered when the wind had fallen already."""
    if before is None or before.id != after.id or after.acked_level is None:
        return False
    return max(after.acked_level, before.level) < after.level <= before.peak


def told_level(incident: Incident, facts: Iterable[Fact]) -> Level:
    """Return the highest level that somebody has acknowledged, or was told of since the acknowledgement."""
    told = incident.acked_level or Level.CALM
    for fact in facts:
        if fact.kind is FactKind.ACKNOWLEDGED:
            told = Level(fact.payload["level"])
        elif fact.kind is FactKind.ALERT_QUEUED and fact.payload["reason"] in _CALLS:
            told = max(told, Level(fact.payload["level"]))
    return told


def notify_reason(
    before: Incident | None, after: Incident, *, wave: bool = False, told: Level | None = None
) -> NotifyReason | None:
    """Return why to speak about ``after``, None to keep quiet.

    A watch is silent from its opening to its end. A level above the episode's peak always speaks
    again, acknowledged or not, and so does a ``wave``: a rise after an hour of lower wind. ``told``
    (`told_level`) takes the peak's place once somebody has acknowledged less than that.
    ``before`` of another incident counts as none.
    """
    if before is not None and before.id != after.id:
        before = None
    if after.status is Status.WATCH:
        return None
    if not after.is_open:
        spoke = before is not None and before.is_open and before.status is not Status.WATCH
        return NotifyReason.RESOLVED if spoke else None
    if before is None or before.status is Status.WATCH:
        return NotifyReason.FIRST
    if after.episode > before.episode:
        return NotifyReason.REOPENED
    heard = before.peak if told is None else max(told, before.level)
    higher = after.level > (before.level if wave else heard)
    if higher and after.level >= WAKE:
        return NotifyReason.ESCALATED
    if after.acked_at != before.acked_at:
        return NotifyReason.ACKNOWLEDGED
    return None
