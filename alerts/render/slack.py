"""Slack: the message as text with a coloured attachment of blocks.

What people wrote stands in ``rich_text``, which Slack never parses as markup; the rest is escaped
(docs.slack.dev/messaging/formatting-message-text). Limits: 50 blocks, 3,000 characters a section,
75 a button, 3,000 an address (docs.slack.dev/reference/block-kit/blocks).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from alerts.alert import Delivery
from alerts.render import slack_buttons
from alerts.render.message import NO_WORDS, Message, OwnWords, Voice, cut, message
from alerts.render.slack_buttons import Button
from alerts.words import Language, pick
from detectors.detection import Level

Json = Mapping[str, object]
REPLY_LINES = 10
"""Deliveries told one by one in a merged reply; the message shows where it stands now."""

COLOURS: dict[Level, str] = {
    Level.CALM: "#e6ecef",
    Level.LIGHT_AIR: "#c9dde6",
    Level.LIGHT_BREEZE: "#9fc8dc",
    Level.FRESH_BREEZE: "#c5953e",
    Level.STRONG_WIND: "#b55b11",
    Level.STORM: "#a02018",
    Level.HURRICANE: "#590d38",
}
"""The ramp of the pages, light theme; never the only carrier of the level."""

_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", "*": "∗", "_": "ˍ", "~": "∼", "`": "ˋ"}
)


def escape(text: str) -> str:
    """Return ``text`` safe inside mrkdwn: no mention, no link, no formatting of its own."""
    return text.translate(_ESCAPES)


def body(
    delivery: Delivery,
    lang: Language,
    own: OwnWords = NO_WORDS,
    *,
    live: bool = False,
    buttons: Sequence[Button] = (),
) -> dict[str, object]:
    """Return ``text`` (also the notification) and ``attachments``; the channel adds where to.

    ``live``: it changes with its incident, so it says who has it, who is called next, and holds
    ``buttons``.
    """
    m = message(delivery, lang, own, live=live)
    head = _head(m)
    pressed = slack_buttons.buttons(delivery.alert, buttons, lang)
    return {
        "text": cut(head if m.own_text else f"{head}\n{escape(m.lead)}", 3000),
        "attachments": [
            {
                "color": COLOURS[delivery.alert.level],
                "fallback": m.short,
                "blocks": _blocks(m, delivery.alert.ref, lang, live, pressed),
            }
        ],
        "unfurl_links": False,
        "unfurl_media": False,
    }


def reply(deliveries: Sequence[Delivery], lang: Language) -> dict[str, object]:
    """Return what the thread says of ``deliveries``: a line or two for each, the newest of many."""
    shown = deliveries[-REPLY_LINES:]
    parts = [_told(one, lang) for one in shown]
    if left := len(deliveries) - len(shown):
        parts.insert(0, pick((f"{left} weitere davor.", f"{left} more before."), lang))
    return {
        "text": cut("\n".join(parts), 3000),
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _told(delivery: Delivery, lang: Language) -> str:
    m = message(delivery, lang)
    return "\n".join([_head(m), *(escape(line) for line in (m.lead, m.call) if line)])


def _head(m: Message) -> str:
    marks = "".join(f" _({escape(mark)})_" for mark in m.marks)
    title = f"*{escape(m.level)}* · *{escape(m.topic)}* · {escape(m.spoken)}"
    if m.own_title:
        title = f"*{escape(m.own_title)}*"
    return f"{m.feather} {title}{marks}"


def _blocks(
    m: Message, ref: str, lang: Language, live: bool, pressed: Sequence[Json]
) -> list[Json]:
    blocks: list[Json] = []
    if m.own_text:
        blocks.append(_rich(_section(_text(cut(m.lead, 3000)))))
    if m.why:
        items = [_section(_text(line)) for line in m.why]
        blocks.append(_rich({"type": "rich_text_list", "style": "bullet", "elements": items}))
    blocks += [_rich(_section(_text(line))) for line in m.about]
    blocks += [_rich(_quote(voice)) for voice in m.voices]
    if m.next_step:
        label = pick(("Als Nächstes: ", "Next: "), lang)
        blocks.append(_rich(_section(_text(label, bold=True), _text(m.next_step))))
    if live:
        blocks += [_rich(_section(_text(line))) for line in (m.call,) if line]
        blocks += [_rich(_section(_text(line, bold=True))) for line in (m.status,) if line]
    small = [*m.blind, ref]
    blocks.append({"type": "context", "elements": [_plain(cut(" · ".join(small), 2000))]})
    below = list(pressed)
    if m.link:
        button = {"type": "button", "text": _plain(m.link_label), "url": m.link}
        below.append({**button, "action_id": "open"})
    if below:
        blocks.append({"type": "actions", "elements": below})
    return blocks


def _quote(voice: Voice) -> Json:
    elements: list[Json] = [_text(f"{voice.text}\n"), _text(voice.meta, italic=True)]
    if voice.url:
        elements += [_text(" "), {"type": "link", "url": voice.url, "text": "↗"}]
    return {"type": "rich_text_quote", "elements": elements}


def _rich(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": list(elements)}


def _section(*elements: Json) -> Json:
    return {"type": "rich_text_section", "elements": list(elements)}


def _text(text: str, **style: bool) -> Json:
    plain: dict[str, object] = {"type": "text", "text": text}
    return {**plain, "style": style} if style else plain


def _plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def texts(body: Mapping[str, object]) -> list[str]:
    """Return every text of a rendered message, in order; what a reader would see."""
    found: list[str] = []
    _collect(body, found)
    return found


def _collect(node: object, found: list[str]) -> None:
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key == "text" and isinstance(value, str):
                found.append(value)
            else:
                _collect(value, found)
    elif isinstance(node, Sequence) and not isinstance(node, str):
        for item in node:
            _collect(item, found)
