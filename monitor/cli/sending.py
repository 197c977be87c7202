"""send-test: a test alert through one channel, and the receiver's own answer."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.running import Config, Json, settings_of
from monitor.cli.told import WRONG_USE, complain, plainly

if TYPE_CHECKING:
    from alerts.channels import ChannelSettings
    from alerts.channels.trying import Tried
    from monitor.settings import Settings

MAY_HAVE_ARRIVED = "; it may have arrived all the same"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("send-test", short_help="Does a channel arrive? The receiver's own answer.")(
        send_test
    )


def send_test(
    channel: Annotated[str, typer.Argument(metavar="CHANNEL", help="Its name in the settings.")],
    to: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS",
            help="Send there instead: a person of the settings; or mail addresses, a Slack"
            " channel's id, an ntfy topic.",
        ),
    ] = None,
    level: Annotated[
        int,
        typer.Option(metavar="N", min=0, max=6, help="As an alert of this level: does it ring?"),
    ] = 4,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Send a test alert through a channel, at once, and show what the receiver answered.

    It is marked as a test and stands in no outbox and on no timeline. Exit code 0: accepted,
    1: not. PagerDuty opens an incident for it and pages; end it there.

    \b
    Example:
      sturmglas send-test pager --level 5 --config sturmglas.toml
    """
    from alerts.people import target
    from detectors.detection import Level
    from monitor.app.trying import keep
    from monitor.app.trying import send_test as sent

    with plainly():
        settings = settings_of(config)
        given = _known(settings, channel)
        person = to[0] if to and len(to) == 1 and _has(settings, to[0], channel) else ""
        if to and not person:
            settings = _addressed(settings, channel, to)
        name = target(channel, person)
        found = asyncio.run(sent(settings, name, Level(level), "cli"))
        kept = keep(settings, found, "cli")
    if as_json:
        told = {"type": "test", "channel_type": given.type, "class": given.doubles.value}
        typer.echo(json.dumps({**told, **asdict(found)}, ensure_ascii=False))
    else:
        typer.echo(_told(found, f"{name} ({given.type}, class {given.doubles})"))
        if kept and found.accepted:
            typer.echo(f"did it ring? {person} says so on /duty")
    if not found.accepted:
        raise typer.Exit(1)


def _known(settings: Settings, channel: str) -> ChannelSettings:
    """Return the channel's settings; complains where there is none of that name."""
    if channel not in settings.channels:
        known = ", ".join(settings.channels) or "none"
        complain([f"unknown channel {channel!r}; known: {known}"], WRONG_USE)
    return settings.channels[channel]


def _has(settings: Settings, person: str, channel: str) -> bool:
    """Return whether ``person`` is one of the settings who can be told by ``channel``."""
    found = settings.people.get(person)
    return found is not None and channel in [method.channel for method in found.methods]


def _addressed(settings: Settings, channel: str, to: list[str]) -> Settings:
    """Return the settings with the channel's addresses replaced by ``to``."""
    try:
        changed = settings.channels[channel].sent_to(to)
    except ValueError as error:
        complain([f"--to: {_plain(error)}"], WRONG_USE)
    return settings.model_copy(update={"channels": {**settings.channels, channel: changed}})


def _plain(error: ValueError) -> str:
    """Return what is wrong in one line; of pydantic's complaints the first."""
    from pydantic import ValidationError

    if isinstance(error, ValidationError):
        return error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
    return str(error)


def _told(found: Tried, who: str) -> str:
    from alerts.alert import AttemptOutcome

    unsure = MAY_HAVE_ARRIVED if found.outcome is AttemptOutcome.UNKNOWN else ""
    warning = f"\nwarning: {found.warning}" if found.warning else ""
    word = "accepted" if found.accepted else "not accepted"
    return f"{who}: {word} after {found.latency_ms:.0f} ms: {found.answer}{unsure}{warning}"
