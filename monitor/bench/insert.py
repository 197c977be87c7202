"""`bench insert`: how fast the store takes in rows, and whether it stays as fast as it grows.

Rows as the pipeline files them: text of 120 characters in the median, authors by a Pareto
distribution (80 % from 20 %) over half a million handles, twenty topics, four in five rows
matched, event times that move on with some lateness. Making them is not timed. One transaction
per thousand rows holds `add_mentions` and `add_counts`, as in the pipeline.
"""

from __future__ import annotations

import struct
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import reduce
from hashlib import blake2b
from operator import add
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from detectors.mention import AccountType, Author, Mention
from detectors.score.base import Score, Tone
from detectors.window import Counts
from monitor.bench.figures import Spread, spread, versions
from monitor.clock import stopwatch
from monitor.ports import CountKey, Filed, Store
from monitor.store.database import open_store

BATCH = 1_000
"""Rows per transaction: what the pipeline files at once under load."""

PART = 250_000
"""Rows per line of the report; the last against the first is the ratio."""

SLICE = 25_000
"""Rows filed at a time where two stores take turns."""

HANDLES = 500_000
TOPICS = 20
MATCHED = 0.8
PARETO = 1.16
"""Shape at which a fifth of the authors writes four fifths (Pareto's own 80/20)."""

ROWS_PER_S = 50
"""Pace of event time: a million rows are five and a half hours of a large brand's storm."""

START = datetime(2026, 1, 5, 6, tzinfo=UTC)
_WORDS = ("das", "ist", "ja", "nun", "wirklich", "kaum", "why", "does", "nothing", "work", "again")
_TONES = (Tone.NEGATIVE, Tone.NEUTRAL, Tone.POSITIVE)


@dataclass(frozen=True, slots=True)
class Part:
    """Rows up to ``until``: per second by the wall, CPU and WAL bytes of each row."""

    until: int
    rows_per_s: float
    cpu_us: float
    wal_bytes: float | None


@dataclass(frozen=True, slots=True)
class Result:
    """Pace by part, last against first, and what a row takes on disk."""

    url: str
    rows: int
    parts: list[Part]
    pairs: list[tuple[Part, Part]]
    """Slices of the first rows in a fresh store, each with one of the last rows."""
    bytes_per_row: float | None
    versions: dict[str, str] = field(default_factory=versions)

    @property
    def ratio(self) -> Spread:
        """Rows per second of the last rows, as a share of the first's, slice by slice."""
        return spread([last.rows_per_s / first.rows_per_s for first, last in self.pairs])

    def record(self) -> dict[str, object]:
        """Return the result as the JSON line that programs read."""
        return {
            "bench": "insert",
            "store": self.url,
            "rows": self.rows,
            **self.ratio.record("ratio"),
            "bytes_per_row": _rounded(self.bytes_per_row),
            "parts": [
                {
                    "until": part.until,
                    "rows_per_s": round(part.rows_per_s),
                    "cpu_us": round(part.cpu_us, 1),
                    "wal_bytes": _rounded(part.wal_bytes),
                }
                for part in self.parts
            ],
            "versions": self.versions,
        }


def run(
    rows: int = 1_000_000,
    seed: int = 1,
    say: Callable[[str], None] = lambda line: None,
    url: str = "sqlite",
    fresh_url: str = "sqlite",
) -> Result:
    """File ``rows`` rows into an empty store, the last `PART` of them in turns with a fresh one.

    The machine is shared, so the first and the last quarter of a million of one run are minutes
    and moods apart. Therefore the last are filed slice by slice, each beside a slice of the same first
    rows into an empty store; the ratio is the median of these pairs.

    ``url``, ``fresh_url``: ``sqlite`` for a file in the temporary folder (set TMPDIR to choose the
    disk), else those of two stores without rows, such as two databases of a PostgreSQL server. WAL
    and file size are known of ``sqlite`` only. Raises AssertionError where the store calls a row
    known that is new, and what `open_store` raises.
    """
    parts = []
    last_rows = min(PART, rows)
    with _opened(url) as (store, file), _opened(fresh_url) as (fresh, _):
        wal = Wal(file) if file else None
        made = batches(rows, seed)
        done = 0
        while done < rows - last_rows:
            part = _part(store, made, min(PART, rows - last_rows - done), done, wal)
            parts.append(part)
            done = part.until
            say(_line(part))
        again = batches(last_rows, seed)
        pairs = []
        while done < rows:
            n = min(SLICE, rows - done)
            first, last = _part(fresh, again, n, 0, None), _part(store, made, n, done, wal)
            pairs.append((first, last))
            done = last.until
        parts.append(_together([last for _, last in pairs]))
        say(f"{_line(parts[-1])}; in turns with {_together([f for f, _ in pairs]).rows_per_s:,.0f}")
        store.close()  # writes the log back into the file
        size = file.stat().st_size / rows if file else None
    return Result(url.partition(":")[0], rows, parts, pairs, size)


def _together(slices: list[Part]) -> Part:
    """Return slices of equal size as one part."""
    n = len(slices)
    seconds = sum(1 / s.rows_per_s for s in slices) / n
    wal = None
    if slices[0].wal_bytes is not None:
        wal = sum(s.wal_bytes or 0.0 for s in slices) / n
    return Part(slices[-1].until, 1 / seconds, sum(s.cpu_us for s in slices) / n, wal)


