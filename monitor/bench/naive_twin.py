"""The naive twin of the crash bench: accepts into memory, stores in the background, sends once.

What many services do, done decently: batches are flushed four times a second, ids are unique,
counts are remembered over restarts, an alert goes out as soon as its topic is seen to storm. It
exists so that the harness proves its power: it must lose something.
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
"""Stored mentions of a topic that make it page, once."""
FLUSH_S = 0.25


class Twin:
    """A memory queue, a writer thread, and an alert that is tried once."""

    def __init__(self, path: str, receiver: str) -> None:
        self._path = path
        self._receiver = receiver
        self._waiting: queue.SimpleQueue[list[dict[str, Any]]] = queue.SimpleQueue()
        threading.Thread(target=self._write, daemon=True).start()

    def accept(self, mentions: list[dict[str, Any]]) -> None:
        self._waiting.put(mentions)

    def _write(self) -> None:
        store = sqlite3.connect(self._path)
        store.execute("CREATE TABLE IF NOT EXISTS mention (id TEXT PRIMARY KEY, topic TEXT)")
        store.execute("CREATE TABLE IF NOT EXISTS count (topic TEXT PRIMARY KEY, n INTEGER)")
        while True:
            batch = [self._waiting.get()]
            threading.Event().wait(FLUSH_S)
            while not self._waiting.empty():
                batch.append(self._waiting.get())
            for topic in self._flush(store, [m for mentions in batch for m in mentions]):
                self._alert(topic)

    def _flush(self, store: sqlite3.Connection, mentions: list[dict[str, Any]]) -> list[str]:
        """Store and count in one transaction; return the topics that began to storm."""
        added = Counter(m["text"].split()[0] for m in mentions)
        rows = [(m["source_id"], m["text"].split()[0]) for m in mentions]
        storming = []
        with store:
            store.executemany("INSERT OR IGNORE INTO mention VALUES (?, ?)", rows)
            for topic, n in added.items():
                found = store.execute("SELECT n FROM count WHERE topic = ?", (topic,)).fetchone()
                before = found[0] if found else 0
                store.execute("INSERT OR REPLACE INTO count VALUES (?, ?)", (topic, before + n))
                if before < STORM <= before + n:
                    storming.append(topic)
        return storming

    def _alert(self, topic: str) -> None:
        payload = {"summary": f"{topic} is storming", "source": topic, "severity": "critical"}
        event = {"routing_key": "r" * 32, "dedup_key": topic, "event_action": "trigger"}
        body = json.dumps({**event, "payload": payload}).encode()
        request = urllib.request.Request(self._receiver, body)
        try:
            with urllib.request.urlopen(request, timeout=2):
                pass
        except OSError as error:
            print("alert not sent:", error, file=sys.stderr, flush=True)


def main() -> None:
    """Serve what the line on standard input says: port, path of the store, receiver."""
    plan: dict[str, Any] = json.loads(sys.stdin.readline())
    twin = Twin(plan["path"], plan["receiver"])

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

    ThreadingHTTPServer(("127.0.0.1", int(plan["port"])), Door).serve_forever()


if __name__ == "__main__":
    main()
