"""Permit: whether what is under way may still go out, asked at the last moment before it does.

Where several processes share an outbox, the one that sends may be frozen for longer than its lease lasts. When it
wakes, another has sent what it had in hand, and perhaps the end of the storm behind it. A look before the
request begins is not enough: an attempt may stand between two requests, or wait for a connection.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

from alerts.channels.base import ChannelError

MayI = Callable[[], bool]

WITHDRAWN = "not sent: the right to send has ended meanwhile"


def _always() -> bool:
    return True


_MAY: ContextVar[MayI] = ContextVar("permit", default=_always)


def use(may: MayI) -> None:
    """Let everything that is started from here ask ``may``; without it everything may be sent."""
    _MAY.set(may)


def given() -> bool:
    """Return whether what is under way here may still go out."""
    return _MAY.get()()


def demand() -> None:
    """Raise `ChannelError`, which says that nothing was sent, where it may not."""
    if not given():
        raise ChannelError(WITHDRAWN)
