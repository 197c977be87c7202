"""How the command line complains: in words, with the right exit code, never with a traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import typer

FAILED = 1
"""Exit code: the work failed."""
WRONG_USE = 2
"""Exit code: asked for in a way that cannot work (options, files that cannot be opened, settings)."""
TOLD = 20
"""Unusable lines told one by one; the rest are counted."""


def complain(complaints: Iterable[object], code: int = FAILED) -> NoReturn:
    """Print complaints to standard error and end with ``code``."""
    for complaint in complaints:
        typer.echo(str(complaint), err=True)
    raise typer.Exit(code)


@contextmanager
def plainly() -> Iterator[None]:
    """Tell what users and machines do wrong in words; whatever else is raised inside is a bug."""
    from detectors.score.linear import WeightsError
    from monitor.app.only import InUse, OneProcess
    from monitor.ports import Unavailable
    from monitor.server.lifecycle import CannotListen
    from monitor.settings import SettingsError
    from monitor.sources.base import SourceError
    from monitor.store.sqlite import WrongFile
    from monitor.stream import WrongServer
    from playbooks.load import PlaybookError

    try:
        yield
    except (SettingsError, PlaybookError) as error:
        complain(error.complaints, code=WRONG_USE)
    except OneProcess as error:
        complain([error], code=WRONG_USE)
    except (
        SourceError,
        WrongFile,
        WrongServer,
        InUse,
        Unavailable,
        CannotListen,
        WeightsError,
    ) as error:
        complain([error])


def must_open(path: Path) -> Path:
    """Return ``path`` if it is a file that can be read; else complain, which is wrong use."""
    try:
        with path.open("rb"):
            return path
    except FileNotFoundError:
        complain([f"{path}: no such file"], code=WRONG_USE)
    except IsADirectoryError:
        complain([f"{path}: a folder; expected a file"], code=WRONG_USE)
    except OSError as error:
        complain([f"{path}: cannot be read: {error.strerror}"], code=WRONG_USE)


class Unusable:
    """Tells the first `TOLD` lines that cannot be used, and at the end how many more there were."""

    def __init__(self, say: Callable[[str], None] | None = None) -> None:
        self.count = 0
        self._say = say or (lambda text: typer.echo(text, err=True))

    def __call__(self, complaint: str) -> None:
        self.count += 1
        if self.count <= TOLD:
            self._say(complaint)

    def end(self) -> None:
        """Tell how many were not told."""
        if self.count > TOLD:
            self._say(f"... and {self.count - TOLD:,} more lines that cannot be used")


def seen_enough() -> None:
    """Let whatever is still to be printed go nowhere: our reader (``| head``) has gone."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
