"""`bench pipeline`: the whole way of a mention in process, one core, against a peer and two floors.

Five sides take turns over the same bodies: ours; ours with the naive service's models; the naive
service; the ingest floor; the pipeline floor (`monitor.bench.floors`). Ours and the naive one
verify an HMAC per body, validate, tell the language, score, look for 200 terms, drop duplicates,
store durably (WAL, FULL) and count per brand and minute. Ours appends the bodies to the log first,
ten in one commit, and closes and judges the bins afterwards. CPU time of the process with all its
threads, since the machine is shared; medians.
"""

from __future__ import annotations

import gc
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import msgspec

from detectors.matcher import Matcher
from detectors.mention import Mention
from detectors.score.base import Scorer
from detectors.score.linear import LinearScorer
from detectors.tripwires import Tripwires
from monitor.bench.corpus import BRANDS, SOURCES, START, TERMS, Corpus, brand_topics, build, term
from monitor.bench.data import data_folder
from monitor.bench.figures import ratios, spread, versions
from monitor.bench.floors import (
    BODIES,
    SECRET,
    FinalRows,
    ingest_floor,
    pipeline_floor,
    verify,
)
from monitor.bench.naive import MODELS, NaiveService, signatures
from monitor.bench.samemodels import VaderScorer
from monitor.pipeline import Pipeline
from monitor.pipeline.holding import READ
from monitor.pipeline.work import Parts
from monitor.ports import GROUP, EntryKind, NewEntry, NoSignals
from monitor.store.database import SqliteStore
from monitor.stream.embedded import EmbeddedLog

OURS, SAME, NAIVE = "ours", "same models", "naive"
INGEST_FLOOR, PIPELINE_FLOOR = "ingest floor", "pipeline floor"


@dataclass(frozen=True, slots=True)
class Result:
    """CPU microseconds per mention by side and repeat; every side's rows were counted and right."""

    runs: dict[str, list[float]]
    corpus: Corpus
    model: str

    def record(self) -> dict[str, object]:
        """Return the result as the JSON line that programs read."""
        runs = self.runs
        return {
            "bench": "pipeline",
            **spread(runs[OURS]).record("ours_us"),
            **spread(runs[NAIVE]).record("naive_us"),
            **ratios(runs[NAIVE], runs[OURS]).record("ratio"),
            "models": {"ours": self.model, "naive": MODELS},
            **spread(runs[SAME]).record("same_models_us"),
            **ratios(runs[NAIVE], runs[SAME]).record("same_models_ratio"),
            "same_models": {"ours": MODELS, "naive": MODELS},
            **spread(runs[INGEST_FLOOR]).record("ingest_floor_us"),
            **spread(runs[PIPELINE_FLOOR]).record("pipeline_floor_us"),
            **ratios(runs[PIPELINE_FLOOR], runs[OURS]).record("pipeline_floor_share"),
            "repeats": len(runs[OURS]),
            **self.corpus.record(),
            "versions": versions(),
        }


def run(
    mentions: int = 10_000,
    repeats: int = 5,
    seed: int = 1,
    say: Callable[[str], None] = lambda line: None,
) -> Result:
    """Run all sides ``repeats`` times in turns over the same bodies.

    Raises AssertionError where a side's rows and counts do not agree with the corpus: a figure of
    a pipeline that counts wrong is worth nothing.
    """
    corpus = build(data_folder(), mentions, seed=seed)
    say(f"corpus: {corpus}, seed {seed}")
    scorer, same = LinearScorer.load(), VaderScorer()
    signed = signatures(corpus.bodies, SECRET)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "filed.db"
        _ours(corpus, signed, scorer, path)  # once unmeasured: warms, and leaves the final rows
        final = FinalRows.of(path)
    sides: dict[str, Callable[[], float]] = {
        OURS: lambda: _ours(corpus, signed, scorer),
        SAME: lambda: _ours(corpus, signed, same),
        NAIVE: lambda: _naive(corpus, signed),
        INGEST_FLOOR: lambda: ingest_floor(corpus.bodies, signed),
        PIPELINE_FLOOR: lambda: pipeline_floor(corpus.bodies, signed, final),
    }
    runs: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(repeats):
        for name, side in sides.items():
            gc.collect()  # nobody pays for what another side left behind
            runs[name].append(side() / mentions * 1e6)
        told = ", ".join(f"{name} {runs[name][-1]:.1f}" for name in sides)
        say(f"run {turn + 1}, CPU us a mention: {told}")
    for name, values in runs.items():
        say(f"{name}: {spread(values)} us")
    return Result(runs, corpus, scorer.version)


def _ours(corpus: Corpus, signed: list[str], scorer: Scorer, path: Path | None = None) -> float:
    """Return the CPU seconds of our side; ``path`` keeps the file."""
    with tempfile.TemporaryDirectory() as folder:
        return _file_all(corpus, signed, scorer, path or Path(folder) / "bench.db")


def _file_all(corpus: Corpus, signed: list[str], scorer: Scorer, path: Path) -> float:
    topics = {topic.id: topic for topic in brand_topics()}
    parts = Parts(topics, Matcher(topics.values()), scorer, Tripwires.load(), {}, ())
    decoder = msgspec.json.Decoder(list[Mention])
    store = SqliteStore.open(f"sqlite:///{path}")
    log = EmbeddedLog.open(path)
    pipeline = Pipeline(store, parts, NoSignals(), live=False)
    pipeline.begin_at(START)
    seen = START + timedelta(seconds=corpus.mentions * 0.6 + 60)
    started = time.process_time()
    for first in range(0, len(corpus.bodies), BODIES):
        some = corpus.bodies[first : first + BODIES]
        for body, signature in zip(some, signed[first : first + BODIES], strict=True):
            verify(body, signature)
            decoder.decode(body)
        log.append([NewEntry(EntryKind.CREATED, SOURCES[0], seen, body) for body in some])
        _take(pipeline, log)
    while _take(pipeline, log):
        pass
    pipeline.tick(seen)
    used = time.process_time() - started
    rows = store.read.totals()
    assert rows["mention"] == corpus.distinct, rows
    log.close()
    store.close()
    return used


def _take(pipeline: Pipeline, log: EmbeddedLog) -> int:
    entries = log.read(GROUP, "bench", READ)
    if entries:
        pipeline.take(entries)
        log.ack(GROUP, [entry.position for entry in entries])
        log.trim()
    return len(entries)


def _naive(corpus: Corpus, signed: list[str]) -> float:
    keywords = {f"brand{b}": [term(b, t) for t in range(TERMS)] for b in range(BRANDS)}
    with tempfile.TemporaryDirectory() as folder:
        service = NaiveService(Path(folder) / "naive.db", keywords, SECRET)
        started = time.process_time()
        for body, signature in zip(corpus.bodies, signed, strict=True):
            service.ingest(body, signature)
        used = time.process_time() - started
        rows, _ = service.rows()
        assert rows == corpus.distinct, rows
        service.close()
    return used