def _part(
    store: Store, made: Iterator[list[Filed]], rows: int, before: int, wal: Wal | None
) -> Part:
    wall = cpu = 0.0
    written = 0
    for _ in range(-(-rows // BATCH)):
        batch = next(made)
        deltas = deltas_of(batch)
        wall_from, cpu_from = stopwatch(), time.process_time()
        with store.begin() as tx:
            new = tx.add_mentions(batch)
            tx.add_counts(deltas)
        cpu += time.process_time() - cpu_from
        wall += stopwatch() - wall_from
        assert all(new), "the store calls a row known that it never saw"
        written += wal.written() if wal else 0
    return Part(before + rows, rows / wall, cpu / rows * 1e6, written / rows if wal else None)


def batches(rows: int, seed: int) -> Iterator[list[Filed]]:
    """Yield ``rows`` filed mentions, `BATCH` at a time, the same for the same seed."""
    rng = np.random.default_rng(seed)
    people = np.cumsum(rng.pareto(PARETO, HANDLES) + 1)
    soup = " ".join(rng.choice(_WORDS, 20_000))
    for first in range(0, rows, BATCH):
        yield _batch(rng, people, soup, first, min(BATCH, rows - first))


def _batch(
    rng: np.random.Generator, people: NDArray[np.float64], soup: str, first: int, n: int
) -> list[Filed]:
    observed = START + timedelta(seconds=(first + n) / ROWS_PER_S)
    authors = np.searchsorted(people, rng.random(n) * people[-1]).tolist()
    lengths = np.clip(rng.lognormal(np.log(120), 0.8, n), 3, 5_000).astype(int).tolist()
    starts = rng.integers(0, len(soup) - 5_000, n).tolist()
    late = rng.exponential(20, n).tolist()
    topics = np.where(rng.random(n) < MATCHED, rng.integers(0, TOPICS, n), -1).tolist()
    tones = rng.integers(0, 3, n).tolist()
    rows = []
    for i in range(n):
        who, text = authors[i], soup[starts[i] : starts[i] + lengths[i]]
        mention = Mention(
            source=f"source{who % 4}",
            source_id=f"{first + i:012d}",
            text=text,
            published_at=observed - timedelta(seconds=late[i]),
            url=f"https://social.example/p/{first + i:012d}",
            author=Author(
                handle=f"handle{who}",
                name=f"Name {who}",
                followers=who * 7919 % 100_000,
                account_type=AccountType.PERSON,
            ),
        )
        rows.append(_filed(mention, observed, who, topics[i], _TONES[tones[i]]))
    return rows


def _filed(mention: Mention, observed: datetime, who: int, topic: int, tone: Tone) -> Filed:
    return Filed(
        id=mention.id,
        mention=mention,
        at=mention.published_at,
        observed_at=observed,
        dated="published",
        author=_key(who),
        thread=_key(who + HANDLES),
        cluster=_key(who * 31 + topic),
        topics=() if topic < 0 else (f"topic{topic}",),
        score=Score(lang="de", tone=tone, score=0.25, p=(0.25, 0.25, 0.5), offensive=0.125),
        model="bench",
    )


def _key(number: int) -> int:
    """Return a signed 64-bit key spread like the pipeline's pseudonyms."""
    digest = blake2b(number.to_bytes(8, "little", signed=True), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


def deltas_of(rows: list[Filed]) -> dict[CountKey, Counts]:
    """Return what rows add to the counts, as the pipeline would."""
    by_key: dict[CountKey, list[Counts]] = {}
    for row in rows:
        tone = row.score.tone
        one = Counts(
            mentions=1,
            negatives=int(tone == Tone.NEGATIVE),
            neutrals=int(tone == Tone.NEUTRAL),
            positives=int(tone == Tone.POSITIVE),
            reach=row.mention.reach,
        )
        minute = int(row.at.timestamp()) // 60
        for topic in row.topics:
            by_key.setdefault(CountKey(topic, row.mention.source, minute), []).append(one)
    return {key: reduce(add, counts) for key, counts in by_key.items()}


class Wal:
    """Counts what SQLite writes to the log of a file, from its index beside it.

    Frame count and page size stand in the header of the index (sqlite.org/walformat.html#2.1);
    a checkpoint lets the count begin anew.
    """

    def __init__(self, file: Path) -> None:
        self._index = file.with_name(file.name + "-shm")
        self._frames = self._state()[0]

    def written(self) -> int:
        """Return the bytes written since the last call; to be called after each transaction."""
        frames, page = self._state()
        fresh = frames - self._frames if frames >= self._frames else frames
        self._frames = frames
        return fresh * (page + 24)

    def _state(self) -> tuple[int, int]:
        if not self._index.exists():
            return 0, 0
        with self._index.open("rb") as file:
            header = file.read(20)
        page, frames = struct.unpack("=HI", header[14:20])
        return frames, 65_536 if page == 1 else page


@contextmanager
def _opened(url: str) -> Iterator[tuple[Store, Path | None]]:
    if url != "sqlite":
        with closing(open_store(url)) as store:
            yield store, None
        return
    with tempfile.TemporaryDirectory(prefix="sturmglas-bench-") as folder:
        file = Path(folder) / "bench.db"
        with closing(open_store(f"sqlite:///{file}")) as store:
            yield store, file


def _line(part: Part) -> str:
    wal = "" if part.wal_bytes is None else f", WAL {part.wal_bytes:,.0f} bytes a row"
    return (
        f"up to {part.until:>9,}: {part.rows_per_s:>7,.0f} rows/s,"
        f" CPU {part.cpu_us:.1f} us a row{wal}"
    )


def _rounded(value: float | None) -> int | None:
    return None if value is None else round(value)
