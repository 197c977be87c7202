"""The whole of `bench detection`, part by part, as one record."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from detectors.score.linear import LinearScorer
from monitor.bench.data import data_folder
from monitor.bench.detection import against, arrivals, equal, honest, report
from monitor.bench.detection.harmless import RATES as HARMLESS_RATES
from monitor.bench.detection.run import Job, do, jobs
from monitor.bench.detection.storm import RATES
from monitor.bench.detection.tone import readings
from monitor.bench.figures import PACKAGES, versions

Record = dict[str, Any]
REPORTED_FROM = 1000
"""First seed of what is reported; those below were used for tuning."""
SCENES = 200
PARTS = ("null", "grid", "harmless", "slow", "four", "arrivals", "honest", "against")
FEWER = 4
"""Peers, real arrivals and honesty take a quarter of the seeds."""
Tell = Callable[[Sequence[Record]], Record]


def run(
    seeds: int, first: int, parts: Sequence[str], say: Callable[[str], None]
) -> dict[str, object]:
    """Run parts of the bench with ``seeds`` seeds a cell from ``first`` on; all cores are used.

    Twenty seeds are what is reported. The harmless scenes, slow storms and fortnights are ten times
    as many seeds, spread over four rates: 200 with twenty. `FEWER` says what takes fewer.
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
        return list(jobs(part, every, RATES)), report.storms
    if part == "null":
        return list(jobs(part, range(first, first + 2 * seeds), RATES[1:])), report.nulls
    if part == "against":
        return list(against.jobs(fewer)), equal.tell
    if part == "arrivals":
        return list(arrivals.jobs(fewer)), arrivals.tell
    if part == "honest":
        return list(honest.jobs(fewer)), honest.tell
    each = max(1, seeds * SCENES // 20 // len(HARMLESS_RATES))
    tell: dict[str, Tell] = {
        "harmless": report.harmless,
        "slow": report.others,
        "four": report.again,
    }
    return list(jobs(part, range(first, first + each), HARMLESS_RATES)), tell[part]
