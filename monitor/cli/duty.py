"""duty: who is on call, and changing it from the command line; the running service sees it at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from monitor.cli.planning import ACTOR, By
from monitor.cli.running import Config, Json, settings_of
from monitor.cli.times import time_of
from monitor.cli.told import WRONG_USE, complain, plainly

if TYPE_CHECKING:
    from alerts.duty import DutyChange
    from alerts.rota import Rota, Shift
    from monitor.ports import Store
    from monitor.settings import Settings

Since = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="TIME", help='Its start, like "2026-11-25 18:00". Left out: now.'
    ),
]
Until = Annotated[str, typer.Option("--until", metavar="TIME", help="Its end.")]
Note = Annotated[str, typer.Option(metavar="TEXT", help="Why; stands in the list.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    duty = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    duty.command("list", short_help="Who is on call, from now on for a week.")(show)
    duty.command("take-over", short_help="Somebody takes over for a while.")(take_over)
    duty.command("away", short_help="Somebody is away, for every rota.")(away)
    duty.command("back", short_help="Take a change back.")(back)
    app.add_typer(
        duty,
        name="duty",
        short_help="Who is on call; take over, be away.",
        help="Who is on call, by the rotas of the settings and what people changed: somebody takes"
        " over, or is away and their deputy comes. The next page obeys, whichever process sends"
        " it.\n\n\b\nExample:\n  sturmglas duty list\n  sturmglas duty take-over community kim"
        ' --from "2026-11-25 18:00" --until "2026-11-26 09:00"',
    )


def show(
    days: Annotated[int, typer.Option(metavar="N", min=1, max=90, help="How far ahead.")] = 7,
    rota: Annotated[str | None, typer.Option(metavar="NAME", help="Of one rota only.")] = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """List who is on call from now on, and in which hours of duty nobody is.

    Exit code 0: somebody is, all the time, 1: there are gaps.

    \b
    Example:
      sturmglas duty list --days 14 --rota community
    """
    from alerts.rota import gaps, shifts
    from monitor.desk import duty as desk

    with _opened(config) as at:
        if rota is not None and rota not in at.rotas:
            known = ", ".join(at.rotas) or "none"
            complain([f"--rota: unknown rota {rota!r}; known: {known}"], WRONG_USE)
        end = at.now + timedelta(days=days)
        changed = desk.changes(at.store.read, at.now)
    asked = [r for r in at.rotas.values() if rota in (None, r.id)]
    open_spans = 0
    for one in asked:
        nobody = gaps(one, changed.overrides, at.now, end, changed.absences)
        open_spans += len(nobody)
        for shift in shifts(one, changed.overrides, at.now, end, changed.absences):
            if shift.person:
                _tell_shift(at, one, shift, as_json)
        for since, until in nobody:
            _tell_gap(at, one, since, until, as_json)
    for change in changed.all:
        if change.ended_at is None and change.since < end and rota in (None, "", change.rota):
            _tell(at, change, as_json)
    if not asked and not as_json:
        typer.echo("no rota: add [rota.NAME] to the settings")
    if open_spans:
        raise typer.Exit(1)


def take_over(
    rota: Annotated[str, typer.Argument(metavar="ROTA", help="Its name in the settings.")],
    person: Annotated[str, typer.Argument(metavar="PERSON", help="Who comes, by id.")],
    until: Until,
    since: Since = None,
    note: Note = "",
    by: By = ACTOR,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Have somebody take over a rota for a while, whoever's turn it is.

    Where two overlap, the later entry holds.

    \b
    Example:
      sturmglas duty take-over community kim --until "2026-11-26 09:00"
    """
    from monitor.desk import duty as desk

    with _opened(config) as at:
        asked = _asked(at, person, since, until, note)
        made = desk.take_over(at.store, at.rotas, at.settings.people, rota, asked, by, at.now)
    _tell(at, made, as_json)


