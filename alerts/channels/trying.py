"""Trying: one send through a channel, and what came of it, told as it was."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from alerts.alert import AttemptOutcome, Delivery
from alerts.channels.base import Channel, ChannelError


@dataclass(frozen=True, slots=True)
class Tried:
    """How one send ended. ``answer``: status and start of the answer, or what hindered it; no secret.

    ``warning``: what to mend although it arrived. ``outcome``: retry, refused and unknown are what the outbox would have recorded.
    """

    channel: str
    outcome: AttemptOutcome
    answer: str
    latency_ms: float
    warning: str = ""

    @property
    def accepted(self) -> bool:
        return self.outcome is AttemptOutcome.ACCEPTED


async def tried(channel: Channel, delivery: Delivery) -> Tried:
    """Send once; never raises for what a receiver does. Bounded by the channel's time-out."""
    loop, warning = asyncio.get_running_loop(), ""
    began = loop.time()
    try:
        receipt = await channel.send(delivery)
        outcome, answer = AttemptOutcome.ACCEPTED, receipt.note
        warning = receipt.warning
    except ChannelError as error:
        outcome, answer = _outcome(error), str(error)
    except Exception as error:  # a channel's own fault; its text could hold anything
        outcome, answer = AttemptOutcome.UNKNOWN, f"failed inside ({type(error).__name__})"
    return Tried(channel.name, outcome, answer, (loop.time() - began) * 1000, warning)


def _outcome(error: ChannelError) -> AttemptOutcome:
    if error.permanent:
        return AttemptOutcome.REFUSED
    return AttemptOutcome.UNKNOWN if error.ambiguous else AttemptOutcome.RETRY
