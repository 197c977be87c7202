"""Slack's picture of the curve: what follows a message into its thread, and never holds it up.

Slack's way: ask for an address, post the bytes there, say where they belong
(docs.slack.dev/messaging/working-with-files). A file carries no metadata, so a double could not be looked up:
what was begun is remembered before the last step, and a picture comes once or not at all.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar

from alerts.alert import Action, Delivery, NotifyReason
from alerts.channels.base import ChannelError
from alerts.channels.pace import Place
from alerts.channels.slack_api import SlackApi
from alerts.posted import Posted, Shown
from alerts.render import curve_png, curve_words
from alerts.words import Language

log = logging.getLogger("sturmglas.slack")

T = TypeVar("T")
RISES = frozenset({NotifyReason.ESCALATED, NotifyReason.REOPENED})
"""After the first picture of a thread these bring another."""
TRIES = 4
PATIENCE_S = 60.0
"""Longest wait that a picture obeys; after that it would show what was, not what is."""
QUIET = 1
"""Rank of its turn: whatever rings goes first."""


class Pictures:
    """Shows curves in the threads of one channel."""

    def __init__(
        self, name: str, lang: Language, api: SlackApi, posted: Posted, place: Place
    ) -> None:
        self._name = name
        self._lang = lang
        self._api = api
        self._posted = posted
        self._place = place
        self._tasks: set[asyncio.Task[str]] = set()

    async def follow(self, deliveries: Sequence[Delivery]) -> str:
        """Begin to show the newest curve of ``deliveries``, which Slack has; at a test, show it.

        Returns why there is none, at a test only; else the log tells. Never raises for the picture's sake.
        """
        due = [d for d in deliveries if d.alert.action is Action.TRIGGER and d.alert.curve]
        if not due:
            return ""
        newest = due[-1]
        if newest.alert.test:
            return await self._shown(newest, tries=1)
        rises = any(d.alert.reason in RISES for d in due)
        task = asyncio.create_task(self._shown(newest, tries=TRIES, rises=rises))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return ""

    async def settled(self) -> None:
        """Return when no picture is under way."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def _shown(self, delivery: Delivery, *, tries: int, rises: bool = False) -> str:
        """Show it where it is due; return why that failed, "" where it did not."""
        try:
            if not curve_png.installed():
                why = curve_png.MISSING
            else:
                await self._show(delivery, tries, rises)
                return ""
        except ChannelError as error:
            why = f"the curve is not shown: {error}"
        except Exception as error:  # the alert is out; nothing about its picture may reach it
            why = f"the curve is not shown: failed inside ({type(error).__name__})"
        if not delivery.alert.test:
            log.warning("%s: %s: %s", delivery.alert.ref, self._name, why)
        return why

    async def _show(self, delivery: Delivery, tries: int, rises: bool) -> None:
        alert, curve = delivery.alert, delivery.alert.curve
        shown = await asyncio.to_thread(self._posted.find, self._name, delivery.key)
        if curve is None or shown is None or not _is_due(shown, delivery, rises):
            return
        png = await asyncio.to_thread(curve_png.picture, alert, self._lang)
        if png is None:
            return
        said = curve_words.described(alert, curve, self._lang)
        file = await _patiently(partial(self._api.upload, "curve.png", png, said), tries)
        title = curve_words.title(alert, curve, self._lang)
        if await asyncio.to_thread(self._posted.picture, shown, delivery.seq):
            share = partial(self._share, shown, file, title)
            await _patiently(share, tries, only_told_to_wait=True)

    async def _share(self, shown: Shown, file: str, title: str) -> None:
        async with self._place.quiet.turn(QUIET):
            await self._api.share(file, title, shown.place, shown.message)


def _is_due(shown: Shown, delivery: Delivery, rises: bool) -> bool:
    """Return whether a thread is to get a picture: its first, or that of a rise that it does not show."""
    return shown.pictured < 0 or (rises and shown.pictured < delivery.seq)


async def _patiently(
    call: Callable[[], Awaitable[T]], tries: int, *, only_told_to_wait: bool = False
) -> T:
    """Return what ``call`` does, tried again where that may help.

    ``only_told_to_wait``: not where it may have been done although it failed.
    """
    for left in reversed(range(tries)):
        try:
            return await call()
        except ChannelError as error:
            wait = max(1.0, error.retry_after_s or 0.0)
            unsure = only_told_to_wait and error.retry_after_s is None
            if error.permanent or unsure or not left or wait > PATIENCE_S:
                raise
            await asyncio.sleep(wait)
    raise AssertionError("tries is at least 1")
