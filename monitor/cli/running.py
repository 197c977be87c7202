"""demo, serve, work, replay: the commands that run the pipeline."""

from __future__ import annotations

import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.told import WRONG_USE, Unusable, complain, must_open, plainly

if TYPE_CHECKING:
    from detectors.topic import Topic
    from monitor.pipeline import Line
    from monitor.settings import Settings

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        help="Settings file (TOML). Left out: the one that STURMGLAS_CONFIG names.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="For programs: one JSON object a line, in UTC.")]
Every = Annotated[
    bool,
    typer.Option(
        "--all", help="Tell everything: also levels 0 to 2, every fall and every single step."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("demo", short_help="An invented storm in time-lapse, on a local page.")(demo)
    app.command("replay", short_help="Recorded posts: would it have warned us?")(replay)
    app.command("serve", short_help="The service: receives, judges, shows, wakes.")(serve)
    app.command("work", short_help="One more worker on the same PostgreSQL and Redis.")(work)


def settings_of(config: Path | None) -> Settings:
    """Return the settings asked for; complaints end with exit code 2."""
    from monitor.settings import load

    return load(config, os.environ)


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="Tell the story to its end here, without a page.")
    ] = False,
    as_json: Json = False,
    every: Every = False,
    seed: Annotated[
        int, typer.Option(metavar="N", help="Another number: the same story in other words.")
    ] = 1,
    port: Annotated[
        int,
        typer.Option(
            metavar="N", min=0, max=65535, help="Port of the page. A taken one: another, told."
        ),
    ] = 8787,
    factor: Annotated[
        float, typer.Option(metavar="N", min=1, max=3600, help="How many times as fast as life.")
    ] = 90.0,
) -> None:
    """Watch an invented brand get into an invented storm, in time-lapse.

    Opens a page on this machine only; pagers, chats and mails are received by a page beside it.
    Nothing leaves this machine, and nothing stays on it. Ctrl-C ends it.

    \b
    Example:
      sturmglas demo
      sturmglas demo --once
    """
    from monitor.app import demo as story

    with plainly():
        if once:
            with closing(story.once(seed)) as lines:
                _tell(lines, story.topics(), routed=True, as_json=as_json, every=every)
            return
        story.live(seed, port=port, factor=factor, say=typer.echo)


def serve(
    config: Config = None,
    no_work: Annotated[
        bool,
        typer.Option("--no-work", help="Take in and show only; `sturmglas work` does the rest."),
    ] = False,
) -> None:
    """Run the service: it receives posts, judges them, shows a page and wakes people.

    Everything is in this one process and one file, unless the settings name PostgreSQL and Redis:
    then `sturmglas work` may run beside it. What happens is logged to standard error, one line
    each, with the machine's local time. Ctrl-C or SIGTERM ends it; nothing accepted is lost.

    \b
    Example:
      sturmglas check --config sturmglas.toml
      sturmglas serve --config sturmglas.toml
    """
    from monitor.app.serving import serve_forever

    for told in ("sturmglas", "alerts"):
        logging.getLogger(told).setLevel(logging.INFO)
    with plainly():
        settings = settings_of(config)
        typer.echo(settings.origin)
        _warn(config)
        serve_forever(settings, say=typer.echo, work=not no_work)


def _warn(config: Path | None) -> None:
    """Say what can be used and was probably not meant, as `check` does."""
    from monitor.clock import SystemClock
    from monitor.settings import read
    from monitor.settings.advice import advise
    from playbooks.load import read_library

    reading = read(config, os.environ)
    paths = reading.settings.playbooks.paths if reading.settings else []
    for advice in advise(reading, read_library(paths)[0], SystemClock().now()):
        logging.getLogger("sturmglas").warning("%s", advice)


def work(config: Config = None) -> None:
    """Run one more worker: it files, judges, fetches and sends beside the others.

    Needs PostgreSQL and Redis. Workers share the work by leases; start and stop as many as you
    like, at any time: nothing is lost or done twice. Ctrl-C or SIGTERM ends it at once; after a
    crash the others take over within ten seconds.

    \b
    Example:
      sturmglas work --config sturmglas.toml
    """
    for told in ("sturmglas", "alerts"):
        logging.getLogger(told).setLevel(logging.INFO)
    with plainly():
        settings = settings_of(config)
        from monitor.app.working import work_forever

        work_forever(settings, say=typer.echo)


def replay(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="Mentions: JSON lines or CSV, .gz too; - for input."),
    ],
    config: Config = None,
    topic: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TERM",
            help='Watch posts with this term, like "acme bahn", instead of the topics of the'
            " settings; may be repeated. Neither: every post in the file.",
        ),
    ] = None,
    budget: Annotated[
        float,
        typer.Option(
            metavar="DAYS",
            min=1,
            max=365,
            help="One false alarm in so many days is fine; without topics from settings.",
        ),
    ] = 30.0,
    as_json: Json = False,
    every: Every = False,
) -> None:
    """Play recorded posts as if they came in now: would it have warned us, when, how loud?

    The same judging as in `serve`, on the posts' own clock, as fast as it goes. Nothing is sent,
    nothing is kept. Exports of other tools go through `sturmglas import` first.

    \b
    Example:
      sturmglas import export.csv --zone Europe/Berlin --out crisis.jsonl
      sturmglas replay crisis.jsonl
      sturmglas replay crisis.jsonl --topic "acme bahn" --json
    """
    from monitor.app.recorded import replay_file, watching

    with plainly(), _recording(file) as path:
        settings = settings_of(config)
        try:
            watched = watching(settings, topic or [], budget)
        except ValueError as error:
            complain([f"--topic: {error}"], code=WRONG_USE)
        unusable = Unusable()
        with closing(replay_file(path, watched, on_bad=unusable)) as lines:
            summary = _tell(
                _unless_nothing(lines, file, unusable),
                watched.topics,
                routed=bool(watched.routes),
                as_json=as_json,
                every=every,
                unusable=unusable,
            )
    data = summary.data
    if data["unmatched"] == data["new"]:
        wanted = ", ".join(topic or watched.topics)
        complain([f"{file}: none of its {data['new']:,} posts belongs to {wanted}"])


@contextmanager
def _recording(file: Path) -> Iterator[Path]:
    """Give the file to read; standard input is kept in a temporary one, as sorting needs."""
    if str(file) != "-":
        yield must_open(file)
        return
    with tempfile.TemporaryDirectory(prefix="sturmglas-") as folder:
        path = Path(folder) / "standard-input"
        with path.open("wb") as kept:
            shutil.copyfileobj(sys.stdin.buffer, kept)
        yield path


def _unless_nothing(lines: Iterable[Line], file: Path, unusable: Unusable) -> Iterator[Line]:
    """Pass lines on, and complain instead of a summary of nothing."""
    for line in lines:
        if line.type == "summary":
            unusable.end()
            if not line.data["mentions"]:
                complain([f"{file}: not one mention in it"])
        yield line


def _tell(
    lines: Iterable[Line],
    topics: Mapping[str, Topic],
    *,
    routed: bool,
    as_json: bool,
    every: bool,
    unusable: Unusable | None = None,
) -> Line:
    """Print a timeline for a program or for a person, and return its summary."""
    from monitor.cli.story import Story

    story = Story(topics, routed=routed, every=every)
    for line in lines:
        told = [line.json()] if as_json else story.see(line)
        for text in told:
            typer.echo(text)
        if line.type == "summary":
            if not as_json and line.data["unmatched"] < line.data["new"]:
                for text in story.end(line, unusable.count if unusable else 0):
                    typer.echo(text)
            return line
    raise AssertionError("a timeline ends with its summary")
