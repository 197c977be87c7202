"""Channels: the ways out of the house. Settings come in, something that can `send` comes out.

A new channel is one file here, one line in `ChannelSettings`, one case in `build_channel` and one
row in tests/laws/ways.py.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, assert_never

from pydantic import Field

from alerts.answering import Signer, unsigned
from alerts.channels.apprise import AppriseSettings
from alerts.channels.base import Channel
from alerts.channels.console import ConsoleSettings
from alerts.channels.linked import Linked
from alerts.channels.ntfy import NtfySettings
from alerts.channels.pace import Places
from alerts.channels.pagerduty import PagerDutySettings
from alerts.channels.slack_settings import SlackSettings
from alerts.channels.smtp_settings import SmtpSettings
from alerts.channels.teams import TeamsSettings
from alerts.channels.webhook import WebhookSettings
from alerts.posted import Posted

if TYPE_CHECKING:
    import httpx

ChannelSettings = Annotated[
    SlackSettings
    | TeamsSettings
    | PagerDutySettings
    | NtfySettings
    | WebhookSettings
    | SmtpSettings
    | AppriseSettings
    | ConsoleSettings,
    Field(discriminator="type"),
]
"""Settings of any channel, told apart by ``type``."""


def build_channel(
    name: str,
    settings: ChannelSettings,
    client: httpx.AsyncClient,
    *,
    now: Callable[[], datetime],
    page_url: str = "",
    links: Signer = unsigned,
    posted: Posted | None = None,
    places: Places | None = None,
) -> Channel:
    """Return the channel ``name`` as set; ``client`` carries the guarded transport.

    ``now`` is the wall clock (never a time-lapse): signatures and mails are dated by it.
    ``page_url`` is the address people know us by, shown as the sender's link. ``links`` makes those
    that answer a message: not for Slack, which has buttons, nor for the console, which is a log. ``posted`` knows
    where messages that change stand (None: only this channel does), ``places`` how fast each place is written
    to; channels that share places share their pace. Nothing is sent.
    """
    made = _bare(name, settings, client, now, page_url, posted, places)
    if links is unsigned or isinstance(settings, SlackSettings | ConsoleSettings):
        return made
    return Linked(made, links)


def _bare(
    name: str,
    settings: ChannelSettings,
    client: httpx.AsyncClient,
    now: Callable[[], datetime],
    page_url: str,
    posted: Posted | None,
    places: Places | None,
) -> Channel:
    match settings:
        case SlackSettings():
            from alerts.channels.slack import Slack

            return Slack(name, settings, client, posted, places)
        case TeamsSettings():
            from alerts.channels.teams import Teams

            return Teams(name, settings, client)
        case NtfySettings():
            from alerts.channels.ntfy import Ntfy

            return Ntfy(name, settings, client)
        case PagerDutySettings():
            from alerts.channels.pagerduty import PagerDuty

            return PagerDuty(name, settings, client, page_url=page_url)
        case WebhookSettings():
            from alerts.channels.webhook import Webhook

            return Webhook(name, settings, client, now=now)
        case SmtpSettings():
            from alerts.channels.smtp import Smtp

            return Smtp(name, settings, now=now)
        case AppriseSettings():
            from alerts.channels.apprise import Apprise

            return Apprise(name, settings)
        case ConsoleSettings():
            from alerts.channels.console import Console

            return Console(name, settings)
    assert_never(settings)
