"""Socket Mode against a real websocket server: acknowledged at once, done once, and back after a cut."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from alerts.incident import Incident
from alerts.posted import Answer
from monitor.app.slack_sockets import SlackSockets
from monitor.app.wiring import book_of
from monitor.server.sink import Sink
from monitor.server.slack_presses import SlackPresses
from monitor.store.database import SqliteStore
from tests.monitor.pressing import STORM, payload, slacked
from tests.monitor.serving import served


class Slack:
    """The other end: sends envelopes, and remembers what was acknowledged and when."""

    def __init__(self) -> None:
        self.acked: dict[str, float] = {}
        self.lines: list[ServerConnection] = []

    def __call__(self, line: ServerConnection) -> None:
        line.send(json.dumps({"type": "hello", "num_connections": 1}))
        self.lines.append(line)
        with suppress(ConnectionClosed):
            for text in line:
                with suppress(ValueError):
                    self.acked[json.loads(text)["envelope_id"]] = time.monotonic()

    def push(self, id: str, of: dict[str, object]) -> float:
        envelope = {"envelope_id": id, "type": "interactive", "payload": of}
        self.lines[-1].send(json.dumps({**envelope, "accepts_response_payload": False}))
        return time.monotonic()


@contextmanager
def listening(slack: Slack) -> Iterator[str]:
    with serve(slack, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}/"
        server.shutdown()
        thread.join()


@contextmanager
def connected(folder: Path, slack: Slack, sink: Sink) -> Iterator[tuple[SqliteStore, list[Answer]]]:
    """Run the sockets over a served store, until the block ends."""
    changes = {"app_token": "xapp-1", "signing_secret": None, "api_url": sink.slack_api_url}
    given = slacked(**changes)
    answers: list[Answer] = []

    async def answer(told: Answer) -> None:
        answers.append(told)

    with listening(slack) as url, served(folder, given=given, book=book_of(given)) as server:
        sink.slack.sockets = url
        with server.store.begin() as tx:
            tx.save_incident(STORM, 0)
        presses = SlackPresses(server.service)
        sockets = SlackSockets(given, presses, answer, ping_interval_s=0.5)
        sockets.start()
        try:
            eventually(lambda: bool(slack.lines))
            yield server.store, answers
        finally:
            began = time.monotonic()
            sockets.stop()
            assert time.monotonic() - began < 2.0


def eventually(true: Callable[[], bool], within_s: float = 20.0) -> None:
    until = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)


def stands(store: SqliteStore) -> Incident:
    found = store.read.incident(STORM.id)
    assert found is not None
    return found


def test_a_press_is_acknowledged_at_once_and_done_once(tmp_path: Path) -> None:
    slack = Slack()
    with Sink() as sink, connected(tmp_path, slack, sink) as (store, answers):
        pushed = slack.push("e1", payload("assign"))
        eventually(lambda: stands(store).owner == "Kim")
        for n in range(20):
            slack.push(f"again-{n}", payload("assign"))
        eventually(lambda: len(slack.acked) == 21)
        assert slack.acked["e1"] - pushed < 1.0
        eventually(lambda: answers == [Answer("slack", incident=STORM.id)])
        assert [f.kind.value for f in store.read.facts(STORM.id)] == ["assigned"]


def test_after_a_cut_it_connects_again_and_hears(tmp_path: Path) -> None:
    slack = Slack()
    with Sink() as sink, connected(tmp_path, slack, sink) as (store, _):
        slack.lines[-1].close()
        eventually(lambda: len(slack.lines) > 1)
        slack.push("e2", payload("acknowledge"))
        eventually(lambda: stands(store).acked_by == "Kim")


def test_an_odd_payload_is_acknowledged_and_changes_nothing(tmp_path: Path) -> None:
    slack = Slack()
    with Sink() as sink, connected(tmp_path, slack, sink) as (store, _):
        slack.push("odd", {"type": "block_actions", "actions": 7})
        slack.push("e1", payload("acknowledge"))
        eventually(lambda: stands(store).acked_by == "Kim")
        eventually(lambda: set(slack.acked) == {"odd", "e1"})
