"""The text of a body: cut into the items of its array, or why it is no JSON. Nothing is judged."""

from __future__ import annotations

import re

import msgspec

from monitor.server.errors import Problem

LIMIT = 1000
"""Most mentions of one request (docs/api.md)."""

_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{},]', re.DOTALL)


def split_array(body: bytes) -> list[bytes]:
    """Cut a JSON array into its items without judging them; empty items are kept as b"".

    Linear in the body. Raises `Problem` 400 when brackets or quotes do not close (then nothing
    can be told apart), 413 beyond `LIMIT` items.
    """
    if body.lstrip(b" \t\r\n")[:1] != b"[":
        raise Problem(400, "not-json", "Expected a JSON array.")
    items: list[bytes] = []
    open_: list[int] = []
    start = 0
    for token in _TOKEN.finditer(body):
        char = body[token.start()]
        if char in b"[{":
            open_.append(char + 2)  # in ASCII the closing bracket stands two after the opening
            start = token.end() if len(open_) == 1 else start
        elif char in b"]}":
            if not open_ or open_.pop() != char:
                raise Problem(400, "not-json", _unclosed(token.start()))
            if not open_:
                return _close(body, items, start, token)
        elif char == ord(",") and len(open_) == 1:
            items.append(body[start : token.start()].strip())
            start = token.end()
            if len(items) > LIMIT:
                raise too_many()
    raise Problem(400, "not-json", _unclosed(len(body)))


def _close(body: bytes, items: list[bytes], start: int, token: re.Match[bytes]) -> list[bytes]:
    if body[token.end() :].strip():
        raise Problem(400, "not-json", f"Something follows the array (byte {token.end()}).")
    last = body[start : token.start()].strip()
    if last or items:
        items.append(last)
    if len(items) > LIMIT:
        raise too_many()
    return items


def too_many() -> Problem:
    """Return the answer to more than `LIMIT` items."""
    return Problem(413, "too-many", f"At most {LIMIT} mentions in one request; send several.")


def require_json(body: bytes) -> None:
    """Raise `Problem` 400 where the body is no JSON at all."""
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
        body.decode()
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise Problem(400, "not-json", not_json(body)) from None


def not_json(body: bytes) -> str:
    """Return why a body is not taken for JSON of ours, as a sentence."""
    if not body.strip():
        return "The body is empty."
    try:
        msgspec.json.decode(body)
    except UnicodeDecodeError:
        return "The body is not UTF-8."
    except msgspec.MsgspecError as error:
        return f"The body is not JSON: {str(error).removeprefix('JSON is malformed: ')}."
    except RecursionError:
        return "The body is nested too deeply."
    return "Expected one mention (a JSON object) or an array of them."


def _unclosed(at: int) -> str:
    return f"The body is not JSON: brackets or quotes do not match (byte {at})."
