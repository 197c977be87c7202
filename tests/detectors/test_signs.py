"""Signs: what is told beside a level, when, and that quiet weeks are told nothing of."""

from __future__ import annotations

import json
import random
from collections import Counter, deque
from dataclasses import replace
from datetime import timedelta

import pytest

from detectors.detection import Reason, ReasonCode
from detectors.online.silence import RARE_DAYS
from detectors.signs import Signs
from detectors.window import BIN, Bin, Counts
from tests.detectors.weather import START, Row, Surge, Weather, closed, poisson, window

EXPECTED = 40 / 12 * 0.15
"""Negatives of a bin of `Weather`, over the day."""


class Watcher:
    """Feeds signs as a watch does: windows with the hour's rows, where they are asked for."""

    def __init__(self) -> None:
        self.signs = Signs()
        self.past: deque[list[Row]] = deque(maxlen=12)

    def see(
        self, bin: Bin, rows: list[Row], *, looked_at: bool = False, fresh: float | None = None
    ) -> tuple[Reason, ...]:
        self.past.append(rows)
        hour = [r for part in self.past for r in part]
        seen = window(bin.end, hour) if looked_at else None
        return self.signs.see(bin, bin.start, EXPECTED, seen, new_authors=fresh)


def told(weather: Weather, days: float) -> dict[int, tuple[Reason, ...]]:
    watcher = Watcher()
    seen = {i: watcher.see(*one) for i, one in enumerate(weather.bins(days))}
    return {i: reasons for i, reasons in seen.items() if reasons}


def values(seen: dict[int, tuple[Reason, ...]], code: ReasonCode) -> dict[int, float]:
    return {i: r.value for i, reasons in seen.items() for r in reasons if r.code is code}


def test_quiet_weeks_are_told_nothing_of() -> None:
    seen = told(Weather(seed=2), 42)
    codes = Counter(r.code for reasons in seen.values() for r in reasons)
    assert codes[ReasonCode.SILENCE] <= 2, "once in 30 days, at most"
    assert sum(codes.values()) <= 42, "once a day would be noise"


def test_a_storm_is_told_to_double_and_to_last() -> None:
    surge = Surge(24 * 15, 600.0, 6.0, 0.8, doubling_min=20.0, from_rate=6.0)
    seen = told(Weather(seed=3, surges=(surge,)), 16)
    begin = 15 * 288
    doubling = {i: v for i, v in values(seen, ReasonCode.DOUBLING).items() if i >= begin}
    lasting = {i: v for i, v in values(seen, ReasonCode.PERSISTENCE).items() if i >= begin}
    assert doubling
    assert min(doubling) < begin + 28, "within 140 minutes: seven doublings"
    assert 12.0 < doubling[min(doubling)] < 40.0
    assert max(lasting.values()) > 240.0
    assert min(lasting) >= begin + 6, "not before half an hour"
    assert max(lasting) < begin + 6 * 12 + 4, "over when it is over"


def test_a_topic_that_falls_silent_is_told_so_until_it_speaks() -> None:
    watcher, calm = Watcher(), Weather(seed=4)
    for bin, rows in calm.bins(30):
        watcher.see(bin, rows)
    start = START + 30 * 288 * BIN + timedelta(hours=9)
    days = []
    for k in range(36):
        seen = watcher.see(*closed(start + k * BIN, []))
        days += [r.value for r in seen if r.code is ReasonCode.SILENCE]
    assert len(days) >= 24, "told within an hour"
    assert days == sorted(days)
    assert days[0] >= RARE_DAYS
    again = start + 36 * BIN
    for k in range(8):
        rows = [Row(int(again.timestamp()), 1, "a", 1, 1, 0)] * 4
        last = watcher.see(*closed(again + k * BIN, rows))
    assert not values({0: last}, ReasonCode.SILENCE)


def crowd(rng: random.Random, n: int, sources: str) -> list[Row]:
    return [
        Row(int(START.timestamp()) + i, i, rng.choice(sources), rng.randrange(1, 10**6), i, 0)
        for i in range(n)
    ]


def looked_at(signs: Signs, rows: list[Row], fresh: float | None) -> tuple[Reason, ...]:
    bin, hour = closed(START, rows)
    hour_of = window(START + BIN, hour)
    return signs.see(bin, START, EXPECTED, hour_of, new_authors=fresh)


