"""The console as a channel: it writes, and says when it cannot."""

from __future__ import annotations

import asyncio
import io

import pytest

from alerts.channels.base import ChannelError, Receipt
from alerts.channels.console import Console, ConsoleSettings
from tests.alerts.samples import delivery


def test_the_console_writes_the_message() -> None:
    out = io.StringIO()
    console = Console("there", ConsoleSettings(type="console", language="en"), out)
    assert asyncio.run(console.send(delivery())) == Receipt("written")
    assert "5 storm" in out.getvalue()
    assert "118 people" in out.getvalue()


def test_a_console_that_is_closed_may_be_tried_again() -> None:
    out = io.StringIO()
    out.close()
    console = Console("there", ConsoleSettings(type="console"), out)
    with pytest.raises(ChannelError, match="cannot write"):
        asyncio.run(console.send(delivery()))
