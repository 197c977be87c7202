"""`bench realstream`: real arrival counts with real posts, through the whole pipeline.

Counts of ten listed companies per five minutes (NAB realTweets, eight weeks of 2015) are thinned
to a bound; each arrival gets a real post drawn at random, with the mix of tones that the labelled
sets have. Tone is independent of volume here, so this is a stream without storms of negativity:
its pages are false ones, and its rate is what a team would have been woken for nothing. The posts
are about anything at all: one in 460 holds words of danger (news of accidents, mostly), and as each
is drawn some fifteen times, tripwires speak far more often than for posts about one brand.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from detectors.matcher import Matcher
from detectors.mention import Author, Mention
from detectors.score.linear import LinearScorer
from detectors.topic import Query, Topic
from detectors.tripwires import Tripwires
from monitor.app.replaying import replay
from monitor.bench.data import data_folder, series, texts
from monitor.bench.figures import poisson_interval
from monitor.pipeline import Line
from monitor.pipeline.work import Parts
from monitor.store.database import SqliteStore

SETS = (
    "umsab/english.train.tsv",
    "umsab/german.train.tsv",
    "germeval2017/validation.tsv",
    "potts/train.tsv",
)
BIN = timedelta(minutes=5)


@dataclass(slots=True)
class Result:
    """What the replay of the real stream brought."""

    brands: int
    days: float
    levels: dict[int, int] = field(default_factory=dict)
    pages: int = 0
    by_tripwire: int = 0
    watches: int = 0
    summary: dict[str, object] = field(default_factory=dict)
    tripped: dict[str, bool] = field(default_factory=dict)
    """Whether words of danger stood behind a topic's newest level."""

    @property
    def brand_months(self) -> float:
        return self.brands * self.days / 30.4

    def record(self) -> dict[str, object]:
        """Return the result as one JSON-ready object; the interval is an exact Poisson one."""
        low, high = poisson_interval(self.pages)
        months = self.brand_months
        return {
            "bench": "realstream",
            "brands": self.brands,
            "days": round(self.days, 1),
            "rises_to_level": {str(k): v for k, v in sorted(self.levels.items())},
            "watches": self.watches,
            "pages": self.pages,
            "pages_by_tripwire": self.by_tripwire,
            "pages_by_rarity": self.pages - self.by_tripwire,
            "pages_by_rarity_per_brand_month": round((self.pages - self.by_tripwire) / months, 3),
            "pages_per_brand_month": round(self.pages / months, 3),
            "interval_95": [round(low / months, 3), round(high / months, 3)],
            **{
                k: self.summary.get(k)
                for k in ("mentions", "unmatched", "mentions_per_s", "seconds")
            },
        }


def run(
    limit: int = 200_000, seed: int = 1, say: Callable[[str], None] = lambda line: None
) -> Result:
    """Build the stream, replay it, and count levels and pages."""
    folder = data_folder()
    files = sorted((folder / "nab/data/realTweets").glob("*.csv"))
    topics = {t.id: t for t in map(_topic, files)}
    parts = Parts(topics, Matcher(topics.values()), LinearScorer.load(), Tripwires.load(), {}, ())
    streams = [_arrivals(folder, file, limit // len(files), seed) for file in files]
    result = Result(len(topics), 0.0)
    store = SqliteStore.open("sqlite://")
    try:
        for line in replay(heapq.merge(*streams, key=_published), parts, store):
            _count(result, line, say)
    finally:
        store.close()
    return result


def _published(mention: Mention) -> datetime:
    return mention.published_at


def _topic(file: Path) -> Topic:
    ticker = file.stem.removeprefix("Twitter_volume_").lower()
    return Topic(ticker, ticker.upper(), Query(any=(f"${ticker}",)), timezone="America/New_York")


def _arrivals(folder: Path, file: Path, most: int, seed: int) -> Iterator[Mention]:
    """Yield one company's mentions: counts thinned so that about ``most`` remain."""
    topic = _topic(file)
    rng = random.Random(f"{seed}:{topic.id}")
    pool = [text for name in SETS for _, text in texts(folder, name)]
    counts = series(file)
    keep = min(1.0, most / max(1.0, sum(n for _, n in counts)))
    for at, n in counts:
        kept = sum(rng.random() < keep for _ in range(int(n)))
        for offset in sorted(rng.random() for _ in range(kept)):
            yield _mention(topic, at + offset * BIN, rng, rng.choice(pool))


def _mention(topic: Topic, at: datetime, rng: random.Random, text: str) -> Mention:
    author = int(rng.paretovariate(0.9)) % 200_000
    return Mention(
        source="stream",
        source_id=f"{topic.id}-{int(at.timestamp() * 1000)}-{rng.randrange(1 << 40)}",
        text=f"${topic.id} {text}"[:20_000],
        published_at=at,
        author=Author(handle=f"user{author}", followers=author % 5000),
    )


def _count(result: Result, line: Line, say: Callable[[str], None]) -> None:
    if line.type == "level":
        level = int(line.data["level"])
        tripped = any(r["code"] == "tripwire" and r["met"] for r in line.data["reasons"])
        result.tripped[line.topic] = tripped
        if level > int(line.data["from"]):
            result.levels[level] = result.levels.get(level, 0) + 1
    elif line.type == "alert" and line.data["reason"] in ("first", "reopened"):
        result.pages += 1
        result.by_tripwire += result.tripped.get(line.topic, False)
        say(f"page: {line.topic} at {line.at:%Y-%m-%d %H:%M} level {line.data['level']}")
    elif line.type == "incident" and line.data["event"] == "opened":
        result.watches += line.data["status"] == "watch"
    elif line.type == "summary":
        result.summary = dict(line.data)
        first, last = line.data["first"], line.data["last"]
        if first and last:
            span = datetime.fromisoformat(last) - datetime.fromisoformat(first)
            result.days = span.total_seconds() / 86_400
