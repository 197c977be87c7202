"""SlowDetector: a share of negatives that stays raised for hours, though no quarter of an hour is rare."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from river import base

from detectors.burst import OPEN, Priors, Tail, decay, numbers
from detectors.detection import Detection, Reason, ReasonCode, Series
from detectors.estimator import EVENT_DAYS

HOUR_S = 3_600.0
HOURS = (6, 12, 24)
"""Sums that are looked at, in hours."""
PRIOR_SHARE = (4.0, 20.0)
"""Negative posts and posts believed before any is known: one in five."""
MOST = 3.0
"""An hour teaches at most so many times the negatives that its posts would usually bring."""
CROWD = 2.0
"""Times the usual posts that a sum must hold before it is a crowd, which may be more critical..."""
VARIES = 1.3
"""...by so much. No sum is raised whose share of negatives is not as far above the usual."""
RAISED = 1.5
"""Times the usual count of negatives that a sum must hold: fewer posts with as many negatives are
a raised share too, and nothing has happened."""
HOURLY = 1.1
"""Times the usual share above which an hour is raised; half of a sum's hours have to be."""
FEWEST = 20.0
"""Negatives that a sum must hold: of fewer nobody can say that they are a trend."""


class SlowDetector(base.Estimator):
    """How rare it is that the last 6, 12 or 24 hours hold so many negatives among so many posts.

    What is compared are the negatives of a sum with *its posts* times the usual share (half-life 14
    days), so that days with much to say cancel. How far they usually lie apart is learned for each sum,
    with the tail of past bursts (`detectors.burst.Tail`). Sums move on by the hour; the running hour is
    looked at as far as it has come. About 8 us, below 2 KiB. Fails: on streams of a few negatives a
    day, whose share says nothing for days.

    Source: a day with 2.3 times its usual negatives was a crisis without a rare quarter of an hour
    (docs/noticing.md).

    >>> detector = SlowDetector()
    >>> usual = {"mentions": 20.0, "negatives": 3.0, "hour": 9.0}
    >>> for _ in range(4000):
    ...     detector.learn_one(usual)
    >>> for _ in range(144):
    ...     detector.learn_one({**usual, "negatives": 8.0})
    >>> detector.score_one({**usual, "negatives": 8.0}) > 1.0
    True
    """

    series: ClassVar[Series] = Series.NEGATIVES

    def __init__(self, bin_s: float = 300.0, priors: Priors = OPEN) -> None:
        self.bin_s = bin_s
        self.priors = priors
        self._bins = max(1, round(HOUR_S / bin_s))
        self._forget = decay(14.0, HOUR_S)
        self._tails = tuple(Tail(HOUR_S, priors) for _ in HOURS)
        self._negatives, self._mentions = PRIOR_SHARE
        self._weight = 0.0
        # Discounted negatives and posts of an hour, tamed; sums of which ``_weight`` is the weight.
        self._level = self._posts = 0.0
        self._past = [(0.0, 0.0)] * (max(HOURS) - 1)
        self._before = [(0.0, 0.0)] * len(HOURS)
        self._hour = (0.0, 0.0)
        self._closed = 0

    def share(self) -> float:
        """Return the usual share of negatives, in (0, 1)."""
        return self._negatives / self._mentions

    def last(self, hours: int, mentions: float, negatives: float) -> tuple[float, float]:
        """Return (mentions, negatives) of so many full hours, the running one and a newest bin."""
        past = self._past[-hours:]
        return (
            self._hour[1] + mentions + sum(m for _, m in past),
            self._hour[0] + negatives + sum(n for n, _ in past),
        )

    def sums(self, mentions: float, negatives: float) -> list[tuple[float, float]]:
        """Return (negatives, expected among so many posts) of each sum, a newest bin included.

        In a crowd of more than `CROWD` times the usual posts, what differs counts for less.
        """
        out = []
        for hours, seen, posts in self._sums(mentions, negatives):
            usual = self._posts / self._weight if self._weight else math.inf
            times = max(1.0, posts / (CROWD * hours * max(usual, 1e-9)))
            expected = self.share() * posts * (VARIES - (VARIES - 1.0) / times)
            out.append((expected + (seen - expected) / times, expected))
        return out

    def _sums(self, mentions: float, negatives: float) -> list[tuple[int, float, float]]:
        negatives += self._hour[0]
        mentions += self._hour[1]
        return [
            (hours, negatives + n, mentions + m)
            for hours, (n, m) in zip(HOURS, self._before, strict=True)
        ]

    def return_period(self, mentions: float, negatives: float) -> float:
        """Return the longest return period in days over all sums; 0 where none is raised."""
        usual = self._level / self._weight if self._weight else 0.0
        share = VARIES * self.share()
        counted = self._sums(mentions, negatives)
        raised = [
            read >= max(RAISED * hours * usual, share * posts, FEWEST)
            and 2 * self._raised(hours) >= hours - 1
            for hours, read, posts in counted
        ]
        if not any(raised):
            return 0.0
        days = 0.0
        for up, tail, (seen, expected) in zip(
            raised, self._tails, self.sums(mentions, negatives), strict=True
        ):
            if up and seen > expected:
                days = max(days, tail.return_period(tail.excess(seen, expected)))
        return days

    def _raised(self, hours: int) -> int:
        """Return how many full hours of a sum had more than the usual share: a storm of one hour is
        not slow, and what it is others say."""
        line = HOURLY * self.share()
        return sum(n > line * m for n, m in self._past[1 - hours :])

    def score_one(self, x: Mapping[str, float]) -> float:
        """Return log10(1 + return period in days), >= 0; changes nothing."""
        return math.log10(1.0 + self.return_period(x["mentions"], x["negatives"]))

    def learn_one(self, x: Mapping[str, float]) -> None:
        """Take in one bin; call it after `score_one`."""
        self._take(x, learn=True)

    def pass_by(self, x: Mapping[str, float]) -> None:
        """See one bin without learning from it, because an incident is open."""
        self._take(x, learn=False)

    def add_late(self, mentions: float, negatives: float) -> None:
        """Add late posts of the last hour to the running one; only sums see them."""
        self._hour = max(0.0, self._hour[0] + negatives), max(0.0, self._hour[1] + mentions)

    def detect(self, x: Mapping[str, float], at: datetime) -> Detection:
        """Score ``x`` with its reasons; changes nothing."""
        days = self.return_period(x["mentions"], x["negatives"])
        seen, expected = self.sums(x["mentions"], x["negatives"])[-1]
        reason = Reason(ReasonCode.SLOW_NEGATIVES, days, EVENT_DAYS, met=days >= EVENT_DAYS)
        return Detection(
            detector=type(self).__name__,
            series=self.series,
            at=at,
            value=seen,
            expected=expected,
            score=math.log10(1.0 + days),
            return_period_days=days,
            reasons=(reason,) if days else (),
        )

    def _take(self, x: Mapping[str, float], *, learn: bool) -> None:
        self._hour = self._hour[0] + x["negatives"], self._hour[1] + x["mentions"]
        self._closed += 1
        if self._closed < self._bins:
            return
        if learn:
            for tail, (seen, expected) in zip(self._tails, self.sums(0.0, 0.0), strict=True):
                tail.learn(seen, expected, tail.excess(seen, expected))
            self._learn_share(*self._hour)
        else:
            for tail in self._tails:
                tail.forget_burst()
        self._past = [*self._past[1:], self._hour]
        self._hour, self._closed = (0.0, 0.0), 0
        self._sum_up()

    def _sum_up(self) -> None:
        """Sum the full hours up, once an hour."""
        for i, hours in enumerate(HOURS):
            past = self._past[1 - hours :]
            self._before[i] = sum(n for n, _ in past), sum(m for _, m in past)

    def _learn_share(self, negatives: float, mentions: float) -> None:
        tame = min(negatives, MOST * self.share() * mentions + 3.0)
        usual = self._posts / self._weight if self._weight else mentions
        self._posts = self._posts * self._forget + min(mentions, MOST * usual + 3.0)
        self._negatives = self._negatives * self._forget + tame
        self._mentions = max(1e-3, self._mentions * self._forget + mentions)
        self._level = self._level * self._forget + tame
        self._weight = self._weight * self._forget + 1.0

    def snapshot(self) -> dict[str, Any]:
        """Return the whole state as JSON-ready data, below 2 KiB."""
        return {
            "share": [self._negatives, self._mentions, self._level, self._posts, self._weight],
            "tails": [tail.snapshot() for tail in self._tails],
            "past": [n for n, _ in self._past] + [m for _, m in self._past],
            "hour": [*self._hour, float(self._closed)],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take a state that `snapshot` returned; ValueError names what does not fit."""
        tails, keep = state.get("tails"), len(self._past)
        if not isinstance(tails, list) or len(tails) != len(self._tails):
            raise ValueError(f"detector state: 'tails' must be a list of {len(self._tails)}")
        for tail, saved in zip(self._tails, tails, strict=True):
            tail.restore({"tails": saved}, "tails")
        share = numbers(state, "share", 5)
        self._negatives, self._mentions, self._level, self._posts, self._weight = share
        past = numbers(state, "past", 2 * keep)
        self._past = list(zip(past[:keep], past[keep:], strict=True))
        self._sum_up()
        negatives, mentions, closed = numbers(state, "hour", 3)
        self._hour, self._closed = (negatives, mentions), int(closed)
