"""One HTTP request to a receiver, its outcome told as `ChannelError` in one way for all channels."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from alerts.channels.base import ChannelError

if TYPE_CHECKING:
    import httpx

ANSWER_LIMIT = 64 * 1024
"""Bytes of an answer that are read; receivers answer in a line."""
RETRY_AFTER_LIMIT_S = 3600.0
"""Longest wait a receiver may ask for; a broken one must not silence a page for a day."""
RETRYABLE = frozenset({408, 429})
AMBIGUOUS = frozenset({502, 504})
"""A gateway's word: what stands behind it may have taken the request."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an accepting receiver said."""

    status: int
    body: bytes


async def send(
    client: httpx.AsyncClient,
    request: httpx.Request,
    *,
    receiver: str,
    timeout_s: float,
    secrets: Sequence[str],
    answer_limit: int = ANSWER_LIMIT,
) -> Answer:
    """Return the answer of a 2xx; raise `ChannelError` for everything else, within ``timeout_s``.

    Ambiguous is what ended after the request may have been written: a time-out of the answer, a
    reset, a gateway's 502 or 504. Not to reach the receiver at all is not. No redirect is
    followed, and neither address nor secret appears in an error. Of an answer ``answer_limit`` bytes
    are read.
    """
    # Late, because the settings of channels are read by processes that send nothing.
    import httpx

    from alerts.channels.transport import ForbiddenAddress, Withdrawn

    connect = min(5.0, timeout_s / 2)
    request.extensions["timeout"] = httpx.Timeout(
        timeout_s, connect=connect, pool=connect
    ).as_dict()
    try:
        async with asyncio.timeout(timeout_s):
            response = await client.send(request, stream=True, follow_redirects=False)
            try:
                body = await _read(response, answer_limit)
            finally:
                await response.aclose()
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise ChannelError(f"{receiver}: not reached ({type(error).__name__})") from None
    except ForbiddenAddress as error:
        raise ChannelError(f"{receiver}: {error}", permanent=True) from None
    except Withdrawn as error:
        raise ChannelError(f"{receiver}: {error}") from None
    except (httpx.UnsupportedProtocol, httpx.InvalidURL):
        message = f"{receiver}: the address is not one of http or https; check the settings"
        raise ChannelError(message, permanent=True) from None
    except (httpx.HTTPError, TimeoutError) as error:
        name = type(error).__name__
        raise ChannelError(f"{receiver}: no answer ({name})", ambiguous=True) from None
    if response.is_success:
        return Answer(response.status_code, body)
    raise _refusal(response, body, receiver, secrets)


async def _read(response: httpx.Response, limit: int) -> bytes:
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) >= limit:
            break
    return bytes(body[:limit])


def _refusal(
    response: httpx.Response, body: bytes, receiver: str, secrets: Sequence[str]
) -> ChannelError:
    status = response.status_code
    said = excerpt(body, secrets)
    permanent = status not in RETRYABLE and status < 500
    return ChannelError(
        f"{receiver}: answered {status}{f': {said}' if said else ''}",
        permanent=permanent,
        ambiguous=status in AMBIGUOUS,
        retry_after_s=None if permanent else retry_after(response.headers),
    )


def told(answer: Answer, secrets: Sequence[str]) -> str:
    """Return what an accepting receiver said: its status, and the start of its body."""
    said = excerpt(answer.body, secrets)
    return f"answered {answer.status}: {said}" if said else f"answered {answer.status}"


def excerpt(body: bytes, secrets: Sequence[str], limit: int = 200) -> str:
    """Return the start of an answer as one printable line, with every secret blotted out."""
    text = body.decode("utf-8", "replace")
    for secret in secrets:
        if secret:
            text = text.replace(secret, "***")
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text[:limit]


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that ``Retry-After`` asks for, 0 to an hour; None where it says nothing.

    A date is compared with the answer's own ``Date``, so that no clock of ours is involved.
    """
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            until = parsedate_to_datetime(value)
            seconds = (until - parsedate_to_datetime(headers.get("date", ""))).total_seconds()
        except (ValueError, TypeError):
            return None
    if not math.isfinite(seconds):
        return None
    return min(max(0.0, seconds), RETRY_AFTER_LIMIT_S)
