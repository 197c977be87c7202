"""`bench storm`: fifty times the usual rate for ten minutes into one process on one file.

Asked for: every mention counted; the level of a bin readable within ten seconds of the bin's end
(p99), for the topic that rises and for all others; memory flat while it lasts.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from detectors.window import BIN_S
from monitor.bench import paced
from monitor.bench.figures import versions

FACTOR = 50


def run(
    base_per_s: float, storm_s: float, seed: int, say: Callable[[str], None]
) -> dict[str, object]:
    """Return the record: a calm stretch, the storm, and the time until everything was filed."""
    phases = [
        paced.Phase("calm", 330.0, base_per_s),
        paced.Phase("storm", storm_s, base_per_s * FACTOR, angry=0.8),
        paced.Phase("after", BIN_S + 20.0, base_per_s),
    ]
    with tempfile.TemporaryDirectory(prefix="sturmglas-storm-") as folder:
        seen = paced.run(Path(folder), phases, seed, say)
    begin, end = seen.phases["storm"]
    during = [(t, lag) for t, start, lag in seen.latencies if begin <= start + BIN_S <= end + BIN_S]
    rising = sorted(lag for topic, lag in during if topic == paced.topic_id(0))
    every = sorted(lag for _, lag in during)
    rss = [s.rss for s in seen.samples if s.phase == "storm"]
    third = max(1, len(rss) // 3)
    return {
        "bench": "storm",
        "base_per_s": base_per_s,
        "storm_per_s": base_per_s * FACTOR,
        "storm_s": storm_s,
        "sent": sum(seen.sent.values()),
        "stored": seen.rows,
        "counted": sum(seen.counted.values()),
        "miscounted": seen.miscounted,
        "refused_requests": seen.refused,
        "level_of_rising_topic": [level for _, level in sorted(seen.levels.items())],
        "bins_judged_during_storm": len(every),
        "latency_rising_max_s": round(rising[-1], 2) if rising else None,
        "latency_p99_s": round(every[int(0.99 * (len(every) - 1))], 2) if every else None,
        "rss_first_third_mib": round(sum(rss[:third]) / third / 2**20, 1) if rss else None,
        "rss_last_third_mib": round(sum(rss[-third:]) / third / 2**20, 1) if rss else None,
        "rss_most_mib": round(max(rss) / 2**20, 1) if rss else None,
        "drained_s": round(seen.drained_s, 1),
        "cpu_us_a_mention": round(seen.cpu_s / max(1, seen.rows) * 1e6, 1),
        "seed": seed,
        "versions": versions(),
    }
