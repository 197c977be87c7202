"""Slack: one message per incident that changes with it, and its story in the thread (with a bot token).

An incoming webhook can change nothing: there it is one message per alert.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from alerts.alert import Action, Delivery, message_id
from alerts.channels import http
from alerts.channels.base import ChannelClass, ChannelError, Receipt
from alerts.channels.pace import Place, Places, Turn
from alerts.channels.slack_api import Gone, SlackApi
from alerts.channels.slack_curve import Pictures
from alerts.channels.slack_settings import SlackSettings
from alerts.posted import Posted, Remembered, Shown
from alerts.render import slack
from alerts.render.slack_buttons import WORKING

if TYPE_CHECKING:  # settings are read by processes that send nothing
    import httpx

EVENT_TYPE = "sturmglas_delivery"
CLOCKS_APART_S = 300.0
"""How far Slack's clock and ours may differ."""
RINGING, QUIET = 0, 1
LATE_TRIES = 5
"""Tries of an edit that nobody waits for."""
_USERS = ("U", "W")


@dataclass(frozen=True, slots=True)
class Mark:
    """What a message of ours carries as metadata: which deliveries of a key it tells.

    ``first`` to ``last``: their ``seq``, both included.
    """

    id: str
    target: str
    key: str
    first: int
    last: int

    def json(self) -> dict[str, object]:
        payload = {"id": self.id, "target": self.target, "key": self.key}
        return {
            "event_type": EVENT_TYPE,
            "event_payload": {**payload, "first": self.first, "last": self.last},
        }

    def tells(self, delivery: Delivery) -> bool:
        same = (self.target, self.key) == (delivery.channel, delivery.key)
        return same and self.first <= delivery.seq <= self.last


