"""One storm as it would be told, for the golden messages and the laws of the channels."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from alerts.alert import Alert, Delivery, DeliveryState, NotifyReason, Quote
from detectors.detection import Level, Reason, ReasonCode
from detectors.silencers import Change, Lever, Silencer
from tests import builders as b

HOSTILE = "<!channel> *fett* _kursiv_ <b>x</b> & „Zitat“ \u202e{{ 7 * 7 }}"
"""What people write: markup, a broadcast, a change of direction, a template."""

REASONS = (
    Reason(ReasonCode.NEGATIVE_BURST, 4018.0, 30.0),
    Reason(ReasonCode.NEGATIVE_AUTHORS, 118, 40),
    Reason(ReasonCode.MULTIPLE, 61.2, 25),
    Reason(ReasonCode.GROWTH, 1.2, 1.5, met=False),
    Reason(ReasonCode.TRIPWIRE, 3, 2, True, "recall"),
    Reason(ReasonCode.BLIND, 1.5, None, True, "forum"),
)
SILENT = (Silencer((Change(Lever.AUTHORS, 24, 118), Change(Lever.TRIPWIRE, 1, 3, "recall"))),)
QUOTES = (
    Quote(
        "Heute zweimal abgebucht, und die Hotline legt auf.",
        "kurznachrichten",
        b.after(minutes=3),
        "de",
        5400,
        86,
        "https://example.org/p/1",
    ),
    Quote(HOSTILE, "stadtforum", b.after(minutes=8), "de"),
    Quote("Charged twice, no answer since noon. " * 12, "reviews", b.after(minutes=12), "en", 0, 1),
)


def alert(reason: NotifyReason = NotifyReason.FIRST, level: int = 5, **fields: Any) -> Alert:
    """Return the sample storm's alert; ``fields`` override."""
    values: dict[str, Any] = {
        "topic_name": "Nordlicht Energie",
        "reasons": REASONS,
        "quotes": QUOTES,
        "mentions": 163,
        "negatives": 142,
        "expected": 1.4,
        "return_period_days": 4018.0,
        "next_step": "Sachstand aus der Abrechnung holen",
        "links": (("page", "http://localhost:8787/incidents/NE-3"),),
        "terms": ("zweimal abgebucht", "hotline", "#abzocke"),
        "silent": SILENT,
    }
    storm = b.incident(level=Level(level), ref="NE-3")
    return b.alert(storm, reason=reason, **(values | fields))


def delivery(
    of: Alert | None = None, channel: str = "there", *, may_repeat: bool = False, id: int = 1
) -> Delivery:
    """Return a delivery of ``of``, begun."""
    told = of or alert()
    return Delivery(
        id=id,
        seq=id,
        alert=told,
        channel=channel,
        key=told.key,
        state=DeliveryState.SENDING,
        due_at=told.at,
        created_at=told.at - timedelta(seconds=1),
        attempts=2 if may_repeat else 1,
        may_repeat=may_repeat,
    )
