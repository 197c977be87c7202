"""The whole of `bench detection`, part by part, as one record."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from detectors.score.linear import LinearScorer
from monitor.bench.data import data_folder
from monitor.bench.detection import report
from monitor.bench.detection.harmless import RATES as HARMLESS_RATES
from monitor.bench.detection.run import do, jobs
from monitor.bench.detection.storm import RATES
from monitor.bench.detection.tone import readings
from monitor.bench.figures import versions

Record = dict[str, Any]
REPORTED_FROM = 1000
"""First seed of what is reported; those below were used for tuning."""
SCENES = 200
PARTS = ("null", "grid", "harmless", "slow", "four")


def run(
    seeds: int, first: int, parts: Sequence[str], say: Callable[[str], None]
) -> dict[str, object]:
    """Run parts of the bench with ``seeds`` seeds a cell from ``first`` on; all cores are used.

    Twenty seeds are what is reported: some 20 minutes on two cores. The harmless scenes, slow
    storms and fortnights are ten times as many seeds, spread over four rates: 200 with twenty.
    """
    scorer = LinearScorer.load()
    read = readings(data_folder(), scorer)
    out: Record = {
        "bench": "detection",
        "seeds": [first, first + seeds - 1],
        "model": scorer.version,
        "negatives_read_as_negative": {k: round(float(r.seen[0, 0]), 3) for k, r in read.items()},
        "others_read_as_negative": {
            k: [round(float(x), 3) for x in r.seen[1:, 0]] for k, r in read.items()
        },
    }
    processes = os.cpu_count() or 1
    each = max(1, seeds * SCENES // 20 // len(HARMLESS_RATES))
    for part in parts:
        say(part)
        if part == "grid":
            todo, tell = jobs(part, range(first, first + seeds), RATES), report.storms
        elif part == "null":
            todo, tell = jobs(part, range(first, first + 2 * seeds), RATES[1:]), report.nulls
        else:
            todo = jobs(part, range(first, first + each), HARMLESS_RATES)
            tell = {"harmless": report.harmless, "slow": report.others, "four": report.again}[part]
        out[part] = tell(do(list(todo), processes, say))
    out["versions"] = versions()
    return out
