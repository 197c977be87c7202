"""import: another tool's export becomes mentions, with every guess shown before it counts."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, BinaryIO

import msgspec
import typer

from detectors.mention import Mention
from monitor.cli.told import complain
from monitor.sources.base import SourceError
from monitor.sources.importer import Plan, convert, inspect
from monitor.sources.importer_dates import Order
from monitor.sources.replay import Complaint

TOLD = 20
"""Complaints told one by one; the rest are counted."""
_WIDTH = 60


@dataclass(slots=True)
class _Summary:
    """What came of it."""

    rows: int = 0
    mentions: int = 0
    complaints: int = 0
    first: datetime | None = None
    last: datetime | None = None

    def saw(self, mention: Mention) -> None:
        at = mention.published_utc
        self.mentions += 1
        self.first = min(self.first or at, at)
        self.last = max(self.last or at, at)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import")(import_)


def import_(
    file: Annotated[Path, typer.Argument(help="The export: CSV in any common shape, .gz too.")],
    zone: Annotated[
        str | None, typer.Option(help="Zone of times without an offset, like Europe/Berlin.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="One source name for all rows. Default: by column.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where to write the mentions. Default: standard output.")
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(help='Field=column, like text="Hit Sentence"; may be repeated.'),
    ] = None,
    dates: Annotated[
        Order | None, typer.Option(help="Which of 03/04 is the day, where it cannot be told.")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask; overwrite the output file.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Guesses, complaints, summary as JSON lines.")
    ] = False,
) -> None:
    """Turn an export of a listening tool into mentions, one JSON object per line.

    Each guess is shown with its reason, and ten rows as they come out. A zone that the file does
    not state is asked for. Rows that cannot be used are told by line and cost nothing else; the
    exit code is 1 only when nothing at all came out.
    Example: sturmglas import export.csv --zone Europe/Berlin --out crisis.jsonl
    """
    wanted = _pairs(columns or [])
    say = _teller(as_json, to_out=out is not None)
    asks = sys.stdin.isatty() and sys.stderr.isatty() and not yes
    if out is not None and out.exists() and not yes:
        complain([f"{out}: exists already; choose another name, or --yes to overwrite it"], code=2)
    try:
        plan = inspect(file, zone=zone, columns=wanted, source=source, order=dates)
        if asks and (plan.needs or not _order_sure(plan)):
            zone, dates = _ask(plan, zone, dates)
            plan = inspect(file, zone=zone, columns=wanted, source=source, order=dates)
    except SourceError as error:
        complain([error], code=2 if zone or wanted else 1)
    _show(plan, say, as_json, rich=not as_json and sys.stderr.isatty() and out is None)
    if plan.needs:
        complain([f"{file}: {need.question} Give {need.option}." for need in plan.needs], code=2)
    if asks and not typer.confirm("Go ahead?", default=True, err=True):
        raise typer.Exit(1)
    summary = _carry_out(file, plan, out, say)
    _tell_summary(summary, say)
    if not summary.mentions:
        complain([f"{file}: nothing came out of {summary.rows} rows"])


Say = Callable[[str, dict[str, object], str], None]
"""(type, fields, the same in words): tells one line."""


def _teller(as_json: bool, *, to_out: bool) -> Say:
    """Return what tells: on standard output where the mentions go to a file, else on standard error."""

    def say(kind: str, fields: dict[str, object], words: str) -> None:
        line = json.dumps({"type": kind, **fields}, ensure_ascii=False) if as_json else words
        typer.echo(line, err=not to_out)

    return say


def _pairs(columns: list[str]) -> dict[str, str]:
    found = {}
    for pair in columns:
        field, equals, name = pair.partition("=")
        if not equals or not field or not name:
            complain([f'--columns {pair}: expected field=column, like text="Hit Sentence"'], code=2)
        found[field.strip()] = name.strip()
    return found


def _order_sure(plan: Plan) -> bool:
    return plan.guess("dates").sure or plan.guess("dates").value not in tuple(Order)


def _ask(plan: Plan, zone: str | None, dates: Order | None) -> tuple[str | None, Order | None]:
    """Ask on the terminal for what only a person can tell."""
    if not _order_sure(plan):
        guess = plan.guess("dates")
        answer = typer.prompt(f"Dates: {guess.why}. dmy or mdy?", default=guess.value, err=True)
        dates = Order.MDY if answer.strip().lower() == "mdy" else Order.DMY
    for need in plan.needs:
        zone = typer.prompt(need.question, default="Europe/Berlin", err=True).strip()
    return zone, dates


def _show(plan: Plan, say: Say, as_json: bool, *, rich: bool) -> None:
    for guess in plan.guesses:
        fields: dict[str, object] = {
            "what": guess.what, "value": guess.value, "why": guess.why, "sure": guess.sure,
        }  # fmt: skip
        mark = " " if guess.sure else "?"
        say("guess", fields, f"{mark} {guess.what:<18} {guess.value:<28} {guess.why}")
    if as_json:
        for row in plan.rows:
            say("row", {"mention": json.loads(msgspec.json.encode(row))}, "")
    elif rich or sys.stdout.isatty():
        _table(plan)
    else:
        for row in plan.rows:
            say("row", {}, "  " + " | ".join(_cells(row)))


def _table(plan: Plan) -> None:
    """Draw the first rows as a table, for eyes."""
    from rich.console import Console
    from rich.table import Table

    table = Table(
        "published (UTC)", "source", "author", "text", title="First rows as they come out"
    )
    for row in plan.rows:
        table.add_row(*_cells(row))
    Console(stderr=True, markup=False).print(table)


def _cells(row: Mention) -> tuple[str, str, str, str]:
    text = " ".join(row.text.split())
    return (
        f"{row.published_utc:%Y-%m-%d %H:%M}",
        row.source,
        row.author.handle if row.author else "",
        text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…",
    )


def _carry_out(file: Path, plan: Plan, out: Path | None, say: Say) -> _Summary:
    summary = _Summary()
    encoder = msgspec.json.Encoder()
    try:
        with _sink(out) as sink:
            for item in convert(file, plan):
                summary.rows += 1
                if isinstance(item, Complaint):
                    summary.complaints += 1
                    if summary.complaints <= TOLD:
                        where: dict[str, object] = {
                            "line": item.line, "field": item.field, "reason": item.reason,
                        }  # fmt: skip
                        say("complaint", where, item.told(file))
                    continue
                summary.saw(item)
                sink.write(encoder.encode(item) + b"\n")
    except BrokenPipeError:
        # Whoever read us has seen enough (`| head`): no error, and nothing left to flush to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None
    except OSError as error:
        complain([f"{out or 'standard output'}: {error.strerror or error}"])
    return summary


@contextmanager
def _sink(out: Path | None) -> Iterator[BinaryIO]:
    """Give what mentions are written to; a file appears whole or not at all."""
    if out is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    part = out.with_name(out.name + ".part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)


def _tell_summary(summary: _Summary, say: Say) -> None:
    first = summary.first.isoformat() if summary.first else None
    last = summary.last.isoformat() if summary.last else None
    left = summary.complaints - TOLD
    if left > 0:
        say("more_complaints", {"count": left}, f"... and {left} more rows that cannot be used")
    span = f", from {first} to {last}" if first else ""
    say(
        "summary",
        {
            "rows": summary.rows, "mentions": summary.mentions, "complaints": summary.complaints,
            "first": first, "last": last,
        },
        f"{summary.rows} rows in, {summary.mentions} mentions out,"
        f" {summary.complaints} rows not usable{span}",
    )  # fmt: skip
