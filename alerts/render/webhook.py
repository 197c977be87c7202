"""Webhook: the alert as documented JSON (docs/alerting.md), in the form of Standard Webhooks."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime

from alerts.alert import SEVERITY, Action, Alert, Delivery
from alerts.answering import May
from alerts.fact import reason_json
from alerts.render.message import QUOTE_LENGTH, TERM_LENGTH, message, one_line
from alerts.sentences import reason_line
from alerts.stillness import silent_with
from alerts.words import Language, level_name

TYPES: dict[Action, str] = {
    Action.TRIGGER: "alert.triggered",
    Action.ACKNOWLEDGE: "alert.acknowledged",
    Action.RESOLVE: "alert.resolved",
}


def stamp(at: datetime) -> str:
    """Return ``at`` as RFC 3339 in UTC, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def body(delivery: Delivery, lang: Language) -> str:
    """Return the JSON text that is signed and sent; the same delivery gives the same text, but
    for ``may_repeat``."""
    event = {
        "type": _type(delivery.alert),
        "timestamp": stamp(delivery.alert.at),
        "data": _data(delivery, lang),
    }
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _type(alert: Alert) -> str:
    return f"notice.{alert.reason}" if alert.notice else TYPES[alert.action]


def _data(delivery: Delivery, lang: Language) -> dict[str, object]:
    alert = delivery.alert
    m = message(delivery, lang)
    days = alert.return_period_days
    return {
        "alert": alert.id,
        "incident": alert.incident,
        "ref": alert.ref,
        "key": delivery.key,
        "reason": alert.reason.value,
        "test": alert.test,
        "may_repeat": delivery.may_repeat,
        "level": int(alert.level),
        "level_name": level_name(alert.level, lang),
        "severity": SEVERITY[alert.level].value,
        "topic": {"id": alert.topic, "name": alert.topic_name},
        "since": stamp(alert.since),
        "last_hour": {
            "mentions": alert.mentions,
            "negatives": alert.negatives,
            "expected_negatives": round(alert.expected, 2),
        },
        "return_period_days": round(days, 2) if math.isfinite(days) else None,
        "summary": m.short,
        "reasons": [
            {**reason_json(r), "sentence": line}
            for r, line in zip(alert.reasons, _sentences(alert, lang), strict=True)
        ],
        "terms": [one_line(term, TERM_LENGTH) for term in alert.terms],
        "silent_with": [silent_with(silencer, lang) for silencer in alert.silent],
        "posts": [
            {
                "text": one_line(q.text, QUOTE_LENGTH),
                "source": q.source,
                "at": stamp(q.at),
                "lang": q.lang,
                "reach": q.reach,
                "copies": q.copies,
                "url": q.url,
            }
            for q in alert.quotes
            if alert.action is Action.TRIGGER
        ],
        "next_step": m.next_step,
        "links": dict(alert.links),
        **({"lines": [m.lead, *m.why]} if alert.notice else {}),
        "answer_url": dict(delivery.answers).get(May.ACKNOWLEDGE, ""),
        "all_clear_url": dict(delivery.answers).get(May.ALL_CLEAR, ""),
    }


def _sentences(alert: Alert, lang: Language) -> list[str]:
    return [reason_line(r, lang) for r in alert.reasons]
