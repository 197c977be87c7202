"""Slack as a reader sees it: a sink, channels over it, and what stands in the channel."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import httpx
from pydantic import TypeAdapter

from alerts.alert import Alert, Delivery, NotifyReason
from alerts.channels import ChannelSettings
from alerts.channels.base import ChannelError, Receipt
from alerts.channels.pace import Pace, Places
from alerts.channels.slack import Slack
from alerts.channels.slack_settings import SlackSettings
from alerts.channels.transport import guarded_async
from alerts.posted import Posted, Remembered
from monitor.server.sink import Sink
from monitor.server.sink.slack import Message
from tests.alerts.samples import alert, delivery

FIRST, ESCALATED, ACKNOWLEDGED, RESOLVED, UNANSWERED = (
    NotifyReason.FIRST,
    NotifyReason.ESCALATED,
    NotifyReason.ACKNOWLEDGED,
    NotifyReason.RESOLVED,
    NotifyReason.UNANSWERED,
)


def settings(sink: Sink, **changes: Any) -> SlackSettings:
    given = {"type": "slack", "token": "xoxb-1", "channel": "C1", "api_url": sink.slack_api_url}
    parsed: ChannelSettings = TypeAdapter(ChannelSettings).validate_python(
        {**given, "language": "en", "timeout_s": 1.0, **changes}
    )
    assert isinstance(parsed, SlackSettings)
    return parsed


def quick() -> Places:
    """Return places whose edits wait for nobody."""
    places = Places()
    place = places.of("C1")
    place.edits.pace, place.quiet.pace = Pace(0.0), Pace(0.0)
    return places


def told(seq: int, reason: NotifyReason, level: int = 5, **fields: Any) -> Delivery:
    """Return the ``seq``-th delivery of the sample storm."""
    made: Alert = replace(alert(reason, level, **fields), id=f"alert-{seq}")
    return delivery(made, id=seq)


def say(
    sink: Sink,
    *batches: Delivery | Sequence[Delivery],
    posted: Posted | None = None,
    places: Places | None = None,
    **changes: Any,
) -> list[Receipt | ChannelError]:
    """Send each batch through one channel; return what came of each."""

    async def scene() -> list[Receipt | ChannelError]:
        ended: list[Receipt | ChannelError] = []
        async with httpx.AsyncClient(transport=guarded_async(allow_loopback=True)) as client:
            given = settings(sink, **changes)
            channel = Slack("there", given, client, posted or Remembered(), places or quick())
            for batch in batches:
                together = [batch] if isinstance(batch, Delivery) else list(batch)
                try:
                    ended.append(await channel.send_together(together))
                except ChannelError as error:
                    ended.append(error)
        return ended

    return asyncio.run(scene())


def roots(sink: Sink) -> list[Message]:
    return [m for m in sink.slack.messages if not m.thread_ts]


def replies(sink: Sink) -> list[Message]:
    return [m for m in sink.slack.messages if m.thread_ts]


def again(one: Delivery) -> Delivery:
    """Return a delivery whose last attempt had an unknown outcome."""
    return replace(one, may_repeat=True, attempts=one.attempts + 1)
