"""The command line, thin: parse, call, print. Exit 0 fine, 1 the work failed, 2 wrong use."""

from __future__ import annotations

import logging
import sys
from importlib.metadata import version

import typer

from monitor.cli import benching, checking, detect, importing, running, score

app = typer.Typer(
    name="sturmglas",
    help="Notices a shitstorm while it is small, wakes the right person, leads the team through.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
)

for part in (running, importing, detect, score, checking, benching):
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
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )


def main() -> None:
    """Run the command line."""
    app()
