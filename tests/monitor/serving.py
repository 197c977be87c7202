"""A server over a real log and a real store in a folder of the test, asked in process."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import httpx

from monitor.clock import Clock, ManualClock
from monitor.ports import Entry, NoSignals, Signals
from monitor.server.app import App, create_app
from monitor.service import Service
from monitor.settings import Settings
from monitor.store.database import SqliteStore
from monitor.stream.embedded import EmbeddedLog
from tests.builders import T0, TOPIC

TOKEN = "a-token-for-tests-0001"
OTHER_TOKEN = "a-token-for-tests-0002"
SECRET = b"a secret for tests, 32 bytes!!"
OLD_SECRET = b"the secret before, for changes"
BASE = "http://127.0.0.1"
PATH = "/api/v1/mentions"
BEARER = {"authorization": f"Bearer {TOKEN}"}
JSON = {"content-type": "application/json"}

T = TypeVar("T")


def whsec(secret: bytes) -> str:
    return "whsec_" + base64.b64encode(secret).decode()


def settings(**server: Any) -> Settings:
    """Two http sources: ``shop`` by token, ``forum`` by token and by two signing secrets."""
    return Settings.model_validate(
        {
            "server": server,
            "topic": {TOPIC: {"name": "Acme Bahn", "any": ["acme bahn"]}},
            "source": {
                "shop": {"type": "http", "token": TOKEN},
                "forum": {
                    "type": "http",
                    "token": OTHER_TOKEN,
                    "signing_secret": f"{whsec(SECRET)} {whsec(OLD_SECRET)}",
                },
            },
        }
    )


@dataclass
class Served:
    """One server under test, and one client in one event loop to ask it."""

    service: Service
    app: App
    log: EmbeddedLog
    store: SqliteStore
    clock: ManualClock
    runner: asyncio.Runner
    client: httpx.AsyncClient

    def ask(self, do: Callable[[httpx.AsyncClient], Coroutine[Any, Any, T]]) -> T:
        """Run ``do`` with the client of this server."""
        return self.runner.run(do(self.client))

    def get(self, path: str, **kwargs: Any) -> httpx.Response:
        return self.ask(lambda client: client.get(path, **kwargs))

    def post(self, path: str, **kwargs: Any) -> httpx.Response:
        return self.ask(lambda client: client.post(path, **kwargs))

    def send(self, body: bytes | Any, **headers: str) -> httpx.Response:
        """Post mentions with the token of ``shop``; ``content_type="..."`` and the like override."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.post(PATH, content=content, headers={**BEARER, **JSON, **named})

    def stored(self) -> list[Entry]:
        """Return the entries that arrived since the last call."""
        return self.log.read("test", "test", 100_000)

    def mentions(self) -> list[dict[str, Any]]:
        """Return the items of the entries that arrived since the last call."""
        return [item for entry in self.stored() for item in json.loads(entry.payload)]


@contextmanager
def served(
    folder: Path,
    *,
    given: Settings | None = None,
    wall: Clock | None = None,
    max_bytes: int = 0,
    signals: Signals | None = None,
    **fields: Any,
) -> Iterator[Served]:
    clock = ManualClock(T0)
    config = given or settings()
    store = SqliteStore.open(f"sqlite:///{folder / 'sturmglas.db'}")
    log = EmbeddedLog.open(folder / "log.db", max_bytes=max_bytes, synchronous="OFF", clock=clock)
    service = Service(
        settings=config,
        topics=config.to_topics(),
        playbooks={},
        store=store,
        log=log,
        clock=clock,
        signals=signals or NoSignals(),
    )
    service = replace(service, **fields)
    app = create_app(service, wall=wall or clock)
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=BASE)
    try:
        with asyncio.Runner() as runner:
            yield Served(service, app, log, store, clock, runner, client)
            runner.run(client.aclose())
    finally:
        log.close()
        store.close()


def sign(
    body: bytes, *, id: str = "msg_1", at: int | None = None, secret: bytes = SECRET
) -> dict[str, str]:
    """Return the headers of Standard Webhooks, written out here so that it stands on its own."""
    stamp = str(int(T0.timestamp()) if at is None else at)
    mac = hmac.new(secret, f"{id}.{stamp}.".encode() + body, hashlib.sha256).digest()
    signature = "v1," + base64.b64encode(mac).decode()
    return {"webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": signature}


def wire(n: int | str = 1, **fields: Any) -> dict[str, Any]:
    """Return a good mention of the source ``shop`` as it comes over the wire."""
    return {
        "source": "shop",
        "source_id": str(n),
        "text": "Der Zug fällt aus 🌩",
        "published_at": "2026-11-22T12:55:00+01:00",
        **fields,
    }
