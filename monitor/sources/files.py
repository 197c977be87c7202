"""FollowedFile: a growing file of mentions, read to its end and then followed.

Handles what really happens to such files: a last line still being written waits, a rotated file
is finished before its successor is begun, a truncated one starts over.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import os
import random
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from detectors.mention import Mention
from monitor.settings import FileSource
from monitor.sources.base import BATCH, Intake, SourceError, insist, keep_running, tell_failed
from monitor.sources.replay import (
    LINE_LIMIT,
    Complaint,
    check_header,
    complaint,
    open_bytes,
    row_to_mention,
)

HEAD = 256
"""Bytes at the start by which a file is known again (inode numbers are reused)."""

_END = object()


@dataclass(slots=True)
class _Place:
    """Where we are in which file: ``offset`` bytes (unpacked) behind the last whole record."""

    inode: int = 0
    offset: int = 0
    head: str = ""
    line: int = 0
    hashed: int = 0
    """Bytes that ``head`` was made of."""

    def cursor(self) -> dict[str, Any]:
        return {"inode": self.inode, "offset": self.offset, "head": self.head, "line": self.line}


class FollowedFile:
    """Reads JSON lines or CSV in our own format; a ``.gz`` is read to its end and not followed.

    Mentions are handed on under this source's name; each keeps the ``source`` written in it.
    Cursor: inode, byte offset, a hash of the first bytes, line number. Without ``follow`` it
    reads to the end once and then only waits for ``stop``. Bad lines are told as one failure
    that counts them and quotes the first; they never stop the file.
    """

    def __init__(
        self, name: str, settings: FileSource, *, every_s: float = 0.5, seed: int = 0
    ) -> None:
        self._name = name
        self._path = settings.path
        self._follow = settings.follow
        self._every_s = every_s
        self._rng = random.Random(seed)
        self._place: _Place | None = None
        self._done = False
        self._bad = 0
        self._first_bad = ""
        self._quiet_turns = 0

    @property
    def name(self) -> str:
        return self._name

    def run(self, intake: Intake, stop: threading.Event) -> None:
        keep_running(
            self._name, lambda: self._turn(intake, stop), intake, stop, self._rng, cap_s=10.0
        )

    def _turn(self, intake: Intake, stop: threading.Event) -> float:
        if self._done:
            return 3600.0
        if self._place is None:
            self._place = _saved(intake.cursor(self._name)) or _Place()
        begun = self._place
        before = begun.cursor()
        # What was read and not yet handed on is read again after any failure: from the cursor.
        self._place = None
        self._bad = 0
        packed, last = False, begun
        for path, place in self._to_read(begun):
            last = place
            with open_bytes(path) as file:
                packed = isinstance(file, gzip.GzipFile)
                if not self._drain(path, file, place, intake, stop):
                    return 0.0
        self._place = last
        self._tell(intake, changed=last.cursor() != before)
        self._done = packed or not self._follow
        return self._every_s

    def _tell(self, intake: Intake, *, changed: bool) -> None:
        """Tell how it went; an idle file is only told about every 20 turns, to spare the store."""
        self._quiet_turns = 0 if changed or self._bad else self._quiet_turns + 1
        if self._bad:
            more = f" (and {self._bad - 1} more)" if self._bad > 1 else ""
            intake.failed(self._name, f"{self._path.name}: {self._first_bad}{more}")
        elif changed or self._quiet_turns % 20 == 1:
            intake.ok(self._name)

    def _to_read(self, place: _Place) -> list[tuple[Path, _Place]]:
        """Return the files to read now: the rest of a rotated one first, then the current one."""
        try:
            self._path.stat()
        except OSError as error:
            reason = error.strerror or str(error)
            raise SourceError(f"{self._path}: cannot be read: {reason}") from error
        if place.inode == 0:
            return [(self._path, _Place())]
        if _same(self._path, place):
            return [(self._path, place)]
        rotated = [p for p in _siblings(self._path) if _same(p, place)]
        return [*((p, place) for p in rotated[:1]), (self._path, _Place())]

    def _drain(
        self, path: Path, file: BinaryIO, place: _Place, intake: Intake, stop: threading.Event
    ) -> bool:
        """Read one open file to its end; False when stopped on the way."""
        began = place.offset
        batch: list[Mention] = []
        items = _records(path, file, place, final=not self._follow)
        while True:
            try:
                item = next(items, _END)
            except (EOFError, gzip.BadGzipFile) as error:
                self._hand_on(batch, file, place, intake, stop)
                raise SourceError(
                    f"{path}: damaged gzip behind line {place.line}: {error}"
                ) from error
            if item is _END:
                break
            if isinstance(item, Complaint):
                self._bad += 1
                self._first_bad = str(item) if self._bad == 1 else self._first_bad
            elif isinstance(item, Mention):
                batch.append(item)
            if len(batch) >= BATCH and not self._hand_on(batch, file, place, intake, stop):
                return False
            if stop.is_set():
                return False
        return place.offset == began or self._hand_on(batch, file, place, intake, stop)

    def _hand_on(
        self,
        batch: list[Mention],
        file: BinaryIO,
        place: _Place,
        intake: Intake,
        stop: threading.Event,
    ) -> bool:
        if batch and not insist(
            lambda: intake.put(self._name, tuple(batch)),
            stop,
            self._rng,
            on_wait=lambda error: tell_failed(intake, self._name, error),
            cap_s=5.0,
        ):
            return False
        batch.clear()
        _identify(file, place)
        intake.save_cursor(self._name, place.cursor())
        return True


def _records(
    path: Path, file: BinaryIO, place: _Place, *, final: bool
) -> Iterator[Mention | Complaint | None]:
    """Yield what stands behind ``place``, moving it on after each whole record; None: blank.

    ``final``: nobody writes any more, so that a last line without its end is whole.
    """
    header, delimiter = _header(path, file)
    if header and place.offset == 0:
        place.offset, place.line = file.tell(), 1
    file.seek(place.offset)
    decoder = msgspec.json.Decoder(Mention)
    while True:
        raw, lines = _record(file, quoted=bool(header))
        ended = raw.endswith(b"\n")
        if not raw or (not ended and not final and not _whole_object(raw)):
            return
        number = place.line + 1
        place.offset += len(raw)
        place.line += lines
        body = raw.removeprefix(b"\xef\xbb\xbf").strip(b"\r\n")
        try:
            if len(raw) > LINE_LIMIT:
                yield Complaint(number, "", f"longer than {LINE_LIMIT} bytes")
            elif not body.strip():
                yield None
            elif header:
                text = io.StringIO(body.decode("utf-8"), newline="")
                yield row_to_mention(header, next(csv.reader(text, delimiter=delimiter)))
            else:
                yield decoder.decode(body)
        except (msgspec.MsgspecError, ValueError, csv.Error) as error:
            yield complaint(number, error)


def _whole_object(raw: bytes) -> bool:
    """True when a line without its end is a whole JSON object already: nothing can follow it."""
    if not raw.rstrip().endswith(b"}"):
        return False
    try:
        msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return False
    return True


def _record(file: BinaryIO, *, quoted: bool) -> tuple[bytes, int]:
    """Return one whole record and its number of lines; without a final newline it is unfinished.

    In CSV a line break inside quotes belongs to the record: it ends where quotes are even.
    """
    raw = file.readline()
    lines = 1
    while quoted and raw.endswith(b"\n") and raw.count(b'"') % 2 and len(raw) <= LINE_LIMIT:
        more = file.readline()
        if not more:
            return raw[:-1], lines
        raw += more
        lines += 1
    return raw, lines


def _header(path: Path, file: BinaryIO) -> tuple[list[str], str]:
    """Return (header, delimiter) of a CSV, ([], "") for JSON lines; the file stands behind it."""
    first = file.readline(LINE_LIMIT)
    text = first.removeprefix(b"\xef\xbb\xbf")
    if not text.strip() or text.lstrip()[:1] in b"{[" or not first.endswith(b"\n"):
        return [], ""
    line = text.decode("utf-8", "replace")
    delimiter = max(",;\t|", key=line.count)
    return check_header(path, next(csv.reader([line], delimiter=delimiter))), delimiter


def _identify(file: BinaryIO, place: _Place) -> None:
    """Note in ``place`` by what the open file is known again; its position stays."""
    inode = os.fstat(file.fileno()).st_ino
    if place.inode == inode and place.hashed == HEAD:
        return  # spares unpacking a .gz from its start again
    place.inode, place.hashed = inode, min(HEAD, place.offset)
    file.seek(0)
    place.head = _digest(file.read(min(HEAD, place.offset)))
    file.seek(place.offset)


def _same(path: Path, place: _Place) -> bool:
    """True when the file is the one we read from, and holds at least what we read of it."""
    try:
        status = path.stat()
        if status.st_ino != place.inode:
            return False
        with open_bytes(path) as file:
            if not isinstance(file, gzip.GzipFile) and status.st_size < place.offset:
                return False
            head = file.read(min(HEAD, place.offset))
    except (OSError, EOFError, SourceError):
        return False
    return _digest(head) == place.head


def _digest(head: bytes) -> str:
    return hashlib.blake2b(head, digest_size=8).hexdigest()


def _siblings(path: Path) -> list[Path]:
    """Return files beside it that rotation may have made: same name with something behind."""
    beside = path.parent.iterdir()
    return sorted(p for p in beside if p.name.startswith(path.stem) and p != path and p.is_file())


def _saved(cursor: Mapping[str, Any]) -> _Place | None:
    try:
        return _Place(
            int(cursor["inode"]), int(cursor["offset"]), str(cursor["head"]), int(cursor["line"])
        )
    except (KeyError, TypeError, ValueError):
        return None
