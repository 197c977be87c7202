"""plan: what is announced, from the command line; the running service sees it at its next bin."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from monitor.cli.running import Config, Json, settings_of
from monitor.cli.times import time_of
from monitor.cli.told import WRONG_USE, complain, must_open, plainly

if TYPE_CHECKING:
    from detectors.planned import Planned
    from detectors.topic import Topic
    from monitor.ports import Store

ACTOR = "cli"

Zone = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Zone of times without an offset. Left out: the topic's (list, cancel: the settings').",
    ),
]
By = Annotated[str, typer.Option(metavar="NAME", help="Who announces it; stands in the list.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    plan = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    plan.command("add", short_help="Announce an event or a post of your own.")(add)
    plan.command("list", short_help="What is announced, and what was.")(show)
    plan.command("cancel", short_help="Call something off.")(cancel)
    plan.command("import", short_help="Announce what a calendar file (iCal) holds.")(take)
    app.add_typer(
        plan,
        name="plan",
        short_help="Announced events: many mentions of them are no surprise.",
        help="Announce what will bring mentions, so that they are no surprise. It raises what is"
        " expected of mentions, never of negatives: an event that goes wrong wakes as soon as"
        " ever. The running service sees it at its next bin.\n\n\b\n"
        'Example:\n  sturmglas plan add "Webinar on fares" --topic acme-bahn'
        ' --from "2026-11-25 18:00" --hours 2',
    )


def add(
    title: Annotated[str, typer.Argument(metavar="TITLE", help="What people will call it.")],
    topic: Annotated[
        list[str], typer.Option(metavar="ID", help="A topic that it concerns; may be repeated.")
    ],
    starts: Annotated[
        str, typer.Option("--from", metavar="TIME", help='Its start, like "2026-11-25 18:00".')
    ],
    ends: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="Its end, or use --hours.")
    ] = None,
    hours: Annotated[
        float | None, typer.Option(metavar="N", min=0, max=336, help="How long it lasts.")
    ] = None,
    type: Annotated[
        str, typer.Option(metavar="NAME", help="What it is, like webinar: past ones teach.")
    ] = "",
    uplift: Annotated[
        float | None,
        typer.Option(
            metavar="N",
            help="Times the usual mentions. Left out: as past ones of the type brought.",
        ),
    ] = None,
    post: Annotated[
        bool, typer.Option("--post", help="A post of your own: needs no end, has no lead.")
    ] = False,
    zone: Zone = None,
    by: By = ACTOR,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Announce an event or a post of your own, so that many mentions of it are no surprise.

    In the past it is allowed: nothing is judged again, but it teaches what the next of its type
    will bring.

    \b
    Example:
      sturmglas plan add "Webinar on fares" --topic acme-bahn --type webinar
                 --from "2026-11-25 18:00" --until "2026-11-25 20:00" --uplift 8
    """
    from detectors.planned import Kind
    from monitor.desk import planned as desk

    with _opened(config) as (store, topics, default, now):
        first = topics.get(topic[0])
        home = _zone(zone or (first.timezone if first else default))
        begins = time_of(starts, home, "--from")
        if ends is not None and hours is not None:
            complain(["--until, --hours: expected one of the two"], WRONG_USE)
        over = time_of(ends, home, "--until") if ends is not None else begins
        if hours is not None:
            over = begins + timedelta(hours=hours)
        elif ends is None and not post:
            complain(["--until: missing; expected an end, --hours N, or --post"], WRONG_USE)
        kind = Kind.POST if post else Kind.EVENT
        plan = desk.Plan(title, tuple(topic), begins, over, kind, type, uplift)
        entry = desk.add(store, topics, plan, by, now)
    _tell(entry, home, now, as_json)


