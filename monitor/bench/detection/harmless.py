"""What looks like a storm and is none: a page for any of these is a false one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from monitor.bench.detection.brand import DAY_BINS, TONE_SD, Brand, mix
from monitor.bench.detection.stream import Crowd, Part, Stream
from monitor.bench.detection.tone import Floats, Reading

RATES = (2.0, 20.0, 200.0, 2000.0)
"""Mentions an hour of the brands these happen to, in turn."""
WITHIN_BINS = 2 * DAY_BINS
"""For so long after its beginning a page is blamed on the scene."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What is added to a calm stream. ``blind``: bins in which nothing at all comes in time;
    ``uplift``: bins for which so many times the usual mentions were announced."""

    parts: tuple[Part, ...]
    blind: tuple[int, int] | None = None
    uplift: tuple[int, int, float] | None = None

    def into(self, stream: Stream) -> None:
        """Add it to a calm stream."""
        for part in self.parts:
            stream.add(part)
        stream.blind, stream.uplift = self.blind, self.uplift

    def bins(self, first: int) -> int:
        """Return for how many bins after ``first`` it is on."""
        ends = [part.first + len(part.rates) for part in self.parts]
        return max([*ends, self.blind[1] if self.blind else first]) - first


Make = Callable[[np.random.Generator, Brand, Reading, int], Scene]


def _hill(rng: np.random.Generator, known: Brand, low: float, high: float) -> Floats:
    """Return a surge: up within minutes or hours, a plateau, down; peak in multiples of the rate."""
    peak = known.rate / 12.0 * float(np.exp(rng.uniform(np.log(low), np.log(high))))
    up, flat, down = rng.integers(2, 25), rng.integers(6, 37), rng.integers(12, 73)
    return peak * np.concatenate(
        [np.linspace(0.1, 1.0, up), np.ones(flat), np.exp(-np.arange(3 * down) / down)]
    )


def attention(rng: np.random.Generator, known: Brand, read: Reading, first: int) -> Scene:
    """Everybody talks about the brand, and not worse than usual."""
    return _surge(rng, known, first, -abs(float(rng.normal(0.0, TONE_SD))))


def sour(rng: np.random.Generator, known: Brand, read: Reading, first: int) -> Scene:
    """Everybody talks about the brand, and worse than usual by as much as moods differ anyway."""
    return _surge(rng, known, first, abs(float(rng.normal(0.0, TONE_SD))))


def _surge(rng: np.random.Generator, known: Brand, first: int, worse: float) -> Scene:
    crowd = Crowd(new=0.8, threads=10, threaded=0.6, copied=0.2, sources=known.sources)
    tones = mix(float(np.clip(known.negative * np.exp(worse), 0.02, 0.6)))
    return Scene((Part("surge", first, _hill(rng, known, 3.0, 50.0), tones, crowd),))


def announced(rng: np.random.Generator, known: Brand, read: Reading, first: int) -> Scene:
    """An event that was announced, with the uplift it brings give or take a half; tone as usual."""
    times = float(np.exp(rng.uniform(np.log(3.0), np.log(30.0))))
    length = int(rng.integers(12, 49))
    loud = (
        known.rate
        / 12.0
        * times
        * np.concatenate([np.linspace(0.3, 1.0, 6), np.ones(length), np.exp(-np.arange(36) / 12.0)])
    )
    crowd = Crowd(new=0.7, threads=8, threaded=0.6, copied=0.1, sources=known.sources)
    tones = mix(float(np.clip(known.negative * np.exp(rng.normal(0.0, TONE_SD)), 0.02, 0.6)))
    said = max(1.0, times * float(rng.uniform(0.5, 1.5)))
    return Scene(
        (Part("event", first, loud, tones, crowd),), uplift=(first, first + len(loud), said)
    )


def outage(rng: np.random.Generator, known: Brand, read: Reading, first: int) -> Scene:
    """The collector is blind for one to eight hours of a calm day, then everything comes at once."""
    return Scene((), blind=(first, first + int(rng.integers(12, 97))))


def bots(rng: np.random.Generator, known: Brand, read: Reading, first: int) -> Scene:
    """Hundreds of accounts that nobody follows post few texts; half of the waves praise, half smear."""
    smear = rng.random() < 0.5
    tones = (0.85, 0.10, 0.05) if smear else (0.05, 0.25, 0.70)
    crowd = Crowd(
        new=1.0,
        threaded=0.1,
        copied=0.9,
        originals=int(rng.integers(2, 9)),
        reach=3.0,
        sources=_one_of(rng, known),
    )
    return Scene((Part("bots", first, _hill(rng, known, 5.0, 50.0), tones, crowd),))


def joke(rng: np.random.Generator, known: Brand, read: Reading, first: int) -> Scene:
    """A witty text is passed on by many; a quarter to half of it reads as criticism, none surely."""
    negative = float(rng.uniform(0.25, 0.45))
    crowd = Crowd(
        new=0.9,
        threads=3,
        threaded=0.5,
        copied=0.85,
        originals=2,
        plain=False,
        sources=known.sources,
    )
    tones = (negative, 0.5 * (1 - negative), 0.5 * (1 - negative))
    return Scene((Part("joke", first, _hill(rng, known, 5.0, 50.0), tones, crowd),))


def rivals(rng: np.random.Generator, known: Brand, read: Reading, first: int) -> Scene:
    """A rival has a storm, and nine posts of ten that also name the brand name the rival."""
    part = Part(
        "rival",
        first,
        _hill(rng, known, 3.0, 50.0),
        (0.7, 0.2, 0.1),
        Crowd(new=0.8, threads=15, threaded=0.5, copied=0.1, sources=known.sources, rival=0.9),
    )
    return Scene((part,))


def _one_of(rng: np.random.Generator, known: Brand) -> tuple[float, ...]:
    only = int(rng.integers(len(known.sources)))
    return tuple(float(i == only) for i in range(len(known.sources)))


SCENES: dict[str, Make] = {
    "attention surge": attention,
    "surge in a sour mood": sour,
    "announced event": announced,
    "outage with catch-up": outage,
    "bot wave": bots,
    "viral joke": joke,
    "rival's storm": rivals,
}
