"""Paced load: a stream of mentions into a real `sturmglas serve`, watched from outside.

What is sent is counted by topic, so that at the end every mention can be asked for. The watcher
reads the store as anybody could (read-only) and notes when each bin's level was there.
"""

from __future__ import annotations

import http.client
import json
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

from detectors.window import BIN_S
from monitor.bench.actor import Actor
from monitor.bench.machine import cpu_s, free_port, rss_bytes
from monitor.bench.service import TOKEN, Client, Process
from monitor.clock import SystemClock

TOPICS = 20
SOURCE = "stream"
BATCH = 100
SLICE_S = 0.1
"""The sender wakes this often and sends what is due."""
LONG = 500
"""One text in so many is long (2,000 to 20,000 characters)."""
PAGES = ("/", "/?topic=marke00&range=24h", "/incidents")

ANGRY = (
    "Eine Frechheit von {brand}, seit Tagen keine Antwort und das Geld ist weg",
    "{brand} hat mich angelogen, ich bin so wütend, nie wieder",
    "Unfassbar schlecht, {brand}. Service eine Katastrophe, alle kündigen",
    "Worst support ever from {brand}, I am furious, they ignore everyone",
    "{brand} lied to us and keeps the money, disgusting and shameful",
    "Schämt euch {brand}, das ist Betrug an den eigenen Kunden",
)
PLAIN = (
    "Heute mit {brand} unterwegs, alles pünktlich",
    "Does anybody know the opening hours of {brand}?",
    "{brand} bringt im Herbst ein neues Modell, steht in der Zeitung",
    "Danke {brand}, das ging schnell und freundlich",
    "My order from {brand} arrived this morning, looks fine",
    "Ich suche die Anleitung von {brand}, hat jemand einen Link",
)
FILLING = "wagen kam nicht niemand weiss warum geht es nun seit wochen jeden tag neu wieder da"

