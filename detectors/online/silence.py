"""SilenceDetector: does a stream say nothing, or hardly anything, that should speak?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from river import base

from detectors.burst import DAY_S, LONGEST_DAYS, decay, numbers
from detectors.detection import Detection, Reason, ReasonCode, Series

RARE_DAYS = 30.0
"""A silence that is expected once in so many days is worth a word."""
HEED_DAYS = 3.0
"""From here on a silence is not learned: what is broken must not become the usual."""
GIVE_UP_S = 7 * DAY_S
"""After so long even a silence is the usual, and is learned."""
KNOWN_DAYS = 14.0
"""Before that the days of the week are not known."""
FEW = 0.25
"""Part of the usual posts up to which a stream hardly speaks."""
SPREAD_PRIOR = 0.25
"""Relative variance of an hour's rate believed before it is known (a spread of about half)..."""
SPREAD_WEIGHT = 100.0
"""...with the weight of so many squared expected posts."""
MOST = 2.0
"""Times the expected that an hour teaches at most: bursts say nothing about silence."""
PRIOR_POSTS = 4.0
"""Posts' worth of belief that all days of the week are alike."""
Pair = tuple[float, float]
"""Posts, and how many were expected."""
KEEP_SLOT = 0.5 ** (1 / 14)
"""An hour of the day is taught once a day, half-life 14 days;"""
KEEP_HOUR = KEEP_SLOT ** (1 / 24)
"""the spread every hour, with the same half-life;"""
KEEP_WEEKDAY = 0.5 ** (1 / (6 * 24))
"""a day of the week 24 times a week, half-life six weeks."""


