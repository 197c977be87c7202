"""Body: all of a request's bytes or a clear refusal, never more memory than was agreed."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.types import Receive

from monitor.server.errors import Problem

READ_S = 30.0
"""How long a sender may take for its body."""
_STEP = 64 * 1024


class HungUp(Exception):
    """The sender went away before its body was complete; nobody waits for an answer."""


@dataclass(slots=True)
class Room:
    """How many bytes of unfinished bodies may be held at once, over all requests."""

    free: int

    def take(self, size: int) -> None:
        """Reserve ``size`` bytes; raises `Problem` 503 when there is no room."""
        if size > self.free:
            detail = "Too many large requests at once; send them one after the other."
            raise Problem(503, "busy", detail, retry_after_s=1.0)
        self.free -= size

    def give(self, size: int) -> None:
        self.free += size


def declared(headers: Mapping[str, str], limit: int) -> None:
    """Refuse a body by its own word, before a byte of it is read: `Problem` 413 or 400."""
    length = headers.get("content-length")
    if length is None:
        return
    if not (length.isascii() and length.isdigit()):
        raise Problem(400, "bad-length", "content-length: expected a number of bytes")
    if len(length) > 15 or int(length) > limit:
        raise too_large(limit)


def too_large(limit: int) -> Problem:
    detail = f"The body is larger than {limit} bytes (server.max_body_bytes); send several."
    return Problem(413, "too-large", detail)


async def read(receive: Receive, limit: int, room: Room) -> bytes:
    """Read at most ``limit`` bytes within `READ_S`.

    Raises `Problem` 413 beyond the limit, 408 when too slow, 503 when `Room` has none left;
    `HungUp` when the sender goes.
    """
    chunks: list[bytes] = []
    held = 0
    try:
        async with asyncio.timeout(READ_S):
            more = True
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise HungUp
                chunk = message.get("body", b"")
                room.take(len(chunk))
                held += len(chunk)
                if held > limit:
                    raise too_large(limit)
                chunks.append(chunk)
                more = message.get("more_body", False)
    except TimeoutError:
        detail = f"The body was not complete within {READ_S:.0f} s."
        raise Problem(408, "too-slow", detail) from None
    finally:
        room.give(held)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def inflate(body: bytes, encoding: str, limit: int) -> bytes:
    """Undo ``Content-Encoding``; at most ``limit`` bytes ever exist, whatever the ratio.

    Raises `Problem` 415 for another encoding than gzip, 400 where the data are broken or cut off,
    413 beyond the limit.
    """
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip"):
        detail = f"content-encoding: expected gzip or none, got {encoding[:40]!a}"
        raise Problem(415, "unsupported-encoding", detail, headers=(("accept-encoding", "gzip"),))
    out = bytearray()
    rest = body
    try:
        while rest:  # a gzip file may have several members, one after the other
            member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
            while not member.eof:
                out += member.decompress(rest, _STEP)
                if len(out) > limit:
                    raise too_large(limit)
                rest = member.unused_data if member.eof else member.unconsumed_tail
                if not rest and not member.eof:
                    # All input is in; what the decoder still holds comes out, or it was cut off.
                    out += member.flush(_STEP)
                    if not member.eof:
                        raise Problem(400, "bad-gzip", "The gzip data are cut off.")
    except zlib.error as error:
        raise Problem(400, "bad-gzip", f"The body is not gzip: {error}.") from None
    if len(out) > limit:
        raise too_large(limit)
    return bytes(out)
