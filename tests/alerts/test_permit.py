"""A right to send that ends on the way: whatever the channel, nothing arrives, and that is known."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx
import psutil
import pytest
from pydantic import TypeAdapter

from alerts.channels import ChannelSettings, build_channel, permit
from alerts.channels.base import ChannelError
from alerts.channels.transport import guarded_async
from alerts.posted import Remembered
from monitor.clock import SystemClock
from monitor.server.sink import Sink
from tests.alerts.slacking import FIRST, told

KINDS: dict[str, Callable[[Sink], dict[str, object]]] = {
    "pagerduty": lambda sink: {"routing_key": "r" * 32, "url": sink.pagerduty_url},
    "webhook": lambda sink: {"url": sink.webhook_url, "signing_secret": sink.webhook_secret},
    "slack": lambda sink: {"token": "xoxb-1", "channel": "C1", "api_url": sink.slack_api_url},
    "smtp": lambda sink: {
        "host": "127.0.0.1",
        "port": sink.smtp_port,
        "tls": "none",
        "from_": "a@example.org",
        "to": ["b@example.org"],
    },
}


def attempt(kind: str, sink: Sink, may: permit.MayI) -> ChannelError | None:
    """Send one alert through a channel while ``may`` is asked; return what went wrong."""

    async def go() -> ChannelError | None:
        permit.use(may)
        given = TypeAdapter(ChannelSettings).validate_python({"type": kind, **KINDS[kind](sink)})
        transport = guarded_async(allow_loopback=True)
        async with httpx.AsyncClient(transport=transport) as client:
            channel = build_channel(
                kind,
                given,
                client,
                now=SystemClock().now,
                page_url="",
                posted=Remembered(),
            )
            try:
                await channel.send(told(1, FIRST))
            except ChannelError as error:
                return error
        return None

    return asyncio.run(go())


@pytest.mark.parametrize("kind", KINDS)
def test_what_may_go_out_does(kind: str) -> None:
    with Sink() as sink:
        assert attempt(kind, sink, lambda: True) is None
        assert len(sink.received) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_what_may_not_any_more_does_not_and_nobody_is_unsure(kind: str) -> None:
    with Sink() as sink:
        error = attempt(kind, sink, lambda: False)
        assert error is not None
        assert (error.ambiguous, error.permanent) == (False, False)
        assert permit.WITHDRAWN in str(error)
        assert sink.received == []


def test_it_is_asked_once_and_that_is_after_the_connection_stands() -> None:
    with Sink() as sink:
        reached = []
        assert attempt("webhook", sink, lambda: bool(reached.append(connections(sink)))) is not None
        assert reached == [1]


def connections(sink: Sink) -> int:
    """Return how many connections of ours to the sink stand."""
    port = int(sink.url.rstrip("/").rpartition(":")[2])
    mine = psutil.Process().net_connections("tcp4")
    return sum(
        c.status == psutil.CONN_ESTABLISHED and c.raddr and c.raddr.port == port for c in mine
    )
