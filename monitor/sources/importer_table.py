"""The table inside a foreign export: its encoding, separator, preamble, header and rows.

Nothing is assumed silently: each finding comes with the reason it was found by.
"""

from __future__ import annotations

import codecs
import csv
import io
import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from monitor.sources.base import SourceError
from monitor.sources.importer_columns import recognise
from monitor.sources.replay import FIELD_LIMIT, open_bytes

SAMPLE = 256 * 1024
DELIMITERS = (",", ";", "\t", "|")
PREAMBLE_ROWS = 40
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8 with byte order mark"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16, low byte first, by its byte order mark"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16, high byte first, by its byte order mark"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found out, why, and whether there is any doubt."""

    value: str
    why: str
    sure: bool


@dataclass(frozen=True, slots=True)
class Table:
    """How to read the file as rows. ``header_row`` counts rows, ``header_line`` physical lines."""

    encoding: Finding
    delimiter: Finding
    header_row: int
    header_line: int
    header: tuple[str, ...]
    preamble: tuple[tuple[str, ...], ...]
    has_header: bool


def read_table(path: Path) -> Table:
    """Return how the file is to be read. Raises `SourceError` when there is no table in it."""
    with open_bytes(path) as file:
        start = file.read(SAMPLE)
    if not start.strip():
        raise SourceError(f"{path}: empty")
    if start[:4] == b"PK\x03\x04":
        raise SourceError(f"{path}: a workbook (xlsx, zip); save the sheet as CSV first")
    if start.lstrip()[:2] in (b'{"', b"[{"):
        raise SourceError(
            f"{path}: JSON, no table; `sturmglas replay` reads JSON lines as they are"
        )
    if b"\0" in start and not start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise SourceError(f"{path}: no text file; expected CSV")
    encoding = _encoding(path, start)
    text = codecs.getincrementaldecoder(encoding.value)("replace").decode(start)
    if len(start) == SAMPLE:  # whole lines only, so that no row is cut
        text = text[: text.rfind("\n") + 1] or text
    delimiter = _delimiter(path, text)
    rows = list(itertools.islice(_sample_rows(text, delimiter.value), 400))
    at, recognised = _header(rows)
    width = len(rows[at][1])
    header = tuple(c.strip() for c in rows[at][1]) if recognised else _numbered(width)
    return Table(
        encoding=encoding,
        delimiter=delimiter,
        header_row=at if recognised else at - 1,
        header_line=rows[at][0],
        header=header,
        preamble=tuple(tuple(c.strip() for c in cells) for _, cells in rows[:at]),
        has_header=recognised,
    )


def rows_of(path: Path, table: Table) -> Iterator[tuple[int, list[str] | str]]:
    """Yield (line number, cells) behind the header; a string instead of cells is a complaint.

    The line is the physical one on which the row begins, so that an editor finds it.
    """
    csv.field_size_limit(FIELD_LIMIT)
    with open_bytes(path) as file:
        text = _text(file, table.encoding.value)
        try:
            yield from _numbered_rows(csv.reader(text, delimiter=table.delimiter.value), table)
        finally:
            text.detach()  # the file is closed by its own `with`


def _numbered_rows(reader: Any, table: Table) -> Iterator[tuple[int, list[str] | str]]:
    # Any: the type of csv.reader has no public name.
    number = -1
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, UnicodeDecodeError, EOFError, OSError) as error:
            yield line, f"cannot be read as a table: {error}"
            if not isinstance(error, csv.Error):
                return
            continue
        number += 1
        if number > table.header_row and any(c.strip() for c in cells):
            yield line, cells


def _text(file: BinaryIO, encoding: str) -> io.TextIOWrapper:
    errors = "replace" if encoding == "cp1252" else "strict"
    return io.TextIOWrapper(cast(io.BufferedReader, file), encoding, errors=errors, newline="")


def _encoding(path: Path, start: bytes) -> Finding:
    for bom, name, why in _BOMS:
        if start.startswith(bom):
            return Finding(name, why, True)
    even, odd = start[:2000:2].count(0), start[1:2000:2].count(0)
    if max(even, odd) > 0.3 * len(start[:2000:2]) and min(even, odd) < 0.05 * len(start[:2000]):
        name = "utf-16-le" if odd > even else "utf-16-be"
        return Finding(name, "every second byte is zero", False)
    ascii_only = True
    decoder = codecs.getincrementaldecoder("utf-8")()
    with open_bytes(path) as file:
        while block := file.read(1 << 20):
            ascii_only = ascii_only and block.isascii()
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                odd_byte = error.object[error.start]
                why = f"byte 0x{odd_byte:02x} cannot be UTF-8; Windows tools write cp1252"
                return Finding("cp1252", why, False)
    if ascii_only:
        return Finding("utf-8", "plain ASCII throughout", True)
    return Finding("utf-8", "every byte fits UTF-8", True)


def _delimiter(path: Path, text: str) -> Finding:
    first = text.split("\n", 1)[0].strip().lower().strip('"')
    if first.startswith("sep=") and len(first) == 5:
        return Finding(first[4], "the file says so in its first line", True)
    scores: dict[str, tuple[float, int]] = {}
    for delimiter in DELIMITERS:
        sample = itertools.islice(_sample_rows(text, delimiter), 200)
        widths = Counter(len(cells) for _, cells in sample if cells)
        width, rows = max(widths.items(), key=lambda item: item[1] * (item[0] - 1) ** 0.5)
        share = rows / sum(widths.values())
        scores[delimiter] = (0.0 if width < 2 else share * width**0.5, width)
    best = max(DELIMITERS, key=lambda d: scores[d][0])
    if not scores[best][0]:
        raise SourceError(
            f"{path}: no table found: expected columns separated by comma, semicolon, tab or |"
        )
    others = sorted((scores[d][0] for d in DELIMITERS if d != best), reverse=True)
    why = f"gives {scores[best][1]} columns on most rows"
    return Finding(best, why, others[0] < 0.7 * scores[best][0])


def _sample_rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(FIELD_LIMIT)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except (StopIteration, csv.Error):
            return
        yield line, cells


def _header(rows: list[tuple[int, list[str]]]) -> tuple[int, bool]:
    """Return (row of the header, True), or (first row of the table, False) when it has none.

    The header is the first row in which most names are known; preambles have fewer cells, and
    their labels ("From:", "Date:") are not enough.
    """
    widths = Counter(len(cells) for _, cells in rows if len(cells) > 1)
    width = max(widths, key=lambda w: (widths[w], w))
    best, best_score = -1, 0.0
    for number, (_, cells) in enumerate(rows[:PREAMBLE_ROWS]):
        filled = [c for c in cells if c.strip()]
        if len(filled) < 2 or len(cells) < width * 0.6:
            continue
        known = sum(1 for c in filled if recognise(c))
        score = known / len(filled) + (0.1 if len(cells) == width else 0.0)
        if known >= 2 and score > best_score + 0.2:
            best, best_score = number, score
    if best >= 0:
        return best, True
    first = next(n for n, (_, cells) in enumerate(rows) if len(cells) == width)
    cells = rows[first][1]
    wordy = all(c.strip() and len(c) < 40 and not any(ch.isdigit() for ch in c) for c in cells)
    return first, wordy and len(set(cells)) == len(cells)


def _numbered(width: int) -> tuple[str, ...]:
    return tuple(f"column {number}" for number in range(1, width + 1))
