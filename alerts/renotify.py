"""Say it again? The reason why an incident's change deserves an alert now, or None."""

from __future__ import annotations

from alerts.alert import NotifyReason
from alerts.incident import Incident, Status
from detectors.detection import WAKE


def notify_reason(
    before: Incident | None, after: Incident, *, wave: bool = False
) -> NotifyReason | None:
    """Return why to speak about ``after``, None to keep quiet.

    A watch is silent from its opening to its end. A level above the episode's peak always speaks
    again, acknowledged or not, and so does a ``wave``: a rise after an hour of lower wind.
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
    higher = after.level > (before.level if wave else before.peak)
    if higher and after.level >= WAKE:
        return NotifyReason.ESCALATED
    if after.acked_at != before.acked_at:
        return NotifyReason.ACKNOWLEDGED
    return None
