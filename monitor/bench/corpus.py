"""The corpus of the speed benches: mentions of realistic length, as request bodies."""

from __future__ import annotations

import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from detectors.topic import Query, Topic
from monitor.bench.data import texts

SETS = (
    "umsab/english.train.tsv",
    "umsab/german.train.tsv",
    "potts/train.tsv",
    "semeval2017-sentiment/train.tsv",
    "germeval2017/validation.tsv",
)
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
BRANDS = 20
TERMS = 10
SOURCES = ("kurznachrichten", "forum", "reviews", "kommentare")


@dataclass(frozen=True, slots=True)
class Corpus:
    """Request bodies and what is in them. ``median`` and ``longest`` are text lengths in characters."""

    bodies: list[bytes]
    mentions: int
    distinct: int
    median: float
    longest: int
    bytes: int

    def __str__(self) -> str:
        return (
            f"{self.mentions} mentions, {self.distinct} distinct, in {len(self.bodies)} bodies; "
            f"texts: median {self.median:.0f} characters, longest {self.longest}"
        )

    def record(self) -> dict[str, object]:
        """Return what belongs into every record of a figure."""
        return {
            "mentions": self.mentions,
            "median_characters": self.median,
            "longest_characters": self.longest,
        }


def brand_topics() -> list[Topic]:
    """Return 20 invented brands with ten terms each: 200 terms to look for in every text."""
    return [
        Topic(f"brand{b}", f"Brand {b}", Query(any=tuple(term(b, t) for t in range(TERMS))))
        for b in range(BRANDS)
    ]


def term(brand: int, n: int) -> str:
    """Return the ``n``-th term of a brand: names, handles and hashtags nobody else uses."""
    name = f"marke{'abcdefghijklmnopqrst'[brand]}"
    return (name, f"@{name}", f"#{name}")[n] if n < 3 else f"{name} {'xyzuvwr'[n - 3]}produkt"


def build(
    folder: Path,
    n: int,
    *,
    batch: int = 100,
    seed: int = 1,
    sources: Sequence[str] = SOURCES,
    start: datetime = START,
    prefix: str = "p",
) -> Corpus:
    """Return ``n`` mentions from real posts in bodies of ``batch``, 2 % of them sent twice.

    Four in five texts name one of the brands; one in 500 is 2,000 to 20,000 characters long, made
    of several posts. Authors are heavy-tailed; times run over 200 minutes for 20,000 mentions.
    ``batch`` 1 gives bodies that are one object each; ``prefix`` begins the ids.
    """
    rng = random.Random(seed)
    pool = [text for name in SETS for _, text in texts(folder, name)]
    rng.shuffle(pool)
    records: list[dict[str, Any]] = []
    for i in range(n):
        if records and rng.random() < 0.02:
            records.append(rng.choice(records[-500:]))
        else:
            at = start + timedelta(seconds=i * 12_000 / 20_000)
            records.append(_record(rng, f"{prefix}{i:08d}", i, _text(rng, pool, i), sources, at))
    lengths = [len(r["text"]) for r in records]
    parts: list[Any] = [records[i : i + batch] for i in range(0, n, batch)]
    bodies = [
        msgspec.json.encode(records[i] if batch == 1 else part) for i, part in enumerate(parts)
    ]
    return Corpus(
        bodies=bodies,
        mentions=n,
        distinct=len({r["source"] + r["source_id"] for r in records}),
        median=statistics.median(lengths),
        longest=max(lengths),
        bytes=sum(map(len, bodies)),
    )


def _text(rng: random.Random, pool: list[str], i: int) -> str:
    text = pool[i % len(pool)]
    if rng.random() < 0.002:
        length = rng.randint(2_000, 20_000)
        while len(text) < length:
            text += " " + rng.choice(pool)
        text = text[:length]
    if rng.random() < 0.8:
        text = f"{term(rng.randrange(BRANDS), rng.randrange(TERMS))} {text}"
    return text[:20_000]


def _record(
    rng: random.Random, id: str, i: int, text: str, sources: Sequence[str], at: datetime
) -> dict[str, Any]:
    author = int(rng.paretovariate(0.9)) % 50_000
    return {
        "source": rng.choice(sources),
        "source_id": id,
        "text": text,
        "published_at": at.isoformat(),
        "url": f"https://example.org/p/{i}",
        "kind": "post",
        "author": {"handle": f"user{author}", "followers": author % 9000},
        "thread_id": f"t{i // 7}",
        "metrics": {"likes": i % 50, "replies": i % 7},
    }