def show(
    topic: Annotated[str | None, typer.Option(metavar="ID", help="Of one topic only.")] = None,
    days: Annotated[
        int, typer.Option(metavar="N", min=1, max=3660, help="How far back and ahead.")
    ] = 28,
    cancelled: Annotated[
        bool, typer.Option("--cancelled", help="Also what was called off.")
    ] = False,
    zone: Zone = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """List what is announced, and what was, by start.

    \b
    Example:
      sturmglas plan list --topic acme-bahn --days 90
    """
    from monitor.desk import planned as desk

    with _opened(config) as (store, topics, default, now):
        if topic is not None and topic not in topics:
            complain([f"--topic: unknown topic {topic!r}; known: {', '.join(topics)}"], WRONG_USE)
        home, span = _zone(zone or default), timedelta(days=days)
        found = desk.announced(store.read, now - span, now + span, topic or "", cancelled=cancelled)
    for entry in found:
        _tell(entry, home, now, as_json)
    if not found and not as_json:
        typer.echo(f"nothing is announced within {days} days")


def cancel(
    id: Annotated[str, typer.Argument(metavar="ID", help="As `plan list` shows it.")],
    by: By = ACTOR,
    zone: Zone = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Call something off: from now on nothing more is expected for it, and it teaches nothing.

    \b
    Example:
      sturmglas plan cancel 3f9a0c11d2e4b567
    """
    from monitor.desk import planned as desk

    with _opened(config) as (store, _, default, now):
        entry = desk.cancel(store, id, by, now)
        home = _zone(zone or default)
    _tell(entry, home, now, as_json)


def take(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Calendar in iCal form (.ics).")],
    topic: Annotated[
        list[str], typer.Option(metavar="ID", help="The topic it is about; may be repeated.")
    ],
    type: Annotated[
        str, typer.Option(metavar="NAME", help="Type of events that name no category.")
    ] = "",
    uplift: Annotated[
        float | None,
        typer.Option(metavar="N", help="Of events without X-STURMGLAS-UPLIFT; as in `plan add`."),
    ] = None,
    days: Annotated[
        int, typer.Option(metavar="N", min=1, max=366, help="How far back and ahead is taken.")
    ] = 92,
    zone: Zone = None,
    by: By = ACTOR,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Announce what a calendar file holds; the same file again changes what has changed in it.

    Repeats are written out. Whole days and times without a zone are read in --zone. What is called
    off in the file is called off here; what has left the file stays until `plan cancel`.

    \b
    Example:
      sturmglas plan import webinars.ics --topic acme-bahn --type webinar
    """
    from monitor.desk import calendars
    from monitor.sources.ical import read_calendar

    with _opened(config) as (store, topics, default, now):
        first = topics.get(topic[0])
        home = _zone(zone or (first.timezone if first else default))
        span = timedelta(days=days)
        read = read_calendar(must_open(file).read_bytes(), home, now - span, now + span)
        taken = calendars.take(
            store,
            topics,
            [replace(e, type=e.type or type, uplift=e.uplift or uplift) for e in read.events],
            tuple(topic),
            by,
            now,
        )
    for entry in taken.changed:
        _tell(entry, home, now, as_json)
    unusable = [*read.unusable, *taken.refused]
    for told in unusable:
        typer.echo(f"{file}: not taken: {told}", err=True)
    counts = {
        "announced": taken.added,
        "changed": taken.moved,
        "called_off": taken.cancelled,
        "as_before": taken.same,
        "not_taken": len(unusable),
    }
    if as_json:
        typer.echo(json.dumps({"type": "summary", **counts}))
    else:
        told = ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in counts.items())
        typer.echo(f"{file}, {days} days back and ahead: {told}")
    if unusable and not taken.changed and not taken.same:
        raise typer.Exit(1)


@contextmanager
def _opened(
    config: Path | None,
) -> Iterator[tuple[Store, Mapping[str, Topic], str, datetime]]:
    """Open the store of the settings; complain of what the desk refuses."""
    from monitor.app.wiring import with_password
    from monitor.clock import SystemClock
    from monitor.desk.errors import DeskError
    from monitor.store.database import open_store

    with plainly():
        settings = settings_of(config)
        url = with_password(settings.store.url, settings.store.password)
        with closing(open_store(url, max_bytes=settings.store.max_bytes)) as store:
            try:
                yield store, settings.to_topics(), settings.timezone, SystemClock().now()
            except DeskError as error:
                complain([error])


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        complain([f"--zone: unknown zone {name!r}; expected one like Europe/Berlin"], WRONG_USE)


def _tell(entry: Planned, home: ZoneInfo, now: datetime, as_json: bool) -> None:
    from monitor.desk.planned import is_past

    past = is_past(entry, now)
    if as_json:
        shown = {
            "type": "planned",
            "id": entry.id,
            "kind": entry.kind.value,
            "of": entry.type,
            "title": entry.title,
            "topics": list(entry.topics),
            "starts": entry.starts.isoformat(),
            "ends": entry.ends.isoformat(),
            "uplift": entry.uplift,
            "by": entry.actor,
            "cancelled": None if entry.cancelled is None else entry.cancelled.isoformat(),
            "past": past,
            "version": entry.version,
        }
        typer.echo(json.dumps(shown, ensure_ascii=False))
        return
    starts, ends = entry.starts.astimezone(home), entry.ends.astimezone(home)
    until = f"{ends:%H:%M}" if ends.date() == starts.date() else f"{ends:%Y-%m-%d %H:%M}"
    span = f"{starts:%Y-%m-%d %H:%M}" + (f" to {until}" if ends > starts else "")
    times = f"{entry.uplift:g} times" if entry.uplift is not None else "learned"
    state = "called off" if entry.cancelled else "past: only teaches" if past else ""
    told = [entry.id, span, entry.type, times, ", ".join(entry.topics), entry.title, state]
    typer.echo("  ".join(part for part in told if part))