def test_new_people_in_new_places_are_told_with_the_usual_beside() -> None:
    rng, signs = random.Random(5), Signs()
    for _ in range(600):
        n = rng.randrange(8, 30)
        looked_at(signs, crowd(rng, n, "aaaaaaaaab"), poisson(rng, 0.3 * n) / n)
    usual = looked_at(signs, crowd(rng, 60, "aaaaaaaaab"), 0.3)
    storm = looked_at(signs, crowd(rng, 60, "abcd"), 56 / 60)
    found = {r.code: r for r in storm}
    beside = (ReasonCode.SPREAD, ReasonCode.NEW_AUTHORS)
    assert not [r for r in usual if r.code in beside]
    assert found[ReasonCode.NEW_AUTHORS].value == pytest.approx(56 / 60, abs=0.01)
    assert found[ReasonCode.NEW_AUTHORS].threshold == pytest.approx(0.3, abs=0.05)
    assert found[ReasonCode.SPREAD].value > 3.5
    assert 1.0 <= (found[ReasonCode.SPREAD].threshold or 0.0) < 1.6


def test_who_is_not_known_to_be_new_is_not_told_to_be() -> None:
    rng, signs = random.Random(6), Signs()
    for _ in range(300):
        looked_at(signs, crowd(rng, 20, "aab"), None)
    seen = looked_at(signs, crowd(rng, 60, "aab"), None)
    assert ReasonCode.NEW_AUTHORS not in {r.code for r in seen}


def test_a_clean_up_is_told_once_deletions_are_known() -> None:
    signs = Signs()
    bins = [bin for bin, _ in Weather(seed=7).bins(15)]
    for i, bin in enumerate(bins):
        signs.see(bin, bin.start, EXPECTED, deletions=int(i % 24 == 0))
    last = replace(bins[-1], start=bins[-1].start + BIN)
    assert not [r for r in signs.see(last, last.start, EXPECTED) if r.code is ReasonCode.DELETIONS]
    seen = signs.see(last, last.start, EXPECTED, deletions=30)
    [reason] = [r for r in seen if r.code is ReasonCode.DELETIONS]
    assert reason.value > 0.3
    assert reason.threshold is not None
    assert reason.threshold < 0.03


def test_what_is_no_voice_neither_grows_nor_lasts() -> None:
    signs = Signs()
    codes = set()
    for k in range(48):
        n = min(2**k, 500)
        bin = Bin("t", START + k * BIN, Counts(mentions=n, negatives=n))
        codes |= {r.code for r in signs.see(bin, bin.start, EXPECTED, out=(n, n))}
    assert not codes


def test_while_frozen_nothing_is_learned() -> None:
    learned, frozen = Signs(), Signs()
    for bin, _ in Weather(seed=8).bins(20):
        learned.see(bin, bin.start, EXPECTED)
        frozen.see(bin, bin.start, EXPECTED)
    for bin, _ in Weather(seed=9, rate=900.0, share=0.9).bins(2):
        frozen.see(bin, bin.start, EXPECTED, frozen=True)
    for bin, _ in Weather(seed=8).bins(1):
        learned.see(bin, bin.start, EXPECTED, frozen=True)
        frozen.see(bin, bin.start, EXPECTED, frozen=True)
    kept = ("hours", "weekdays", "spread")
    before, after = learned.snapshot(), frozen.snapshot()
    assert [after["silence"][k] for k in kept] == [before["silence"][k] for k in kept]
    assert after["persistence"]["runs"] == before["persistence"]["runs"]


@pytest.mark.parametrize("cut", [0, 1, 11, 288, 1000])
def test_a_restart_is_invisible(cut: int) -> None:
    steady, restarted = Watcher(), Watcher()
    surge = Surge(24 * 2, 300.0, 6.0, 0.7, doubling_min=15.0)
    for i, (bin, rows) in enumerate(Weather(seed=10, surges=(surge,)).bins(4)):
        if i == cut:
            state = json.loads(json.dumps(restarted.signs.snapshot()))
            restarted.signs = Signs()
            restarted.signs.restore(state)
        loud = bin.counts.negatives > 2
        fresh = 0.5
        assert steady.see(bin, rows, looked_at=loud, fresh=fresh) == restarted.see(
            bin, rows, looked_at=loud, fresh=fresh
        )
    assert steady.signs.snapshot() == restarted.signs.snapshot()


def test_the_state_is_below_one_and_a_half_kibibytes() -> None:
    watcher = Watcher()
    surge = Surge(24 * 20, 3000.0, 6.0, 0.7, doubling_min=15.0)
    for i, (bin, rows) in enumerate(Weather(seed=11, rate=90.0, surges=(surge,)).bins(21)):
        watcher.see(bin, rows, looked_at=i % 7 == 0, fresh=0.3)
        watcher.signs._deletions.learn_one({"mentions": 12.0, "deletions": 10.0})
    assert len(json.dumps(watcher.signs.snapshot())) < 1536


def test_a_state_from_before_a_sign_was_there_is_taken() -> None:
    signs = Signs()
    state = signs.snapshot()
    del state["spread"]
    signs.restore(state)
    assert signs.snapshot() == Signs().snapshot()


def test_a_broken_state_is_refused() -> None:
    with pytest.raises(ValueError, match="detector state"):
        Signs().restore({"silence": {"hours": [1.0]}})
