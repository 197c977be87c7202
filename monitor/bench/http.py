"""`bench http`: ours as `sturmglas serve` against the naive service, over HTTP on loopback.

Acknowledged when stored: the naive service answers after its rows are committed, ours after the
durable append. So a run ends only when every mention is filed, and what is compared is the whole
CPU of the server process per mention until then, read from outside: door, pipeline, detectors,
threads that wait. Batches of 100 over 16 connections, single mentions over 32; the client is a
process of its own; both sides check a bearer token, and run on uvicorn with uvloop and httptools.
Each run starts a fresh server and warms it with 200 mentions that are not measured.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from detectors.score.linear import LinearScorer
from monitor.bench.children import Child, peer, started
from monitor.bench.corpus import BRANDS, TERMS, Corpus, build, term
from monitor.bench.data import data_folder
from monitor.bench.figures import ratios, spread, versions
from monitor.bench.load import Sent, send
from monitor.bench.machine import cpu_s
from monitor.bench.naive import MODELS
from monitor.clock import SystemClock
from monitor.server.door import PATH

SOURCE = "forum"
TOKEN = "a-token-for-benches-1"
BATCH, BATCH_CONNECTIONS, SINGLE_CONNECTIONS = 100, 16, 32
WARM = 200
SINGLES_SHARE = 4
"""One mention in so many is also sent alone: a single costs the naive service five times as much."""
FILED_S = 300.0
KEYWORDS = {f"brand{b}": [term(b, t) for t in range(TERMS)] for b in range(BRANDS)}


@dataclass(frozen=True, slots=True)
class Shape:
    """How mentions are sent: so many in a body, over so many connections."""

    name: str
    batch: int
    connections: int


SHAPES = (
    Shape("batch", BATCH, BATCH_CONNECTIONS),
    Shape("single", 1, SINGLE_CONNECTIONS),
)


@dataclass(frozen=True, slots=True)
class Run:
    """One side of one run: CPU per mention, mentions/s until answered and until filed, request times."""

    cpu_us: float
    answered_per_s: float
    filed_per_s: float
    sent: Sent

    def __str__(self) -> str:
        return (
            f"{self.cpu_us:.0f} us, {self.answered_per_s:.0f}/s answered, {self.filed_per_s:.0f}/s "
            f"filed, p50 {self.sent.p50_ms:.1f} ms, p99 {self.sent.p99_ms:.1f} ms"
        )


@dataclass(slots=True)
class Result:
    """The runs of both sides, by shape."""

    corpora: dict[str, Corpus]
    model: str
    ours: dict[str, list[Run]] = field(default_factory=dict)
    naive: dict[str, list[Run]] = field(default_factory=dict)

    def record(self) -> dict[str, object]:
        """Return the result as the JSON line that programs read."""
        record: dict[str, object] = {
            "bench": "http",
            "models": {"ours": self.model, "naive": MODELS},
        }
        for shape in SHAPES:
            ours, naive = self.ours[shape.name], self.naive[shape.name]
            cpu = [r.cpu_us for r in ours], [r.cpu_us for r in naive]
            record |= ratios(cpu[1], cpu[0]).record(f"{shape.name}_ratio")
            for side, runs in (("ours", ours), ("naive", naive)):
                name = f"{side}_{shape.name}"
                record |= spread([r.cpu_us for r in runs]).record(f"{name}_us")
                record |= spread([r.answered_per_s for r in runs]).record(f"{name}_answered_per_s")
                record |= spread([r.filed_per_s for r in runs]).record(f"{name}_filed_per_s")
                record |= spread([r.sent.p50_ms for r in runs]).record(f"{name}_p50_ms")
            record[f"{shape.name}_mentions"] = self.corpora[shape.name].mentions
            record[f"{shape.name}_connections"] = shape.connections
        corpus = self.corpora["batch"].record()
        return {**record, "repeats": len(self.ours["batch"]), **corpus, "versions": versions()}


def run(
    mentions: int = 4000,
    repeats: int = 5,
    seed: int = 1,
    say: Callable[[str], None] = lambda line: None,
) -> Result:
    """Run both sides in turns. Raises where not all is accepted, or not all is filed in time."""
    # Just over by now, so that the pipeline counts them and judges their bins as live ones.
    begun = SystemClock().now() - timedelta(seconds=mentions * 0.6)
    corpora = {
        shape.name: build(
            data_folder(),
            mentions if shape.batch > 1 else max(100, mentions // SINGLES_SHARE),
            batch=shape.batch,
            seed=seed,
            start=begun,
            sources=(SOURCE,),
        )
        for shape in SHAPES
    }
    warm = build(data_folder(), WARM, seed=seed + 1, start=begun, sources=(SOURCE,), prefix="w")
    result = Result(corpora, LinearScorer.load().version)
    for shape in SHAPES:
        say(f"{shape.name}: {corpora[shape.name]}, {shape.connections} connections, seed {seed}")
    for turn in range(repeats):
        for shape in SHAPES:
            corpus = corpora[shape.name]
            for runs, side in ((result.ours, _ours), (result.naive, _naive)):
                with tempfile.TemporaryDirectory() as folder, side(Path(folder)) as service:
                    done = service.measure(shape, corpus, warm)
                runs.setdefault(shape.name, []).append(done)
            ours, naive = result.ours[shape.name][-1], result.naive[shape.name][-1]
            say(f"run {turn + 1}, {shape.name}, a mention: ours {ours}; naive {naive}")
    return result


@dataclass(frozen=True, slots=True)
class _Service:
    """A running server with its file, asked over HTTP."""

    child: Child
    folder: Path
    file: Path
    table: str
    paths: dict[str, str]

    def measure(self, shape: Shape, corpus: Corpus, warm: Corpus) -> Run:
        self._send(SHAPES[0], warm)
        self._wait(warm.distinct)
        cpu, began = cpu_s(self.child.pid), time.perf_counter()
        sent = self._send(shape, corpus)
        self._wait(warm.distinct + corpus.distinct)
        seconds = time.perf_counter() - began
        used = cpu_s(self.child.pid) - cpu
        return Run(
            used / corpus.mentions * 1e6,
            corpus.mentions / sent.seconds,
            corpus.mentions / seconds,
            sent,
        )

    def _send(self, shape: Shape, corpus: Corpus) -> Sent:
        return send(
            self.child.port,
            self.paths[shape.name],
            corpus.bodies,
            shape.connections,
            self.folder,
            [f"authorization: Bearer {TOKEN}"],
        )

    def _wait(self, rows: int) -> None:
        """Wait until so many mentions are rows; raises TimeoutError."""
        deadline = time.perf_counter() + FILED_S
        with closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True, timeout=30)) as db:
            while True:
                found = db.execute(f"SELECT count(*) FROM {self.table}").fetchone()[0]
                if found == rows:
                    return
                if found > rows or time.perf_counter() > deadline:
                    raise TimeoutError(f"{found} of {rows} mentions filed in {FILED_S:g} s")
                time.sleep(0.02)


@contextmanager
def _ours(folder: Path) -> Iterator[_Service]:
    file, config = folder / "ours.db", folder / "ours.toml"
    config.write_text(_settings(file))
    command = [sys.executable, "-m", "monitor", "serve", "--config", str(config)]
    with started(command) as child:
        yield _Service(child, folder, file, "mention", {"batch": PATH, "single": PATH})


@contextmanager
def _naive(folder: Path) -> Iterator[_Service]:
    file = folder / "naive.db"
    plan = {"path": str(file), "keywords": KEYWORDS, "token": TOKEN}
    with peer("naive", plan) as child:
        yield _Service(child, folder, file, "mentions", {"batch": "/many", "single": "/one"})


def _settings(file: Path) -> str:
    """Return the TOML of ours: the topics are the naive one's keywords."""
    lines = ["[server]", "port = 0", "[store]", f'url = "sqlite:///{file}"']
    lines += [f"[source.{SOURCE}]", 'type = "http"', f'token = "{TOKEN}"']
    for topic, words in KEYWORDS.items():
        lines += [f"[topic.{topic}]", f'name = "{topic}"', f"any = {json.dumps(words)}"]
    return "\n".join(lines) + "\n"
