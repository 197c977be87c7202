"""Receivers: what Slack, Teams, PagerDuty, ntfy and a signed webhook check before they say yes.

Pure: bytes in, an answer out. The limits are those that their documentation states, so that a
message which the sink takes would not be refused for its form by the real one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeGuard

from standardwebhooks import Webhook, WebhookVerificationError

Json = dict[str, object]

SECTION_LIMIT = 3000
BLOCKS_LIMIT = 50
BUTTON_LIMIT = 75
URL_LIMIT = 3000
VALUE_LIMIT = 2000
ID_LIMIT = 255
TEXT_LIMIT = 40_000
BLOCK_TYPES = {"section", "header", "divider", "context", "actions", "rich_text", "image"}
SUMMARY_LIMIT = 1024
KEY_LIMIT = 255
EVENT_LIMIT = 512_000
SEVERITIES = {"critical", "error", "warning", "info"}
ACTIONS = {"trigger", "acknowledge", "resolve"}
CARD_LIMIT = 28 * 1024
CARD_TYPE = "application/vnd.microsoft.card.adaptive"
CARD_ELEMENTS = {
    "Container",
    "RichTextBlock",
    "TextRun",
    "TextBlock",
    "ColumnSet",
    "Column",
    "FactSet",
}
CARD_ACTIONS = {"Action.OpenUrl", "Action.ShowCard", "Action.ToggleVisibility"}
NTFY_MESSAGE_LIMIT = 4096
NTFY_TITLE_LIMIT = 1024
NTFY_TOPIC = re.compile(r"[-_A-Za-z0-9]{1,64}")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The receiver's answer; ``parsed`` is what it took, None where it refused."""

    status: int
    body: str
    parsed: Json | None = None
    key: str = ""


def slack_webhook(raw: bytes) -> Verdict:
    """Answer like an incoming webhook: "ok", or 400 with a word."""
    body = json_object(raw)
    if body is None:
        return Verdict(400, "invalid_payload")
    complaint = slack_complaint(body)
    return Verdict(400, complaint) if complaint else Verdict(200, "ok", body)


def slack_complaint(body: Json) -> str:
    """Return the word by which Slack refuses a message, "" where it takes it."""
    text = body.get("text", "")
    if not isinstance(text, str) or not text:
        return "no_text"
    if len(text) > TEXT_LIMIT:
        return "msg_too_long"
    attachments = body.get("attachments", [])
    if not _objects(attachments):
        return "invalid_attachments"
    for holder in (body, *attachments):
        blocks = holder.get("blocks", [])
        if not _objects(blocks) or len(blocks) > BLOCKS_LIMIT:
            return "invalid_blocks"
        if any(block.get("type") not in BLOCK_TYPES for block in blocks):
            return "invalid_blocks"
    for node in (*_nodes(body.get("blocks")), *_nodes(attachments)):
        if not _objects(node.get("elements", [])):
            return "invalid_blocks"
        if node.get("type") == "button" and _too_long_a_button(node):
            return "invalid_blocks"
        said = node.get("text")
        if isinstance(said, str) and not 0 < len(said) <= SECTION_LIMIT:
            return "invalid_blocks"
    return ""


def _objects(value: object) -> TypeGuard[list[Json]]:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _too_long_a_button(node: Json) -> bool:
    if (
        len(str(node.get("value", ""))) > VALUE_LIMIT
        or len(str(node.get("action_id", ""))) > ID_LIMIT
    ):
        return True
    label = node.get("text")
    words = label.get("text", "") if isinstance(label, dict) else ""
    return len(str(words)) > BUTTON_LIMIT or len(str(node.get("url", ""))) > URL_LIMIT


