"""What others do, on the same streams: a score for each bin, and one threshold for all brands.

Rules as vendors of listening tools document them, looked at in every bin and not only every hour,
which helps them; and detectors of the river library. Each threshold is the one that gives as many
false pages as ours on the same null streams; a further alarm within a day is the same page.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from monitor.bench.detection.brand import DAY_BINS
from monitor.bench.detection.stream import HOUR_BINS
from monitor.bench.detection.tone import Floats

WEEK = 7 * DAY_BINS
EPISODE = DAY_BINS
"""A further alarm within a day is the same page: kinder than the cool-downs vendors document
(15 minutes to a day)."""
KEPT = 2_000
"""Of a null stream so many highest scores are kept: a threshold below them would page all day."""
QUANTILE = 0.999
TINY = 1e-12


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
    """Mean plus k deviations of the last seven days' hours: how many k the last hour is.

    Socialmetrix documents the mean of 24 hours instead of the last one, which could not be quick.
    """
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


class Walk(Protocol):
    """A detector that goes from bin to bin."""

    def step(self, value: float) -> float:
        """Return the score of the next bin, and learn it."""


class Gaussian:
    """river.anomaly.GaussianScorer over a week, of log counts: 0 to 1, two-sided as river has it."""

    def __init__(self) -> None:
        self._scorer = _gaussian()

    def step(self, value: float) -> float:
        log = math.log1p(value)
        score = float(self._scorer.score_one(None, log))
        self._scorer.learn_one(None, log)
        return score


class Quantile:
    """river.anomaly.QuantileFilter around the same scorer: it alarms where the score is beyond the
    0.999 quantile of its scores. Here: ln of how many times smaller the tail is than beyond the
    quantile, so that 0 is river's own threshold and others can be tried."""

    def __init__(self) -> None:
        from river import anomaly

        make: Any = anomaly.QuantileFilter  # river is not typed
        self._filter = make(_gaussian(), q=QUANTILE)

    def step(self, value: float) -> float:
        log = math.log1p(value)
        score, line = float(self._filter.score_one(None, log)), self._filter.quantile.get()
        self._filter.learn_one(None, log)
        return math.log((1.0 - line + TINY) / (1.0 - score + TINY)) if line else -math.inf


class HalfSpaceTrees:
    """river.anomaly.HalfSpaceTrees over the log of the bin and of the hour."""

    TOP = 12.0

    def __init__(self) -> None:
        from river import anomaly

        self._trees: Any = anomaly.HalfSpaceTrees(
            n_trees=10, height=6, window_size=DAY_BINS, seed=1
        )
        self._hour = [0.0] * HOUR_BINS

    def step(self, value: float) -> float:
        self._hour = [*self._hour[1:], value]
        x = {
            "bin": min(math.log1p(value) / self.TOP, 1.0),
            "hour": min(math.log1p(sum(self._hour)) / self.TOP, 1.0),
        }
        score = float(self._trees.score_one(x))
        self._trees.learn_one(x)
        return score


def _gaussian() -> Any:
    from river import anomaly, proba, utils

    class Gaussian(proba.Gaussian):
        @property
        def sigma(self) -> float:
            # A window of equal counts may round to a variance below zero, whose root river takes.
            return float(max(0.0, self._var.get()) ** 0.5)

    make: Any = anomaly.GaussianScorer  # river is not typed
    scorer = make(window_size=WEEK, grace_period=HOUR_BINS)
    scorer.gaussian = utils.Rolling(Gaussian, window_size=WEEK)
    return scorer


@dataclass(frozen=True, slots=True)
class Peer:
    """A rule over whole arrays or bin by bin; ``default``: the threshold that its makers document."""

    name: str
    negatives: bool
    rule: Callable[[Floats], Floats] | None = None
    walk: Callable[[], Walk] | None = None
    vendor: bool = False
    default: float | None = None

    def scores(self, values: Floats) -> Floats:
        """Return the score of every bin, each from what stood before it and from itself."""
        return Taught(self, values[:0]).on(values)


