"""Teams: the message as an Adaptive Card, in the envelope that a Workflows webhook takes.

Every word stands in a ``TextRun``, which knows no Markdown
(learn.microsoft.com/adaptive-cards/schema-explorer/text-run); its one function, ``{{DATE(...)}}``,
is broken by a space. Version 1.4 is what Teams shows everywhere. The size of a card is limited to
about 28 kB (learn.microsoft.com/connectors/teams, message size limit); we count two bytes a
character, because Teams keeps texts as UTF-16, and cut quoted posts first.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from alerts.alert import Action, Delivery
from alerts.render.message import NEXT, NO_WORDS, Message, OwnWords, Voice, cut, message
from alerts.words import Language, pick
from detectors.detection import Level

Json = Mapping[str, object]

LIMIT = 28_000
"""Bytes of the whole message, two for each character."""
BUTTONS = 6
"""More than six actions move into a menu
(learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-reference)."""
_CUTS = ((280, 500), (140, 300), (60, 200), (0, 120), (0, 60))
"""Longest quote and longest other text, tried in turn until the card is small enough."""
LINES = 40
"""Lines of an operator's text that are shown; each is an element of its own."""

STYLES: dict[Level, str] = {
    Level.CALM: "default",
    Level.LIGHT_AIR: "default",
    Level.LIGHT_BREEZE: "default",
    Level.FRESH_BREEZE: "warning",
    Level.STRONG_WIND: "warning",
    Level.STORM: "attention",
    Level.HURRICANE: "attention",
}
"""The card's head by level; number, word and feather say the same without colour."""
_ENDED: dict[Action, str] = {Action.ACKNOWLEDGE: "accent", Action.RESOLVE: "good"}


def body(delivery: Delivery, lang: Language, own: OwnWords = NO_WORDS) -> dict[str, object]:
    """Return the envelope with one card, at most `LIMIT` large."""
    m = message(delivery, lang, own)
    envelope: dict[str, object] = {}
    for quote, other in _CUTS:
        card = _card(m, delivery, lang, quote, other)
        envelope = {
            "type": "message",
            "attachments": [
                {
                    "contentType": "application/vnd.microsoft.card.adaptive",
                    "contentUrl": None,
                    "content": card,
                }
            ],
        }
        if size(envelope) <= LIMIT:
            break
    return envelope


def size(envelope: Json) -> int:
    """Return the bytes of a message as `LIMIT` counts them."""
    return 2 * len(json.dumps(envelope, ensure_ascii=False, separators=(",", ":")))


def _card(m: Message, delivery: Delivery, lang: Language, quote: int, other: int) -> Json:
    return {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": _still(cut(m.short, other)),
        "msteams": {"width": "Full"},
        "body": [
            _head(m, delivery, other),
            *(_line(_run(cut(line, other))) for line in m.lead.splitlines()[:LINES] if line),
            *(_line(_run(f"• {cut(why, other)}"), spacing="Small") for why in m.why),
            *(_line(_run(cut(about, other), isSubtle=True)) for about in m.about),
            *_voices(m.voices, quote),
            *_next(m, lang, other),
            *(_line(_run(cut(line, other), isSubtle=True)) for line in m.blind),
        ],
        "actions": [
            {"type": "Action.OpenUrl", "title": cut(label, 60), "url": url}
            for label, url in m.links[:BUTTONS]
        ],
    }


def _head(m: Message, delivery: Delivery, other: int) -> Json:
    marks = "".join(f" · {mark}" for mark in m.marks)
    lines = [
        _line(_run(f"{m.feather} {m.level}", weight="Bolder", size="Large")),
        _line(_run(cut(m.own_title or m.topic, other), weight="Bolder"), spacing="None"),
        _line(_run(f"{m.spoken} · {delivery.alert.ref}"), _run(marks, weight="Bolder"))
        if marks
        else _line(_run(f"{m.spoken} · {delivery.alert.ref}")),
    ]
    return {
        "type": "Container",
        "style": _ENDED.get(delivery.alert.action, STYLES[delivery.alert.level]),
        "bleed": True,
        "items": lines,
    }


def _voices(voices: Sequence[Voice], quote: int) -> Iterator[Json]:
    """Yield a box for each quoted post; tapping it opens the post."""
    for voice in voices if quote else ():
        box: dict[str, object] = {
            "type": "Container",
            "style": "emphasis",
            "items": [
                _line(_run(cut(voice.text, quote))),
                _line(_run(voice.meta, isSubtle=True, size="Small"), spacing="Small"),
            ],
        }
        if voice.url:
            box["selectAction"] = {"type": "Action.OpenUrl", "url": voice.url}
        yield box


def _next(m: Message, lang: Language, other: int) -> Iterator[Json]:
    if m.next_step:
        label = _run(f"{pick(NEXT, lang)}: ", weight="Bolder")
        box = {"type": "Container", "style": "accent"}
        yield {**box, "items": [_line(label, _run(cut(m.next_step, other)))]}


def _line(*runs: Json, **look: str) -> Json:
    return {"type": "RichTextBlock", "inlines": list(runs), **look}


def _run(text: str, **look: object) -> Json:
    """Return a run of plain text; a date function in it is kept from being one."""
    return {"type": "TextRun", "text": _still(text), **look}


def _still(text: str) -> str:
    return text.replace("{{DATE", "{{ DATE").replace("{{TIME", "{{ TIME")
