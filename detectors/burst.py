"""The burst engine: how rare is the excess of this bin, in days, for this stream?

A stream's count is compared with ``level x profile of the hour``; runs of exceedances are bursts;
the peaks of past bursts give a heavy (Lomax) tail, and with it a return period: "a burst like
this is expected once in T days here". That scale needs no tuning per brand.

Origin: peaks over threshold (Siffer et al. 2017, SPOT) with conjugate priors; the parts and what
each is worth were measured on NAB realTweets (docs/decisions/0005-level-reading.md). Everything is
O(1) per bin, scores before it learns, and holds no clock.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DAY_S = 86_400.0
EXCEEDANCE = math.log(2.5)
"""An excess of 1.5 usual deviations starts a burst (log scale of `Tail.excess`)."""
GAP_S = 7_200.0
"""Two hours without an exceedance end a burst."""
WINSOR = 4.0
"""What is learned from one bin is at most so many usual deviations above what was expected."""
CHANCE = 2.5
"""Deviations by which a sum must exceed what may be chance of the difference that it is."""
LONGEST_DAYS = 1e6
"""Return periods are not told apart beyond this."""
STEPS = 1e4
"""Steps of one in which what is remembered is kept."""


@dataclass(frozen=True, slots=True)
class Priors:
    """What is believed of a stream before it is known.

    ``a0`` bursts' worth of belief in ``r0`` bursts a day; ``a1`` bursts' worth of belief in a mean
    excess of ``xi0`` over the exceedance threshold (natural log scale).
    """

    a0: float
    r0: float
    a1: float
    xi0: float


SETTLED = Priors(a0=4.0, r0=4.0, a1=1.5, xi0=1.0)
"""For series read by ``sturmglas detect``: best on NAB realTweets."""
OPEN = Priors(a0=1.0, r0=4.0, a1=1.5, xi0=0.5)
"""For watched topics: weaker, finds 20 instead of 9 of 22 crises of young streams, and costs
about one point on NAB."""


def decay(half_life_days: float, bin_s: float) -> float:
    """Return the factor by which a memory of that half-life shrinks in one bin."""
    return math.exp(-math.log(2.0) * bin_s / (half_life_days * DAY_S))


def short(x: float) -> float:
    """Return ``x`` in steps of 1 / `STEPS`: what is remembered is rounded as it is learned, so that the
    state is short and restoring it changes nothing. A fourth of the cost of ``round``."""
    return int(x * STEPS + 0.5) / STEPS


def numbers(state: Mapping[str, Any], key: str, length: int) -> list[float]:
    """Return ``state[key]`` as a list of finite floats; ValueError names what does not fit."""
    raw = state.get(key)
    if not isinstance(raw, list) or len(raw) != length:
        raise ValueError(f"detector state: {key!r} must be a list of {length} numbers")
    out = [float(x) for x in raw]
    if not all(math.isfinite(x) for x in out):
        raise ValueError(f"detector state: {key!r} holds a number that is not finite")
    return out


class Baseline:
    """What a bin is expected to hold: a discounted level times a profile of the local hour.

    Level: half-life 4 days, one pseudo-count. Profile: discounted ratios to the level, half-life
    3 days, shrunk to 1 by one observation. ``slots`` 24 (hours) or a divisor of it.
    """

    __slots__ = ("_forget", "_forget_slot", "_hours", "_ratio", "_seen", "_sum", "_weight")

    def __init__(self, bin_s: float = 300.0, slots: int = 24) -> None:
        self._hours = 24 // slots
        self._forget = decay(4.0, bin_s)
        self._forget_slot = decay(3.0 / slots, bin_s)
        self._sum = 0.0
        self._weight = 0.0
        self._ratio = [0.0] * slots
        self._seen = [0.0] * slots

    def expected(self, hour: int) -> float:
        """Return the expected count of a bin in that local hour (0-23); above 0."""
        slot = hour // self._hours
        level = (self._sum + 1.0) / (self._weight + 1.0)
        return level * (self._ratio[slot] + 1.0) / (self._seen[slot] + 1.0)

    @property
    def counted(self) -> float:
        """How many events the level rests on, discounted."""
        return self._sum

    @property
    def weight(self) -> float:
        """How many bins the level rests on, discounted."""
        return self._weight

    def learn(self, value: float, hour: int) -> None:
        """Take in one bin's (already tamed) count."""
        slot = hour // self._hours
        level = (self._sum + 1.0) / (self._weight + 1.0)
        share = (self._ratio[slot] + 1.0) / (self._seen[slot] + 1.0)
        self._ratio[slot] = short(self._ratio[slot] * self._forget_slot + value / level)
        self._seen[slot] = short(self._seen[slot] * self._forget_slot + 1.0)
        self._sum = short(self._sum * self._forget + value / share)
        self._weight = short(self._weight * self._forget + 1.0)

    def snapshot(self) -> list[float]:
        return [self._sum, self._weight, *self._ratio, *self._seen]

    def restore(self, state: Mapping[str, Any], key: str = "baseline") -> None:
        slots = len(self._ratio)
        values = numbers(state, key, 2 + 2 * slots)
        self._sum, self._weight = values[:2]
        self._ratio, self._seen = values[2 : 2 + slots], values[2 + slots :]


