"""Slack's Socket Mode: presses come over a connection that we open, for sites without a public address.

An envelope is acknowledged at once, before the desk's work, for Slack waits three seconds at most
(docs.slack.dev/apis/events-api/using-socket-mode). One connection an app, kept up by Slack's own client.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web import WebClient

from alerts.channels.slack_settings import SlackSettings
from alerts.posted import Answer
from monitor.server.slack_presses import SlackPresses
from monitor.settings import Settings

RETRY_S = 10.0
"""Rest after Slack could not be reached at all; a connection that was lost comes back by itself."""
STOP_S = 1.0

log = logging.getLogger("sturmglas.slack")

Tell = Callable[[str, str], None]


class SlackSockets:
    """The connections of all apps of the settings. `start` returns at once."""

    def __init__(
        self,
        settings: Settings,
        presses: SlackPresses,
        answer: Callable[[Answer], Awaitable[None]],
        tell: Tell = lambda part, what: None,
        *,
        ping_interval_s: float = 5.0,
    ) -> None:
        self._apps = apps_of(settings)
        self._presses = presses
        self._answer = answer
        self._tell = tell
        self._ping_interval_s = ping_interval_s
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._keep, args=app, name="slack socket", daemon=True)
            for app in self._apps.items()
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Close the connections; a press under way is finished or, at a press of the next day, repeated."""
        self._stop.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(STOP_S)

    def _keep(self, app: tuple[str, str], channels: tuple[str, ...]) -> None:
        """Connect, again and again until it works, and stay until told to stop."""
        client = self._client(*app)
        client.socket_mode_request_listeners.append(partial(self._heard, channels))
        while not self._stop.is_set():
            try:
                client.connect()
            except Exception as error:  # the outermost loop; Slack's client raises what it likes
                self._said(channels, f"cannot connect ({type(error).__name__})")
                self._stop.wait(RETRY_S)
                continue
            self._said(channels, "")
            self._stop.wait()
        client.close()

    def _client(self, token: str, api_url: str) -> SocketModeClient:
        web = WebClient(base_url=f"{api_url.rstrip('/')}/", timeout=10)
        return SocketModeClient(
            app_token=token, web_client=web, ping_interval=self._ping_interval_s, concurrency=4
        )

    def _said(self, channels: Sequence[str], what: str) -> None:
        name = f"slack socket ({', '.join(channels)})"
        self._tell(name, f"{what}; presses of buttons do not arrive" if what else "")
        log.warning("%s: %s", name, what) if what else log.info("%s: connected", name)

    def _heard(
        self, channels: tuple[str, ...], client: BaseSocketModeClient, request: SocketModeRequest
    ) -> None:
        """Acknowledge first; Slack's client calls this in a thread of its own."""
        client.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))
        if request.type != "interactive" or self._stop.is_set():
            return
        try:
            self._work(request.payload, channels)
        except Exception as error:  # the outermost loop of a press
            log.error("slack: a press could not be answered (%s)", type(error).__name__)

    def _work(self, payload: Mapping[str, Any], channels: tuple[str, ...]) -> None:
        for told in self._presses.take(payload, channels):
            asyncio.run(_awaited(self._answer(told)))


async def _awaited(answer: Awaitable[None]) -> None:
    await answer


def apps_of(settings: Settings) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the channels of each app, by its token and the API's address."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for name, given in settings.channels.items():
        if isinstance(given, SlackSettings) and given.app_token is not None:
            app = (given.app_token.get_secret_value(), given.api_url)
            found[app] = (*found.get(app, ()), name)
    return found
