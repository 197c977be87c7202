"""Console: the alert as plain text lines, for a terminal or a log."""

from __future__ import annotations

import sys
from typing import Literal, TextIO

from alerts.alert import Delivery
from alerts.channels.base import ChannelClass, ChannelError, Receipt
from alerts.channels.common import Worded
from alerts.render import plain


class ConsoleSettings(Worded):
    """Nothing to set but the language."""

    type: Literal["console"]


class Console:
    """Writes a message's lines to standard output; class C, and it hardly ever fails."""

    def __init__(self, name: str, settings: ConsoleSettings, out: TextIO | None = None) -> None:
        self._name = name
        self._settings = settings
        self._out = out

    @property
    def name(self) -> str:
        return self._name

    @property
    def doubles(self) -> ChannelClass:
        return self._settings.doubles

    async def send(self, delivery: Delivery) -> Receipt:
        own = self._settings.words(delivery)
        text = "\n".join(plain.lines(delivery, self._settings.language, own))
        try:
            print(text, file=self._out or sys.stdout, flush=True)
        except (OSError, ValueError) as error:
            raise ChannelError(f"console: cannot write ({type(error).__name__})") from None
        return Receipt("written", own.fault)
