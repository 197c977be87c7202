"""Messages in Slack that change without an alert: after a press, and at a start where a stop cut off an edit."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace

from alerts.alert import Delivery, DeliveryState, acked_by
from alerts.channels.base import Channel, ChannelError
from alerts.channels.slack import Slack
from alerts.posted import Answer
from monitor.app.wiring import Built, open_channels
from monitor.ports import Reader

log = logging.getLogger("sturmglas.slack")

LOOKED_AT = 50
"""Incidents that are looked at after a start: in a minute of waiting edits there are hardly more."""


async def answer(built: Built, told: Answer) -> None:
    """Tell Slack; what hinders it is logged: the desk's work is done, and the page shows it."""
    only = "" if told.incident else told.channel
    opened = open_channels(
        built.settings, only=only, inside_only=built.inside_only, posted=built.store.posted
    )
    try:
        async with opened as channels:
            found = {n: c for n, c in channels.items() if isinstance(c, Slack) and c.merges}
            if told.incident:
                for name, shown in newest(built.store.read, told.incident).items():
                    if name in found:
                        await found[name].show(shown)
            elif told.channel in found:
                await found[told.channel].whisper(told.place, told.user, told.text)
    except ChannelError as error:
        log.warning("slack: a press was not answered: %s", error)


async def caught_up(built: Built, channels: Mapping[str, Channel]) -> None:
    """Do it beside the deliverer; what hinders it is logged: the next alert of an incident shows it too."""
    try:
        await catch_up(built, channels)
    except Exception as error:  # the outermost of a task that nobody waits for
        log.warning("slack: messages may show an older state (%s)", type(error).__name__)


async def catch_up(built: Built, channels: Mapping[str, Channel]) -> int:
    """Have edits made up for that a stop cut off; return how many. Looks at the latest incidents only."""
    live = {n: c for n, c in channels.items() if isinstance(c, Slack) and c.merges}
    if not live:
        return 0
    behind = 0
    for stands in await asyncio.to_thread(built.store.read.incidents, limit=LOOKED_AT):
        last = await asyncio.to_thread(newest, built.store.read, stands.id)
        for name in live.keys() & last.keys():
            behind += await live[name].catch_up(last[name])
    return behind


def newest(read: Reader, incident: str) -> dict[str, Delivery]:
    """Return the newest delivery that each target got of an incident's episode, as the incident stands."""
    stands = read.incident(incident)
    if stands is None:
        return {}
    found: dict[str, Delivery] = {}
    for one in sorted(read.deliveries(stands.id), key=lambda d: d.seq):
        if one.key == stands.key and one.state is DeliveryState.SENT:
            alert = replace(one.alert, acked_by=acked_by(stands), owner=stands.owner)
            found[one.channel] = replace(one, alert=alert, may_repeat=False)
    return found
