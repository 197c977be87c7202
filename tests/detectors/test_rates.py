"""Rates: what counts say of tone, and what they may teach of it."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from detectors.rates import SOUR_DAY, Rates, Scored
from detectors.window import BIN, Bin, Counts

START = datetime(2026, 3, 2, tzinfo=UTC)
DAY_BINS = 288


class Brand:
    """A brand of so many mentions an hour, a quarter of them negative, bin by bin."""

    def __init__(self, rate: float, days: int = 28) -> None:
        self.rates = Rates()
        self.rate = rate
        self.rng = np.random.default_rng(7)
        self.at = START
        self.hour = [(0, 0)] * 12
        for _ in range(days * DAY_BINS):
            self.see(1.0, 0.25)

    def see(self, times: float, share: float) -> Scored:
        """Let one bin pass with ``times`` the usual mentions, of which ``share`` are negative."""
        mentions = int(self.rng.poisson(times * self.rate / 12.0))
        negatives = int(self.rng.binomial(mentions, share))
        sure = {"negativity": 100 * negatives, "negativity_squares": 10_000 * negatives}
        bin = Bin("brand", self.at, Counts(mentions=mentions, negatives=negatives, **sure))
        scored = self.rates.score(bin, self.at.hour, self.at.weekday())
        self.rates.learn(bin, scored)
        self.at += BIN
        self.hour = [*self.hour[1:], (mentions, 100 * negatives)]
        return scored

    def sour(self) -> float:
        """Return how sour the hour is, as if every post was a text of its own."""
        return self.rates.sour(self.hour)


def test_a_storm_that_nobody_recognises_does_not_become_the_usual_tone() -> None:
    brand = Brand(rate=2.0)
    usual = brand.rates.tone.negativity()
    for _ in range(144):  # 1,200 posts beside the 500 that the memory rests on
        brand.see(50.0, 0.60)
    assert abs(brand.rates.tone.negativity() - usual) < 0.05


def test_a_tone_that_lasts_at_the_usual_volume_is_learned() -> None:
    brand = Brand(rate=20.0)
    for _ in range(14 * DAY_BINS):
        brand.see(1.0, 0.40)
    assert brand.rates.tone.negativity() > 0.34


def test_few_posts_of_a_worse_tone_say_less_than_many() -> None:
    brand = Brand(rate=2.0)
    for _ in range(72):
        brand.see(10.0, 0.55)
    assert brand.sour() > 3.0, "over six hours"
    again = Brand(rate=2.0)
    for _ in range(6):
        again.see(10.0, 0.55)
    assert again.sour() < 3.0, "over half of one"


def test_how_much_worse_an_hour_is_is_told_as_a_share() -> None:
    brand = Brand(rate=2.0)
    assert brand.rates.worse([(20, 100 * 9)] * 12) == pytest.approx(0.45 - 0.25, abs=0.05)
    assert brand.rates.worse([(20, 100 * 2)] * 12) < 0.0
    assert brand.rates.worse([(0, 0)] * 12) == 0.0


def test_a_quarter_that_is_surely_worse_is_not_hidden_by_its_hour() -> None:
    brand = Brand(rate=2.0)
    calm, angry, two = [(20, 500)] * 9, [(20, 1500)] * 3, [(1, 25)] * 9 + [(1, 100)] * 3
    assert brand.rates.worse(calm + angry) > 0.4
    assert brand.rates.worse(two) < 0.25, "three posts are chance"


def test_a_surge_of_the_usual_tone_is_not_sour() -> None:
    brand = Brand(rate=2.0)
    for _ in range(144):
        brand.see(30.0, 0.25)
    assert brand.sour() < 2.5
    assert brand.rates.sour(brand.hour, SOUR_DAY) < 2.5