class Tail:
    """How often bursts come and how high they go, for one series at one bin size.

    Scale: discounted mean absolute deviation, half-life 7 days. Bursts: number, summed excess and
    elapsed days, each with half-life 10 days; a burst enters when it is over, with its peak.
    """

    __slots__ = (
        "_bin_days",
        "_burst",
        "_days",
        "_dev",
        "_forget",
        "_forget_dev",
        "_gap",
        "_gap_bins",
        "_n",
        "_peak",
        "_priors",
        "_sum",
        "_weight",
    )

    def __init__(self, bin_s: float = 300.0, priors: Priors = OPEN) -> None:
        self._priors = priors
        self._bin_days = bin_s / DAY_S
        self._forget = decay(10.0, bin_s)
        self._forget_dev = decay(7.0, bin_s)
        self._gap_bins = int(GAP_S // bin_s)
        self._dev = self._weight = 0.0
        self._n = self._sum = self._days = 0.0
        self._burst = False
        self._peak = 0.0
        self._gap = 0

    @property
    def bursts(self) -> float:
        """How many past bursts the tail rests on, discounted."""
        return self._n

    @property
    def running(self) -> bool:
        """True while a burst has begun and is not over."""
        return self._burst

    def deviation(self) -> float:
        """Return the usual absolute deviation, plus one count."""
        return (self._dev / self._weight if self._weight else 0.0) + 1.0

    def excess(self, value: float, expected: float) -> float:
        """Return ln(1 + excess / usual deviation), 0 where nothing is in excess."""
        return math.log1p((value - expected) / self.deviation()) if value > expected else 0.0

    def return_period(self, excess: float) -> float:
        """Return in how many days a burst so high is expected once; 0 below the threshold."""
        if excess <= EXCEEDANCE:
            return 0.0
        p = self._priors
        per_day = (self._n + p.a0) / (self._days + p.a0 / p.r0)
        over = (excess - EXCEEDANCE) / (self._sum + p.a1 * p.xi0)
        log_days = (self._n + p.a1) * math.log1p(over) - math.log(per_day)
        return min(math.exp(min(log_days, 50.0)), LONGEST_DAYS)

    def tame(self, value: float, expected: float) -> float:
        """Return the part of ``value`` that may be learned."""
        return min(value, expected + WINSOR * self.deviation())

    def learn(self, value: float, expected: float, excess: float) -> None:
        """Take in one scored bin; ``excess`` as `excess` gave it before."""
        dev, weight, forget = self._dev, self._weight, self._forget
        most = expected + WINSOR * ((dev / weight if weight else 0.0) + 1.0)
        self._days = self._days * forget + self._bin_days
        self._n *= forget
        self._sum *= forget
        if excess > EXCEEDANCE:
            self._peak = max(self._peak, excess) if self._burst else excess
            self._burst = True
            self._gap = 0
        elif self._burst:
            self.pause(1)
        tame = most if value > most else value
        self._dev = dev * self._forget_dev + abs(tame - expected)
        self._weight = weight * self._forget_dev + 1.0

    def pause(self, bins: int) -> None:
        """Count ``bins`` without an exceedance; ends and remembers a burst after `GAP_S`."""
        self._gap += bins
        if self._burst and self._gap > self._gap_bins:
            self._n += 1.0
            self._sum += self._peak - EXCEEDANCE
            self._burst = False

    def forget_burst(self) -> None:
        """Drop a running burst unlearned: it became an incident, and is no part of the usual."""
        self._burst = False

    def snapshot(self) -> list[float]:
        flags = [1.0 if self._burst else 0.0, self._peak, float(self._gap)]
        return [self._dev, self._weight, self._n, self._sum, self._days, *flags]

    def restore(self, state: Mapping[str, Any], key: str) -> None:
        values = numbers(state, key, 8)
        self._dev, self._weight, self._n, self._sum, self._days = values[:5]
        self._burst, self._peak, self._gap = values[5] > 0, values[6], int(values[7])


Look = tuple[float, float, float]
"""One scale's sum as it was scored: observed, expected, and the excess of `Tail.excess`."""


class Burst:
    """One series at several time scales: one baseline, and a tail for each scale.

    ``most``: what the baseline learns of one bin is at most so many times what was expected (and never
    less than one), so that a surge of hours on a quiet stream does not become what is expected.
    A scale of s looks at the sum of the last s bins, in every bin. ``x`` is the newest bin's count.
    Snapshot below 1.5 KiB with four scales; about 2 us per scale and bin.
    """

    __slots__ = (
        "_doubtful",
        "_doubts",
        "_memo",
        "_most",
        "_values",
        "_wanted",
        "baseline",
        "bin_s",
        "scales",
        "tails",
    )

    def __init__(
        self,
        bin_s: float = 300.0,
        scales: tuple[int, ...] = (1,),
        priors: Priors = OPEN,
        most: float = math.inf,
    ) -> None:
        if not scales or scales[0] != 1:
            raise ValueError(f"scales must begin with 1, got {scales}")
        self.bin_s = bin_s
        self.scales = scales
        self.baseline = Baseline(bin_s)
        self._most = most
        self.tails = tuple(Tail(bin_s, priors) for _ in scales)
        keep = max(scales) - 1
        self._values = [0.0] * keep
        self._wanted = [0.0] * keep
        self._doubts = [0.0] * keep
        self._doubtful = False
        self._memo: tuple[float, int, float, list[Look]] | None = None

    def expected(self, hour: int) -> float:
        """Return the expected count of a bin in that local hour."""
        return self.baseline.expected(hour)

    def looks(self, value: float, hour: int, doubt: float = 0.0) -> list[Look]:
        """Return what every scale sees, for a newest bin of ``value``.

        ``doubt``: variance that ``value`` has from being a difference; `CHANCE` deviations of it
        are taken off what was observed, at each scale by itself.
        """
        memo = self._memo
        if memo is not None and memo[:3] == (value, hour, doubt):
            return memo[3]
        expected = self.baseline.expected(hour)
        values, wanted = self._values, self._wanted
        doubtful = doubt > 0.0 or self._doubtful
        looks: list[Look] = []
        for s, tail in zip(self.scales, self.tails, strict=True):
            seen, want = value, expected
            if s > 1:
                seen, want = seen + sum(values[1 - s :]), want + sum(wanted[1 - s :])
            if doubtful:
                doubts = sum(self._doubts[1 - s :]) if s > 1 else 0.0
                seen -= CHANCE * math.sqrt(doubts + doubt)
            looks.append((seen, want, tail.excess(seen, want) if seen > want else 0.0))
        self._memo = (value, hour, doubt, looks)
        return looks

    def return_periods(self, value: float, hour: int, doubt: float = 0.0) -> list[float]:
        """Return the return period in days at every scale; 0 where there is no burst."""
        looks = self.looks(value, hour, doubt)
        return [
            tail.return_period(excess) if excess else 0.0
            for tail, (_, _, excess) in zip(self.tails, looks, strict=True)
        ]

    def learn(self, value: float, hour: int, doubt: float = 0.0) -> None:
        """Take in one bin."""
        looks = self.looks(value, hour, doubt)
        expected = looks[0][1]
        tame = min(self.tails[0].tame(value, expected), max(1.0, self._most * expected))
        self.baseline.learn(max(0.0, tame), hour)
        for tail, look in zip(self.tails, looks, strict=True):
            tail.learn(*look)
        self._push(value, expected, doubt)

    def pass_by(self, value: float, hour: int, doubt: float = 0.0) -> None:
        """See one bin without learning from it: an incident is open."""
        for tail in self.tails:
            tail.forget_burst()
        self._push(value, self.baseline.expected(hour), doubt)

    def add_late(self, bins_ago: int, value: float) -> None:
        """Add late mentions to a bin seen ``bins_ago`` bins before the next one (1 = the last)."""
        if 1 <= bins_ago <= len(self._values):
            self._values[-bins_ago] = max(0.0, short(self._values[-bins_ago] + value))
            self._memo = None

    def _push(self, value: float, expected: float, doubt: float) -> None:
        self._memo = None
        if self._values:
            self._values = [*self._values[1:], short(value)]
            self._wanted = [*self._wanted[1:], short(expected)]
            if doubt > 0.0 or self._doubtful:
                self._doubts = [*self._doubts[1:], short(doubt)]
                self._doubtful = any(self._doubts)

    def snapshot(self) -> dict[str, Any]:
        return {
            "baseline": self.baseline.snapshot(),
            "tails": [tail.snapshot() for tail in self.tails],
            "values": list(self._values),
            "wanted": list(self._wanted),
            "doubts": list(self._doubts) if self._doubtful else [],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take a state that `snapshot` returned; ValueError names what does not fit."""
        tails = state.get("tails")
        if not isinstance(tails, list) or not 0 < len(tails) <= len(self.tails):
            raise ValueError(f"detector state: 'tails' must be a list of {len(self.tails)}")
        self.baseline.restore(state)
        for tail, saved in zip(self.tails, tails, strict=False):
            tail.restore({"tails": saved}, "tails")
        # A state from before a longer scale was added: that scale knows what the others saw.
        keep = max(self.scales[: len(tails)]) - 1
        empty = [0.0] * (len(self._values) - keep)
        self._values = empty + numbers(state, "values", keep)
        self._wanted = empty + numbers(state, "wanted", keep)
        whole = len(self._values)
        self._doubts = numbers(state, "doubts", whole) if state.get("doubts") else [0.0] * whole
        self._doubtful = any(self._doubts)
        self._memo = None
