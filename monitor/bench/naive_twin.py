"""The naive twin of the crash bench: accepts into memory, stores in the background, sends once.

What many services do. It exists so that the harness proves its power: it must lose something.
"""

from __future__ import annotations

import json
import queue
import sqlite3
import sys
import threading
import urllib.request
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

STORM = 60
"""Mentions of a topic that make it page."""


class Twin:
    """A memory queue, a writer thread, and an alert that is tried once."""

    def __init__(self, path: str, receiver: str) -> None:
        self._path = path
        self._receiver = receiver
        self._waiting: queue.SimpleQueue[list[dict[str, Any]]] = queue.SimpleQueue()
        self._seen: Counter[str] = Counter()
        threading.Thread(target=self._write, daemon=True).start()

    def accept(self, mentions: list[dict[str, Any]]) -> None:
        self._waiting.put(mentions)

    def _write(self) -> None:
        store = sqlite3.connect(self._path)
        store.execute("CREATE TABLE IF NOT EXISTS mention (id TEXT PRIMARY KEY)")
        store.execute("CREATE TABLE IF NOT EXISTS count (topic TEXT PRIMARY KEY, n INTEGER)")
        while True:
            batch = [self._waiting.get()]
            threading.Event().wait(0.25)  # "flush four times a second"
            while not self._waiting.empty():
                batch.append(self._waiting.get())
            for mention in (m for mentions in batch for m in mentions):
                topic = mention["text"].split()[0]
                key = (mention["source_id"],)
                store.execute("INSERT OR IGNORE INTO mention VALUES (?)", key)
                store.execute(
                    "INSERT INTO count VALUES (?, 1) ON CONFLICT DO UPDATE SET n = n + 1", (topic,)
                )
                self._alert(topic)
            store.commit()

    def _alert(self, topic: str) -> None:
        self._seen[topic] += 1
        if self._seen[topic] != STORM:
            return
        body = json.dumps({"dedup_key": topic, "event_action": "trigger", "routing_key": "r"})
        request = urllib.request.Request(self._receiver, body.encode())
        try:
            with urllib.request.urlopen(request, timeout=2):
                pass
        except OSError as error:
            print("alert not sent:", error, flush=True)


def main() -> None:
    """Serve on the port given: naive_twin PORT STORE RECEIVER."""
    twin = Twin(sys.argv[2], sys.argv[3])

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", 0))
            mentions = json.loads(self.rfile.read(length))
            twin.accept(mentions)
            answer = json.dumps({"accepted": len(mentions)}).encode()
            self.send_response(202)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            return

    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Door).serve_forever()


if __name__ == "__main__":
    main()
