"""Messages in Slack that change without an alert of their own: after a press, after a step of a chain that went to
others, and at a start where a stop cut off an edit."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from alerts.alert import Delivery, DeliveryState, acked_by
from alerts.channels.base import Channel, ChannelError
from alerts.channels.slack import Slack
from alerts.errand import Errander
from alerts.posted import Answer
from monitor.app.wiring import Built, open_channels
from monitor.desk.escalations import call_of
from monitor.ports import Signals

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
            found = _live(channels)
            if told.incident:
                for name, shown in newest(built, told.incident).items():
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
    live = _live(channels)
    if not live:
        return 0
    behind = 0
    for stands in await asyncio.to_thread(built.store.read.incidents, limit=LOOKED_AT):
        last = await asyncio.to_thread(newest, built, stands.id)
        for name in live.keys() & last.keys():
            behind += await live[name].show_soon(last[name], again=False)
    return behind


class Refreshing:
    """`monitor.ports.Signals` for errands: whatever they change of an incident, its messages show.

    ``inner`` hears every signal as well. What was told is looked at once the turn of errands is over (`around`), as
    before it may not be there to be read. Incidents that change again while they wait are shown once.
    """

    def __init__(self, built: Built, inner: Signals) -> None:
        self._built = built
        self._inner = inner
        self._told: dict[str, None] = {}
        self._changed: dict[str, None] = {}
        self._news = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def publish(self, kind: str, id: str, version: int) -> None:
        self._inner.publish(kind, id, version)
        if kind == "incident":
            self._told[id] = None

    def around(self, errander: Errander) -> Errander:
        """Return ``errander`` with a look, after each turn, at what it told us."""
        return _Around(errander, self._over)

    def _over(self) -> None:
        told, self._told = self._told, {}
        if told:
            self._loop.call_soon_threadsafe(self._note, told)

    def _note(self, told: Mapping[str, None]) -> None:
        self._changed.update(told)
        self._news.set()

    async def run(self, channels: Mapping[str, Channel]) -> None:
        """Show what changed, until cancelled; what hinders it is logged: the next alert shows it too."""
        live = _live(channels)
        while True:
            await self._news.wait()
            self._news.clear()
            changed, self._changed = self._changed, {}
            for incident in changed if live else ():
                try:
                    await self._refresh(live, incident)
                except Exception as error:  # the outermost of a task that nobody waits for
                    log.warning(
                        "slack: a message may show an older state (%s)", type(error).__name__
                    )

    async def _refresh(self, live: Mapping[str, Slack], incident: str) -> None:
        last = await asyncio.to_thread(newest, self._built, incident)
        for name in live.keys() & last.keys():
            await live[name].show_soon(last[name], again=True)


class _Around:
    """An errander, and what follows each of its turns."""

    def __init__(self, errander: Errander, over: Callable[[], None]) -> None:
        self._errander = errander
        self._over = over

    def run(self, now: datetime) -> int:
        done = self._errander.run(now)
        self._over()
        return done

    def next_due(self) -> datetime | None:
        return self._errander.next_due()


def newest(built: Built, incident: str) -> dict[str, Delivery]:
    """Return the newest delivery that each target got of an incident's episode, as the incident stands."""
    read = built.store.read
    stands = read.incident(incident)
    if stands is None:
        return {}
    call = call_of(read, built.book, incident)
    found: dict[str, Delivery] = {}
    for one in sorted(read.deliveries(stands.id), key=lambda d: d.seq):
        if one.key == stands.key and one.state is DeliveryState.SENT:
            alert = replace(one.alert, acked_by=acked_by(stands), owner=stands.owner, call=call)
            found[one.channel] = replace(one, alert=alert, may_repeat=False)
    return found


def _live(channels: Mapping[str, Channel]) -> dict[str, Slack]:
    """Return those whose messages can be changed."""
    return {n: c for n, c in channels.items() if isinstance(c, Slack) and c.merges}
