"""Complaint: why an item is refused, naming field and reason, for the person who has to mend it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from enum import StrEnum
from functools import lru_cache
from typing import Any

import msgspec

from detectors.mention import AccountType, Direction, Kind

SHOWN = 60
"""How many characters of a wrong value are shown back to its sender."""
HINTED = 24
"""Longest unknown field name for which a known one is looked for."""

_AT = re.compile(r"^(?P<what>.*?)(?: - at `\$(?P<path>.*)`)?$", re.DOTALL)
_PART = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_NAMED = re.compile(
    r"^Object (?:contains unknown|missing required) field `(?P<name>.*)`$", re.DOTALL
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_TYPES = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "object": "an object",
    "array": "a list",
    "null": "null",
    "datetime": "a time",
}
_ENUMS: dict[str, type[StrEnum]] = {
    "kind": Kind,
    "direction": Direction,
    "author.account_type": AccountType,
}
_TIME = "a time with offset such as 2026-11-22T14:05:00+01:00"


def complaint(error: Exception, raw: bytes, type_: type[msgspec.Struct]) -> str:
    """Return ``field: reason`` for an item that did not decode; ASCII where it quotes the item."""
    if isinstance(error, msgspec.ValidationError):
        return _invalid(str(error), raw, type_)
    if isinstance(error, RecursionError):
        return "body: nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return "body: not UTF-8"
    if not raw.strip():
        return "body: expected an object, got nothing"
    reason = str(error).removeprefix("JSON is malformed: ")
    return _lenient(raw) or f"body: not JSON ({reason})"


def places(value: object, at: str = "") -> Iterator[tuple[str, object]]:
    """Yield every leaf of a decoded JSON value with its place (``author.handle``, ``tags[1]``)."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from places(inner, f"{at}.{key}" if at else str(key))
    elif isinstance(value, (list, tuple)):
        for number, inner in enumerate(value):
            yield from places(inner, f"{at}[{number}]")
    else:
        yield at, value


def _lenient(raw: bytes) -> str:
    """Name the field where Python's own reader, which takes more than JSON, gets through."""
    try:
        leaves = list(places(json.loads(raw)))
    except (ValueError, RecursionError):
        return ""
    for place, value in leaves:
        at = printable(place) or "body"
        if isinstance(value, float) and not math.isfinite(value):
            return f"{at}: NaN and Infinity are no JSON numbers, use null"
        if isinstance(value, str) and _SURROGATE.search(value):
            return f"{at}: holds half a surrogate pair, which is no character"
    return ""


def _invalid(message: str, raw: bytes, type_: type[msgspec.Struct]) -> str:
    found = _AT.match(message)
    what, path = (found["what"], found["path"] or "") if found else (message, "")
    place = path.lstrip(".")
    if named := _NAMED.match(what):
        field = f"{place}.{named['name']}" if place else named["name"]
        if "missing" in what:
            return f"{printable(field)}: required field missing"
        return f"{printable(field)}: unknown field{_meant(named['name'], place, type_)}"
    value = _value(raw, path)
    return f"{place or 'body'}: {_expected(what, place)}, got {value}"


def _expected(what: str, place: str) -> str:
    if place == "published_at":
        return f"expected {_TIME}"
    if what.startswith("Invalid enum value") and (enum := _ENUMS.get(place)):
        return "expected one of " + ", ".join(member.value for member in enum)
    if what == "Number out of range":
        return "expected a finite number"
    if length := re.search(r"of length (<=|>=) (\d+)", what):
        bound = "at most" if length[1] == "<=" else "at least"
        unit = "entries" if what.startswith("Expected `array`") else "characters"
        return f"expected {bound} {length[2]} {unit}"
    if size := re.match(r"Expected `\w+` (<=|>=) (-?\d+)", what):
        return f"expected a number {size[1]} {size[2]}"
    names = re.match(r"Expected `([\w |]+)`", what)
    if names:
        words = [_TYPES.get(name, name) for name in names[1].split(" | ")]
        return "expected " + " or ".join(words)
    return what[:1].lower() + what[1:]


def _value(raw: bytes, path: str) -> str:
    """Return the offending value as JSON, shortened: long texts by their length."""
    try:
        value: Any = json.loads(raw)  # any JSON at all
        for key, index in _PART.findall(path):
            value = value[key] if key else value[int(index)]
    except (ValueError, LookupError, TypeError, RecursionError):
        return "something else"
    if isinstance(value, str) and len(value) > SHOWN:
        return f"{len(value)} characters"
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else f"a list of {len(value)}"
    return json.dumps(value)[: SHOWN + 20]


@lru_cache
def _known(type_: type[msgspec.Struct]) -> tuple[str, ...]:
    return tuple(field.encode_name for field in msgspec.structs.fields(type_))


@lru_cache(maxsize=1024)
def _meant(name: str, place: str, type_: type[msgspec.Struct]) -> str:
    """Return a hint when a known field looks like the unknown one; cached, for it is dear (0.06 ms)."""
    if place or len(name) > HINTED:
        return ""
    close = get_close_matches(name, _known(type_), n=1, cutoff=0.7)
    return f'; did you mean "{close[0]}"?' if close else ""


def printable(text: str) -> str:
    """Return ``text`` without anything that a terminal or log could stumble over, shortened."""
    return text[:128].encode("ascii", "backslashreplace").decode()
