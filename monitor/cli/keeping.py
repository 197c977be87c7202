"""backup, restore: a copy of the store while it works, and the way back."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.running import Config, Json, settings_of
from monitor.cli.told import complain, plainly

if TYPE_CHECKING:
    from monitor.app.keeping import Kept, Restored

_SHOWN = ("mention", "incident", "delivery", "run")
"""The tables whose rows mean something to a person."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("backup", short_help="A checked copy of the store, also while it runs.")(backup)
    app.command("restore", short_help="Bring a backup back.")(restore)


def backup(
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="File to write; a folder: a dated file in it.")
    ],
    config: Config = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite OUT if it exists.")] = False,
    as_json: Json = False,
) -> None:
    """Write a checked copy of the store to a file, while the service goes on.

    SQLite: a file like the store itself. PostgreSQL: a dump by `pg_dump`, which must be installed
    here. OUT is there whole or not at all, and only its owner can read it: it holds secrets and
    what people wrote. What waits in a Redis log is not in it.

    \b
    Example:
      sturmglas backup /var/backups/ --config sturmglas.toml
    """
    from monitor.app.keeping import CannotKeep, back_up
    from monitor.clock import SystemClock

    with plainly():
        settings = settings_of(config)
        try:
            kept = back_up(settings, out, force=force, now=SystemClock().now())
        except CannotKeep as error:
            complain([error])
    typer.echo(_kept_json(kept) if as_json else _kept(kept))


def restore(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="What `sturmglas backup` has written.")
    ],
    config: Config = None,
    force: Annotated[
        bool,
        typer.Option("--force", help="SQLite: move a store that exists aside, under a dated name."),
    ] = False,
    hold: Annotated[
        float | None,
        typer.Option(
            "--hold",
            metavar="HOURS",
            min=0,
            help="Give up alerts that wait to be sent and are older: nobody is woken by them.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Bring a backup back into the store that the settings name. Stop the service first.

    SQLite: refused where the file exists (--force moves it aside) or is in use. PostgreSQL: into
    an empty database only, all of it or nothing. Alerts that were waiting when the backup was made
    will go out as soon as the service runs: how many is told, and --hold gives up the old ones.

    \b
    Example:
      sturmglas restore sturmglas-20261122T031500Z.db --config sturmglas.toml --hold 1
    """
    from monitor.app import keeping
    from monitor.clock import SystemClock

    now = SystemClock().now()
    with plainly():
        settings = settings_of(config)
        try:
            restored = keeping.restore(settings, file, force=force, now=now)
            held = 0
            if hold is not None and restored.pending:
                held = keeping.hold(settings, timedelta(hours=hold), now)
        except keeping.CannotKeep as error:
            complain([error])
    typer.echo(_restored_json(restored, held) if as_json else _restored(restored, held))


def _kept(kept: Kept) -> str:
    lines = [f"{kept.path}: {kept.bytes:,} bytes; {_counted(kept.contents.rows)}; checked"]
    if kept.waiting is None:
        lines.append(f"not in it: what waits in the log; how much is unknown ({kept.trouble})")
    elif kept.waiting:
        lines.append(
            f"not in it: {kept.waiting:,} entries that waited in the log and were not filed yet"
        )
    return "\n".join(lines)


def _restored(restored: Restored, held: int) -> str:
    lines = [f"{restored.place}: restored; {_counted(restored.contents.rows)}"]
    if restored.aside is not None:
        lines.append(f"what was there before is now {restored.aside}")
    if held:
        lines.append(f"{held:,} old deliveries are given up; each can be sent again from its page")
    left = restored.pending - held
    if left and restored.since is not None:
        oldest = "" if held else f", the oldest of {restored.since:%Y-%m-%d %H:%M} UTC,"
        advice = "" if held else " (--hold HOURS gives up the old ones)"
        lines.append(f"{left:,} deliveries{oldest} go out as soon as the service runs{advice}")
    return "\n".join(lines)


def _counted(rows: dict[str, int]) -> str:
    names = {"mention": "mentions", "incident": "incidents", "delivery": "deliveries"}
    told = [f"{rows[t]:,} {names.get(t, f'{t}s')}" for t in _SHOWN if t in rows]
    return f"{', '.join(told)}; {sum(rows.values()):,} rows in {len(rows)} tables"


def _kept_json(kept: Kept) -> str:
    return json.dumps(
        {
            "type": "backup",
            "file": str(kept.path),
            "bytes": kept.bytes,
            "schema": kept.contents.revision,
            "rows": kept.contents.rows,
            "log_waiting": kept.waiting,
        }
    )


def _restored_json(restored: Restored, held: int) -> str:
    return json.dumps(
        {
            "type": "restore",
            "place": restored.place,
            "schema": restored.contents.revision,
            "rows": restored.contents.rows,
            "aside": None if restored.aside is None else str(restored.aside),
            "pending": restored.pending - held,
            "held": held,
            "since": None if restored.since is None else restored.since.isoformat(),
        }
    )