wall = SystemClock()


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of steady load. ``angry``: share of mentions that are angry about the first topic."""

    name: str
    seconds: float
    per_s: float
    angry: float = 0.0


@dataclass(slots=True)
class Sample:
    """What one look at the process and its file showed; ``pages_ms``: time of each page."""

    phase: str
    sent: int
    rss: int
    file: int
    pages_ms: dict[str, float]


@dataclass(slots=True)
class Seen:
    """All that a run of load showed; times are seconds since 1970."""

    sent: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    counted: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    latencies: list[tuple[str, int, float]] = field(default_factory=list)
    """(topic, start of the bin, seconds from the bin's end to its level being readable)."""
    levels: dict[int, int] = field(default_factory=dict)
    """Level of the first topic by bin."""
    samples: list[Sample] = field(default_factory=list)
    phases: dict[str, tuple[float, float]] = field(default_factory=dict)
    cpu_s: float = 0.0
    wall_s: float = 0.0
    drained_s: float = 0.0

    @property
    def miscounted(self) -> int:
        """How far the counts are from what was sent, over all topics."""
        return sum(abs(self.counted[t] - n) for t, n in self.sent.items())


def topic_id(n: int) -> str:
    return f"marke{n:02d}"


def settings(folder: Path, port: int) -> Path:
    """Write and return a settings file for one process on one SQLite file."""
    lines = [
        'language = "en"',
        f"[server]\nport = {port}",
        f'[store]\nurl = "sqlite:///{folder / "load.db"}"',
        f'[source.{SOURCE}]\ntype = "http"\ntoken = "{TOKEN}"',
    ]
    lines += [
        f'[topic.{topic_id(n)}]\nname = "Marke {n:02d}"\nany = ["{topic_id(n)}"]'
        for n in range(TOPICS)
    ]
    path = folder / "sturmglas.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


def run(
    folder: Path,
    phases: list[Phase],
    seed: int,
    say: Callable[[str], None],
    *,
    every_s: float = 5.0,
) -> Seen:
    """Serve, send the phases one after the other, wait until all is filed, stop, count.

    ``every_s``: how often process, file and pages are looked at. Ends by itself: all phases, then at most ten
    minutes for what waits.
    """
    port = free_port()
    file = folder / "load.db"
    seen = Seen()
    with ExitStack() as stack:
        command = ("serve", "--config", str(settings(folder, port)))
        serve = stack.enter_context(Process(*command, notes=folder / "serve.log"))
        serve.wait_for("Sturmglas: http")
        stack.enter_context(Watcher(file, seen))
        looker = stack.enter_context(Looker(serve, file, port, seen, every_s))
        began = time.monotonic()
        sender = Sender(port, seed, seen)
        for phase in phases:
            say(f"{phase.name}: {phase.per_s:g} mentions/s for {phase.seconds:g} s")
            looker.phase = phase.name
            start = wall.now().timestamp()
            sender.send(phase)
            seen.phases[phase.name] = (start, wall.now().timestamp())
        ended = time.monotonic()
        _drain(file, sum(seen.sent.values()))
        seen.drained_s = time.monotonic() - ended
        seen.wall_s = time.monotonic() - began
        seen.cpu_s = cpu_s(serve.pid)
    _count(file, seen)
    return seen


class Sender:
    """Sends what is due, tenths of a second at a time, in bodies of at most `BATCH`."""

    def __init__(self, port: int, seed: int, seen: Seen) -> None:
        self._client = Client(port)
        self._rng = random.Random(seed)
        self._seen = seen
        self._number = 0

    def send(self, phase: Phase) -> None:
        """Send one phase, on time as far as the service takes it; what it refuses is sent again."""
        began = time.monotonic()
        done, total = 0, int(phase.per_s * phase.seconds)
        while done < total:
            due = min(total, int((time.monotonic() - began) * phase.per_s) + 1)
            while done < due:
                n = min(BATCH, due - done)
                self._post(n, phase.angry)
                done += n
            time.sleep(SLICE_S)

    def _post(self, n: int, angry: float) -> None:
        topics: Counter[str] = Counter()
        now = wall.now().isoformat()
        body = json.dumps([self._record(now, angry, topics) for _ in range(n)]).encode()
        while True:
            try:
                status, answer = self._client.post(body)
            except (OSError, http.client.HTTPException):
                time.sleep(
                    0.2
                )  # whether it was taken is not known; ids make sending again harmless
                continue
            if status == 202:
                self._seen.sent.update(topics)
                return
            if status not in (429, 503):
                raise RuntimeError(f"answer {status}: {answer[:300]!r}")
            self._seen.refused += 1
            time.sleep(0.5)

    def _record(self, now: str, angry: float, topics: Counter[str]) -> dict[str, object]:
        self._number += 1
        rng = self._rng
        if rng.random() < angry:
            topic, text = topic_id(0), rng.choice(ANGRY)
        else:
            topic, text = topic_id(rng.randrange(TOPICS)), rng.choice(PLAIN)
        topics[topic] += 1
        filling = " ".join(rng.choices(FILLING.split(), k=rng.randrange(4, 18)))
        text = f"{text.format(brand=topic)} {filling}"
        if self._number % LONG == 0:
            text = (text + " ") * (rng.randrange(2_000, 19_000) // len(text) + 1)
        return {
            "source": SOURCE,
            "source_id": f"p{self._number}",
            "text": text[:20_000],
            "published_at": now,
            "kind": "post",
            "author": {"handle": f"user{int(rng.paretovariate(0.9)) % 200_000}"},
            "thread_id": f"t{self._number // 7}",
        }


class Watcher(Actor):
    """Notes when the level of each bin can be read, ten times a second."""

    def __init__(self, path: Path, seen: Seen) -> None:
        super().__init__(0.1)
        self._path = path
        self._seen = seen
        self._known: set[tuple[str, int]] = set()
        self._since = int(wall.now().timestamp()) - 2 * BIN_S

    def act(self) -> None:
        """Take note of the bins that were judged since the last look."""
        with closing(_open(self._path)) as store:
            rows = store.execute(
                "SELECT topic, start_s, level FROM bin_result WHERE start_s >= ? AND revision = 0",
                (self._since,),
            ).fetchall()
        now = wall.now().timestamp()
        for topic, start, level in rows:
            if (topic, start) not in self._known:
                self._known.add((topic, start))
                self._seen.latencies.append((topic, start, now - (start + BIN_S)))
                if topic == topic_id(0):
                    self._seen.levels[start] = level
                self._since = max(self._since, start - 2 * BIN_S)


class Looker(Actor):
    """Looks at memory, file and page times every few seconds."""

    def __init__(self, serve: Process, path: Path, port: int, seen: Seen, every_s: float) -> None:
        super().__init__(every_s)
        self.phase = "start"
        self._serve, self._path, self._seen, self._port = serve, path, seen, port

    def act(self) -> None:
        """Take one sample."""
        pages = {}
        client = Client(self._port)  # the server closes one that was quiet for five seconds
        for page in PAGES:
            began = time.perf_counter()
            status, _ = client.get(page)
            pages[page] = (time.perf_counter() - began) * 1000
            if status != 200:
                raise RuntimeError(f"{page}: {status}")
        client.close()
        size = sum(f.stat().st_size for f in self._path.parent.glob(f"{self._path.name}*"))
        sent = sum(self._seen.sent.values())
        rss = rss_bytes(self._serve.pid)
        self._seen.samples.append(Sample(self.phase, sent, rss, size, pages))


def _drain(path: Path, expected: int) -> None:
    end = time.monotonic() + 600
    with closing(_open(path)) as store:
        while time.monotonic() < end:
            [(rows,)] = store.execute("SELECT coalesce(max(num), 0) FROM mention").fetchall()
            if rows >= expected:
                return
            time.sleep(0.1)


def _count(path: Path, seen: Seen) -> None:
    with closing(_open(path)) as store:
        [(seen.rows,)] = store.execute("SELECT count(*) FROM mention").fetchall()
        counted = store.execute("SELECT topic, sum(mentions) FROM count GROUP BY topic")
        seen.counted = Counter(dict(counted))


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=30)
