"""Trial: an alert that says nothing but that it is a test, to send through a channel by hand; and
samples of every kind, to try a template on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache

from alerts.alert import (
    ACTIONS,
    Action,
    Alert,
    Delivery,
    DeliveryState,
    NotifyReason,
    Quote,
    alert_id,
)
from alerts.curve import Curve
from alerts.words import Language, pick
from detectors.detection import Level, Reason, ReasonCode
from detectors.window import bin_start

NAME = "Sturmglas"
STEP: tuple[str, str] = (
    "Wer dies liest, sagt, dass es angekommen ist, und ob es geklingelt hat.",
    "Whoever reads this says that it arrived, and whether it rang.",
)


SAMPLE_BINS: tuple[tuple[int, float], ...] = tuple(
    (n, 0.3) for n in (*(1 if i % 9 == 4 else 0 for i in range(40)), 1, 2, 2, 4, 7, 9, 14, 21)
)
"""Made up, for a picture that says so."""


def trial_alert(
    at: datetime, lang: Language, *, level: Level, timezone: str, page_url: str = ""
) -> Alert:
    """Return a test alert of ``level``: no posts, no numbers but a curve that says it is made up; its key is that of no incident.

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
        curve=Curve(bin_start(at), SAMPLE_BINS),
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


SAMPLE_AT = datetime(2026, 3, 2, 13, 20, tzinfo=UTC)


@lru_cache(maxsize=1)
def sample_deliveries() -> tuple[Delivery, ...]:
    """Return one delivery of each kind, to try a template on: rich, bare, repeated, ended."""
    rich, bare = (
        _sample(NotifyReason.FIRST),
        trial_alert(SAMPLE_AT, "en", level=Level.STRONG_WIND, timezone="UTC"),
    )
    others = (NotifyReason.ESCALATED, NotifyReason.ACKNOWLEDGED, NotifyReason.RESOLVED)
    alerts = [rich, bare, *(_sample(reason) for reason in others)]
    told = [trial_delivery(alert, "sample") for alert in alerts]
    return (*told, replace(told[0], may_repeat=True))


def _sample(reason: NotifyReason) -> Alert:
    quote = Quote("Charged twice.", "reviews", SAMPLE_AT, "en", 120, 4, "https://example.org/p/1")
    return replace(
        trial_alert(
            SAMPLE_AT, "en", level=Level.STORM, timezone="UTC", page_url="https://example.org/"
        ),
        action=ACTIONS[reason],
        reason=reason,
        mentions=163,
        negatives=142,
        expected=1.4,
        return_period_days=4018.0,
        reasons=(Reason(ReasonCode.NEGATIVE_AUTHORS, 118, 40), Reason(ReasonCode.MULTIPLE, 61, 25)),
        quotes=(quote, replace(quote, text="No answer since noon.", copies=0, url="")),
        terms=("charged twice", "hotline"),
        test=False,
    )
