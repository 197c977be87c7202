"""import: another tool's export becomes mentions, with every guess shown before it counts."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from monitor.cli.told import TOLD, WRONG_USE, complain, must_open
from monitor.sources.importer_dates import Order

if TYPE_CHECKING:
    from detectors.mention import Mention
    from monitor.sources.importer import Plan


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
    app.command("import", short_help="Another tool's export (CSV) becomes mentions.")(import_)


def import_(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The export: CSV in any common shape, .gz too.")
    ],
    zone: Annotated[
        str | None,
        typer.Option(
            metavar="ZONE", help="Zone of times that state none, like Europe/Berlin or UTC."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Where to write the mentions. Left out: standard output."
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="One source name for all rows. Left out: by column."),
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIELD=COLUMN",
            help='Where a field stands, like text="Hit Sentence"; may be repeated.',
        ),
    ] = None,
    dates: Annotated[
        Order | None,
        typer.Option(
            metavar="ORDER", help="dmy or mdy: is 03/04 in April or in March? Left out: found out."
        ),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Ask nothing; overwrite the output file.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="For programs: guesses, complaints, summary as JSON.")
    ] = False,
) -> None:
    """Turn another tool's export into mentions, one JSON object a line, as `replay` reads them.

    Every guess is shown with its reason (? where it is not sure), and ten rows as they come out.
    On a terminal you are asked for what cannot be guessed. Rows that cannot be used are told by
    line and cost nothing else; exit code 1 only if nothing at all came out.

    \b
    Example:
      sturmglas import export.csv --zone Europe/Berlin --out crisis.jsonl
    """
    from monitor.sources.base import SourceError
    from monitor.sources.importer import inspect

    must_open(file)
    wanted = _pairs(columns or [])
    say = _teller(as_json, to_out=out is not None)
    asks = sys.stdin.isatty() and sys.stderr.isatty() and not yes
    _must_be_new(out, yes)
    try:
        plan = inspect(file, zone=zone, columns=wanted, source=source, order=dates)
        if asks and (plan.needs or not _order_sure(plan)):
            zone, dates = _ask(plan, zone, dates)
            plan = inspect(file, zone=zone, columns=wanted, source=source, order=dates)
    except SourceError as error:
        complain([error], code=WRONG_USE if zone or wanted else 1)
    _show(plan, say, as_json)
    if plan.needs:
        told = [f"{n.question} Give {n.option}, like {n.option} Europe/Berlin" for n in plan.needs]
        complain([f"{file}: {text}" for text in told], code=WRONG_USE)
    if asks and out is None and sys.stdout.isatty():
        name = f"{file.name.partition('.')[0]}.jsonl"
        out = Path(typer.prompt("Write the mentions to", default=name, err=True))
        _must_be_new(out, yes)
        say = _teller(as_json, to_out=True)
    elif asks and not typer.confirm("Go ahead?", default=True, err=True):
        raise typer.Exit(1)
    summary = _carry_out(file, plan, out, say)
    _tell_summary(summary, plan, say)
    if not summary.mentions:
        complain([f"{file}: nothing came out of {summary.rows} rows"])
    if out is not None and not as_json:
        typer.echo(f"Written to {out}. Next: sturmglas replay {out}")


def _must_be_new(out: Path | None, yes: bool) -> None:
    if out is not None and out.exists() and not yes:
        text = f"{out}: exists already; choose another name, or --yes to overwrite it"
        complain([text], code=WRONG_USE)


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
            text = f'--columns {pair}: expected field=column, like text="Hit Sentence"'
            complain([text], code=WRONG_USE)
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


def _show(plan: Plan, say: Say, as_json: bool) -> None:
    for guess in plan.guesses:
        fields: dict[str, object] = {
            "what": guess.what, "value": guess.value, "why": guess.why, "sure": guess.sure,
        }  # fmt: skip
        mark = " " if guess.sure else "?"
        say("guess", fields, f"{mark} {guess.what:<18} {guess.value:<28} {guess.why}")
    if as_json:
        import msgspec

        for row in plan.rows:
            say("row", {"mention": json.loads(msgspec.json.encode(row))}, "")
        return
    zone = "times as written" if plan.needs else f"times in {plan.reading.zone}"
    say("row", {}, f"First rows as they come out, {zone}:")
    width = shutil.get_terminal_size((110, 24)).columns
    for row in plan.rows:
        text = "  " + " | ".join(_cells(row, plan))
        say("row", {}, text if len(text) <= width else text[: width - 1] + "…")


def _cells(row: Mention, plan: Plan) -> tuple[str, str, str, str]:
    return (
        f"{row.published_utc.astimezone(plan.reading.zone):%Y-%m-%d %H:%M}",
        row.source,
        row.author.handle if row.author else "",
        " ".join(row.text.split()),
    )


def _carry_out(file: Path, plan: Plan, out: Path | None, say: Say) -> _Summary:
    import msgspec

    from monitor.sources.importer import convert
    from monitor.sources.replay import Complaint

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
        raise
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


def _tell_summary(summary: _Summary, plan: Plan, say: Say) -> None:
    first = summary.first.isoformat() if summary.first else None
    last = summary.last.isoformat() if summary.last else None
    left = summary.complaints - TOLD
    if left > 0:
        say("more_complaints", {"count": left}, f"... and {left} more rows that cannot be used")
    span = ""
    if summary.first and summary.last:
        zone = plan.reading.zone
        ends = (f"{at.astimezone(zone):%a %Y-%m-%d %H:%M}" for at in (summary.first, summary.last))
        span = f", {' to '.join(ends)} ({zone})"
    say(
        "summary",
        {
            "rows": summary.rows, "mentions": summary.mentions, "complaints": summary.complaints,
            "first": first, "last": last,
        },
        f"{summary.rows} rows in, {summary.mentions} mentions out,"
        f" {summary.complaints} rows not usable{span}",
    )  # fmt: skip
