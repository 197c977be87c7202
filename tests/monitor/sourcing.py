"""What sources are tested with: an intake that remembers, a feed server, a small Mastodon server."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from detectors.mention import Mention
from monitor.ports import EntryKind, Unavailable
from monitor.sources.base import Source


@dataclass
class MemoryIntake:
    """An intake that keeps everything. ``refuse`` many puts fail first, as on a full disk.

    What is put goes through JSON, as it does on its way into the log.
    """

    refuse: int = 0
    mentions: list[tuple[str, EntryKind, Mention]] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    cursors: dict[str, dict[str, Any]] = field(default_factory=dict)
    oks: dict[str, int] = field(default_factory=dict)
    errors: list[tuple[str, str]] = field(default_factory=list)
    spans: list[tuple[str, datetime, datetime]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def put(
        self, source: str, mentions: Sequence[Mention], kind: EntryKind = EntryKind.CREATED
    ) -> None:
        with self.lock:
            if self.refuse > 0:
                self.refuse -= 1
                raise Unavailable("no space left on device")
            for mention in msgspec.json.decode(msgspec.json.encode(mentions), type=list[Mention]):
                self.mentions.append((source, kind, mention))

    def delete(self, source: str, source_ids: Sequence[str]) -> None:
        with self.lock:
            self.deleted += source_ids

    def cursor(self, source: str) -> Mapping[str, Any]:
        with self.lock:
            return dict(self.cursors.get(source, {}))

    def save_cursor(self, source: str, cursor: Mapping[str, Any]) -> None:
        with self.lock:
            self.cursors[source] = json.loads(json.dumps(dict(cursor)))

    def capped(self, source: str, since: datetime, until: datetime) -> None:
        with self.lock:
            self.spans.append((source, since, until))

    def ok(self, source: str) -> None:
        with self.lock:
            self.oks[source] = self.oks.get(source, 0) + 1

    def failed(self, source: str, error: str) -> None:
        with self.lock:
            self.errors.append((source, error))

    def ids(self, kind: EntryKind = EntryKind.CREATED) -> list[str]:
        with self.lock:
            return [m.source_id for _, k, m in self.mentions if k is kind]

    def texts(self) -> list[str]:
        with self.lock:
            return [m.text for _, _, m in self.mentions]


def until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until something is so; fail loudly when it never is."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


@contextmanager
def running(source: Source, intake: MemoryIntake) -> Iterator[threading.Event]:
    """Run a source in a thread; at the end it must stop, having raised nothing."""
    stop = threading.Event()
    raised: list[BaseException] = []

    def go() -> None:
        try:
            source.run(intake, stop)
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=go)
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(timeout=20)
        assert not thread.is_alive(), "the source does not stop"
        assert not raised, raised


class _Quiet(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def answer(self, code: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is part of the tests."""


class Local:
    """An HTTP server on loopback, on a free port, stopped at the end."""

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        self._server = _Server(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


Answer = tuple[int, bytes, dict[str, str]]


class FeedServer(Local):
    """Serves what the test says: ``answers`` maps a path to what it answers given the headers."""

    def __init__(self) -> None:
        self.answers: dict[str, Callable[[Mapping[str, str]], Answer]] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        outer = self

        class Handler(_Quiet):
            def do_GET(self) -> None:
                headers = {k.lower(): v for k, v in self.headers.items()}
                outer.requests.append((self.path, headers))
                code, body, extra = outer.answers[self.path](headers)
                self.answer(code, body, **extra)

        super().__init__(Handler)


class FakeMastodon(Local):
    """A small Mastodon server: instance, timelines with min_id, SSE streams. Follows the API docs."""

    def __init__(self) -> None:
        self.statuses: list[dict[str, Any]] = []
        self.listeners: list[Any] = []
        self.lock = threading.Lock()
        self.timeline_code = 200
        self.stream_code = 200
        self.tokens: list[str] = []
        outer = self

        class Handler(_Quiet):
            def do_GET(self) -> None:
                outer.tokens.append(self.headers.get("Authorization", ""))
                parts = urlsplit(self.path)
                if parts.path.startswith("/api/v1/streaming/"):
                    outer._stream(self)
                elif parts.path.startswith("/api/v1/timelines/"):
                    page = outer._page(parse_qs(parts.query))
                    self.answer(
                        outer.timeline_code,
                        json.dumps(page).encode(),
                        Content_Type="application/json",
                    )
                elif parts.path in ("/api/v1/instance", "/api/v1/instance/"):
                    body = {
                        "uri": "local",
                        "version": "4.5.0",
                        "urls": {"streaming_api": outer.url},
                    }
                    self.answer(200, json.dumps(body).encode(), Content_Type="application/json")
                else:
                    self.answer(404, b'{"error": "not found"}', Content_Type="application/json")

        super().__init__(Handler)

    def status(self, number: int, content: str, **more: Any) -> dict[str, Any]:
        """Return a status entity; ids are numbers as strings."""
        return {
            "id": str(number), "created_at": f"2026-11-22T14:05:{number % 60:02d}.000Z",
            "content": f"<p>{content}</p>", "spoiler_text": "", "visibility": "public", "language": "de",
            "url": f"{self.url}/@moosfeder/{number}", "uri": f"{self.url}/{number}", "in_reply_to_id": None,
            "reblog": None, "tags": [{"name": "nordlicht", "url": ""}], "media_attachments": [], "card": None,
            "favourites_count": 3, "replies_count": 1, "reblogs_count": 2,
            "account": {"id": "7", "username": "moosfeder", "acct": "moosfeder@local", "display_name": "Moosfeder",
                        "followers_count": 120, "bot": False, "group": False},
            **more,
        }  # fmt: skip

    def post(self, number: int, content: str, **more: Any) -> None:
        """Publish a status: on the timeline, and to whoever listens."""
        status = self.status(number, content, **more)
        with self.lock:
            self.statuses.append(status)
        self.send("update", json.dumps(status))

    def send(self, event: str, data: str) -> None:
        self._write(f"event: {event}\ndata: {data}\n\n".encode())

    def thump(self) -> None:
        self._write(b":thump\n")

    def cut(self) -> None:
        """Hang up on everybody."""
        with self.lock:
            listeners, self.listeners = self.listeners, []
        for handler, gone in listeners:
            with suppress(OSError):  # it may have hung up by itself
                handler.connection.shutdown(2)
            gone.set()

    def listening(self) -> bool:
        with self.lock:
            return bool(self.listeners)

    def stop(self) -> None:
        self.cut()
        super().stop()

    def _write(self, data: bytes) -> None:
        with self.lock:
            for handler, gone in self.listeners:
                try:
                    handler.wfile.write(data)
                    handler.wfile.flush()
                except OSError:
                    gone.set()

    def _stream(self, handler: Any) -> None:
        if self.stream_code != 200:
            handler.answer(self.stream_code, b'{"error": "no"}')
            return
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.send_header("Connection", "close")
        handler.end_headers()
        gone = threading.Event()
        with self.lock:
            self.listeners.append((handler, gone))
        gone.wait()
        handler.close_connection = True

    def _page(self, query: Mapping[str, list[str]]) -> list[dict[str, Any]]:
        limit = int(query.get("limit", ["20"])[0])
        with self.lock:
            known = sorted(self.statuses, key=lambda s: int(s["id"]))
        if "min_id" in query:  # the page right behind it, newest first
            behind = [s for s in known if int(s["id"]) > int(query["min_id"][0])]
            return behind[:limit][::-1]
        return known[-limit:][::-1]