class SilenceDetector(base.Estimator):
    """Return period, in days, of a silence like the one that lasts.

    ``x``: its ``series`` (any key: a source's too), ``hour`` and ``weekday``. Usual posts are a rate
    for each local hour times a factor for each weekday, half-lives 14 and 42 days. Two stretches are
    looked at: bins since the last post, and bins in which no more than `FEW` of the usual is said
    (begins two hours after, ends within half an hour). Where m posts are expected of a stretch, the
    chance of n < m is at most

        ((k + n) / (k + m)) ** k * (m (k + n) / (n (k + m))) ** n,    1 / k = spread of the rate,

    the Chernoff bound of a Poisson whose rate is Gamma, which for n = 0 is its exact chance. The
    spread is learned from the hours, doubt of the rate added. A stretch may begin with any post, at
    most once a bin, at least once a day: T = 1 / (beginnings x chance). ``score_one`` is
    log10(1 + T), 0 where T is not above a day. About 6 us, 0.8 KiB.

    Not learned from `HEED_DAYS` on, for `GIVE_UP_S` at most. Fails: says nothing for the first 14
    days; holidays look like silences; a stream of a post a day is missed after a week or two.

    >>> detector = SilenceDetector()
    >>> for i in range(288 * 15):
    ...     bin = {"hour": i // 12 % 24, "weekday": i // 288 % 7}
    ...     detector.learn_one(bin | {"mentions": 2.0 * (bin["weekday"] < 5)})
    >>> def days_after(hours, **bin):
    ...     seen = detector.clone()
    ...     seen.restore(detector.snapshot())
    ...     for _ in range(12 * hours):
    ...         seen.pass_by(bin | {"mentions": 0.0})
    ...     return seen.return_period(bin | {"mentions": 0.0})
    >>> days_after(0, hour=9, weekday=1) < 30.0 < days_after(2, hour=9, weekday=1)
    True
    >>> days_after(24, hour=9, weekday=6)
    0.0
    """

    def __init__(
        self,
        series: str = Series.MENTIONS,
        bin_s: float = 300.0,
        known_days: float = KNOWN_DAYS,
    ) -> None:
        self.series = series
        self.bin_s = bin_s
        self.known_days = known_days
        self._bins_a_day = DAY_S / bin_s
        self._fade = decay(1.0 / 24.0, bin_s)
        self._posts = [0.0] * 24
        self._bins = [0.0] * 24
        self._day_posts = [0.0] * 7
        self._day_usual = [0.0] * 7
        self._excess = self._squares = 0.0
        self._known = 0
        # The running hour: when, posts, expected posts, bins.
        self._when = (-1, 0)
        self._hour = (0.0, 0.0, 0)
        # Expected since the last post; (posts, expected) since hardly anything is said; of late.
        self._missed = 0.0
        self._few = (0.0, 0.0)
        self._late = (0.0, 0.0)
        self._quiet = 0
        self._sum_up()

    # --- what is usual ----------------------------------------------------------------------

    def expected(self, hour: int, weekday: int = 0) -> float:
        """Return the expected posts of a bin in that local hour, >= 0."""
        return self._rate(hour) * self._factor(weekday)

    def _rate(self, hour: int) -> float:
        return self._posts[hour] / self._bins[hour] if self._bins[hour] else 0.0

    def _factor(self, weekday: int) -> float:
        return (self._day_posts[weekday] + PRIOR_POSTS) / (self._day_usual[weekday] + PRIOR_POSTS)

    def spread(self) -> float:
        """Return the relative variance of the rate, its own doubt included; above 0."""
        learned = max(0.0, self._excess) + SPREAD_WEIGHT * SPREAD_PRIOR
        return learned / (self._squares + SPREAD_WEIGHT) + 1.0 / (sum(self._posts) + 1.0)

    def _sum_up(self) -> None:
        """Keep at hand what changes only once an hour."""
        bins = sum(self._bins)
        a_day = sum(self._posts) / bins * self._bins_a_day if bins else 0.0
        self._shape = 1.0 / self.spread()
        self._beginnings = math.log(min(max(a_day, 1.0), self._bins_a_day))
        self._usual = self.expected(*self._when) if self._when[0] >= 0 else 0.0

    # --- how rare ---------------------------------------------------------------------------

    def return_period(self, x: Mapping[str, float]) -> float:
        """Return in how many days such a silence is expected once; 0 up to one day, or while the
        stream is hardly known."""
        return self._days(*self._heard(x))

    def _days(self, missed: float, few: Pair, late: Pair) -> float:
        if not (missed or few[1]) or self._known < self.known_days * self._bins_a_day:
            return 0.0
        rarest = min(self._log_chance(0.0, missed), self._log_chance(*few))
        log_days = -rarest - self._beginnings
        return min(math.exp(min(log_days, 50.0)), LONGEST_DAYS) if log_days > 0.0 else 0.0

    def _log_chance(self, posts: float, expected: float) -> float:
        """Return the logarithm of the chance of so few posts where so many are expected."""
        if posts >= expected:
            return 0.0
        k = self._shape
        told = k * math.log((k + posts) / (k + expected))
        if posts > 0.0:
            told += posts * math.log(expected * (k + posts) / (posts * (k + expected)))
        return min(told, 0.0)

    def hours(self, x: Mapping[str, float]) -> float:
        """Return for how long nothing, or hardly anything, has been said, this bin included."""
        missed, (_, few), _ = self._heard(x)
        return (self._quiet + 1) * self.bin_s / 3600.0 if missed or few else 0.0

    def score_one(self, x: Mapping[str, float]) -> float:
        """Return log10(1 + return period in days), >= 0; changes nothing."""
        return math.log10(1.0 + self.return_period(x))

    def _heard(self, x: Mapping[str, float]) -> tuple[float, Pair, Pair]:
        """Return both stretches, and what was said and expected of late, with one more bin."""
        posts, when = x[self.series], (int(x["hour"]), int(x["weekday"]))
        expected = self._usual if when == self._when else self.expected(*when)
        missed = 0.0 if posts > 0.0 else self._missed + expected
        said, usual = self._late[0] * self._fade + posts, self._late[1] * self._fade + expected
        if said > FEW * usual:
            return missed, (0.0, 0.0), (said, usual)
        return missed, (self._few[0] + posts, self._few[1] + expected), (said, usual)

    # --- learning -----------------------------------------------------------------------------

    def learn_one(self, x: Mapping[str, float]) -> None:
        """Take in one bin; call it after `score_one`."""
        when = int(x["hour"]), int(x["weekday"])
        if when != self._when:
            self._learn_hour()
            self._when = when
            self._sum_up()
        heard = self._heard(x)
        if self._days(*heard) < HEED_DAYS or self._quiet * self.bin_s >= GIVE_UP_S:
            posts, expected, bins = self._hour
            self._hour = posts + x[self.series], expected + self._usual, bins + 1
        self._take(*heard)

    def _learn_hour(self) -> None:
        """Take in the hour that is over; once an hour, so that what is kept may be rounded."""
        (posts, expected, bins), (hour, weekday) = self._hour, self._when
        self._hour = (0.0, 0.0, 0)
        if not bins:
            return
        tame = min(posts, MOST * expected + 3.0) if self._bins[hour] else posts
        rate, factor = self._rate(hour), self._factor(weekday)
        if rate:
            error = (tame - expected) ** 2 - tame
            self._excess = round(self._excess * KEEP_HOUR + error, 3)
            self._squares = round(self._squares * KEEP_HOUR + expected**2, 3)
            usual = rate * bins
            self._day_posts[weekday] = round(self._day_posts[weekday] * KEEP_WEEKDAY + tame, 3)
            self._day_usual[weekday] = round(self._day_usual[weekday] * KEEP_WEEKDAY + usual, 3)
        self._posts[hour] = round(self._posts[hour] * KEEP_SLOT + tame, 3)
        self._bins[hour] = round(self._bins[hour] * KEEP_SLOT + bins * factor, 3)
        self._known = min(self._known + bins, int(KNOWN_DAYS * 8 * self._bins_a_day))

    def pass_by(self, x: Mapping[str, float]) -> None:
        """See one bin without learning from it, because an incident is open."""
        self._take(*self._heard(x))

    def _take(self, missed: float, few: Pair, late: Pair) -> None:
        self._missed, self._few, self._late = missed, few, late
        self._quiet = self._quiet + 1 if missed or few[1] else 0

    def detect(self, x: Mapping[str, float], at: datetime) -> Detection:
        """Score ``x`` with its reasons; changes nothing."""
        days = self.return_period(x)
        reason = Reason(ReasonCode.SILENCE, days, RARE_DAYS, met=days >= RARE_DAYS)
        return Detection(
            detector=type(self).__name__,
            series=Series.MENTIONS,
            at=at,
            value=x[self.series],
            expected=self.expected(int(x["hour"]), int(x["weekday"])),
            score=math.log10(1.0 + days),
            return_period_days=days,
            reasons=(reason,) if days else (),
        )

    # --- state --------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        """Return the whole state as JSON-ready data, about 0.8 KiB."""
        return {
            "hours": [*self._posts, *self._bins],
            "weekdays": [*self._day_posts, *self._day_usual],
            "spread": [self._excess, self._squares, self._known],
            "hour": [*self._when, *self._hour],
            "silence": [self._missed, *self._few, *self._late, self._quiet],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take a state that `snapshot` returned; ValueError names what does not fit."""
        hours, days = numbers(state, "hours", 48), numbers(state, "weekdays", 14)
        self._posts, self._bins = hours[:24], hours[24:]
        self._day_posts, self._day_usual = days[:7], days[7:]
        self._excess, self._squares, known = numbers(state, "spread", 3)
        hour, weekday, posts, expected, bins = numbers(state, "hour", 5)
        self._when, self._hour = (int(hour), int(weekday)), (posts, expected, int(bins))
        self._missed, *stretches, quiet = numbers(state, "silence", 6)
        self._few, self._late = (stretches[0], stretches[1]), (stretches[2], stretches[3])
        self._known, self._quiet = int(known), int(quiet)
        self._sum_up()
