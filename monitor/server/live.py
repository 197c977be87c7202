"""Live: small signals to open pages, by server-sent events; lossy by design, never the truth.

A page opens the stream, then fetches what it shows, then fetches again whatever a signal names.
One process, one hub: signals live in memory, and a restart is told to the page as a reset.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from monitor import metrics
from monitor.server.errors import Problem

HEARTBEAT_S = 15.0
"""A comment this often keeps proxies from closing a quiet stream, and shows us who is gone."""
RETRY_MS = 1500
KEPT = 512
"""Signals kept for pages that come back with ``Last-Event-ID``."""
WAITING = 128
"""Signals that may wait for one slow page; the oldest is dropped, and the page told to reload."""
STREAMS = 256
"""Most open streams; one browser needs one (its tabs share it)."""

RESET = b"event: reset\ndata: {}\n\n"


@dataclass(eq=False, slots=True)
class Stream:
    """One open page: what waits for it, and how to wake it from another thread."""

    loop: asyncio.AbstractEventLoop
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: deque[bytes] = field(default_factory=lambda: deque(maxlen=WAITING))
    missed: bool = False


class Hub:
    """`monitor.ports.Signals` for pages: `publish` from any thread, streams in the event loop."""

    def __init__(self, *, streams: int = STREAMS, heartbeat_s: float = HEARTBEAT_S) -> None:
        self._boot = secrets.token_hex(3)
        self._lock = threading.Lock()
        self._number = 0
        self._kept: deque[tuple[int, bytes]] = deque(maxlen=KEPT)
        self._streams: set[Stream] = set()
        self._most = streams
        self._heartbeat_s = heartbeat_s
        self._closed = False

    @property
    def closed(self) -> bool:
        return self._closed

    @property
    def open_streams(self) -> int:
        return len(self._streams)

    def publish(self, kind: str, id: str, version: int) -> None:
        """Tell every open page; never blocks, never raises, does nothing once closed."""
        data = msgspec.json.encode({"kind": kind, "id": id, "v": version})
        with self._lock:
            if self._closed:
                return
            self._number += 1
            event = b"id: %s-%d\nevent: change\ndata: %s\n\n" % (
                self._boot.encode(),
                self._number,
                data,
            )
            self._kept.append((self._number, event))
            for stream in self._streams:
                if len(stream.waiting) == WAITING:
                    stream.missed = True
                    metrics.SIGNALS_DROPPED.inc()
                stream.waiting.append(event)
                _wake(stream)

    def open(self, last_event_id: str = "") -> Stream:
        """Register a page of the running event loop; raises `Problem` 503 when full or closing.

        With ``last_event_id`` it first gets what it missed, or a reset where that is not known.
        """
        stream = Stream(asyncio.get_running_loop())
        with self._lock:
            if self._closed:
                raise Problem(503, "closing", "The server is stopping.", retry_after_s=2.0)
            if len(self._streams) >= self._most:
                detail = f"{self._most} live pages are open already; close some."
                raise Problem(503, "too-many-streams", detail, retry_after_s=15.0)
            self._replay(stream, last_event_id)
            self._streams.add(stream)
            metrics.STREAMS_OPEN.inc()
        return stream

    def leave(self, stream: Stream) -> None:
        """Forget a page; again is fine."""
        with self._lock:
            if stream in self._streams:
                self._streams.remove(stream)
                metrics.STREAMS_OPEN.dec()

    async def events(self, stream: Stream) -> AsyncIterator[bytes]:
        """Yield what the page shall read, until it leaves or the hub closes."""
        try:
            yield b"retry: %d\n\n" % RETRY_MS
            while True:
                if batch := self._take(stream):
                    yield batch
                if self._closed:
                    return
                try:
                    await asyncio.wait_for(stream.ready.wait(), self._heartbeat_s)
                except TimeoutError:
                    yield b": alive\n\n"
        finally:
            self.leave(stream)

    def close(self) -> None:
        """Wake all streams for the last time; they end at once. Again is fine."""
        with self._lock:
            self._closed = True
            for stream in self._streams:
                _wake(stream)

    def _take(self, stream: Stream) -> bytes:
        with self._lock:
            stream.ready.clear()
            head = RESET if stream.missed else b""
            batch = head + b"".join(stream.waiting)
            stream.waiting.clear()
            stream.missed = False
        return batch

    def _replay(self, stream: Stream, last_event_id: str) -> None:
        if not last_event_id:
            return
        boot, _, number = last_event_id.partition("-")
        seen = int(number) if number.isascii() and number.isdigit() and len(number) < 16 else -1
        oldest = self._number - len(self._kept)
        if boot != self._boot or not oldest <= seen <= self._number:
            stream.missed = True
            return
        missed = [event for n, event in self._kept if n > seen]
        stream.missed = len(missed) > WAITING
        stream.waiting.extend(missed)


def _wake(stream: Stream) -> None:
    try:
        stream.loop.call_soon_threadsafe(stream.ready.set)
    except RuntimeError:  # its event loop is closed: nobody reads any more
        stream.waiting.clear()


class _Live(StreamingResponse):
    """The response of one stream; leaves the hub also where nothing was ever sent."""

    def __init__(self, hub: Hub, stream: Stream) -> None:
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        super().__init__(hub.events(stream), media_type="text/event-stream", headers=headers)
        self._hub, self._stream = hub, stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._hub.leave(self._stream)


def router(hub: Hub) -> APIRouter:
    """Return ``GET /live``."""
    api = APIRouter()

    @api.get("/live", include_in_schema=False)
    async def live(request: Request) -> Response:
        return _Live(hub, hub.open(request.headers.get("last-event-id", "")))

    return api
