"""Where each key of a TOML file stands, by line; no parser for Python says that of a good file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any

Path = tuple[str | int, ...]
_MAY_END = re.compile(r"[\]}]|\"\"\"|'''")  # a value of several lines ends only with one of these
_HEADER = re.compile(r"\s*(\[\[?)\s*(.+?)\s*\]\]?\s*(?:#.*)?$")


class Lines:
    """Line numbers (from 1) by key path; elements of ``[[table]]`` are counted by integers."""

    def __init__(self, text: str) -> None:
        self._at: dict[Path, int] = {}
        self._elements: dict[Path, int] = {}
        self._scan(text.splitlines())

    def of(self, path: Path) -> int:
        """Return the line of ``path`` or of the nearest thing around it; 0 for the file itself."""
        for end in range(len(path), 0, -1):
            if line := self._at.get(path[:end]):
                return line
        return 0

    def _scan(self, lines: list[str]) -> None:
        table: Path = ()
        row = 0
        while row < len(lines):
            line = lines[row]
            if not line.strip() or line.lstrip().startswith("#"):
                row += 1
            elif header := _HEADER.match(line):
                table = self._open(_keys(f"{header[2]} = 0"), header[1] == "[[", row + 1)
                row += 1
            else:
                taken, keys = _statement(lines, row)
                self._mark((*table, *keys), row + 1)
                row += taken

    def _open(self, keys: Path, element: bool, line: int) -> Path:
        path: Path = ()
        for place, key in enumerate(keys):
            path = (*path, key)
            last = place == len(keys) - 1
            if last and element:
                self._elements[path] = self._elements.get(path, -1) + 1
            if path in self._elements:
                self._at.setdefault(path, line)
                path = (*path, self._elements[path])
        self._mark(path, line)
        return path

    def _mark(self, path: Path, line: int) -> None:
        for end in range(1, len(path) + 1):
            self._at.setdefault(path[:end], line)


def _statement(lines: list[str], row: int) -> tuple[int, Path]:
    """Return how many lines the ``key = value`` at ``row`` takes, and its key."""
    for taken, line in enumerate(lines[row:], start=1):
        if taken > 1 and not _MAY_END.search(line):
            continue
        try:
            return taken, _keys("\n".join(lines[row : row + taken]))
        except tomllib.TOMLDecodeError:
            continue
    return len(lines) - row, ()  # not reached for a file that tomllib has parsed


def _keys(statement: str) -> Path:
    """Return the key path of one ``a.b = value``."""
    found: list[str] = []
    raw: Any = tomllib.loads(statement)
    equals = _key_depth(statement)
    while isinstance(raw, Mapping) and len(found) < equals:
        key = next(iter(raw))
        found.append(key)
        raw = raw[key]
    return tuple(found)


def _key_depth(statement: str) -> int:
    """Return how many dotted parts stand left of the equals sign."""
    depth, quote, escaped = 1, "", False
    for char in statement:
        if quote:
            quote = "" if char == quote and not escaped else quote
            escaped = char == "\\" and quote == '"' and not escaped
        elif char in "\"'":
            quote = char
        elif char == "=":
            break
        elif char == ".":
            depth += 1
    return depth
