"""route: who would get what now, and why."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from monitor.cli.running import Config, Json, settings_of
from monitor.cli.times import time_of
from monitor.cli.told import WRONG_USE, complain, plainly

if TYPE_CHECKING:
    from alerts.book import Book
    from alerts.dry_run import DryRun, Receiver
    from alerts.silences import Silence
    from monitor.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("route", short_help="Who would get what now, and why. Nothing is sent.")(route)


def route(
    topic: Annotated[str, typer.Option(metavar="ID", help="The topic of the alert.")],
    level: Annotated[int, typer.Option(metavar="N", min=0, max=6, help="Its level.")] = 4,
    at: Annotated[
        str | None,
        typer.Option(metavar="TIME", help='When, like "2026-11-25 23:00". Left out: now.'),
    ] = None,
    language: Annotated[
        list[str] | None, typer.Option(metavar="TAG", help="Of its posts; may be repeated.")
    ] = None,
    source: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Of its posts; may be repeated.")
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option(metavar="TAG", help="In its posts; may be repeated.")
    ] = None,
    danger: Annotated[
        bool, typer.Option("--danger", help="With a word of danger or duty: wakes at night too.")
    ] = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Say who would get an alert of a topic and level, when, and by which route. Nothing is sent.

    Exit code 0: somebody would hear of it, 1: nobody.

    \b
    Example:
      sturmglas route --topic acme-bahn --level 5 --at "2026-11-25 23:00"
    """
    from alerts.dry_run import dry_run, sample
    from detectors.detection import Level
    from monitor.clock import SystemClock

    with plainly():
        settings = settings_of(config)
        topics = settings.to_topics()
        if topic not in topics:
            known = ", ".join(topics) or "none"
            complain([f"--topic: unknown topic {topic!r}; known: {known}"], WRONG_USE)
        home = ZoneInfo(topics[topic].timezone)
        now = SystemClock().now() if at is None else time_of(at, home, "--at")
        asked = sample(
            topics[topic],
            Level(level),
            now,
            languages=language or (),
            sources=source or (),
            tags=tag or (),
            danger=danger,
        )
        with _known(settings, now) as (book, silences):
            found = dry_run(asked, settings.to_routes(), book, now, silences)
    if as_json:
        typer.echo(json.dumps(_object(found, now), ensure_ascii=False))
    else:
        typer.echo("\n".join(_told(found, settings, home, now)))
    if not found.reached:
        raise typer.Exit(1)


@contextmanager
def _known(settings: Settings, now: datetime) -> Iterator[tuple[Book, Sequence[Silence]]]:
    """Yield who is behind each receiver, by what people changed too, and which silences stand; told where that
    cannot be read.

    A file that is not there is not made.
    """
    from alerts.mutes import open_at
    from monitor.app.wiring import book_of, sqlite_path, with_password
    from monitor.desk.silences import standing
    from monitor.ports import Unavailable
    from monitor.store.database import open_store
    from monitor.store.sqlite import WrongFile

    url = with_password(settings.store.url, settings.store.password)
    alone = book_of(settings), open_at(settings.to_mutes(), now)
    if url.startswith("sqlite") and not sqlite_path(url).is_file():
        yield alone
        return
    try:
        store = open_store(url, max_bytes=settings.store.max_bytes)
    except (WrongFile, Unavailable) as trouble:
        told = "without who took over, who is away, and silences"
        typer.echo(f"{told}: {trouble}", err=True)
        yield alone
        return
    with closing(store):
        book = book_of(settings, store.read)
        yield book, standing(store.read, book.mutes, now)