class Slack:
    """Class B with a bot token: an unknown outcome is looked up in channel or thread before a re-send.

    With an incoming webhook there is nothing to look at: class C, a repeat is marked. Deliveries of one key
    must come one after the other, as the deliverer sends them.
    """

    def __init__(
        self,
        name: str,
        settings: SlackSettings,
        client: httpx.AsyncClient,
        posted: Posted | None = None,
        places: Places | None = None,
    ) -> None:
        self._name = name
        self._settings = settings
        self._client = client
        self._posted: Posted = posted or Remembered()
        self._place = (places or Places()).of(settings.channel)
        self._api = SlackApi(name, settings, client, self._place)
        pictures = Pictures(name, settings.language, self._api, self._posted, self._place)
        self._pictures = pictures if settings.curve else None
        self._late: dict[str, Delivery] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def name(self) -> str:
        return self._name

    @property
    def doubles(self) -> ChannelClass:
        return self._settings.doubles

    @property
    def merges(self) -> bool:
        return self._settings.token is not None

    @asynccontextmanager
    async def turn(self, delivery: Delivery) -> AsyncIterator[Turn]:
        """Enter when a reply may go into the thread; a new incident's message, and a webhook's, wait for nobody."""
        if not self.merges or await self._known(delivery) is None:
            yield Turn()
            return
        turns = self._place.rings if _rings([delivery]) else self._place.quiet
        async with turns.turn(RINGING) as its:
            yield its

    async def send(self, delivery: Delivery) -> Receipt:
        if self._settings.webhook_url is None:
            return await self.send_together([delivery])
        own = self._settings.words(delivery)
        url = self._settings.webhook_url.get_secret_value()
        body = slack.body(delivery, self._settings.language, own)
        answer = await self._api.send(self._client.build_request("POST", url, json=body))
        return Receipt(http.told(answer, self._api.secrets()), own.fault)

    async def send_together(self, deliveries: Sequence[Delivery]) -> Receipt:
        """Show the newest state, and tell of each delivery once: as the message, or in its thread.

        The curve follows into the thread where one is due.
        """
        receipt = await self._told(deliveries)
        if self._pictures is None:
            return receipt
        fault = await self._pictures.follow(deliveries)
        return Receipt(receipt.note, receipt.warning or fault)

    @property
    def place(self) -> Place:
        """Its place at Slack: other senders to it share the turns."""
        return self._place

    async def settled(self) -> None:
        """Return when nothing that follows a message is under way any more: late edits, pictures."""
        while self._tasks:
            await asyncio.wait(self._tasks)
        if self._pictures is not None:
            await self._pictures.settled()

    async def _told(self, deliveries: Sequence[Delivery]) -> Receipt:
        known = await self._known(deliveries[0])
        if known is None:
            known, certain = await self._looked_up(deliveries)
            if certain:
                deliveries = [replace(one, may_repeat=False) for one in deliveries]
        if known is None:
            return await self._post(deliveries)
        try:
            return await self._change(known, deliveries)
        except Gone:  # somebody deleted it
            return await self._post(deliveries)

    async def show(self, delivery: Delivery) -> bool:
        """Show a delivery's incident as ``delivery`` has it now; False where nothing was posted yet."""
        known = await self._known(delivery)
        if known is None:
            return False
        await self._edit(known, delivery, RINGING)
        return True

    async def show_soon(self, delivery: Delivery, *, again: bool) -> bool:
        """Show a sent delivery in its turn where something older is shown, as a stop may leave it; with ``again`` also
        where it is shown, since what stands around it changed. Return whether there is need."""
        known = await self._known(delivery)
        if known is None or known.seq >= delivery.seq + again:
            return False
        self._edit_later(delivery)
        return True

    async def whisper(self, place: str, user: str, text: str) -> None:
        """Tell one person something at ``place`` that nobody else sees."""
        where = place or self._settings.channel
        body = {"channel": where, "user": user, "text": slack.escape(text)}
        await self._api.post("chat.postEphemeral", body)

    async def _known(self, delivery: Delivery) -> Shown | None:
        found = await asyncio.to_thread(self._posted.find, self._name, delivery.key)
        channel = self._settings.channel
        elsewhere = found is not None and not _by_name(channel) and found.place != channel
        return None if elsewhere else found  # the settings name another channel by now

    async def _looked_up(self, deliveries: Sequence[Delivery]) -> tuple[Shown | None, bool]:
        """Return our message where Slack has it, and whether that is certain.

        Looked for where an outcome was unknown, and where earlier deliveries must have left one. A
        look-up that fails for good (a missing scope) is no reason to keep silent: the message goes out,
        marked as a possible repeat.
        """
        head = deliveries[0]
        if head.seq == 1 and not any(one.may_repeat for one in deliveries):
            return None, True
        try:
            place = await self._where()
            since = head.created_at if head.seq == 1 else min(head.created_at, head.alert.since)
            query = {"channel": place, "oldest": _oldest(since)}
            async for message in self._api.messages("conversations.history", query):
                mark, ts = mark_of(message), _text(message, "ts")
                is_ours = mark and (mark.target, mark.key) == (head.channel, head.key)
                if mark and is_ours and _text(message, "thread_ts") in ("", ts):
                    shown = Shown(self._name, head.key, ts, place, mark.last, head.created_at)
                    shown = replace(shown, pictured=mark.last)  # it may be there, and never twice
                    await asyncio.to_thread(self._posted.keep, shown)
                    return shown, True
        except ChannelError as error:
            return None, _passing(error)
        return None, True

    async def _where(self) -> str:
        """Return the id of the conversation; with a person it has one of its own."""
        channel = self._settings.channel
        if not channel.startswith(_USERS):
            return channel
        said = await self._api.post("conversations.open", {"users": channel})
        return _text(said.get("channel"), "id") or channel

    async def _post(self, deliveries: Sequence[Delivery]) -> Receipt:
        """Post the incident's message as the newest delivery has it; what is merged into it rings too."""
        newest = deliveries[-1]
        mark = self._mark(deliveries)
        body, fault = self._body(newest)
        body = {"channel": self._settings.channel, "metadata": mark.json(), **body}
        said = await self._api.post("chat.postMessage", body)
        ts, place = _text(said, "ts"), _text(said, "channel") or self._settings.channel
        shown = Shown(self._name, newest.key, ts, place, newest.seq, newest.alert.at)
        await asyncio.to_thread(self._posted.keep, shown)
        if newest.alert.test:
            fault = fault or await self._hindered(place)
        return Receipt(f"answered 200: message {ts}", fault)

    async def _hindered(self, place: str) -> str:
        """Return why a double could not be looked up there, "" where it can; asked at a test only."""
        try:
            await self._api.get("conversations.history", {"channel": place, "limit": "1"})
        except ChannelError as error:
            return f"doubles cannot be looked up: {error}"
        return ""

    async def _change(self, known: Shown, deliveries: Sequence[Delivery]) -> Receipt:
        """Tell in the thread what is new, then show the newest state."""
        new = [one for one in deliveries if one.seq > known.seq]
        if not new:
            return Receipt("already there")
        untold = await self._untold(known, new)
        if untold:
            await self._reply(known, untold)
        newest = replace(new[-1], may_repeat=False)
        if self._place.edits.busy:
            self._edit_later(newest)
            return Receipt(f"answered 200: told in {known.message}, which is changed soon")
        try:
            fault = await self._edit(known, newest, RINGING if _rings(new) else QUIET)
        except Gone:
            raise
        except ChannelError as error:
            if (
                error.permanent
            ):  # what is new stands in the thread; trying again would hold up the rest
                return Receipt(f"answered 200: told in {known.message}", str(error))
            # The reply is out: the next attempt must look before it tells it again.
            wait = error.retry_after_s
            raise ChannelError(str(error), ambiguous=True, retry_after_s=wait) from None
        return Receipt(f"answered 200: message {known.message} changed", fault)

    async def _untold(self, known: Shown, new: Sequence[Delivery]) -> Sequence[Delivery]:
        """Return what the thread does not tell yet; asked only after an unknown outcome."""
        if not any(one.may_repeat for one in new):
            return new
        query = {"channel": known.place, "ts": known.message, "oldest": _oldest(new[0].created_at)}
        try:
            told = [one async for one in self._api.messages("conversations.replies", query)]
        except Gone:
            raise
        except ChannelError as error:
            _passing(error)
            return new  # may not look: told again, and marked
        marks = [mark_of(one) for one in told if _text(one, "ts") != known.message]
        untold = [one for one in new if not any(mark and mark.tells(one) for mark in marks)]
        return [replace(one, may_repeat=False) for one in untold]

    async def _reply(self, known: Shown, deliveries: Sequence[Delivery]) -> None:
        rings = _rings(deliveries)
        body = {
            "channel": known.place,
            "thread_ts": known.message,
            "metadata": self._mark(deliveries).json(),
            **slack.reply(deliveries, self._settings.language),
        }
        body = {**body, "reply_broadcast": rings}
        await self._api.post("chat.postMessage", body)

    async def _edit(self, known: Shown, delivery: Delivery, rank: int) -> str:
        """Show ``delivery``; return what is wrong with the operator's words, "" for nothing."""
        async with self._place.edits.turn(rank):
            self._late.pop(delivery.key, None)
            return await self._changed(known, delivery)

    async def _changed(self, known: Shown, delivery: Delivery) -> str:
        body, fault = self._body(delivery)
        mark = Mark(message_id(delivery), self._name, delivery.key, 1, delivery.seq)
        where = {"channel": known.place, "ts": known.message, "metadata": mark.json()}
        await self._api.post("chat.update", {**where, **body})
        seq = max(known.seq, delivery.seq)
        shown = replace(known, seq=seq, at=delivery.alert.at)
        await asyncio.to_thread(self._posted.keep, shown)
        return fault

    def _edit_later(self, delivery: Delivery) -> None:
        """Show ``delivery`` in its turn, unless something newer of its incident is shown before.

        What is new was told in the thread already; whoever waited for this would hold up the next of its incident.
        What a stop cuts off is made up for at the next start (`show_soon`).
        """
        waits = delivery.key in self._late
        self._late[delivery.key] = delivery
        if not waits:
            task = asyncio.create_task(self._shown_late(delivery.key))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _shown_late(self, key: str) -> None:
        for _ in range(LATE_TRIES):
            async with self._place.edits.turn(QUIET):
                newest = self._late.pop(key, None)
                if newest is None:
                    return  # shown with what came after it
                try:
                    known = await self._known(newest)
                    if known is not None and known.seq <= newest.seq:
                        await self._changed(known, newest)
                    return
                except ChannelError as error:
                    if error.permanent or key in self._late:
                        return  # the next delivery of the incident shows it
                    self._late[key] = newest
                    wait = max(1.0, error.retry_after_s or 0.0)
            await asyncio.sleep(wait)
        self._late.pop(key, None)

    def _body(self, delivery: Delivery) -> tuple[Mapping[str, object], str]:
        own = self._settings.words(delivery)
        buttons = WORKING if self._settings.has_buttons else ()
        lang = self._settings.language
        return slack.body(delivery, lang, own, live=True, buttons=buttons), own.fault

    def _mark(self, deliveries: Sequence[Delivery]) -> Mark:
        newest = deliveries[-1]
        first = deliveries[0].seq
        return Mark(message_id(newest), self._name, newest.key, first, newest.seq)


