"""The command line, thin: parse, call, print. Exit 0 fine, 1 the work failed, 2 wrong use."""

from __future__ import annotations

import logging
import signal
import sys
from importlib.metadata import version
from types import FrameType
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from monitor.cli import (
    backtest,
    benching,
    calibrating,
    checking,
    detect,
    duty,
    importing,
    keeping,
    planning,
    query_health,
    routing,
    running,
    score,
    sending,
    silencing,
)
from monitor.cli.told import seen_enough

ORDER = (
    *("demo", "import", "replay", "serve", "check", "doctor", "send-test", "route"),
    *(
        "backtest",
        "plan",
        "silence",
        "duty",
        "query-health",
        "calibrate",
        "work",
        "backup",
        "restore",
        "score",
        "detect",
        "train",
        "eval",
        "bench",
    ),
)
"""As a new user needs them; the rest behind, by name."""


class Commands(TyperGroup):
    """The commands in the order of need; `help` works, and a reader that leaves is no error."""

    # Any: typer carries its own copy of click or uses click itself, by its version.

    def list_commands(self, ctx: Any) -> list[str]:
        names = super().list_commands(ctx)
        return sorted(names, key=lambda n: (ORDER.index(n) if n in ORDER else len(ORDER), n))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read `help` as `--help`, and `help replay` as `replay --help`."""
        if args[:1] == ["help"]:
            args = [*args[1:2], "--help"]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            seen_enough()
            raise typer.Exit(0) from None
        return result


app = typer.Typer(
    name="sturmglas",
    cls=Commands,
    help="Notices a storm of outrage while it is small, wakes the right person, leads the team"
    " through.",
    epilog="First steps: `sturmglas demo`, then docs/first-hour.md. Exit code 0: fine; 1: the work"
    " failed; 2: wrong use.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
)

for part in (
    running,
    backtest,
    importing,
    detect,
    score,
    checking,
    sending,
    routing,
    silencing,
    planning,
    duty,
    query_health,
    calibrating,
    keeping,
    benching,
):
    part.register(app)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"sturmglas {version('sturmglas')}")
        raise typer.Exit


@app.callback()
def _options(
    show_version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and end."
    ),
    verbose: bool = typer.Option(False, "--verbose", "-v", help="Log more, to standard error."),
) -> None:
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO if verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(message)s",
        datefmt="%Y-%m-%d %H:%M:%S%z",
    )
    # Its lines name whole addresses, and some addresses are secrets (Slack's webhooks).
    for library in ("httpx", "httpcore"):
        logging.getLogger(library).setLevel(logging.WARNING)


def _end(number: int, frame: FrameType | None) -> NoReturn:
    """End a command that is told to stop as Ctrl-C does, so that it cleans up behind itself."""
    raise SystemExit(128 + number)


def main() -> None:
    """Run the command line."""
    signal.signal(signal.SIGTERM, _end)
    app()