def _nodes(value: object) -> Iterator[Json]:
    """Yield every object inside ``value``."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _nodes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _nodes(inner)


def pagerduty(raw: bytes) -> Verdict:
    """Answer like the Events API v2: 202 with the key, or 400 with every complaint."""
    body = json_object(raw)
    complaints = ["the event is not a JSON object"] if body is None else _event_complaints(body)
    if len(raw) > EVENT_LIMIT:
        complaints.append(f"the event has {len(raw)} bytes, at most {EVENT_LIMIT} are taken")
    if body is None or complaints:
        said = {"status": "invalid event", "message": "Event object is invalid"}
        return Verdict(400, json.dumps({**said, "errors": complaints}))
    key = str(body["dedup_key"])
    said = {"status": "success", "message": "Event processed", "dedup_key": key}
    return Verdict(202, json.dumps(said), body, key)


def _event_complaints(body: Json) -> list[str]:
    wrong = []
    if len(str(body.get("routing_key", ""))) != 32:
        wrong.append("'routing_key' has an invalid length")
    if body.get("event_action") not in ACTIONS:
        wrong.append("'event_action' is invalid")
    if not 0 < len(str(body.get("dedup_key", ""))) <= KEY_LIMIT:
        wrong.append(f"'dedup_key' is missing or longer than {KEY_LIMIT}")
    if body.get("event_action") != "trigger":
        return wrong
    payload = body.get("payload")
    if not isinstance(payload, dict):
        return [*wrong, "'payload' is missing or blank"]
    if not 0 < len(str(payload.get("summary", ""))) <= SUMMARY_LIMIT:
        wrong.append(f"'payload.summary' is missing or longer than {SUMMARY_LIMIT}")
    if not payload.get("source"):
        wrong.append("'payload.source' is missing or blank")
    if payload.get("severity") not in SEVERITIES:
        wrong.append(
            "'payload.severity' is invalid (must be one of critical, error, warning, info)"
        )
    return wrong


def teams(raw: bytes) -> Verdict:
    """Answer like a workflow's webhook: 202 and nothing, or 400 where the card could not be posted.

    The real one says 202 to anything that is JSON and fails behind it; this one looks first.
    """
    body = json_object(raw)
    if body is None:
        return Verdict(400, "not a JSON object")
    complaint = _card_complaint(body)
    if len(raw) > CARD_LIMIT:
        complaint = f"the card has {len(raw)} bytes, at most {CARD_LIMIT} are taken"
    return Verdict(400, complaint) if complaint else Verdict(202, "", body)


def _card_complaint(body: Json) -> str:
    attachments = body.get("attachments")
    if body.get("type") != "message" or not _objects(attachments) or len(attachments) != 1:
        return "expected a message with one attachment"
    card = attachments[0].get("content")
    if attachments[0].get("contentType") != CARD_TYPE or not isinstance(card, dict):
        return "the attachment is no Adaptive Card"
    if card.get("type") != "AdaptiveCard" or card.get("version") not in (
        "1.2",
        "1.3",
        "1.4",
        "1.5",
    ):
        return "the card's type or version is unknown"
    for node in (*_nodes(card.get("body")), *_nodes(card.get("actions"))):
        kind = node.get("type")
        if kind not in CARD_ELEMENTS | CARD_ACTIONS:
            return f"unknown element {kind}"
        if kind == "TextRun" and not isinstance(node.get("text"), str):
            return "a TextRun without text"
        if kind == "Action.OpenUrl" and not str(node.get("url", "")).startswith("http"):
            return "an Action.OpenUrl without url"
    return ""


def ntfy(raw: bytes) -> Verdict:
    """Answer like a server of ntfy that gets JSON: the message with an id, or 400 with a code."""
    body = json_object(raw)
    complaint = "request body must be message JSON" if body is None else _push_complaint(body)
    if body is None or complaint:
        said = {"code": 40024, "http": 400, "error": f"invalid request: {complaint}"}
        return Verdict(400, json.dumps(said))
    said = {"id": "sInKmEsSaGe1", "event": "message", "topic": body["topic"]}
    return Verdict(200, json.dumps(said), body, str(body.get("sequence_id", "")))


def _push_complaint(body: Json) -> str:
    if not NTFY_TOPIC.fullmatch(str(body.get("topic", ""))):
        return "topic invalid"
    if body.get("priority") not in (1, 2, 3, 4, 5):
        return "priority invalid"
    if len(str(body.get("title", "")).encode()) > NTFY_TITLE_LIMIT:
        return "title too long"
    if len(str(body.get("message", "")).encode()) > NTFY_MESSAGE_LIMIT:
        return "message too long: it would become an attachment"
    actions = body.get("actions", [])
    if not _objects(actions) or len(actions) > 3:
        return "actions invalid, or more than three"
    kinds = ("view", "http")
    if any(a.get("action") not in kinds or not a.get("label") or not a.get("url") for a in actions):
        return "an action without label or url"
    return ""


def apprise(raw: bytes) -> Verdict:
    """Answer like a receiver of apprise's ``json://``: anything with a message is taken."""
    body = json_object(raw)
    if body is None or not body.get("message"):
        return Verdict(400, "expected JSON with a message")
    return Verdict(200, "taken", body)


def webhook(raw: bytes, headers: Mapping[str, str], secret: str) -> Verdict:
    """Answer like a careful receiver: the signature is verified with the library of the rules."""
    try:
        Webhook(secret).verify(raw, dict(headers), json_parse=False)
    except WebhookVerificationError as error:
        return Verdict(401, f"signature refused: {error}")
    body = json_object(raw)
    if body is None:
        return Verdict(400, "not a JSON object")
    data = body.get("data")
    key = str(data.get("key", "")) if isinstance(data, dict) else ""
    return Verdict(204, "", body, key)


def json_object(raw: bytes) -> Json | None:
    """Return the JSON object in ``raw``, None where there is none."""
    try:
        body = json.loads(raw)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
