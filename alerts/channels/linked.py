"""Linked: a channel whose messages carry links that answer them."""

from __future__ import annotations

from dataclasses import replace

from alerts.alert import Delivery
from alerts.answering import Signer, answerable
from alerts.channels.base import Channel, ChannelClass, Receipt


class Linked:
    """Puts the links into each delivery that can be answered; the rest is the channel's."""

    def __init__(self, channel: Channel, links: Signer) -> None:
        self._channel = channel
        self._links = links

    @property
    def name(self) -> str:
        return self._channel.name

    @property
    def doubles(self) -> ChannelClass:
        return self._channel.doubles

    async def send(self, delivery: Delivery) -> Receipt:
        if answerable(delivery):
            delivery = replace(delivery, answers=self._links(delivery))
        return await self._channel.send(delivery)
