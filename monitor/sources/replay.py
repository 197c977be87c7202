"""Recorded mentions from a file: JSON lines or CSV, plain or gzipped, in the order of publication.

A bad line costs itself and nothing else: it becomes a `Complaint` that names line and field.
"""

from __future__ import annotations

import csv
import gzip
import heapq
import io
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

import msgspec

from detectors.mention import Mention
from detectors.shaped import shaped
from monitor.sources.base import SourceError

LINE_LIMIT = 4 * 1024 * 1024
"""Longest line read, in bytes: what the door takes at most in one request."""
SORT_AT_ONCE = 50_000
"""Mentions sorted in memory; beyond that, sorted runs go to a temporary file and are merged."""
FIELD_LIMIT = 1024 * 1024
_PATH = re.compile(r"(?P<reason>.*?)(?: - at `\$\.?(?P<field>.*)`)?$", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<field>[^`]*)`")
_MISSING = re.compile(r"Object missing required field `(?P<field>[^`]*)`")
_INSIDE = ("author", "metrics")
_LISTS = ("tags", "links")


@dataclass(frozen=True, slots=True)
class Complaint:
    """One line that could not be used: where, which field, why. Its neighbours are kept."""

    line: int
    field: str
    reason: str

    def told(self, path: Path) -> str:
        """Return it as one line that an editor can jump to."""
        return f"{path}:{self.line}: {self.field + ': ' if self.field else ''}{self.reason}"

    def __str__(self) -> str:
        return f"line {self.line}: {self.field + ': ' if self.field else ''}{self.reason}"


def complaint(line: int, error: Exception) -> Complaint:
    """Return what a decoding error says, with its field taken out of msgspec's wording."""
    if isinstance(error, UnicodeDecodeError):
        return Complaint(line, "", f"not UTF-8 (byte {error.object[error.start]:#04x})")
    found = _PATH.match(str(error))
    reason, field = (found["reason"], found["field"] or "") if found else (str(error), "")
    for pattern in (_UNKNOWN, _MISSING):
        named = pattern.search(reason)
        if named:
            field = f"{field}.{named['field']}" if field else named["field"]
    return Complaint(line, field, reason)


def open_bytes(path: Path) -> BinaryIO:
    """Open a file for reading, unpacked when it is gzip (by its first bytes, not by its name).

    Raises `SourceError` when it cannot be opened.
    """
    try:
        raw = path.open("rb")
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror or error}") from error
    if not packed:
        return raw
    raw.close()
    return cast(BinaryIO, gzip.open(path, "rb"))


def read(path: Path) -> Iterator[Mention | Complaint]:
    """Yield mentions and complaints in the order of the file; one line in memory at a time.

    The form is told by the first character: ``{`` means JSON lines, anything else CSV with our
    own field names (``author.handle``, ``metrics.likes``). Raises `SourceError` for a file that
    is neither, or is damaged as a whole (a truncated gzip says after which line).
    """
    line = 0
    with open_bytes(path) as file:
        try:
            for item in _items(path, file):
                line = item.line if isinstance(item, Complaint) else line + 1
                yield item
        except (EOFError, gzip.BadGzipFile) as error:
            raise SourceError(f"{path}: damaged gzip after about line {line}: {error}") from error
        except UnicodeDecodeError as error:
            raise SourceError(
                f"{path}: not UTF-8 ({error.reason}); exports of other tools go through"
                f" `sturmglas import {path}` first"
            ) from error


def read_mentions(
    path: Path, on_bad: Callable[[str], None], *, at_once: int = SORT_AT_ONCE
) -> Iterator[Mention]:
    """Yield a file's mentions by published time (ties: source, id).

    ``on_bad`` hears of each bad line, as ``FILE:LINE: field: reason``. Memory is bounded by
    ``at_once`` mentions; larger files are sorted in runs on disk, at the cost of one temporary
    copy. Same file, same order, always. Raises `SourceError` as `read` does.
    """
    with tempfile.TemporaryFile() as spill:
        runs: list[tuple[int, int]] = []
        held: list[Mention] = []
        for item in read(path):
            if isinstance(item, Complaint):
                on_bad(item.told(path))
                continue
            held.append(item)
            if len(held) >= at_once:
                runs.append(_spill(spill, sorted(held, key=_order)))
                held = []
        held.sort(key=_order)
        if not runs:
            yield from held
        else:
            yield from heapq.merge(*(_unspill(spill, *run) for run in runs), held, key=_order)


def row_to_mention(header: list[str], cells: list[str]) -> Mention:
    """Return the mention of one CSV row with our own column names.

    Raises `msgspec.ValidationError` or ValueError naming the field.
    """
    if len(cells) != len(header):
        raise ValueError(f"{len(cells)} cells where the header has {len(header)}")
    fields: dict[str, object] = {}
    for name, cell in zip(header, cells, strict=True):
        outer, _, inner = name.partition(".")
        if not cell:
            if name == "text":
                fields["text"] = ""
        elif inner and outer in _INSIDE:
            cast("dict[str, object]", fields.setdefault(outer, {}))[inner] = cell
        elif name in _LISTS:
            fields[name] = tuple(part for part in re.split(r"[|\s]+", cell) if part)
        else:
            fields[name] = cell
    return shaped(fields, Mention, strict=False)


def check_header(path: Path, header: list[str]) -> list[str]:
    """Return the header stripped, or raise `SourceError` when it is not our own format."""
    names = [name.strip() for name in header]
    missing = [n for n in ("source", "source_id", "text", "published_at") if n not in names]
    if missing:
        raise SourceError(
            f"{path}:1: no column {', '.join(missing)}; expected our own field names. Exports of"
            f" other tools go through `sturmglas import {path}` first"
        )
    return names


def _items(path: Path, file: BinaryIO) -> Iterator[Mention | Complaint]:
    start = file.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
    file.seek(0)
    if not start:
        return iter(())
    return _json_lines(file) if start[:1] in b"{[" else _csv_rows(path, file)


def _json_lines(file: BinaryIO) -> Iterator[Mention | Complaint]:
    decoder = msgspec.json.Decoder(Mention)
    number = 0
    while line := file.readline(LINE_LIMIT + 1):
        number += 1
        if len(line) > LINE_LIMIT:
            while line and not line.endswith(b"\n"):
                line = file.readline(LINE_LIMIT)
            yield Complaint(number, "", f"longer than {LINE_LIMIT} bytes")
            continue
        body = line.removeprefix(b"\xef\xbb\xbf").strip() if number == 1 else line.strip()
        if not body:
            continue
        try:
            yield decoder.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            if body.startswith(b"["):
                yield Complaint(number, "", "a JSON array; expected one object on each line")
            else:
                yield complaint(number, error)


def _csv_rows(path: Path, file: BinaryIO) -> Iterator[Mention | Complaint]:
    csv.field_size_limit(FIELD_LIMIT)
    text = io.TextIOWrapper(cast(io.BufferedReader, file), "utf-8-sig", newline="")
    first = text.readline(LINE_LIMIT)
    delimiter = max(",;\t|", key=first.count)
    try:
        header = check_header(path, next(csv.reader([first], delimiter=delimiter), []))
        yield from _csv_items(csv.reader(text, delimiter=delimiter, strict=True), header)
    finally:
        text.detach()  # the file is closed by its own `with`


def _csv_items(reader: Any, header: list[str]) -> Iterator[Mention | Complaint]:
    # Any: the type of csv.reader has no public name.
    while True:
        line = reader.line_num + 2
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Complaint(line, "", f"not CSV: {error}")
            continue
        if not any(cells):
            continue
        try:
            yield row_to_mention(header, cells)
        except (msgspec.ValidationError, ValueError) as error:
            yield complaint(line, error)


def _order(mention: Mention) -> tuple[datetime, str, str]:
    return mention.published_at, mention.source, mention.source_id


def _spill(file: BinaryIO, mentions: Iterable[Mention]) -> tuple[int, int]:
    begin = file.seek(0, io.SEEK_END)
    encoder = msgspec.json.Encoder()
    for mention in mentions:
        file.write(encoder.encode(mention) + b"\n")
    return begin, file.tell()


def _unspill(file: BinaryIO, begin: int, end: int) -> Iterator[Mention]:
    """Read one run back, a block at a time; the runs share one file, so each keeps its place."""
    decoder = msgspec.json.Decoder(Mention)
    at, rest = begin, b""
    while at < end:
        file.seek(at)
        block = file.read(min(1 << 18, end - at))
        at += len(block)
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            yield decoder.decode(line)