def mark_of(message: object) -> Mark | None:
    """Return what a message of ours carries in its metadata, None where it is not ours."""
    metadata = message.get("metadata") if isinstance(message, dict) else None
    payload = metadata.get("event_payload") if isinstance(metadata, dict) else None
    if not isinstance(payload, dict):
        return None
    first, last = payload.get("first"), payload.get("last")
    if not isinstance(first, int) or not isinstance(last, int):
        return None
    id, target, key = (_text(payload, name) for name in ("id", "target", "key"))
    return Mark(id, target, key, first, last)


def _rings(deliveries: Sequence[Delivery]) -> bool:
    return any(one.alert.action is Action.TRIGGER for one in deliveries)


def _passing(error: ChannelError) -> bool:
    """Return False where a look-up failed for good; raise what passes by itself, as nothing was sent."""
    if error.permanent:
        return False
    raise ChannelError(str(error), retry_after_s=error.retry_after_s) from None


def _oldest(at: datetime) -> str:
    """Return from when on Slack is asked for what was sent at ``at`` or later."""
    return f"{at.timestamp() - CLOCKS_APART_S:.6f}"


def _by_name(channel: str) -> bool:
    """True where the setting is not the id under which Slack answers: a person, or a name."""
    return channel.startswith((*_USERS, "#", "@"))


def _text(thing: object, name: str) -> str:
    found = thing.get(name) if isinstance(thing, dict) else None
    return found if isinstance(found, str) else ""
