"""Notices: alerts about no incident: our own trouble, its end, the line of the morning, test calls that are due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from alerts.alert import ACTIONS, Alert, Notice, NotifyReason, alert_id
from detectors.detection import Level

NAME = "Sturmglas"
Pair = tuple[str, str]
"""A sentence in German and English."""
LEVELS: dict[NotifyReason, Level] = {
    NotifyReason.DIGEST: Level.CALM,
    NotifyReason.MORNING: Level.CALM,
    NotifyReason.TESTS_DUE: Level.CALM,
    NotifyReason.TROUBLE: Level.STRONG_WIND,
    NotifyReason.RECOVERED: Level.CALM,
}
"""How loud each is, in the scale that channels know: trouble is worth waking for, or nobody hears the next
storm."""


def notice(
    reason: NotifyReason,
    subject: str,
    at: datetime,
    title: Pair,
    lines: Sequence[Pair] = (),
    *,
    since: datetime,
    timezone: str = "UTC",
    page_url: str = "",
) -> Alert:
    """Return an alert about ``subject``. Trouble and recovery of one subject since one instant have one key,
    so that a pager ends what it began; the same subject, reason and ``since`` is the same alert.
    """
    begun = f"{since:%Y%m%dT%H%M%S}"
    return Alert(
        id=alert_id(f"{subject} {begun}", 1, reason, LEVELS[reason], since),
        incident="",
        ref=NAME,
        key=f"sturmglas-{subject}-{begun}",
        action=ACTIONS[reason],
        reason=reason,
        level=LEVELS[reason],
        at=at,
        topic="sturmglas",
        topic_name=NAME,
        timezone=timezone,
        since=since,
        mentions=0,
        negatives=0,
        expected=0.0,
        return_period_days=0.0,
        reasons=(),
        links=((NAME, page_url),) if page_url else (),
        notice=Notice(title, tuple(lines)),
    )
