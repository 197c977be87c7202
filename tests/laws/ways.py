"""The channels that the laws are tried on, each with its settings for a sink, and how it reads."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass

import httpx
import pytest
from pydantic import TypeAdapter

from alerts.alert import Delivery
from alerts.channels import ChannelSettings, build_channel
from alerts.channels.apprise import installed
from alerts.channels.base import Channel, ChannelClass, ChannelError, Receipt
from alerts.channels.transport import guarded_async
from alerts.render.slack import texts
from monitor.clock import SystemClock
from monitor.server.sink import Fault, Received, Sink
from tests.alerts.samples import delivery

SECRET_WORD = "s3cr3t0r" * 4
TIMEOUT_S = 1.0
parse: Callable[[object], ChannelSettings] = TypeAdapter(ChannelSettings).validate_python


@dataclass(frozen=True)
class Way:
    """One channel of the laws: its settings for a sink, what it should be, how it reads."""

    settings: Callable[[Sink], dict[str, object]]
    doubles: ChannelClass
    kept_as: str
    says: Callable[[Received], str]
    guarded: bool = True


def slack_says(got: Received) -> str:
    return "\n".join(texts(got.parsed))


def mail_says(got: Received) -> str:
    return f"{got.parsed['subject']}\n{got.parsed['text']}"


def words_say(got: Received) -> str:
    return f"{got.parsed['title']}\n{got.parsed['message']}"


def json_says(got: Received) -> str:
    return json.dumps(got.parsed, ensure_ascii=False)


WAYS = {
    "slack webhook": Way(
        lambda s: {"type": "slack", "webhook_url": f"{s.slack_url}/{SECRET_WORD}"},
        ChannelClass.C,
        "slack",
        slack_says,
    ),
    "slack bot": Way(
        lambda s: {
            "type": "slack",
            "token": f"xoxb-{SECRET_WORD}",
            "channel": "C1",
            "api_url": s.slack_api_url,
        },
        ChannelClass.B,
        "slack",
        slack_says,
    ),
    "pagerduty": Way(
        lambda s: {"type": "pagerduty", "routing_key": SECRET_WORD, "url": s.pagerduty_url},
        ChannelClass.A,
        "pagerduty",
        json_says,
    ),
    "webhook": Way(
        lambda s: {"type": "webhook", "url": s.webhook_url, "signing_secret": s.webhook_secret},
        ChannelClass.C,
        "webhook",
        json_says,
    ),
    "mail": Way(
        lambda s: {
            "type": "smtp",
            "host": "127.0.0.1",
            "port": s.smtp_port,
            "tls": "none",
            "from": "Sturmglas <sturmglas@example.org>",
            "to": ["bereitschaft@example.org", "zweite@example.org"],
        },
        ChannelClass.C,
        "mail",
        mail_says,
        guarded=False,
    ),
    "teams": Way(
        lambda s: {"type": "teams", "webhook_url": f"{s.teams_url}{SECRET_WORD}"},
        ChannelClass.C,
        "teams",
        slack_says,
    ),
    "ntfy": Way(
        lambda s: {"type": "ntfy", "url": s.ntfy_url, "topic": SECRET_WORD, "token": SECRET_WORD},
        ChannelClass.C,
        "ntfy",
        words_say,
    ),
    "apprise": Way(
        lambda s: {
            "type": "apprise",
            "url": f"{s.apprise_url}?-sig={SECRET_WORD}",
            "schemas": ["json"],
        },
        ChannelClass.C,
        "apprise",
        words_say,
        guarded=False,
    ),
}
"""Apprise answers yes or no: what tells a busy receiver from a refusal is not asked of it."""
OVER_HTTP = [name for name in WAYS if WAYS[name].guarded]
TELLING = [name for name in WAYS if name != "apprise"]


def sent(
    sink: Sink, name: str, *deliveries: Delivery, **changes: object
) -> list[Receipt | ChannelError]:
    """Send each delivery by the way ``name`` through one client; return what came of each."""

    async def scene() -> list[Receipt | ChannelError]:
        ended: list[Receipt | ChannelError] = []
        async with httpx.AsyncClient(transport=guarded_async(allow_loopback=True)) as client:
            channel = built(sink, name, client, **changes)
            for one in deliveries:
                try:
                    ended.append(await channel.send(one))
                except ChannelError as error:
                    ended.append(error)
        return ended

    return asyncio.run(scene())


def built(sink: Sink, name: str, client: httpx.AsyncClient, **changes: object) -> Channel:
    settings = parse({**WAYS[name].settings(sink), "timeout_s": TIMEOUT_S, **changes})
    return build_channel("there", settings, client, now=SystemClock().now, page_url="http://x")


def failed(sink: Sink, name: str, *faults: Fault, **changes: object) -> ChannelError:
    """Send once with ``faults`` ahead; return the error."""
    sink.faults.script(faults)
    [error] = sent(sink, name, delivery(), **changes)
    assert isinstance(error, ChannelError)
    return error


def led_to(name: str, url: str) -> dict[str, object]:
    """Return the change of settings that leads a way over HTTP to another address."""
    key = {"slack webhook": "webhook_url", "slack bot": "api_url", "teams": "webhook_url"}
    return {key.get(name, "url"): url}


NO_APPRISE = pytest.mark.skipif(not installed(), reason="the extra [apprise] is not installed")
every_way = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=NO_APPRISE if name == "apprise" else ()) for name in WAYS]
)
