"""ntfy: the message as JSON to be published (docs.ntfy.sh/publish/#publish-as-json).

Plain text, never Markdown. Limits: message 4,096 bytes, title 1 KB, three buttons (same page,
limitations and action buttons). What is cut off is on the page that a tap opens.
"""

from __future__ import annotations

from collections.abc import Iterable

from alerts.alert import Action, Delivery, NotifyReason, message_id
from alerts.render.message import NEXT, NO_WORDS, Message, OwnWords, cut, message
from alerts.words import Language, pick
from detectors.detection import WAKE, Level

MESSAGE_LIMIT = 4096
TITLE_LIMIT = 1024
BUTTONS = 3
_LOW, _DEFAULT, _HIGH, _MAX = 2, 3, 4, 5
_TAGS: dict[Action, str] = {
    Action.ACKNOWLEDGE: "eyes",
    Action.RESOLVE: "white_check_mark",
}
"""Names of emojis (docs.ntfy.sh/emojis), shown before the title."""


def publication(
    delivery: Delivery,
    lang: Language,
    topic: str,
    urgent_from: Level,
    own: OwnWords = NO_WORDS,
) -> dict[str, object]:
    """Return what is published to ``topic``; from ``urgent_from`` on with the highest priority.

    ``sequence_id`` is the same for every attempt: from server 2.16 on a repeat replaces the first
    notification on the phone instead of standing beside it.
    """
    m = message(delivery, lang, own)
    marks = "".join(f" ({mark})" for mark in m.marks)
    out: dict[str, object] = {
        "topic": topic,
        "title": fitting(f"{m.title}{marks}", TITLE_LIMIT),
        "message": fitting("\n".join(_lines(m, delivery, lang)), MESSAGE_LIMIT),
        "priority": priority(delivery, urgent_from),
        "tags": [_tag(delivery)],
        "sequence_id": message_id(delivery),
    }
    if m.links:
        out["click"] = m.links[0][1]
    if buttons := _buttons(m):
        out["actions"] = buttons
    return out


def _buttons(m: Message) -> list[dict[str, object]]:
    """Return at most three: "I have it" answers at a press, the others open a page."""
    first = [_press(*m.answers[0])] if m.answers else []
    others = [*m.answers[1:], *(link for link in m.links if link not in m.answers)]
    return (first + [_view(label, url) for label, url in others])[:BUTTONS]


def _press(label: str, url: str) -> dict[str, object]:
    """Return a button that posts by itself (docs.ntfy.sh/publish/#send-http-request)."""
    said: dict[str, object] = {"action": "http", "label": cut(label, 60), "url": url}
    return {**said, "method": "POST", "clear": True}


def _view(label: str, url: str) -> dict[str, object]:
    return {"action": "view", "label": cut(label, 60), "url": url}


def priority(delivery: Delivery, urgent_from: Level) -> int:
    """Return 5 from ``urgent_from`` on, 4 where somebody is woken, else 3; 3 for what is no alarm, 2
    for the line of the morning, which makes no sound."""
    level = delivery.alert.level
    if delivery.alert.reason is NotifyReason.MORNING:
        return _LOW
    if delivery.alert.action is not Action.TRIGGER:
        return _DEFAULT
    if level >= urgent_from:
        return _MAX
    return _HIGH if level >= WAKE else _DEFAULT


def fitting(text: str, limit: int) -> str:
    """Return ``text`` in at most ``limit`` bytes of UTF-8; a cut shows as "…"."""
    raw = text.encode()
    if len(raw) <= limit:
        return text
    return raw[: limit - len("…".encode())].decode(errors="ignore").rstrip() + "…"


def _lines(m: Message, delivery: Delivery, lang: Language) -> Iterable[str]:
    """Yield the message by weight: what is cut off at the end matters least."""
    yield m.lead
    for why in m.why:
        yield f"- {why}"
    if m.next_step:
        yield f"{pick(NEXT, lang)}: {m.next_step}"
    for voice in m.voices:
        yield f"> {voice.text} ({voice.meta})"
    yield from m.about
    yield from m.blind
    yield delivery.alert.ref


def _tag(delivery: Delivery) -> str:
    if delivery.alert.reason is NotifyReason.MORNING:
        return "sunrise"
    alarm = "rotating_light" if delivery.alert.level >= WAKE else "warning"
    return _TAGS.get(delivery.alert.action, alarm)
