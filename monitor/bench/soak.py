"""`bench soak`: a steady half of what one process can take, for an hour.

Asked for: memory flat, the file growing by the row and by nothing else, pages as fast at the end as
at the beginning, every mention counted.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from monitor.bench import paced
from monitor.bench.figures import versions


def run(per_s: float, seconds: float, seed: int, say: Callable[[str], None]) -> dict[str, object]:
    """Return the record of one steady phase, looked at 120 times."""
    phases = [paced.Phase("steady", seconds, per_s)]
    with tempfile.TemporaryDirectory(prefix="sturmglas-soak-") as folder:
        seen = paced.run(Path(folder), phases, seed, say, every_s=max(1.0, seconds / 120))
    samples = [s for s in seen.samples if s.sent]
    settled = samples[len(samples) // 6 :]  # caches fill first
    per_row = [(b.file - a.file) / max(1, b.sent - a.sent) for a, b in _thirds(settled)]
    memory = [(b.rss - a.rss) / max(1, b.sent - a.sent) for a, b in _thirds(settled)]
    pages = {page: _pages(settled, page) for page in paced.PAGES}
    return {
        "bench": "soak",
        "per_s": per_s,
        "seconds": seconds,
        "sent": sum(seen.sent.values()),
        "stored": seen.rows,
        "miscounted": seen.miscounted,
        "refused_requests": seen.refused,
        "rss_mib": [round(s.rss / 2**20, 1) for s in settled[:: max(1, len(settled) // 6)]],
        "rss_bytes_a_row_by_third": [round(x, 2) for x in memory],
        "file_bytes_a_row_by_third": [round(x, 1) for x in per_row],
        "page_ms_median_first_and_last_third": pages,
        "drained_s": round(seen.drained_s, 1),
        "cpu_us_a_mention": round(seen.cpu_s / max(1, seen.rows) * 1e6, 1),
        "cpu_share": round(seen.cpu_s / seen.wall_s, 3),
        "seed": seed,
        "versions": versions(),
    }


def _thirds(samples: list[paced.Sample]) -> list[tuple[paced.Sample, paced.Sample]]:
    n = len(samples)
    cuts = [0, n // 3, 2 * n // 3, n - 1]
    return [(samples[a], samples[b]) for a, b in pairwise(cuts) if b > a]


def _pages(samples: list[paced.Sample], page: str) -> tuple[float, float]:
    third = max(1, len(samples) // 3)
    first = statistics.median(s.pages_ms[page] for s in samples[:third])
    last = statistics.median(s.pages_ms[page] for s in samples[-third:])
    return round(first, 1), round(last, 1)
