"""`bench crash`: SIGKILL at random instants while mentions come in and alerts go out.

A feeder sends batches over HTTP and notes what was accepted (202). A killer ends the whole
process again and again; each time a new one starts on the same file. The receiver is faulty on
purpose. At the end: every accepted mention stored once, counts equal rows, every alert delivered.
The naive twin runs through the same harness and has to fail it, else the harness proves nothing.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from monitor.clock import wall_seconds
from monitor.server.sink import Sink
from monitor.server.sink.faults import STORMY, FaultPlan
from monitor.store.database import SqliteStore

TOPICS = 4
FACTOR = 120.0
"""One second is two minutes of event time: a five-minute bin closes every 2.5 s."""
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TOKEN = "crash-bench-token"
FAULTS = ", ".join(f"{fault.value} {chance:.0%}" for fault, chance in STORMY.items())
CALM_S = 20.0
WAVE_S = 18.0
DRAIN_S = 60.0


@dataclass(slots=True)
class Side:
    """What one side of the harness went through."""

    name: str
    kills: int = 0
    accepted: int = 0
    stored: int = 0
    lost: int = 0
    counted: int = 0
    rows: int = 0
    crossings: int = 0
    alerts: int = 0
    alerts_lost: int = 0
    wrong_keys: int = 0
    attempts: int = 0
    unknown_outcomes: int = 0
    repeats_at_receiver: int = 0

    @property
    def sound(self) -> bool:
        """True when nothing was lost, doubled in the counts, or sent under a wrong key."""
        return (
            self.lost == 0
            and self.counted == self.rows
            and self.alerts_lost == 0
            and self.wrong_keys == 0
        )


@dataclass(slots=True)
class Result:
    ours: Side
    naive: Side

    def record(self) -> dict[str, object]:
        """Return both sides as one JSON-ready object."""
        sides = {}
        for side in (self.ours, self.naive):
            fields = {name: getattr(side, name) for name in Side.__dataclass_fields__}
            sides[side.name] = {**fields, "sound": side.sound}
        return {"bench": "crash", "faults": FAULTS, **sides}


def run(kills: int = 50, seed: int = 1, say: Callable[[str], None] = lambda line: None) -> Result:
    """Run the harness over ours and over the naive twin."""
    with tempfile.TemporaryDirectory() as folder:
        say(f"ours: {kills} SIGKILLs, seed {seed}, receiver {FAULTS}")
        ours = _ours(Path(folder), kills, seed, say)
        say(f"ours: {ours}")
        naive = _naive(Path(folder), max(5, kills // 5), seed)
        say(f"naive twin: {naive}")
    return Result(ours, naive)


# --- the two sides --------------------------------------------------------------------------


def _ours(folder: Path, kills: int, seed: int, say: Callable[[str], None]) -> Side:
    sink = Sink(FaultPlan(STORMY, seed=seed, hang_s=12.0))
    sink.start()
    path, port, zero = folder / "ours.db", _free_port(), wall_seconds()
    plan = {
        "start": START.isoformat(),
        "factor": FACTOR,
        "zero": zero,
        "settings": _settings(path, port, sink),
    }
    victim = Victim([sys.executable, "-m", "monitor.bench.victim"], json.dumps(plan), port)
    feeder = Feeder(port, zero, seed)
    side = Side("ours")
    try:
        feeder.start()
        side.kills = victim.torment(kills, random.Random(seed), say)
        feeder.stop()
        victim.start()
        _drain(path, victim)
        victim.stop()
        _judge_ours(side, path, feeder, sink)
    finally:
        feeder.stop()
        victim.stop()
        sink.stop()
    return side


def _naive(folder: Path, kills: int, seed: int) -> Side:
    sink = Sink(FaultPlan(STORMY, seed=seed, hang_s=12.0))
    sink.start()
    path, port, zero = folder / "naive.db", _free_port(), wall_seconds()
    command = [
        sys.executable,
        "-m",
        "monitor.bench.naive_twin",
        str(port),
        str(path),
        sink.pagerduty_url,
    ]
    victim, feeder = Victim(command, "", port), Feeder(port, zero, seed)
    side = Side("naive twin")
    try:
        feeder.start()
        side.kills = victim.torment(kills, random.Random(seed), lambda line: None)
        feeder.stop()
        victim.start()
        time.sleep(2)
        victim.stop()
        _judge_naive(side, path, feeder, sink)
    finally:
        feeder.stop()
        victim.stop()
        sink.stop()
    return side


def _judge_ours(side: Side, path: Path, feeder: Feeder, sink: Sink) -> None:
    with sqlite3.connect(path) as db:
        stored = {row[0] for row in db.execute("SELECT source_id FROM mention")}
        side.stored = db.execute("SELECT count(*) FROM mention").fetchone()[0]
        side.rows = db.execute("SELECT count(*) FROM mention_topic").fetchone()[0]
        side.counted = db.execute("SELECT coalesce(sum(mentions), 0) FROM count").fetchone()[0]
    side.accepted = len(feeder.accepted)
    side.lost = len(feeder.accepted - stored) + (side.stored - len(stored))
    store = SqliteStore.open(f"sqlite:///{path}")
    try:
        keys: set[str] = set()
        for incident in store.read.incidents(limit=10_000):
            deliveries = store.read.deliveries(incident.id)
            side.crossings += bool(deliveries)
            for delivery in deliveries:
                keys.add(delivery.key)
                side.alerts += 1
                side.alerts_lost += delivery.state.value != "sent"
                trail = store.read.delivery_attempts(delivery.id)
                side.attempts += len(trail)
                side.unknown_outcomes += sum(
                    a.outcome is not None and a.outcome.value == "unknown" for a in trail
                )
    finally:
        store.close()
    accepted = sink.received
    got = {(r.channel, r.key) for r in accepted}
    side.alerts_lost += sum(
        (channel, key) not in got for key in keys for channel in ("pagerduty", "webhook")
    )
    side.wrong_keys = len({r.key for r in accepted} - keys)
    side.repeats_at_receiver = len(accepted) - side.alerts


def _judge_naive(side: Side, path: Path, feeder: Feeder, sink: Sink) -> None:
    with sqlite3.connect(path) as db:
        stored = {row[0] for row in db.execute("SELECT id FROM mention")}
        side.counted = db.execute("SELECT coalesce(sum(n), 0) FROM count").fetchone()[0]
    side.accepted, side.stored = len(feeder.accepted), len(stored)
    side.rows = side.stored
    side.lost = len(feeder.accepted - stored)
    side.alerts = TOPICS
    got = {r.key for r in sink.received}
    side.alerts_lost = TOPICS - len(got)


def _drain(path: Path, victim: Victim) -> None:
    """Wait until the log is filed and every delivery sent; gives up after `DRAIN_S`."""
    deadline = time.monotonic() + DRAIN_S
    quiet = 0
    while time.monotonic() < deadline and quiet < 20:
        time.sleep(0.25)
        with sqlite3.connect(path) as db:
            waiting = db.execute("SELECT count(*) FROM log_entry").fetchone()[0]
            unsent = db.execute(
                "SELECT count(*) FROM delivery WHERE state IN ('pending', 'sending')"
            ).fetchone()[0]
        quiet = quiet + 1 if not waiting and not unsent else 0
        assert victim.alive, "the last process ended by itself"


# --- victim and feeder ----------------------------------------------------------------------


class Victim:
    """A process that is killed and started again, always on the same port and file."""

    def __init__(self, command: list[str], stdin: str, port: int) -> None:
        self._command = command
        self._stdin = stdin
        self._port = port
        self._process: subprocess.Popen[str] | None = None

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it and wait until its door answers."""
        self._spawn()
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self._port)) == 0:
                    return
            if not self.alive:
                assert self._process is not None
                assert self._process.stderr is not None
                told = self._process.stderr.read()[-2000:]
                raise RuntimeError(f"{self._command[2]} ended at start: {told}")
            time.sleep(0.02)
        raise RuntimeError(f"{self._command[2]} did not open its door in 30 s")

    def _spawn(self) -> None:
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdin is not None
        self._process.stdin.write(self._stdin)
        self._process.stdin.close()

    def torment(self, kills: int, rng: random.Random, say: Callable[[str], None]) -> int:
        """Kill it ``kills`` times, each at a random instant after its start; return how often.

        One in five dies while still starting, the others up to two seconds after the door opened.
        """
        for n in range(kills):
            if rng.random() < 0.2:
                self._spawn()
                time.sleep(rng.uniform(0.05, 1.2))
            else:
                self.start()
                time.sleep(rng.uniform(0.05, 2.0))
            self._kill()
            if (n + 1) % 10 == 0:
                say(f"  {n + 1} kills")
        return kills

    def _kill(self) -> None:
        if self._process is not None:
            os.kill(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def stop(self) -> None:
        """End it politely."""
        if self._process is not None and self.alive:
            self._process.terminate()
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self._kill()


@dataclass(slots=True)
class Feeder:
    """Sends batches until stopped; a batch is sent again until it was answered 202."""

    port: int
    zero: float
    seed: int
    accepted: set[str] = field(default_factory=set)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(10)

    def _run(self) -> None:
        rng = random.Random(self.seed)
        n = 0
        while not self._stop.is_set():
            batch = []
            for topic, angry in self._wanted(rng):
                n += 1
                batch.append(self._mention(n, topic, angry, rng))
            if batch:
                self._send(batch)
            self._stop.wait(0.1)

    def _wanted(self, rng: random.Random) -> list[tuple[int, bool]]:
        """Return (topic, angry) of the next tenth of a second: calm, and a wave per topic in turn."""
        since = wall_seconds() - self.zero
        wanted = [(t, False) for t in range(TOPICS) if rng.random() < 0.15]
        wave = int((since - CALM_S) // WAVE_S)
        if since > CALM_S and wave < TOPICS * 50:
            wanted += [(wave % TOPICS, True)] * 3
        return wanted

    def _mention(self, n: int, topic: int, angry: bool, rng: random.Random) -> dict[str, Any]:
        now = START + timedelta(seconds=(wall_seconds() - self.zero) * FACTOR)
        mood = rng.choice(_ANGRY if angry else _CALM)
        return {
            "source": "forum",
            "source_id": f"m{n}",
            "text": f"{topic_name(topic)} {mood} ({n})",
            "published_at": (now - timedelta(seconds=rng.uniform(0, 20))).isoformat(),
            "author": {"handle": f"u{n}", "followers": 50},
        }

    def _send(self, batch: list[dict[str, Any]]) -> None:
        body = json.dumps(batch)
        headers = {"content-type": "application/json", "authorization": f"Bearer {TOKEN}"}
        while not self._stop.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            try:
                connection.request("POST", "/api/v1/mentions", body, headers)
                answer = connection.getresponse()
                told = json.loads(answer.read() or b"{}")
                if answer.status == 202 and told.get("accepted") == len(batch):
                    self.accepted.update(m["source_id"] for m in batch)
                    return
            except (OSError, http.client.HTTPException, json.JSONDecodeError):
                pass  # killed under our hands: not accepted, so it is sent again
            finally:
                connection.close()
            self._stop.wait(0.05)


_ANGRY = (
    "ist eine Frechheit, unfassbar schlecht, nie wieder!",
    "betrügt uns, ich bin so wütend, das ist eine Schande",
    "is the worst service ever, disgusting and shameful",
)
_CALM = ("war heute ganz nett", "eröffnet morgen eine Filiale", "hat neue Öffnungszeiten")


def topic_name(topic: int) -> str:
    """Return the invented brand of a topic."""
    return f"marke{'abcd'[topic]}"


def _settings(path: Path, port: int, sink: Sink) -> dict[str, Any]:
    return {
        "server": {"port": port, "allow_loopback_receivers": True},
        "store": {"url": f"sqlite:///{path}"},
        "topic": {f"t{t}": {"name": topic_name(t), "any": [topic_name(t)]} for t in range(TOPICS)},
        "source": {"forum": {"type": "http", "token": TOKEN}},
        "channel": {
            "pager": {
                "type": "pagerduty",
                "routing_key": "r" * 32,
                "url": sink.pagerduty_url,
            },
            "hook": {
                "type": "webhook",
                "url": sink.webhook_url,
                "signing_secret": sink.webhook_secret,
            },
        },
        "route": [{"min_level": 4, "channels": ["pager", "hook"]}],
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
