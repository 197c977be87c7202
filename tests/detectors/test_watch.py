"""TopicWatch: whole scenes, bin by bin."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from detectors.detection import Level, ReasonCode
from detectors.topic import Query, Topic
from detectors.watch import FROZEN_BINS, TopicWatch
from detectors.window import BIN, Bin, Counts
from tests.detectors.weather import (
    START,
    TOPIC,
    Player,
    Row,
    Surge,
    Weather,
    closed,
    hours,
    window,
)

STORM_H = 7 * 24 + 10.0
"""A week of history, then ten in the morning."""
STORM = START + hours(STORM_H)


def storm(rate: float = 40.0, peak: float = 160.0, **fields: float) -> Weather:
    """A week known, then a storm of 20 times the usual negatives, 80 % of it negative."""
    return Weather(rate=rate, surges=(Surge(STORM_H, peak, 3, 0.8, **fields),))


@pytest.mark.parametrize(("rate", "peak"), [(20, 75), (40, 150), (60, 225)])
def test_a_young_topic_wakes_within_fifteen_minutes_of_a_storm(rate: float, peak: float) -> None:
    """Seven days known, then twenty times the usual negatives from many authors."""
    seen = Player().play(storm(rate, peak), 7.5)
    woken = next(a for a in seen if a.level >= 4)
    assert STORM < woken.at <= STORM + timedelta(minutes=15)
    assert woken.interrupt
    assert woken.onset is not None
    assert abs(woken.onset - STORM) <= timedelta(minutes=10)
    assert max(a.level for a in seen) >= 5


def test_a_growing_storm_wakes_before_it_has_peaked() -> None:
    """From 2 to 160 posts an hour, doubling every ten minutes: the peak comes after 63 minutes."""
    seen = Player().play(storm(doubling_min=10.0), 7.5)
    woken = next(a for a in seen if a.level >= 4)
    assert STORM < woken.at < STORM + timedelta(minutes=63)


@pytest.mark.parametrize("seed", range(6))
def test_a_loud_but_calm_event_stays_below_four(seed: int) -> None:
    """Ten times the volume, mostly praise."""
    event = Weather(seed=seed, surges=(Surge(STORM_H, 400, 2, 0.1),))
    seen = Player().play(event, 7.5)
    after = [a for a in seen if a.at > STORM]
    assert max(a.level for a in after) <= 3
    assert not any(a.interrupt for a in after)
    during = [a for a in seen if STORM < a.at <= STORM + hours(2)]
    codes = {r.code for a in during for r in a.reasons if r.met}
    assert {ReasonCode.MENTION_BURST, ReasonCode.TONE_LOW} <= codes


@pytest.mark.parametrize("seed", range(4))
def test_three_angry_people_wake_nobody_at_a_quiet_brand(seed: int) -> None:
    """Half a mention an hour; then three people write three angry posts each in ten minutes."""
    first = round(STORM_H * 12)
    angry = [
        Row(int((START + (first + k % 2) * BIN).timestamp()) + k, 10**6 + k, "a", 1 + k % 3, 0, -1)
        for k in range(9)
    ]
    extra = {first: angry[::2], first + 1: angry[1::2]}
    seen = Player().play(Weather(seed=seed, rate=0.5, extra=extra), 8)
    assert max(a.level for a in seen) < 4


def test_ordinary_days_keep_to_the_budget() -> None:
    """A hundred days at a budget of one page in thirty."""
    pages = 0
    for rate, days in ((0.5, 30), (5, 30), (40, 20), (200, 20)):
        seen = Player().play(Weather(seed=11, rate=rate), days)
        woken = [a.interrupt for a in seen]
        pages += sum(now and not before for before, now in pairwise([False, *woken]))
    assert pages <= 3


def test_the_fourth_equal_storm_in_a_fortnight_counts_like_the_first() -> None:
    starts = [STORM_H + 24 * 3.5 * k for k in range(4)]
    weather = Weather(surges=tuple(Surge(h, 160, 3, 0.8) for h in starts))
    seen = Player().play(weather, 7 + 14)
    peaks = [
        max(a.level for a in seen if START + hours(h) < a.at <= START + hours(h + 3))
        for h in starts
    ]
    pages = [
        any(a.interrupt for a in seen if START + hours(h) < a.at <= START + hours(h + 1))
        for h in starts
    ]
    assert peaks == [peaks[0]] * 4
    assert peaks[0] >= 5
    assert pages == [True] * 4


def test_the_level_rises_at_once_and_falls_step_by_step() -> None:
    seen = [int(a.level) for a in Player().play(storm(), 8)]
    falls = [(x, y) for x, y in pairwise(seen) if y < x]
    assert falls
    assert all(y == x - 1 for x, y in falls)
    last = max(i for i, level in enumerate(seen) if level == max(seen))
    below = next(i for i in range(last, len(seen)) if seen[i] < max(seen))
    assert below - last <= 7
    after = seen[below:]
    steps = [k for k, level in enumerate(after) if k and level < after[k - 1]]
    assert all(b - a >= 6 for a, b in pairwise(steps))


def test_a_held_level_says_so_and_interrupts_nobody() -> None:
    seen = Player().play(storm(), 8)
    held = [a for a in seen if any(r.code is ReasonCode.HOLD for r in a.reasons) and a.level >= 4]
    assert held
    assert not any(a.interrupt for a in held if a.social >= 4 and a.return_period_days < 1)


def test_every_level_above_calm_carries_reasons() -> None:
    for a in Player().play(storm(), 7.6):
        if a.level > 0:
            assert a.reasons, a
        if a.interrupt:
            codes = {r.code for r in a.reasons if r.met}
            assert ReasonCode.NEGATIVE_AUTHORS in codes


def test_a_reopened_bin_raises_nothing_and_teaches_nothing() -> None:
    player = Player()
    player.play(Weather(), 7)
    watch = player.watch
    before = watch.snapshot()
    old = START + timedelta(days=6)
    rows = [Row(int(old.timestamp()) + k, k, "a", 100 + k, 0, -1) for k in range(200)]
    bin, _ = closed(old, rows, revision=1)
    result = watch.close(bin, window(bin.end, rows))
    assert result.assessment.level == Level(before["level"][0])
    assert not result.assessment.interrupt
    assert result.assessment.revision == 1
    assert watch.snapshot() == before


def test_late_posts_alone_raise_nothing_when_the_next_bin_closes() -> None:
    """A source catches up: its posts fill bins of half an hour ago; now all is calm."""
    player = Player(TopicWatch(TOPIC))
    player.play(Weather(), 7)
    now = START + timedelta(days=7)
    late: list[Row] = []
    for back in (5, 6, 7):
        start = now - back * BIN
        rows = [
            Row(int(start.timestamp()) + k, back * 1000 + k, "a", back * 1000 + k, 0, -1)
            for k in range(40)
        ]
        late += rows
        player.watch.close(closed(start, rows, revision=1)[0], None)
    level = player.watch.snapshot()["level"][0]
    bin, _ = closed(now, [])
    result = player.watch.close(bin, window(bin.end, late)).assessment
    assert result.level <= level
    assert not result.interrupt


def test_a_storm_that_still_blows_after_the_catching_up_is_told() -> None:
    """Blind for half an hour; the late posts come in, and the newest bin is as bad."""
    player = Player(TopicWatch(TOPIC))
    player.play(Weather(), 7)
    now = START + timedelta(days=7)

    def angry(start_bin: int) -> list[Row]:
        start = now - start_bin * BIN
        first = int(start.timestamp())
        return [
            Row(
                first + k,
                (9 - start_bin) * 1000 + k,
                "ab"[k % 2],
                5000 - start_bin * 100 + k,
                0,
                -1,
            )
            for k in range(20)
        ]

    late: list[Row] = []
    for back in (5, 4, 3, 2, 1):
        rows = angry(back)
        late += rows
        player.watch.close(closed(now - back * BIN, rows, revision=1)[0], None)
    bin, rows = closed(now, angry(0))
    assert player.watch.wants_window(bin)
    result = player.watch.close(bin, window(bin.end, late + rows)).assessment
    assert result.level >= 4
    assert result.interrupt
    assert result.onset is not None
    assert result.onset <= now - 4 * BIN


def test_empty_bins_are_real_zeros() -> None:
    quiet, skipped = TopicWatch(TOPIC), TopicWatch(TOPIC)
    busy = Counts(mentions=9, negatives=2, neutrals=7)
    for watch in (quiet, skipped):
        for i in range(600):
            watch.close(Bin(TOPIC.id, START + i * BIN, busy), None)
    for i in range(600, 1600):
        quiet.close(Bin(TOPIC.id, START + i * BIN, Counts()), None)
    skipped.skip_to(START + 1600 * BIN)
    assert skipped.snapshot() == quiet.snapshot()
    before = Bin(TOPIC.id, START + 1600 * BIN, busy)
    assert quiet.close(before, None) == skipped.close(before, None)


def test_a_leap_of_years_is_bounded_and_leaves_a_calm_topic() -> None:
    player = Player()
    player.play(storm(), 7.5)
    player.watch.skip_to(START + timedelta(days=2000))
    result = player.watch.close(Bin(TOPIC.id, START + timedelta(days=2000), Counts()), None)
    assert result.assessment.level == Level.CALM
    assert result.expected_mentions < 1


def test_a_new_normal_is_adopted_although_an_incident_stays_open() -> None:
    """Frozen for seven days at most: then five times the usual becomes the usual."""
    watch = TopicWatch(TOPIC)
    few, many = Counts(mentions=4, negatives=1), Counts(mentions=20, negatives=5)
    bins = 7 * 288
    for i in range(bins):
        watch.close(Bin(TOPIC.id, START + i * BIN, few), None)
    for i in range(bins, bins + FROZEN_BINS):
        closed_ = watch.close(Bin(TOPIC.id, START + i * BIN, many), None, frozen=True)
    assert closed_.expected_mentions == pytest.approx(4, abs=0.3)
    for i in range(bins + FROZEN_BINS, 2 * bins + FROZEN_BINS):
        closed_ = watch.close(Bin(TOPIC.id, START + i * BIN, many), None, frozen=True)
    assert closed_.expected_mentions > 14


def test_one_negative_post_of_great_reach_is_shown_quietly() -> None:
    at = round(STORM_H * 12)
    spark = Row(int((START + at * BIN).timestamp()), 10**6, "a", 77, 0, -1, reach=900_000)
    seen = Player().play(Weather(rate=5, extra={at: [spark]}), 7.5)
    shown = next(a for a in seen if a.at == START + (at + 1) * BIN)
    assert shown.level == 3
    assert not shown.interrupt
    assert ReasonCode.FIRST_SPARK in {r.code for r in shown.reasons}


@pytest.mark.parametrize(
    ("category", "authors", "level"),
    [("threat", 1, 4), ("injury", 1, 2), ("injury", 2, 4), ("own", 2, 2), ("own", 3, 4)],
)
def test_tripwires_act_without_statistics(category: str, authors: int, level: int) -> None:
    at = round(STORM_H * 12)
    first = int((START + at * BIN).timestamp())
    rows = [
        Row(first + k, 10**6 + k, "a", 70 + k, 0, -1, tripwire=category) for k in range(authors)
    ]
    seen = Player().play(Weather(rate=5, extra={at: rows}), 7.5)
    shown = next(a for a in seen if a.at == START + (at + 1) * BIN)
    assert shown.level == level
    assert shown.interrupt == (level >= 4)
    reason = next(r for r in shown.reasons if r.code is ReasonCode.TRIPWIRE)
    assert (reason.text, reason.value) == (category, authors)


def test_shares_of_one_post_are_one_voice_for_a_tripwire() -> None:
    at = round(STORM_H * 12)
    first = int((START + at * BIN).timestamp())
    rows = [
        Row(first + k, 10**6 + k, "a", 70 + k, 0, -1, tripwire="injury", cluster=5)
        for k in range(4)
    ]
    seen = Player().play(Weather(rate=5, extra={at: rows}), 7.5)
    assert max(a.level for a in seen[at:]) < 4


def test_a_person_sets_the_media_echo_and_it_is_shown() -> None:
    player = Player()
    player.play(Weather(rate=5), 7)
    bin, rows = closed(START + timedelta(days=7), [])
    shown = player.close(bin, rows, media=5)
    assert (shown.level, shown.social, shown.media) == (5, 0, 5)
    assert shown.interrupt
    later, rows = closed(START + timedelta(days=7) + BIN, [])
    assert player.close(later, rows).level == 0


def test_critical_articles_raise_the_media_echo_to_three_at_most() -> None:
    player = Player()
    player.play(Weather(rate=5), 7)
    at = START + timedelta(days=7)
    rows = [
        Row(int(at.timestamp()) + k, 10**6 + k, f"paper{k}", 0, 0, -1, kind="article")
        for k in range(9)
    ]
    shown = player.close(*closed(at, rows))
    assert shown.media == 3
    player.watch.skip_to(at + timedelta(hours=20))
    still = player.close(*closed(at + timedelta(hours=20), []))
    assert still.media == 3
    player.watch.skip_to(at + timedelta(hours=25))
    assert player.close(*closed(at + timedelta(hours=25), [])).media == 0


def test_a_brand_that_is_in_the_papers_daily_has_no_echo_of_its_own() -> None:
    """Four critical outlets every day for a week; then twenty on one day."""

    def news(day: int, outlets: int) -> dict[int, list[Row]]:
        at = day * 288 + 144
        first = int((START + at * BIN).timestamp())
        return {
            at: [
                Row(first + k, 10**6 + k, f"paper{k}", 0, 0, -1, kind="article")
                for k in range(outlets)
            ]
        }

    extra: dict[int, list[Row]] = {}
    for day in range(7):
        extra |= news(day, 4)
    extra |= news(7, 20)
    seen = Player().play(Weather(rate=5, extra=extra), 7.6)
    assert all(a.media == 0 for a in seen if START + hours(72) < a.at <= START + hours(7 * 24))
    assert seen[-1].media == 3


def test_counts_alone_never_reach_more_than_a_light_breeze() -> None:
    watch = TopicWatch(TOPIC)
    for bin, _ in storm().bins(7.5):
        assert watch.close(bin, None).assessment.level <= 2


def test_a_topic_known_for_hours_wakes_by_fixed_counts_only() -> None:
    seen = Player().play(Weather(rate=30, surges=(Surge(3, 90, 1, 0.9),)), 0.4)
    assert max(a.level for a in seen) >= 4
    woken = next(a for a in seen if a.level >= 4)
    codes = {r.code: r for r in woken.reasons}
    assert codes[ReasonCode.YOUNG_NEGATIVES].value >= 25
    assert ReasonCode.YOUNG_TOPIC in codes


def test_thresholds_are_overridden_by_name_and_unknown_ones_refused() -> None:
    strict = replace(TOPIC, thresholds={"level4_authors": 400.0, "level5_authors": 500.0})
    player = Player(TopicWatch(strict))
    assert max(a.level for a in player.play(storm(), 7.5)) == 3
    with pytest.raises(ValueError, match="unknown threshold 'level4_autors'"):
        TopicWatch(replace(TOPIC, thresholds={"level4_autors": 1.0}))


def test_the_alarm_budget_decides_how_rare_is_rare() -> None:
    patient = replace(TOPIC, alarm_budget_days=2_000_000.0)
    player = Player(TopicWatch(patient))
    mild = Weather(surges=(Surge(STORM_H, 24, 1, 0.8),))
    assert max(a.level for a in player.play(mild, 7.5)) <= 3


def test_a_bin_of_another_topic_is_refused() -> None:
    with pytest.raises(ValueError, match="'other' given to the watch of 't'"):
        TopicWatch(TOPIC).close(Bin("other", START, Counts()), None)


def test_an_unknown_zone_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="Europe/Berlim"):
        TopicWatch(Topic("x", "X", Query(any=("x",)), timezone="Europe/Berlim"))


def test_watching_loads_nothing_heavy() -> None:
    code = (
        "import sys, detectors.watch; "
        "print([m for m in ('sklearn', 'scipy', 'pandas', 'river.anomaly') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_a_silence_is_told_beside_a_calm_level() -> None:
    player = Player()
    player.play(Weather(seed=4), 30 + 9 / 24)
    start = START + timedelta(days=30, hours=9)
    seen = [player.watch.close(Bin(TOPIC.id, start + k * BIN, Counts()), None) for k in range(36)]
    told = [any(r.code is ReasonCode.SILENCE for r in c.assessment.reasons) for c in seen]
    assert not told[0]
    assert told[-1]
    assert all(c.assessment.level == Level.CALM for c in seen)
