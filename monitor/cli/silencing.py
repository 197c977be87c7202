"""silence: who keeps what quiet, from the command line; the running service obeys it at once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from monitor.cli.running import Config, Json, settings_of
from monitor.cli.told import WRONG_USE, complain, plainly

if TYPE_CHECKING:
    from alerts.silences import Silence
    from monitor.desk.silences import Preview
    from monitor.ports import Store
    from monitor.settings import Settings

ACTOR = "cli"
_LASTS = re.compile(r"(\d+(?:\.\d+)?)\s*(h|min|m)")

Match = Annotated[
    str, typer.Argument(metavar="MATCH", help='Which alerts, like "topic=acme-bahn level<=4".')
]
By = Annotated[str, typer.Option(metavar="NAME", help="Who does it; it stands on the timeline.")]
Days = Annotated[float, typer.Option(metavar="N", min=0.1, max=92, help="How far back.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    silence = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    silence.command("add", short_help="Hold back alerts for a while.")(add)
    silence.command("preview", short_help="What one would have held back.")(preview)
    silence.command("list", short_help="Who keeps what quiet.")(show)
    silence.command("end", short_help="Take one back.")(end)
    app.add_typer(
        silence,
        name="silence",
        short_help="Silences: alerts of a kind held back for a while.",
        help="Hold back alerts of a kind, for at most a day, with a reason. A rise by two levels or a word"
        " of danger breaks a silence; nothing is lost, and what still blows at its end goes out. The"
        " running service obeys it at once.\n\n\b\n"
        'Example:\n  sturmglas silence add "topic=acme-bahn level<=4" --for 4h --reason "known outage"',
    )


def add(
    match: Match,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why nobody need be told.")] = "",
    lasts: Annotated[
        str, typer.Option("--for", metavar="TIME", help="How long, like 4h or 90min; 24h at most.")
    ] = "4h",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what it would have held back.")
    ] = False,
    by: By = ACTOR,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Silence alerts, after showing what the same silence would have held back in the last week.

    \b
    Example:
      sturmglas silence add "topic=acme-bahn level<=4" --for 4h --reason "known outage"
    """
    from monitor.desk import silences as desk

    with _opened(config) as at:
        wish = desk.Wish(match, reason, _span(lasts))
        seen = desk.preview(at.store.read, desk.matchers_of(match), at.now)
        _foretell(seen, at.home, as_json)
        if dry_run:
            return
        made = desk.silence(at.store, wish, by, at.now)
        _tell(made, at, as_json)


def preview(match: Match, days: Days = 7, config: Config = None, as_json: Json = False) -> None:
    """List which alerts of the last days a silence would have held back, and which would have broken it.

    \b
    Example:
      sturmglas silence preview "brand=acme level<=4" --days 28
    """
    from monitor.desk import silences as desk

    with _opened(config) as at:
        seen = desk.preview(at.store.read, desk.matchers_of(match), at.now, days)
        _foretell(seen, at.home, as_json)


def show(
    ended: Annotated[
        float,
        typer.Option(metavar="DAYS", min=0, max=366, help="Also those that ended in so many days."),
    ] = 0,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """List who keeps what quiet, mute windows that are on included.

    \b
    Example:
      sturmglas silence list --ended 7
    """
    from monitor.desk import silences as desk

    with _opened(config) as at:
        found = desk.standing(at.store.read, at.settings.to_mutes(), at.now)
        found += desk.ended(at.store.read, at.now, ended) if ended else []
    for one in found:
        _tell(one, at, as_json)
    if not found and not as_json:
        typer.echo("nothing is silenced")


def end(
    id: Annotated[int, typer.Argument(metavar="ID", min=1, help="As `silence list` shows it.")],
    by: By = ACTOR,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Take a silence back: what it holds back and still blows goes out.

    \b
    Example:
      sturmglas silence end 7
    """
    from monitor.desk import silences as desk

    with _opened(config) as at:
        _tell(desk.end(at.store, id, by, at.now), at, as_json)


@dataclass(frozen=True, slots=True)
class _Opened:
    store: Store
    settings: Settings
    home: ZoneInfo
    now: datetime


@contextmanager
def _opened(config: Path | None) -> Iterator[_Opened]:
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
                yield _Opened(store, settings, ZoneInfo(settings.timezone), SystemClock().now())
            except DeskError as error:
                complain([error])


def _span(text: str) -> timedelta:
    found = _LASTS.fullmatch(text.strip())
    if found is None:
        complain([f"--for: {text!r}; expected a time like 4h or 90min"], WRONG_USE)
    return timedelta(**{"hours" if found[2] == "h" else "minutes": float(found[1])})


def _tell(silence: Silence, at: _Opened, as_json: bool) -> None:
    stands = silence.stands(at.now)
    if as_json:
        shown = {
            "type": "silence",
            "id": silence.id,
            "kind": silence.kind.value,
            "match": silence.says,
            "since": silence.since.isoformat(),
            "until": silence.until.isoformat(),
            "author": silence.author,
            "reason": silence.reason,
            "breaks_at": silence.breaks_at,
            "ended_at": None if silence.ended_at is None else silence.ended_at.isoformat(),
            "ended_by": silence.ended_by,
            "broken": silence.broken,
            "standing": stands,
        }
        typer.echo(json.dumps(shown, ensure_ascii=False))
        return
    when = f"until {silence.until.astimezone(at.home):%Y-%m-%d %H:%M}"
    if not stands:
        how = f"broken: {silence.broken}" if silence.broken else silence.ended_by
        when = f"ended {silence.over_at.astimezone(at.home):%Y-%m-%d %H:%M}"
        when += f" ({how})" if how else ""
    breaks = f"breaks at level {silence.breaks_at}" if silence.breaks_at <= 6 else ""
    told = [str(silence.id or "-"), when, silence.says, silence.author, silence.reason, breaks]
    typer.echo("  ".join(part for part in told if part))


def _foretell(seen: Preview, home: ZoneInfo, as_json: bool) -> None:
    for one in seen.met:
        if as_json:
            shown = {
                "type": "foretold",
                "at": one.at.isoformat(),
                "incident": one.ref,
                "topic": one.topic,
                "level": int(one.level),
                "targets": list(one.targets),
                "broke": one.broke,
            }
            typer.echo(json.dumps(shown, ensure_ascii=False))
            continue
        told = f"broken: {one.broke}" if one.broke else "held back"
        to = ", ".join(one.targets) or "nobody"
        at = f"{one.at.astimezone(home):%Y-%m-%d %H:%M}"
        typer.echo(f"{at}  {one.ref}  {one.topic}  level {int(one.level)}  to {to}  {told}")
    if not as_json:
        days = (seen.until - seen.since) / timedelta(days=1)
        typer.echo(
            f"in the last {days:g} days it would have held back {seen.held} alerts;"
            f" {seen.broken} would have broken it"
        )
