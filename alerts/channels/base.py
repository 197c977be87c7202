"""Channel: a way out of the house. One file each; all keep the laws in tests/laws/."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

from alerts.alert import Delivery
from alerts.channels.pace import Turn


class ChannelClass(StrEnum):
    """How doubles are kept away (docs/architecture.md, promises).

    A: the receiver dedups by key. B: we can look before we send again. C: neither; at most one
    repeat per unknown outcome, marked.
    """

    A = "A"
    B = "B"
    C = "C"


class ChannelError(Exception):
    """A send that was not accepted.

    ``permanent``: no retry makes sense. ``ambiguous``: it may have arrived all the same.
    ``retry_after_s``: what the receiver asked for.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        ambiguous: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.ambiguous = ambiguous
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an accepting receiver answered, in short, for the trail. Never a secret.

    ``warning``: what a person should mend although it arrived.
    """

    note: str = ""
    warning: str = ""


class Channel(Protocol):
    """Sends one delivery, once. Retry, order and records are the deliverer's business."""

    @property
    def name(self) -> str: ...

    @property
    def doubles(self) -> ChannelClass: ...

    async def send(self, delivery: Delivery) -> Receipt:
        """Return when the receiver has accepted; raise `ChannelError` otherwise. Bounded by a time-out."""
        ...


@runtime_checkable
class Paced(Protocol):
    """A channel whose receiver takes only so much a second. Who sends waits here before the delivery is claimed."""

    def turn(self, delivery: Delivery) -> AbstractAsyncContextManager[Turn]:
        """Enter when it is its turn; held until the receiver has answered."""
        ...


@runtime_checkable
class Merging(Protocol):
    """A channel that can tell several deliveries of one key at once, so that a flood is told in time."""

    @property
    def merges(self) -> bool:
        """False where its settings do not allow it; then it is sent one by one."""
        ...

    async def send_together(self, deliveries: Sequence[Delivery]) -> Receipt:
        """Send those of one key, in their order; as `Channel.send` for all of them or for none."""
        ...
