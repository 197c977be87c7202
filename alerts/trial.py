"""Trial: an alert that says nothing but that it is a test, to send through a channel by hand."""

from __future__ import annotations

from datetime import datetime

from alerts.alert import Action, Alert, Delivery, DeliveryState, NotifyReason, alert_id
from alerts.words import Language, pick
from detectors.detection import Level

NAME = "Sturmglas"
STEP: tuple[str, str] = (
    "Wer dies liest, sagt, dass es angekommen ist, und ob es geklingelt hat.",
    "Whoever reads this says that it arrived, and whether it rang.",
)


def trial_alert(
    at: datetime, lang: Language, *, level: Level, timezone: str, page_url: str = ""
) -> Alert:
    """Return a test alert of ``level``: no posts, no numbers; its key is that of no incident.

    The key tells the second, so that a receiver which dedups takes each test as a new one.
    """
    stamp = f"{at:%Y%m%dT%H%M%S}"
    return Alert(
        id=alert_id("test", 1, NotifyReason.TEST, level, at),
        incident="",
        ref=pick(("Probe", "Test"), lang),
        key=f"sturmglas-test-{stamp}",
        action=Action.TRIGGER,
        reason=NotifyReason.TEST,
        level=level,
        at=at,
        topic="test",
        topic_name=NAME,
        timezone=timezone,
        since=at,
        mentions=0,
        negatives=0,
        expected=0.0,
        return_period_days=0.0,
        reasons=(),
        next_step=pick(STEP, lang),
        links=(("page", page_url),) if page_url else (),
        test=True,
    )


def trial_delivery(alert: Alert, channel: str) -> Delivery:
    """Return a delivery of ``alert`` that stands in no outbox."""
    return Delivery(
        id=0,
        seq=0,
        alert=alert,
        channel=channel,
        key=alert.key,
        state=DeliveryState.SENDING,
        due_at=alert.at,
        created_at=alert.at,
        attempts=1,
    )