class Taught:
    """A peer that has seen ``known``; what comes after can be tried in more than one way."""

    def __init__(self, peer: Peer, known: Floats) -> None:
        self._rule, self._known = peer.rule, known
        self._walk = peer.walk() if peer.walk is not None else None
        if self._walk is not None:
            for value in known.tolist():
                self._walk.step(value)

    def on(self, values: Floats) -> Floats:
        """Return the scores of ``values`` after what is known."""
        if self._rule is not None:
            return self._rule(np.concatenate([self._known, values]))[len(self._known) :]
        walk = deepcopy(self._walk)
        assert walk is not None, "a peer has a rule or a walk"
        return np.array([walk.step(value) for value in values.tolist()], dtype=np.float64)


def _both(what: str, rule: Callable[[Floats], Floats], default: float | None) -> tuple[Peer, Peer]:
    """Return a vendor's rule over mentions and over negatives."""
    return (
        Peer(f"{what}, mentions", False, rule, vendor=True, default=default),
        Peer(f"{what}, negatives", True, rule, vendor=True, default=default),
    )


PEERS = (
    *_both("mean + k sd of 7 days", sigmas, 3.0),
    *_both("last hour against 12 h", hour_against_half_day, None),
    *_both("multiple of the 7-day hour", share_of_week, 1.5),
    Peer("z of one bin in 7 days, negatives", True, windowed_z, default=3.0),
    Peer("river GaussianScorer, negatives", True, walk=Gaussian, default=0.995),
    Peer("river QuantileFilter, negatives", True, walk=Quantile, default=0.0),
    Peer("river HalfSpaceTrees, negatives", True, walk=HalfSpaceTrees),
)
"""Sources of the documented thresholds: Socialmetrix (k = 1.5, 2 or 3), Agility PR (150 %); Meltwater
(last hour against 12 h) documents none; river's own examples (0.995)."""


@dataclass(frozen=True, slots=True)
class Peaks:
    """The highest scores of one null stream, in order of time."""

    at: NDArray[np.int64]
    scores: Floats

    @classmethod
    def of(cls, scores: Floats) -> Peaks:
        """Keep the `KEPT` highest."""
        at = np.sort(np.argsort(scores, kind="stable")[-KEPT:])
        return cls(at, scores[at])


def episodes(seen: Peaks, threshold: float) -> list[int]:
    """Return the bins at which a page goes out: reached, and no page within `EPISODE` before."""
    out: list[int] = []
    for at in seen.at[seen.scores >= threshold].tolist():
        if not out or at - out[-1] >= EPISODE:
            out.append(at)
    return out


def threshold_for(null: Iterable[Peaks], pages: int) -> float:
    """Return the lowest threshold with at most so many pages over all null streams.

    It lies just above the highest score that would page more often, not at the next one seen: the
    gap between the two is the peer's. What pages at a threshold also pages at a lower one, so
    halving finds it. Endless without null streams.
    """
    known = list(null)
    if not known:
        return math.inf
    steps: Sequence[float] = np.unique(np.concatenate([s.scores for s in known])).tolist()
    low, high = 0, len(steps)
    while low < high:
        middle = (low + high) // 2
        if sum(len(episodes(s, steps[middle])) for s in known) <= pages:
            high = middle
        else:
            low = middle + 1
    return math.nextafter(steps[low - 1], math.inf) if low else steps[0]


def rises(scores: Floats) -> list[tuple[int, float]]:
    """Return (bin, score) wherever a score is higher than all before: enough to tell when any
    threshold is first reached."""
    high = np.maximum.accumulate(scores) if len(scores) else scores
    new = np.flatnonzero(np.diff(high, prepend=-math.inf) > 0)
    return [(int(at), float(high[at])) for at in new.tolist()]


def reached(seen: Sequence[tuple[int, float]], threshold: float) -> int | None:
    """Return the first bin at which a threshold is reached, by `rises`; None where it never is."""
    return next((at for at, score in seen if score >= threshold), None)