def away(
    person: Annotated[str, typer.Argument(metavar="PERSON", help="Who is away, by id.")],
    until: Until,
    since: Since = None,
    note: Note = "",
    by: By = ACTOR,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Say that somebody is away: no rota calls them, their deputies come.

    \b
    Example:
      sturmglas duty away kim --from "2026-12-21" --until "2027-01-04"
    """
    from monitor.desk import duty as desk

    with _opened(config) as at:
        asked = _asked(at, person, since, until, note)
        made = desk.away(at.store, at.settings.people, asked, by, at.now)
    _tell(at, made, as_json)


def back(
    id: Annotated[int, typer.Argument(metavar="NUMBER", help="As `duty list` shows it.")],
    by: By = ACTOR,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Take a change back: from now on it holds no longer, and stays known.

    \b
    Example:
      sturmglas duty back 17
    """
    from monitor.desk import duty as desk

    with _opened(config) as at:
        made = desk.take_back(at.store, id, by, at.now)
    _tell(at, made, as_json)


@dataclass(frozen=True, slots=True)
class _At:
    """What a command works with: the store, the settings and what follows from them, and now."""

    store: Store
    settings: Settings
    rotas: dict[str, Rota]
    home: ZoneInfo
    now: datetime


@contextmanager
def _opened(config: Path | None) -> Iterator[_At]:
    """Open the store of the settings; complain of what the desk refuses."""
    from monitor.app.wiring import with_password
    from monitor.clock import SystemClock
    from monitor.desk.errors import DeskError
    from monitor.store.database import open_store

    with plainly():
        settings = settings_of(config)
        url = with_password(settings.store.url, settings.store.password)
        home, now = ZoneInfo(settings.timezone), SystemClock().now()
        with closing(open_store(url, max_bytes=settings.store.max_bytes)) as store:
            try:
                yield _At(store, settings, settings.to_rotas(), home, now)
            except DeskError as error:
                complain([error])


def _asked(at: _At, person: str, since: str | None, until: str, note: str) -> Any:
    from monitor.desk.duty import Asked

    begins = None if since is None else time_of(since, at.home, "--from")
    return Asked(person, begins, time_of(until, at.home, "--until"), note)


def _tell_shift(at: _At, rota: Rota, shift: Shift, as_json: bool) -> None:
    if as_json:
        span = _span_object(shift.since, shift.until)
        told = {"type": "shift", "rota": rota.id, "person": shift.person, "why": shift.why.value}
        typer.echo(json.dumps({**told, **span}, ensure_ascii=False))
        return
    why = "" if shift.why.value == "turn" else f"  {shift.why.value}"
    typer.echo(f"{rota.id}  {_span(at, shift.since, shift.until)}  {_name(at, shift.person)}{why}")


def _tell_gap(at: _At, rota: Rota, since: datetime, until: datetime, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"type": "gap", "rota": rota.id, **_span_object(since, until)}))
        return
    hours = (until - since).total_seconds() / 3600
    typer.echo(f"{rota.id}  {_span(at, since, until)}  NOBODY for {hours:.1f} h of duty")


def _tell(at: _At, change: DutyChange, as_json: bool) -> None:
    if as_json:
        told = {
            "type": change.kind.value,
            "id": change.id,
            "rota": change.rota,
            "person": change.person,
            **_span_object(change.since, change.until),
            "note": change.note,
            "by": change.actor,
            "ended": None if change.ended_at is None else change.ended_at.isoformat(),
            "ended_by": change.ended_by,
        }
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    does = f"takes over {change.rota}" if change.rota else "is away"
    state = "taken back" if change.ended_at else ""
    span = _span(at, change.since, change.until)
    told_parts = [f"#{change.id}", span, f"{_name(at, change.person)} {does}", change.note, state]
    typer.echo("  ".join(part for part in told_parts if part))


def _span(at: _At, since: datetime, until: datetime) -> str:
    first, last = since.astimezone(at.home), until.astimezone(at.home)
    return f"{first:%a %Y-%m-%d %H:%M} to {last:%a %Y-%m-%d %H:%M}"


def _span_object(since: datetime, until: datetime) -> dict[str, str]:
    return {"since": since.isoformat(), "until": until.isoformat()}


def _name(at: _At, person: str) -> str:
    known = at.settings.people.get(person)
    return f"{known.name} ({person})" if known else person
