"""What is usual for a topic besides its counts: tone, the reach of one post, outlets a day.

Both fade with a half-life of seven days and are not taught while the topic is frozen.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from statistics import median
from typing import Any

from detectors.burst import numbers
from detectors.window import Counts

KEEP_WEEK = 0.5 ** (1 / (7 * 288))
"""A memory with a half-life of seven days, per bin."""
PRIOR_TONE = (1.0, 4.0)
"""Negative and other posts believed before any is known: one in five."""
CROWD_SD = 2.0
"""Compared on invented brands (0, 1, 2): on streams of 20 posts an hour chance explained too much."""
KNOWN_TONE = 100.0
"""Posts from which on the usual share of negatives is something to compare with."""
LEAST_DISPERSION = 0.05
TONE_VARIES = 1.3
"""A crowd may be so much more critical than usual and still be no more than a crowd."""
MOST = 32
"""Outlets that are remembered; beyond that the one seen longest ago goes."""
DAY_S = 86_400
KNOWN_DAYS = 14


class UsualTone:
    """How many negatives usually come with the posts that are not: what a crowd explains; and how critical
    a text usually is.

    More people bring more criticism, and that alone is no storm. Negatives beyond what so many
    other posts would usually bring are *unexplained*, and only those count for rarity.
    """

    __slots__ = ("_negatives", "_negativity", "_others", "_read", "_squares")

    def __init__(self) -> None:
        self._negatives, self._others = PRIOR_TONE
        # Posts whose tone was read, sum of their p(negative) and of its squares.
        self._read = self._negativity = self._squares = 0.0

    def odds(self) -> float:
        """Return negatives for each other post."""
        return self._negatives / self._others

    def negativity(self) -> float:
        """Return the usual p(negative) of a post, 0..1; 0.0 while fewer than `KNOWN_TONE` posts tell it."""
        return self._negativity / self._read if self._read >= KNOWN_TONE else 0.0

    def dispersion(self) -> float:
        """Return how much p(negative) varies from post to post, in that of yes or no with the same mean: the
        surer the scorer, the nearer to 1."""
        usual = self.negativity()
        if not 0.0 < usual < 1.0:
            return 1.0
        variance = self._squares / self._read - usual * usual
        return min(1.0, max(LEAST_DISPERSION, variance / (usual * (1.0 - usual))))

    def beyond(self, negativity: float, texts: float) -> float:
        """Return by how many deviations the mean p(negative) of ``texts`` lies above the usual one; the doubt
        of both is in it. Infinite while fewer than `KNOWN_TONE` posts tell what is usual.

        ``negativity``: sum of p(negative) in percent. The signed root of the quasi-binomial deviance: of few
        posts a normal deviation claims too much (8 sure negatives of 15 where a fifth is usual: 3.3 by that,
        2.9 here, 2.6 by the exact tail). Source: Wedderburn 1974, Biometrika 61.
        """
        usual = self.negativity()
        if not usual:
            return math.inf
        if texts <= 0.0 or negativity <= 100.0 * usual * texts:
            return 0.0
        mean = min(1.0, negativity / (100.0 * texts))
        told = mean * math.log(mean / usual)
        if mean < 1.0:
            told += (1.0 - mean) * math.log((1.0 - mean) / (1.0 - usual))
        told = max(0.0, told)  # just above the usual it may round below zero
        return math.sqrt(2.0 * texts * told / (self.dispersion() * (1.0 + texts / self._read)))

    def worse(self, negativity: float, texts: float) -> float:
        """Return how many more of ``texts`` are critical than usual, as a share with misreading taken out; below
        0 where fewer are. Infinite while fewer than `KNOWN_TONE` posts tell what is usual.

        Of a calibrated scorer the mean p(negative) of critical texts lies above that of the others by just
        its `dispersion`: Cov(y, p) = Var(p).
        """
        usual = self.negativity()
        if not usual:
            return math.inf
        return (negativity / (100.0 * texts) - usual) / self.dispersion() if texts else 0.0

    def explained(self, others: float, expected: float) -> float:
        """Return how many negatives so many other posts would bring beyond the usual, 0 or more.

        ``others``: a bin's posts that are not negative; ``expected``: how many were expected. An
        excess below `CROWD_SD` deviations of chance explains nothing.
        """
        crowd = others - expected - CROWD_SD * math.sqrt(max(expected, 0.0))
        return TONE_VARIES * self.odds() * crowd if crowd > 0.0 else 0.0

    def learn(self, negatives: float, others: float) -> None:
        """Take in one bin's (already tamed) counts."""
        self._negatives = self._negatives * KEEP_WEEK + negatives
        self._others = self._others * KEEP_WEEK + others
        # The prior fades too, but never to nothing: odds stay finite.
        self._others = max(self._others, 1e-3)

    def learn_negativity(self, counts: Counts, weight: float) -> None:
        """Take in how critical one bin's posts are, as far as it may teach (0..1)."""
        self._read = self._read * KEEP_WEEK + weight * (counts.mentions - counts.unread)
        self._negativity = self._negativity * KEEP_WEEK + weight * counts.negativity / 100
        self._squares = self._squares * KEEP_WEEK + weight * counts.negativity_squares / 10_000

    def snapshot(self) -> dict[str, Any]:
        return {
            "tone": [self._negatives, self._others],
            "negativity": [self._read, self._negativity, self._squares],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take a state that `snapshot` returned; ValueError names what does not fit."""
        self._negatives, self._others = numbers(state, "tone", 2)
        if "negativity" in state:  # absent in states from before it was counted
            self._read, self._negativity, self._squares = numbers(state, "negativity", 3)


class Days:
    """Negatives of the last four weeks, day by day: how many of the last seven were raised.

    Days while the topic is frozen count among the seven, and not into the median.
    """

    __slots__ = ("_known", "_today", "_week")

    def __init__(self) -> None:
        self._today: tuple[int, int] = (-1, 0)
        self._week: list[int] = []
        self._known: list[int] = []

    def raised(self, times: float) -> int:
        """Return how many of the last seven days, the running one included, had more than ``times``
        the median day of four weeks; 0 while fewer than 14 are known."""
        if len(self._known) < KNOWN_DAYS:
            return 0
        line = times * max(median(self._known), 1.0)
        return sum(day > line for day in [*self._week, self._today[1]])

    def add(self, day: int, negatives: int, *, learn: bool) -> None:
        """Take in one bin of a local day, numbered on and on."""
        if day != self._today[0]:
            if self._today[0] >= 0:
                self._week = [*self._week, self._today[1]][-6:]
                if learn:
                    self._known = [*self._known, self._today[1]][-28:]
            self._today = (day, 0)
        self._today = (day, self._today[1] + negatives)

    def snapshot(self) -> dict[str, Any]:
        return {"days": [list(self._today), self._week, self._known]}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take a state that `snapshot` returned; ValueError names what does not fit."""
        (day, so_far), week, known = state["days"]
        self._today = (int(day), int(so_far))
        self._week, self._known = [int(n) for n in week], [int(n) for n in known]


class UsualReach:
    """Discounted mean reach of one post. One bin teaches at most ten times the usual."""

    __slots__ = ("_reach", "_weight")

    def __init__(self) -> None:
        self._reach = self._weight = 0.0

    def value(self) -> float:
        """Return the mean, 0.0 while nothing is known."""
        return self._reach / self._weight if self._weight else 0.0

    def learn(self, counts: Counts) -> None:
        """Take in one bin; one without mentions teaches nothing."""
        if not counts.mentions:
            return
        usual, n = self.value(), counts.mentions
        reach = min(counts.reach, 10.0 * n * usual) if usual else float(counts.reach)
        self._reach = self._reach * KEEP_WEEK + reach
        self._weight = self._weight * KEEP_WEEK + n

    def snapshot(self) -> dict[str, Any]:
        return {"reach": [self._reach, self._weight]}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take a state that `snapshot` returned; ValueError names what does not fit."""
        self._reach, self._weight = numbers(state, "reach", 2)


class Outlets:
    """Outlets with critical articles in the last day, and how many there usually are."""

    __slots__ = ("_news", "_seen", "_weight")

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}
        self._news = self._weight = 0.0

    def __len__(self) -> int:
        return len(self._seen)

    def add(self, outlets: Iterable[str], at: datetime) -> None:
        """Take in who wrote in the window that ends ``at``."""
        for outlet in outlets:
            self._seen[outlet] = int(at.timestamp())
        while len(self._seen) > MOST:
            del self._seen[min(self._seen, key=lambda o: (self._seen[o], o))]

    def forget(self, at: datetime) -> None:
        """Drop those not seen in the day before ``at``."""
        if self._seen:
            oldest = int(at.timestamp()) - DAY_S
            self._seen = {o: seen for o, seen in self._seen.items() if seen > oldest}

    def usual(self) -> float:
        """Return the discounted mean of how many there were, 0.0 while nothing is known."""
        return self._news / self._weight if self._weight else 0.0

    def learn(self) -> None:
        """Take in how many there are now; once a bin."""
        self._news = self._news * KEEP_WEEK + len(self._seen)
        self._weight = self._weight * KEEP_WEEK + 1.0

    def snapshot(self) -> dict[str, Any]:
        return {"outlets": dict(self._seen), "news": [self._news, self._weight]}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take a state that `snapshot` returned; ValueError names what does not fit."""
        self._news, self._weight = numbers(state, "news", 2)
        self._seen = {str(k): int(v) for k, v in state["outlets"].items()}
