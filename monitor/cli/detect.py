"""``sturmglas detect``: a series in, the same rows with expectation, score and alert out."""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Annotated, TextIO, cast

import typer

from monitor.cli.told import FAILED, WRONG_USE, complain, must_open

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
        found = ",".join(header[:2]) or "nothing"
        hint = "; the separator must be a comma" if re.search(r"[;\t|]", found) else ""
        raise SeriesError(f"{name}:1: expected the header timestamp,value, found {found}{hint}")
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
    from detectors.alert_score import AlertScore
    from detectors.burst import GAP_S, SETTLED, Burst

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
    """Write rows as they come, each flushed, as CSV with a header or as JSON lines.

    The header waits for the first row: a series that cannot be read at all gives no output.
    """
    header = "" if as_json else ",".join(HEADER) + "\n"
    for s in scored:
        out.write(header + (_json(s) if as_json else _csv(s)))
        out.flush()
        header = ""
    out.write(header)
    out.flush()


class Spacing:
    """Looks whether rows are as far apart as ``--bin`` says."""

    def __init__(self, bin: timedelta) -> None:
        self._bin = bin
        self._gaps: dict[timedelta, int] = {}

    def passed(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield the rows as they are."""
        last: datetime | None = None
        for row in rows:
            if last is not None and (len(self._gaps) < 1000 or row.at - last in self._gaps):
                self._gaps[row.at - last] = self._gaps.get(row.at - last, 0) + 1
            last = row.at
            yield row

    def complaint(self) -> str:
        """Return what does not fit, "" where most rows are one span apart."""
        if not self._gaps:
            return ""
        usual, rows = max(self._gaps.items(), key=lambda item: item[1])
        if rows * 2 <= sum(self._gaps.values()) or usual == self._bin:
            return ""
        return f"most rows are {_short(usual)} apart, but --bin says {_short(self._bin)}"


def _short(span: timedelta) -> str:
    """Return a span as ``--bin`` takes it."""
    seconds = int(span.total_seconds())
    unit = next((u for u in ("d", "h", "m") if seconds and seconds % _UNITS[u] == 0), "s")
    return f"{seconds // _UNITS[unit]}{unit}"


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
    """Add the command."""
    app.command("detect", short_help="A series of counts: what stands out, row by row.")(detect)


def detect(
    series: Annotated[
        str, typer.Argument(metavar="FILE", help="timestamp,value as CSV, .gz too; - for input.")
    ],
    bin: Annotated[
        str, typer.Option("--bin", metavar="SPAN", help="Time from row to row: 30s, 5m, 1h, 1d.")
    ] = "5m",
    as_json: Annotated[
        bool, typer.Option("--json", help="For programs: one JSON object a line.")
    ] = False,
) -> None:
    """Find what stands out in a series of counts, with the same engine that judges posts.

    The rows come out as they went in, with expected,score,return_period_days,alert behind: what
    was expected, how far the row stands out (0 to 1), how rare that is, and 1 where it is worth a
    look. Each row is judged by the rows above it only. Times without a zone are taken as UTC.

    \b
    Example:
      sturmglas detect mentions.csv --bin 5m > scored.csv
    """
    try:
        span = parse_bin(bin)
    except SeriesError as error:
        complain([error], code=WRONG_USE)
    spacing = Spacing(span)
    try:
        with _opened(series) as lines:
            rows = spacing.passed(read_rows(lines, series))
            write_rows(score_rows(rows, span), sys.stdout, as_json=as_json)
    except BrokenPipeError:
        raise
    except UnicodeDecodeError as error:
        complain([f"{series}: not UTF-8 ({error.reason}); expected CSV"], code=FAILED)
    except (EOFError, OSError) as error:
        complain([f"{series}: cannot be read to its end: {error}"], code=FAILED)
    except SeriesError as error:
        complain([error], code=FAILED)
    if wrong := spacing.complaint():
        typer.echo(f"warning: {wrong}", err=True)


@contextmanager
def _opened(series: str) -> Iterator[Iterable[str]]:
    """Give the lines of a file or of standard input."""
    if series == "-":
        yield sys.stdin
        return
    path = must_open(Path(series))
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        data = cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if packed else raw
        yield io.TextIOWrapper(data, encoding="utf-8-sig", newline="")
