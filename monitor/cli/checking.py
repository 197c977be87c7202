"""check, doctor: what is wrong with the settings, and with the machine they meet."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from monitor.cli.doctor import Finding
    from monitor.settings import Reading
    from playbooks.complaints import Complaint

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        help="Settings file (TOML). Left out: the one that STURMGLAS_CONFIG names.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="For programs: one JSON object a line.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("check", short_help="Are the settings right? Every complaint with its line.")(check)
    app.command("doctor", short_help="Is this machine ready? Nothing is changed.")(doctor)


def check(config: Config = None, as_json: Json = False) -> None:
    """Read settings, routes and playbooks, and complain of every mistake with file and line.

    Warnings tell what can be used and was probably not meant, such as a topic for which nobody
    would be woken. Exit code 1 if there is a complaint; warnings alone are fine.

    \b
    Example:
      sturmglas check --config sturmglas.toml
    """
    from monitor.clock import SystemClock
    from monitor.settings import read
    from monitor.settings.advice import advise, tripwire_names
    from playbooks.load import read_library

    reading = read(config, os.environ)
    paths = reading.settings.playbooks.paths if reading.settings else []
    library, wrong = read_library(paths, tripwires=tripwire_names(reading.settings))
    complaints = [*reading.complaints, *wrong]
    warnings = [*advise(reading, library, SystemClock().now()), *_queries(reading)]
    for kind, found in (("complaint", complaints), ("warning", warnings)):
        for one in found:
            typer.echo(_line(kind, one, as_json))
    typer.echo(_summary(reading, len(library), complaints, warnings, as_json))
    if complaints:
        raise typer.Exit(1)


def doctor(
    config: Config = None,
    as_json: Json = False,
    reach: Annotated[
        bool,
        typer.Option(
            "--reach", help="Also open connections to the addresses in the settings; send nothing."
        ),
    ] = False,
) -> None:
    """Look whether everything is installed, writable and free here; nothing is changed.

    Exit code 1 if something keeps Sturmglas from working.

    \b
    Example:
      sturmglas doctor --config sturmglas.toml --reach
    """
    from monitor.cli.doctor import State, examine
    from monitor.clock import SystemClock
    from monitor.settings import read

    failed = False
    for finding in examine(read(config, os.environ), SystemClock().now(), reach=reach):
        failed = failed or finding.state is State.FAIL
        typer.echo(_finding(finding, as_json))
    if failed:
        raise typer.Exit(1)


def _queries(reading: Reading) -> list[Complaint]:
    """Return a warning for each topic whose query finds too much that is not ours, as people said.

    Nothing where there is no store yet, or none that can be read now: that is for `doctor`.
    """
    from monitor.app.wiring import with_password
    from monitor.clock import SystemClock
    from monitor.desk.query_health import standing
    from monitor.ports import Unavailable
    from monitor.store.looking import looking
    from monitor.store.sqlite import WrongFile

    settings, warnings = reading.settings, []
    if settings is None or not settings.topics:
        return []
    now = SystemClock().now()
    try:
        with looking(with_password(settings.store.url, settings.store.password)) as read:
            for id in settings.topics:
                found = standing(read, id, now)
                if found.too_low and found.precision is not None:
                    p = found.precision
                    text = (
                        f"only {p.share:.0%} of what it finds is ours ({p.ours} of {p.marked} in"
                        f" {found.month}); expected 80 %: sturmglas query-health --topic {id}"
                    )
                    warnings.append(reading.source.complain(("topic", id), text))
    except (WrongFile, Unavailable):
        return []
    return warnings


def _line(kind: str, one: Complaint, as_json: bool) -> str:
    if as_json:
        return json.dumps({"type": kind, **asdict(one)}, ensure_ascii=False)
    return f"{one}" if kind == "complaint" else f"warning: {one}"


def _summary(
    reading: Reading,
    playbooks: int,
    complaints: Sequence[Complaint],
    warnings: Sequence[Complaint],
    as_json: bool,
) -> str:
    settings = reading.settings
    counts = {
        "topics": len(settings.topics) if settings else 0,
        "sources": len(settings.sources) if settings else 0,
        "channels": len(settings.channels) if settings else 0,
        "routes": len(settings.routes) if settings else 0,
        "playbooks": playbooks,
        "complaints": len(complaints),
        "warnings": len(warnings),
    }
    origin = settings.origin if settings else reading.source.file
    if as_json:
        return json.dumps({"type": "summary", "settings": origin, **counts}, ensure_ascii=False)
    told = ", ".join(f"{n} {name if n != 1 else name[:-1]}" for name, n in counts.items())
    return f"{origin}: {told}"


def _finding(finding: Finding, as_json: bool) -> str:
    if as_json:
        return json.dumps({"type": "finding", **asdict(finding)}, ensure_ascii=False)
    return f"{finding.state:<5} {finding.name}: {finding.text}"
