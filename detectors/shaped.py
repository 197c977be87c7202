"""Plain data becomes our types: the one place that asks msgspec to.

What msgspec knows of a type it finds out when it is asked for it first, and a second thread that asks meanwhile
reads what is half found: the interpreter crashes (msgspec 0.22, dataclasses; `tests/detectors/test_shaped.py`). So the first
time is one thread's at a time here, for types and all that is inside them.
"""

from __future__ import annotations

import threading
from typing import TypeVar

import msgspec

T = TypeVar("T")
_known: set[object] = set()
_first = threading.Lock()


def shaped(data: object, type: type[T], *, strict: bool = True) -> T:
    """Return ``data``, as JSON would hold it, as a ``type``; msgspec.ValidationError names what does not fit."""
    _see(type)
    return msgspec.convert(data, type, strict=strict)


def decoded(text: bytes | str, type: type[T]) -> T:
    """Return JSON text as a ``type``; msgspec.DecodeError says what is no JSON or does not fit."""
    _see(type)
    return msgspec.json.decode(text, type=type)


def _see(type: object) -> None:
    if type not in _known:
        with _first:
            msgspec.json.Decoder(type)
            _known.add(type)
