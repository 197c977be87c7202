"""Presses of buttons as Slack sends them, signed by Slack's own library."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from slack_sdk.signature import SignatureVerifier

from alerts.incident import Incident
from monitor.settings import Settings
from tests import builders as b
from tests.monitor.serving import settings

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
OTHER_SECRET = "0123456789abcdef0123456789abcdef"
STORM = b.incident()


def slacked(**changes: Any) -> Settings:
    """Return settings with a Slack app that has buttons, and Kim on it."""
    slack = {"type": "slack", "token": "xoxb-1", "channel": "C1", "language": "en", **changes}
    slack.setdefault("signing_secret", SECRET)
    given = settings().model_dump(by_alias=True) | {
        "source": {},
        "channel": {"slack": slack},
        "person": {"kim": {"name": "Kim", "methods": [{"channel": "slack", "address": "U1"}]}},
    }
    return Settings.model_validate(given)


def payload(
    button: str = "acknowledge",
    *,
    of: Incident = STORM,
    user: str = "U1",
    at: str = "1700000000.000200",
    **fields: Any,
) -> dict[str, Any]:
    """Return what Slack says when ``user`` presses ``button`` (interaction payloads, block_actions)."""
    action = {
        "type": "button",
        "action_id": f"sturmglas_{button}",
        "value": of.key,
        "action_ts": at,
    }
    return {
        "type": "block_actions",
        "team": {"id": "T1"},
        "user": {"id": user, "username": "kim"},
        "channel": {"id": "C1"},
        "message": {"ts": "1700000000.000100"},
        "actions": [action],
        "response_url": "https://hooks.slack.com/actions/T1/1/x",
        **fields,
    }


def form(of: dict[str, Any]) -> bytes:
    return urlencode({"payload": json.dumps(of)}).encode()


def headers(body: bytes, at: datetime, secret: str = SECRET) -> dict[str, str]:
    """Sign as Slack does."""
    stamp = str(int(at.timestamp()))
    signature = SignatureVerifier(secret).generate_signature(timestamp=stamp, body=body)
    assert signature is not None
    return {
        "content-type": "application/x-www-form-urlencoded",
        "x-slack-request-timestamp": stamp,
        "x-slack-signature": signature,
    }
