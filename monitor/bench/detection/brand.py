"""Brands without a storm: a rhythm of days and weeks, moods, flares of attention and of grumbling.

What is drawn here is the null: every page on it is a false one. Attention flares with Pareto heights,
as the arrival series of real brands do. Grumbles (half of the posts negative) have log-normal
heights: how heavy their tail is for real brands nobody has published; this is our assumption.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from monitor.bench.detection.stream import Crowd, Part, Stream
from monitor.bench.detection.tone import Floats, Mix, Reading

DAY_BINS = 288
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
SOURCES = ("forum", "feed", "shop")
WEEKEND = 0.75
MOOD_SD, MOOD_BINS = 0.3, 72
"""Slow swings of volume: log-normal, remembered for six hours."""
TONE_SD = 0.25
"""Slow swings of the negative share: log scale."""
FLARE_DAYS, GRUMBLE_DAYS = 2.0, 3.0
"""How often attention and grumbling flare up."""


@dataclass(frozen=True, slots=True)
class Brand:
    """What one brand is like. ``rate``: mentions an hour; ``negative``: true usual share."""

    rate: float
    negative: float
    sources: tuple[float, ...]
    swing: float
    """How much more is written by day than by night, 0..1."""
    lang: str


def brand(rate: float, seed: int, *, several: bool | None = None, lang: str | None = None) -> Brand:
    """Draw a brand of that rate: usual negatives 5 to 35 %, one or three sources, de or en."""
    rng = np.random.default_rng((seed, 1))
    several = bool(rng.random() < 0.5) if several is None else several
    return Brand(
        rate=rate,
        negative=float(np.clip(rng.beta(3.0, 14.0), 0.05, 0.35)),
        sources=(0.5, 0.3, 0.2) if several else (1.0,),
        swing=float(rng.uniform(0.4, 0.9)),
        lang=lang or ("de", "en")[seed % 2],
    )


def mix(negative: float) -> Mix:
    """Return a usual mix with that share of negatives: two thirds of the others are neutral."""
    return negative, (1.0 - negative) * 0.65, (1.0 - negative) * 0.35


def rhythm(known: Brand, first: int, bins: int) -> Floats:
    """Return expected mentions of each bin by hour and weekday alone; bin 0 is a Monday, 0:00 UTC."""
    at = np.arange(first, first + bins)
    day = 1.0 + known.swing * np.sin((at % DAY_BINS) / DAY_BINS * 2 * math.pi - math.pi * 0.65)
    week = np.where((at // DAY_BINS) % 7 >= 5, WEEKEND, 1.0)
    return known.rate / 12.0 * day * week / (1.0 - (1.0 - WEEKEND) * 2 / 7)


def calm(known: Brand, reading: Reading, days: int, seed: int, *, flares: bool = True) -> Stream:
    """Return ``days`` of a brand to which nothing happens."""
    rng = np.random.default_rng((seed, 2))
    bins = days * DAY_BINS
    stream = Stream("brand", MONDAY, seed, reading, SOURCES[: len(known.sources)])
    usual = rhythm(known, 0, bins) * np.exp(_swings(rng, bins, MOOD_SD))
    tone = np.exp(_swings(rng, bins, TONE_SD))
    people = max(50, int(known.rate * 40))
    crowd = Crowd(people=people, sources=known.sources)
    # Two parts, one of them negative: so the share swings though each part's mix stands still.
    negative = np.clip(known.negative * tone, 0.0, 0.9)
    stream.add(Part("usual", 0, usual * (1.0 - negative), mix(0.0), crowd))
    stream.add(Part("usual", 0, usual * negative, (1.0, 0.0, 0.0), crowd))
    if flares:
        for _ in range(rng.poisson(days / FLARE_DAYS)):
            height = 0.5 * (1.0 + rng.pareto(1.7))
            stream.add(_flare(rng, known, bins, min(height, 30.0), known.negative))
        for _ in range(rng.poisson(days / GRUMBLE_DAYS)):
            height = 0.5 * math.exp(rng.normal(0.0, 0.6))
            stream.add(_flare(rng, known, bins, height, 0.5))
    return stream


def _swings(rng: np.random.Generator, bins: int, sd: float) -> Floats:
    """Return a stationary AR(1) series with that deviation and `MOOD_BINS` of memory, mean of exp 1."""
    keep = math.exp(-1.0 / MOOD_BINS)
    noise = rng.normal(0.0, sd * math.sqrt(1 - keep * keep), bins)
    noise[0] = rng.normal(0.0, sd)
    out = np.empty(bins)
    last = 0.0
    for i, step in enumerate(noise.tolist()):
        last = last * keep + step
        out[i] = last
    return out - sd * sd / 2


def _flare(rng: np.random.Generator, known: Brand, bins: int, times: float, share: float) -> Part:
    """Return a flare: up at once to so many times the rate, down within hours."""
    height = known.rate * times / 12.0
    fall = rng.uniform(6.0, 36.0)
    length = int(fall * 6)
    rates = height * np.exp(-np.arange(length) / fall)
    first = int(rng.integers(0, bins))
    share = float(np.clip(share * math.exp(rng.normal(0.0, TONE_SD)), 0.0, 0.9))
    crowd = Crowd(new=0.7, threads=6, threaded=0.6, copied=0.15, sources=known.sources)
    return Part("flare", first, rates[: bins - first], mix(share), crowd)
