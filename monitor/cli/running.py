"""demo, serve, work, replay: the commands that run the pipeline."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.told import complain, tell

Config = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", help="Settings file (TOML). Default: STURMGLAS_CONFIG, else none."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object per line.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("demo")(demo)
    app.command("serve")(serve)
    app.command("work")(work)
    app.command("replay")(replay)


def config_path(config: Path | None) -> Path | None:
    """Return the settings file asked for, on the command line or by environment."""
    named = os.environ.get("STURMGLAS_CONFIG", "")
    return config or (Path(named) if named else None)


def demo(
    once: Annotated[bool, typer.Option(help="Run the story to its end without a server.")] = False,
    as_json: Json = False,
    seed: Annotated[
        int, typer.Option(help="Another seed tells the same story in other words.")
    ] = 1,
    port: Annotated[
        int, typer.Option(help="Port of the page; 0 or a busy one: a free one.")
    ] = 8787,
    factor: Annotated[float, typer.Option(help="How many times as fast as life.")] = 90.0,
) -> None:
    """A fictional brand's storm in time-lapse, on a local page; or to its end, as a timeline.

    Nothing leaves this machine. Example: sturmglas demo --once --json --seed 1
    """
    from monitor.app import demo as story

    if once:
        for line in story.once(seed):
            tell(line, as_json)
        return
    story.live(seed, port=port, factor=factor, say=typer.echo)


def serve(config: Config = None) -> None:
    """Everything in one process: API, pages, pipeline, deliverer, scheduler.

    Example: sturmglas serve --config sturmglas.toml
    """
    from monitor.app.serving import serve_forever
    from monitor.settings import SettingsError, load

    try:
        settings = load(config_path(config), os.environ)
    except SettingsError as error:
        complain(error.complaints)
    serve_forever(settings, say=typer.echo)


def work(config: Config = None) -> None:
    """One more worker on the same Redis and PostgreSQL; refused on the embedded store.

    Example: sturmglas work --config sturmglas.toml
    """
    from monitor.settings import SettingsError, load

    try:
        settings = load(config_path(config), os.environ)
    except SettingsError as error:
        complain(error.complaints)
    complain(
        [
            f"store.url is {settings.store.url}: one SQLite file takes one writing process, and "
            "`sturmglas serve` is it. More workers need Redis and PostgreSQL, which this version "
            "does not have yet (docs/roadmap.md)."
        ]
    )


def replay(
    file: Annotated[Path, typer.Argument(help="Mentions: JSONL or CSV, .gz too.")],
    config: Config = None,
    as_json: Json = False,
    topic: Annotated[
        list[str] | None,
        typer.Option(help="Watch for this term instead of the settings' topics; repeatable."),
    ] = None,
    budget: Annotated[float, typer.Option(help="Alarm budget in days, with --topic.")] = 30.0,
) -> None:
    """Recorded mentions through the same pipeline on their own clock: would it have warned us?

    Nothing is delivered. Example: sturmglas replay crisis.jsonl --topic "acme bahn"
    """
    from monitor.app.recorded import replay_file
    from monitor.settings import SettingsError, load

    if not file.is_file():
        complain([f"{file}: no such file"], code=2)
    try:
        settings = load(config_path(config), os.environ)
    except SettingsError as error:
        complain(error.complaints)
    last = None
    for line in replay_file(file, settings, terms=topic or [], budget_days=budget, on_bad=_bad):
        tell(line, as_json)
        last = line
    if last is None or not last.data.get("mentions"):
        complain([f"{file}: not one mention in it"])


def _bad(complaint: str) -> None:
    sys.stderr.write(f"{complaint}\n")
