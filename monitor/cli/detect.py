"""``sturmglas detect``: a series in, the same rows with expectation, score and alert out."""

from __future__ import annotations

import csv
import json
import math
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TextIO

import typer

from detectors.burst import GAP_S, SETTLED, AlertScore, Burst

HEADER = ("timestamp", "value", "expected", "score", "return_period_days", "alert")
ALERT_SCORE = 0.55
"""Score from which ``alert`` is 1: a burst of once in 3.5 days that stands out from the last day;
the best single threshold on NAB realTweets is 0.56 (docs/decisions/0005-level-reading.md)."""
_BIN = re.compile(r"(\d+)([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class SeriesError(ValueError):
    """A row or option that cannot be read; says where and what was expected."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row in: the timestamp as it was written, its instant, the value as written and read."""

    written: str
    at: datetime
    value_written: str
    value: float


@dataclass(frozen=True, slots=True)
class Scored:
    """One row out."""

    row: Row
    expected: float
    score: float
    return_period_days: float
    alert: int


def parse_bin(text: str) -> timedelta:
    """Read ``5m``, ``300s``, ``1h``, ``1d``; SeriesError otherwise. From 1 s to 1 d."""
    match = _BIN.fullmatch(text)
    seconds = int(match[1]) * _UNITS[match[2]] if match else 0
    if not 1 <= seconds <= _UNITS["d"]:
        raise SeriesError(f"--bin {text!r}: expected a span from 1s to 1d, such as 5m, 30s or 1h")
    return timedelta(seconds=seconds)


def read_rows(lines: Iterable[str], name: str) -> Iterator[Row]:
    """Yield rows of ``timestamp,value`` CSV with that header; further columns are ignored.

    A timestamp without a zone is UTC. Raises SeriesError naming the line for a missing header, a
    bad timestamp or value, a negative or not finite value, or a row before the one above it.
    """
    reader = csv.reader(lines)
    header = [cell.strip().lstrip("\ufeff") for cell in next(reader, [])]
    if header[:2] != ["timestamp", "value"]:
        raise SeriesError(f"{name}:1: expected the header timestamp,value, found {header[:2]}")
    last: datetime | None = None
    for cells in reader:
        where = f"{name}:{reader.line_num}"
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) < 2:
            raise SeriesError(f"{where}: expected timestamp,value, found {','.join(cells)!r}")
        at, value = _instant(cells[0], where), _value(cells[1], where)
        if last is not None and at < last:
            raise SeriesError(
                f"{where}: {cells[0]} is earlier than the row above it; sort the rows by time"
            )
        last = at
        yield Row(cells[0].strip(), at, cells[1].strip(), value)


def score_rows(rows: Iterable[Row], bin: timedelta) -> Iterator[Scored]:
    """Yield one scored row per row, causally: each is scored before it is learned, and nothing
    later is looked at. Each row is one bin, whatever its distance; a hole longer than two hours
    ends a burst. Memory does not grow; about 10 us a row.
    """
    bin_s = bin.total_seconds()
    burst, alert = Burst(bin_s, (1,), SETTLED), AlertScore(bin_s)
    last: datetime | None = None
    for row in rows:
        if last is not None and (row.at - last).total_seconds() > max(GAP_S, bin_s):
            burst.tails[0].pause(int((row.at - last).total_seconds() // bin_s))
        last = row.at
        hour = row.at.hour
        expected = burst.expected(hour)
        days = burst.return_periods(row.value, hour)[0]
        score = alert.step(days)
        burst.learn(row.value, hour)
        yield Scored(row, expected, score, days, int(score >= ALERT_SCORE))


def write_rows(scored: Iterable[Scored], out: TextIO, *, as_json: bool) -> None:
    """Write rows as they come, each flushed, as CSV with a header or as JSON lines."""
    if not as_json:
        out.write(",".join(HEADER) + "\n")
        out.flush()
    for s in scored:
        out.write(_json(s) if as_json else _csv(s))
        out.flush()


def _csv(s: Scored) -> str:
    figures = f"{s.expected:.4f},{s.score:.6f},{s.return_period_days:.4f},{s.alert}"
    return f"{s.row.written},{s.row.value_written},{figures}\n"


def _json(s: Scored) -> str:
    data = {
        "timestamp": s.row.written,
        "value": s.row.value,
        "expected": round(s.expected, 4),
        "score": round(s.score, 6),
        "return_period_days": round(s.return_period_days, 4),
        "alert": s.alert,
    }
    return json.dumps(data) + "\n"


def _instant(text: str, where: str) -> datetime:
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise SeriesError(
            f"{where}: {text!r} is no timestamp; expected such as 2026-11-22T14:05:00+01:00"
        ) from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _value(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value < 0:
        raise SeriesError(f"{where}: {text!r} is no count; expected a number of 0 or more")
    return value


def register(app: typer.Typer) -> None:
    """Add the command ``detect``."""

    @app.command()
    def detect(
        series: str = typer.Argument(..., metavar="SERIES.csv", help="CSV file, or - for input."),
        bin: str = typer.Option("5m", "--bin", help="Span of one row: 30s, 5m, 1h ..."),
        as_json: bool = typer.Option(False, "--json", help="One JSON object a line."),
    ) -> None:
        """Score a series of counts: timestamp,value in; the same rows with
        expected,score,return_period_days,alert out. Causal, in a single pass.

        Example: sturmglas detect mentions.csv --bin 5m > scored.csv
        """
        try:
            span = parse_bin(bin)
        except SeriesError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(2) from None
        try:
            if series == "-":
                write_rows(score_rows(read_rows(sys.stdin, "-"), span), sys.stdout, as_json=as_json)
                return
            with Path(series).open(newline="", encoding="utf-8-sig") as file:
                write_rows(score_rows(read_rows(file, series), span), sys.stdout, as_json=as_json)
        except FileNotFoundError:
            typer.echo(f"{series}: no such file", err=True)
            raise typer.Exit(2) from None
        except (SeriesError, OSError, UnicodeDecodeError) as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from None
