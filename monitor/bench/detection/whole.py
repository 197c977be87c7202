"""The whole of `bench detection`, part by part, as one record."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from detectors.score.linear import LinearScorer
from monitor.bench.data import data_folder
from monitor.bench.detection import against, arrivals, equal, honest, report
from monitor.bench.detection.harmless import RATES as HARMLESS_RATES
from monitor.bench.detection.run import Job, do, grid_jobs, null_jobs, scene_jobs
from monitor.bench.detection.storm import RATES
from monitor.bench.detection.tone import readings
from monitor.bench.figures import PACKAGES, versions

Record = dict[str, Any]
REPORTED_FROM = 3000
"""First seed of what is reported; those below were used for tuning, or have been looked at."""
PARTS = ("null", "grid", "scenes", "arrivals", "honest", "against")
FEWER = 4
"""Peers, real arrivals and honesty take a quarter of the seeds."""
Tell = Callable[[Sequence[Record]], Record]


def run(
    seeds: int, first: int, parts: Sequence[str], say: Callable[[str], None]
) -> dict[str, object]:
    """Run parts of the bench with ``seeds`` seeds a cell from ``first`` on; all cores are used.

    Twenty seeds are what is reported. The scenes (harmless ones, slow storms, fortnights) are ten
    times as many, spread over four rates: 200 with twenty. `FEWER` says what takes fewer.
    """
    scorer = LinearScorer.load()
    read = readings(data_folder(), scorer)
    out: Record = {
        "bench": "detection",
        "seeds": [first, first + seeds - 1],
        "model": scorer.version,
        "negatives_read_as_negative": {k: r.negatives()[0] for k, r in read.items()},
        "others_read_as_negative": {k: r.negatives()[1:] for k, r in read.items()},
    }
    processes = os.cpu_count() or 1
    for part in parts:
        say(part)
        todo, tell = _part(part, seeds, first)
        out[part] = tell(do(todo, processes, say))
    out["versions"] = versions((*PACKAGES, "river"))
    return out


def _part(part: str, seeds: int, first: int) -> tuple[list[Job], Tell]:
    """Return the jobs of a part and what tells their records."""
    every, fewer = range(first, first + seeds), range(first, first + max(1, seeds // FEWER))
    if part == "grid":
        return list(grid_jobs(every, RATES)), report.storms
    if part == "null":
        return list(null_jobs(every, RATES[1:])), report.nulls
    if part == "scenes":
        thrice = range(first, first + 3 * seeds)
        return list(scene_jobs(thrice, HARMLESS_RATES)), report.scenes
    if part == "arrivals":
        return list(arrivals.jobs(fewer)), arrivals.tell
    if part == "honest":
        return list(honest.jobs(fewer)), honest.tell
    return list(against.jobs(fewer)), equal.tell
