"""`bench pipeline`: the whole way of a mention in process, one core, against the naive service.

Both sides verify an HMAC per body, validate, tell the language, score, look for 200 terms, drop
duplicates, store durably (WAL, FULL) and count per brand and minute. Ours appends the body to the
log first, and closes and judges the bins afterwards. CPU time of the process, since the machine
is shared; sides take turns; medians.
"""

from __future__ import annotations

import hashlib
import hmac
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import msgspec

from detectors.matcher import Matcher
from detectors.mention import Mention
from detectors.score.linear import LinearScorer
from detectors.tripwires import Tripwires
from monitor.bench.corpus import BRANDS, SOURCES, START, TERMS, Corpus, brand_topics, build, term
from monitor.bench.data import data_folder
from monitor.bench.figures import Spread, spread, versions
from monitor.bench.naive import MODELS, NaiveService, signatures
from monitor.pipeline import Pipeline
from monitor.pipeline.holding import READ
from monitor.pipeline.work import Parts
from monitor.ports import GROUP, EntryKind, NewEntry, NoSignals
from monitor.store.database import SqliteStore
from monitor.stream.embedded import EmbeddedLog

SECRET = b"bench secret of no worth"


@dataclass(frozen=True, slots=True)
class Result:
    """CPU microseconds per mention on both sides, their ratio, and that both counted right."""

    ours_us: Spread
    naive_us: Spread
    ratio: Spread
    corpus: Corpus
    models: dict[str, str]

    def record(self) -> dict[str, object]:
        """Return the result as the JSON line that programs read."""
        return {
            "bench": "pipeline",
            "ours_us": round(self.ours_us.median, 2),
            "naive_us": round(self.naive_us.median, 2),
            "ratio": round(self.ratio.median, 2),
            "ratio_min": round(self.ratio.least, 2),
            "ratio_max": round(self.ratio.most, 2),
            "models": self.models,
            "mentions": self.corpus.mentions,
            "median_characters": self.corpus.median,
            "longest_characters": self.corpus.longest,
            "versions": versions(),
        }


def run(
    mentions: int = 10_000,
    repeats: int = 5,
    seed: int = 1,
    say: Callable[[str], None] = lambda line: None,
) -> Result:
    """Run both sides ``repeats`` times in turns over the same bodies.

    Raises AssertionError where a side's rows and counts do not agree with the corpus: a figure of
    a pipeline that counts wrong is worth nothing.
    """
    corpus = build(data_folder(), mentions, seed=seed)
    say(
        f"corpus: {corpus.mentions} mentions, {corpus.distinct} distinct, median "
        f"{corpus.median:.0f} characters, longest {corpus.longest}, bodies of 100, seed {seed}"
    )
    ours, naive = [], []
    for turn in range(repeats):
        ours.append(_ours(corpus))
        naive.append(_naive(corpus))
        say(f"run {turn + 1}: ours {ours[-1]:.1f} us, naive {naive[-1]:.1f} us a mention")
    models = {"ours": LinearScorer.load().version, "naive": MODELS}
    ratios = [n / o for n, o in zip(naive, ours, strict=True)]
    return Result(spread(ours), spread(naive), spread(ratios), corpus, models)


def _ours(corpus: Corpus) -> float:
    topics = {topic.id: topic for topic in brand_topics()}
    parts = Parts(topics, Matcher(topics.values()), LinearScorer.load(), Tripwires.load(), {}, ())
    signed = signatures(corpus.bodies, SECRET)
    decoder = msgspec.json.Decoder(list[Mention])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.db"
        store = SqliteStore.open(f"sqlite:///{path}")
        log = EmbeddedLog.open(path)
        pipeline = Pipeline(store, parts, NoSignals(), live=False)
        pipeline.begin_at(START)
        seen = START + timedelta(seconds=corpus.mentions * 0.6 + 60)
        started = time.process_time()
        for body, signature in zip(corpus.bodies, signed, strict=True):
            expected = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
            assert hmac.compare_digest(signature, expected)
            decoder.decode(body)
            log.append([NewEntry(EntryKind.CREATED, SOURCES[0], seen, body)])
            if log.backlog(GROUP).entries >= 10:
                _take(pipeline, log)
        while _take(pipeline, log):
            pass
        pipeline.tick(seen)
        used = time.process_time() - started
        rows = store.read.totals()
        assert rows["mention"] == corpus.distinct, rows
        log.close()
        store.close()
    return used / corpus.mentions * 1e6


def _take(pipeline: Pipeline, log: EmbeddedLog) -> int:
    entries = log.read(GROUP, "bench", READ)
    if entries:
        pipeline.take(entries)
        log.ack(GROUP, [entry.position for entry in entries])
        log.trim()
    return len(entries)


def _naive(corpus: Corpus) -> float:
    keywords = {f"brand{b}": [term(b, t) for t in range(TERMS)] for b in range(BRANDS)}
    with tempfile.TemporaryDirectory() as folder:
        service = NaiveService(Path(folder) / "naive.db", keywords, SECRET)
        signed = signatures(corpus.bodies, SECRET)
        started = time.process_time()
        for body, signature in zip(corpus.bodies, signed, strict=True):
            service.ingest(body, signature)
        used = time.process_time() - started
        rows, _ = service.rows()
        assert rows == corpus.distinct, rows
        service.close()
    return used / corpus.mentions * 1e6
