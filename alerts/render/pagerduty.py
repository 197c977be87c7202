"""PagerDuty: an event of the Events API v2.

Limits: summary 1,024 characters, dedup_key 255, the whole 512 kB
(developer.pagerduty.com/docs/send-alert-event).
"""

from __future__ import annotations

from alerts.alert import SEVERITY, Action, Delivery
from alerts.render.message import NO_WORDS, OwnWords, cut, message
from alerts.render.webhook import stamp
from alerts.words import Language

SUMMARY_LIMIT = 1024


def event(
    delivery: Delivery,
    lang: Language,
    page_url: str = "",
    own: OwnWords = NO_WORDS,
    *,
    key: str = "",
) -> dict[str, object]:
    """Return the event without its routing key. Acknowledge and resolve carry only the key.

    ``key``: which of the alert's (`Alert.dedup_keys`) it is for, "" for the first.

    The summary is what a phone reads aloud or shows locked: level, topic, number; no quote, unless
    an operator's own title has one.
    """
    alert = delivery.alert
    base: dict[str, object] = {
        "event_action": alert.action.value,
        "dedup_key": key or alert.dedup_keys[0],
    }
    if alert.action is not Action.TRIGGER:
        return base
    m = message(delivery, lang, own)
    marks = "".join(f" ({mark})" for mark in m.marks if alert.test)  # a repeat is deduped by key
    details = {
        "level": int(alert.level),
        "level_name": m.level,
        "reason": alert.reason.value,
        "lead": m.lead,
        "why": list(m.why),
        "about": list(m.about),
        "posts": [f"{v.text} ({v.meta})" for v in m.voices],
        "next_step": m.next_step,
        "blind": list(m.blind),
        "incident": alert.ref,
    }
    return {
        **base,
        "client": "Sturmglas",
        "client_url": m.link or page_url,
        "payload": {
            "summary": cut(m.own_title or m.short, SUMMARY_LIMIT - len(marks)) + marks,
            "source": alert.topic,
            "component": alert.topic_name,
            "class": alert.reason.value,
            "severity": SEVERITY[alert.level].value,
            "timestamp": stamp(alert.at),
            "custom_details": details,
        },
        "links": [
            *({"href": href, "text": label} for label, href in m.answers),
            *({"href": href, "text": name} for name, href in alert.links),
        ],
    }
