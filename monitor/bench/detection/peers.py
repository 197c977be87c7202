"""What others do, on the same streams: a score for each bin, and one threshold for all brands.

Rules as vendors of listening tools document them, looked at in every bin and not only every hour,
which helps them; and detectors of the river library. Each threshold is the one that gives as many
false pages as ours on the same null streams; a further alarm within a day is the same page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from monitor.bench.detection.brand import DAY_BINS
from monitor.bench.detection.stream import HOUR_BINS, Floats

WEEK = 7 * DAY_BINS
EPISODE = DAY_BINS
Score = Callable[[Floats], Floats]


def _trailing(values: Floats, bins: int) -> Floats:
    """Return sums of the last ``bins`` bins, the newest included; shorter ones at the beginning."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    at = np.arange(1, len(values) + 1)
    return np.asarray(total[at] - total[np.maximum(at - bins, 0)])


def _before(values: Floats, bins: int, skip: int) -> tuple[Floats, Floats]:
    """Return mean and deviation of what stood in the ``bins`` bins before the last ``skip``."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    square = np.concatenate([[0.0], np.cumsum(values * values)])
    end = np.maximum(np.arange(1, len(values) + 1) - skip, 0)
    start = np.maximum(end - bins, 0)
    n = np.maximum(end - start, 1)
    mean = (total[end] - total[start]) / n
    spread = np.maximum((square[end] - square[start]) / n - mean * mean, 0.0)
    return mean, np.sqrt(spread)


def sigmas(values: Floats) -> Floats:
    """Mean plus k deviations of the last seven days' hours: how many k the last hour is."""
    hour = _trailing(values, HOUR_BINS)
    mean, sd = _before(hour, WEEK, HOUR_BINS)
    return np.asarray((hour - mean) / np.maximum(sd, 1.0))


def hour_against_half_day(values: Floats) -> Floats:
    """The last hour as a multiple of the mean of the twelve hours before; one is added to both."""
    hour = _trailing(values, HOUR_BINS)
    mean, _ = _before(values, 12 * HOUR_BINS, HOUR_BINS)
    return np.asarray((hour + 1.0) / (mean * HOUR_BINS + 1.0))


def share_of_week(values: Floats) -> Floats:
    """The last hour as a multiple of the mean hour of seven days (alert at 150 %)."""
    hour = _trailing(values, HOUR_BINS)
    mean, _ = _before(values, WEEK, HOUR_BINS)
    return np.asarray((hour + 1.0) / (mean * HOUR_BINS + 1.0))


def windowed_z(values: Floats) -> Floats:
    """One bin against mean and deviation of the bins of the last seven days."""
    mean, sd = _before(values, WEEK, 1)
    return np.asarray((values - mean) / np.maximum(sd, 1.0))


def gaussian(values: Floats) -> Floats:
    """river.anomaly.GaussianScorer over a week, of log counts."""
    from river import anomaly

    make: Any = anomaly.GaussianScorer  # river is not typed
    scorer = make(window_size=WEEK, grace_period=HOUR_BINS)
    out = np.empty(len(values))
    for i, value in enumerate(np.log1p(values).tolist()):
        out[i] = scorer.score_one(None, value)
        scorer.learn_one(None, value)
    return out


def half_space_trees(values: Floats) -> Floats:
    """river.anomaly.HalfSpaceTrees over the log of the bin and of the hour."""
    from river import anomaly

    trees: Any = anomaly.HalfSpaceTrees(n_trees=10, height=6, window_size=DAY_BINS, seed=1)
    top = 12.0
    hour = np.log1p(_trailing(values, HOUR_BINS)) / top
    out = np.empty(len(values))
    for i, (one, sixty) in enumerate(
        zip((np.log1p(values) / top).tolist(), hour.tolist(), strict=True)
    ):
        x = {"bin": min(one, 1.0), "hour": min(sixty, 1.0)}
        out[i] = trees.score_one(x)
        trees.learn_one(x)
    return out


@dataclass(frozen=True, slots=True)
class Peer:
    """A rule, what it looks at, and whether a whole grid of it is affordable."""

    name: str
    score: Score
    negatives: bool
    slow: bool = False


PEERS = (
    Peer("mean + k sd of 7 days, mentions", sigmas, negatives=False),
    Peer("mean + k sd of 7 days, negatives", sigmas, negatives=True),
    Peer("last hour against 12 h, mentions", hour_against_half_day, negatives=False),
    Peer("last hour against 12 h, negatives", hour_against_half_day, negatives=True),
    Peer("multiple of the 7-day hour, mentions", share_of_week, negatives=False),
    Peer("multiple of the 7-day hour, negatives", share_of_week, negatives=True),
    Peer("z of one bin in 7 days, negatives", windowed_z, negatives=True),
    Peer("river GaussianScorer, negatives", gaussian, negatives=True, slow=True),
    Peer("river HalfSpaceTrees, negatives", half_space_trees, negatives=True, slow=True),
)


def episodes(scores: Floats, threshold: float) -> list[int]:
    """Return the bins at which a page goes out: reached, and no page within `EPISODE` before."""
    out: list[int] = []
    for at in np.flatnonzero(scores >= threshold).tolist():
        if not out or at - out[-1] >= EPISODE:
            out.append(at)
    return out


def threshold_for(null: Iterable[Floats], pages: int) -> float:
    """Return the lowest threshold with at most so many pages over all null streams."""
    known = list(null)
    steps: Sequence[float] = np.unique(
        np.concatenate([np.sort(s)[-2_000:] for s in known])
    ).tolist()
    low, high = 0, len(steps)
    while low < high:
        middle = (low + high) // 2
        if sum(len(episodes(s, steps[middle])) for s in known) <= pages:
            high = middle
        else:
            low = middle + 1
    return steps[low] if low < len(steps) else float("inf")