def _told(found: DryRun, settings: Settings, home: ZoneInfo, now: datetime) -> Iterator[str]:
    from alerts.digest import USUAL
    from alerts.words import level_name

    alert, plan = found.alert, found.plan
    word = level_name(alert.level, "en")
    when = f"{now.astimezone(home):%a %d %b %Y %H:%M} ({home.key})"
    yield f"{alert.topic_name}, level {int(alert.level)} {word}, {when}"
    yield f"routes   {', '.join(plan.by) or 'none fits: nobody hears of it'}"
    if found.silence is not None:
        until = f"{found.silence.until.astimezone(home):%a %H:%M}"
        yield f"silenced by {found.silence.author} until {until}: {found.silence.says}"
        yield "         nothing goes out before; without it:"
    for silence in found.broken:
        yield f"breaks   the silence of {silence.author}: {silence.says}"
    if found.inform:
        yield f"inform   {_names(found.inform)}"
    if found.inform and plan.repeat:
        yield f"         again every {_minutes(plan.repeat)} until somebody answers"
    if found.watch:
        yield f"watch    {_names(found.watch)}: in a digest every {_minutes(plan.digest or USUAL)}"
    yield from _wakes(found, settings, home)


def _wakes(found: DryRun, settings: Settings, home: ZoneInfo) -> Iterator[str]:
    name = found.plan.wake
    if not name:
        yield "wake     nobody: no chain"
        return
    if not found.calls:
        low = "it starts at level 4" if int(found.alert.level) < 4 else "it reaches nobody"
        yield f"wake     chain {name}: {low}"
        return
    rounds = settings.chains[name].rounds
    again = f"; {rounds} rounds in all" if rounds > 1 else ""
    yield f"wake     chain {name}, until somebody acknowledges{again}"
    if found.held_until is not None:
        held = f"{found.held_until.astimezone(home):%H:%M}"
        yield f"         waits until {held}: at night only level {settings.night.min_level} and above"
    for call in found.calls:
        at = f"{call.at.astimezone(home):%H:%M}"
        yield f"         {at} step {call.number}: {_names(call.receivers)}"
    if found.skipped:
        numbers = ", ".join(str(n) for n in found.skipped)
        yield f"         skipped, for they reach nobody: {numbers}"


def _names(receivers: Sequence[Receiver]) -> str:
    return "; ".join(_name(r) for r in receivers)


def _name(receiver: Receiver) -> str:
    sort, _, name = receiver.name.partition(".")
    if sort == "channel":
        return name if receiver.targets else f"{name} (unknown channel)"
    channels = ", ".join(target.partition("/")[0] for target in receiver.targets)
    if sort == "rota" and not receiver.person:
        return f"rota {name}: nobody is on call"
    who = receiver.person or name
    by = channels or "cannot be told"
    return f"{who} ({by})" if sort == "person" else f"{who} ({by}), on call in {name}"


def _minutes(span: timedelta) -> str:
    return f"{span.total_seconds() / 60:g} min"


def _object(found: DryRun, now: datetime) -> dict[str, Any]:
    """Return the dry run as JSON-ready data."""
    plan = found.plan
    return {
        "type": "route",
        "at": now.isoformat(),
        "topic": found.alert.topic,
        "level": int(found.alert.level),
        "routes": list(plan.by),
        "inform": [_receiver(r) for r in found.inform],
        "repeat_s": plan.repeat.total_seconds() if plan.repeat else None,
        "watch": [_receiver(r) for r in found.watch],
        "wake": plan.wake,
        "held_until": found.held_until.isoformat() if found.held_until else None,
        "calls": [
            {
                "step": call.number,
                "at": call.at.isoformat(),
                "receivers": [_receiver(r) for r in call.receivers],
            }
            for call in found.calls
        ],
        "skipped": list(found.skipped),
        "silenced_by": found.silence.author if found.silence else None,
        "silenced_until": found.silence.until.isoformat() if found.silence else None,
        "breaks": [silence.says for silence in found.broken],
        "reached": found.reached,
    }


def _receiver(receiver: Receiver) -> dict[str, Any]:
    return {
        "receiver": receiver.name,
        "person": receiver.person,
        "targets": list(receiver.targets),
    }
