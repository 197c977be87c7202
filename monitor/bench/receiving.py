"""What benches of delivery send to: settings with a channel of each class, all leading to one sink."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from monitor.server.sink import Sink

PAGER, CHAT, HOOK, MAIL = "pager", "chat", "hook", "mail"
EVERY = (PAGER, CHAT, HOOK, MAIL)
CLASSES = {"A": (PAGER,), "B": (CHAT,), "C": (HOOK, MAIL)}
"""Channels by how doubles are kept away (`alerts.channels.base.ChannelClass`)."""

Json = dict[str, Any]  # settings, read by `Settings`


def settings(
    store: str, sink: Sink, names: Sequence[str] = EVERY, timeout_s: float | None = None
) -> Json:
    """Return the settings of an install that sends to ``names``; ``timeout_s`` None: the built-in one."""
    patience = {} if timeout_s is None else {"timeout_s": timeout_s}
    return {
        "server": {"port": 0, "allow_loopback_receivers": True},
        "store": {"url": store},
        "topic": {"t0": {"name": "Marke 0", "any": ["marke0"]}},
        "channel": {name: {**_channel(name, sink), **patience} for name in names},
        "route": [{"min_level": 4, "channels": list(names)}],
    }


def _channel(name: str, sink: Sink) -> Json:
    channels: dict[str, Json] = {
        PAGER: {"type": "pagerduty", "routing_key": "r" * 32, "url": sink.pagerduty_url},
        CHAT: {
            "type": "slack",
            "token": "xoxb-bench",
            "channel": "C0BENCH",
            "api_url": sink.slack_api_url,
        },
        HOOK: {"type": "webhook", "url": sink.webhook_url, "signing_secret": sink.webhook_secret},
        MAIL: {
            "type": "smtp",
            "host": "127.0.0.1",
            "port": sink.smtp_port,
            "tls": "none",
            "from": "Sturmglas <sturmglas@example.org>",
            "to": ["bereitschaft@example.org"],
        },
    }
    return channels[name]
