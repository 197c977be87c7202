"""Between our types and columns: instants as integers, frozen types as JSON text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, overload

import msgspec

from detectors.shaped import shaped

T = TypeVar("T")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# `json.dumps` with settings of its own builds an encoder each time.
_to_text = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@overload
def micros(at: datetime) -> int: ...
@overload
def micros(at: datetime | None) -> int | None: ...
def micros(at: datetime | None) -> int | None:
    """Return microseconds since 1970 UTC, exactly, of an aware datetime.

    Whole numbers all the way: a double of seconds no longer holds every microsecond after 2106.
    """
    if at is None:
        return None
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


@overload
def instant(us: int) -> datetime: ...
@overload
def instant(us: int | None) -> datetime | None: ...
def instant(us: int | None) -> datetime | None:
    """Return what `micros` was given, in UTC."""
    return None if us is None else _EPOCH + timedelta(microseconds=us)


def seconds(at: datetime) -> int:
    """Return whole seconds since 1970 UTC, rounded down."""
    return micros(at) // 1_000_000


def from_seconds(s: int) -> datetime:
    return _EPOCH + timedelta(seconds=s)


def pack(thing: object) -> str:
    """Return a dataclass, struct or JSON-ready thing as JSON text; infinite numbers are kept."""
    return _to_text(msgspec.to_builtins(thing))


def unpack(text: str, type: type[T]) -> T:
    """Return what `pack` was given; msgspec.ValidationError names what does not fit."""
    return shaped(json.loads(text), type)


def pack_map(data: Mapping[str, Any]) -> str:
    """Return JSON-ready data as text. ``Any``: the shape belongs to whoever wrote it.

    Ten times as fast as the standard library, which counts at each closed bin of each topic.
    Numbers must be finite; they come back to the last bit.
    """
    return msgspec.json.encode(data).decode()


def unpack_map(text: str) -> dict[str, Any]:
    data: dict[str, Any] = msgspec.json.decode(text)
    return data
