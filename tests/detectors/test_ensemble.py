"""The level: what each rule promises, and that more evidence never lowers it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.context import Context
from detectors.detection import Level, ReasonCode
from detectors.ensemble import Evidence, judge
from detectors.measures import Measures, measure, negative_share
from detectors.thresholds import THRESHOLDS, ThresholdError, Thresholds
from detectors.voices import LeftOut
from tests.detectors.weather import START, Row, hours, window

LIMITS = Thresholds()
BUDGET = 30.0


def measures(negatives: int = 40, mentions: int = 60, **fields: object) -> Measures:
    """A storm's hour: every negative by its own author in its own thread."""
    values: dict[str, object] = {
        "mentions": mentions,
        "negatives": negatives,
        "recent": negatives // 4,
        "prior": negatives // 4,
        "authors": negatives,
        "threads": negatives,
        "sources": ("a", "b"),
        "originals": negatives,
        "share": negative_share(negatives, 0, mentions),
    }
    return Measures(**(values | fields))  # type: ignore[arg-type]


def storm(seen: Measures | None = None, **fields: object) -> Evidence:
    """A rare burst at a topic known for a year, usually two negatives an hour."""
    seen = seen or measures()
    values: dict[str, object] = {
        "negatives": seen.negatives,
        "unexplained": float(seen.negatives),
        "measures": seen,
        "median": 2.0,
        "usual": 2.0,
        "negative_days": 400.0,
    }
    return Evidence(**(values | fields))  # type: ignore[arg-type]


def level(evidence: Evidence) -> int:
    return int(judge(evidence, LIMITS, BUDGET).social)


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        (Evidence(), 0),
        (storm(measures(2, 5)), 0),  # no more than the median
        (storm(measures(4, 8)), 2),
        (storm(measures(7, 10)), 3),
        (storm(measures(8, 10)), 4),
        (storm(measures(8, 10, threads=1)), 3),  # one quarrel under one post
        (storm(measures(24, 40)), 4),
        (storm(measures(25, 40)), 5),
        (storm(measures(25, 40, threads=4)), 4),
        (storm(measures(120, 150)), 5),  # not aggressive
        (storm(measures(120, 150, offensive=20)), 6),
        (storm(measures(120, 150, offensive=20, sources=("a",))), 5),  # one platform
        (storm(measures(20, 30), negative_days=2.9), 2),  # not rare enough to wake
        (storm(measures(20, 30), negative_days=3.0), 4),
        (storm(measures(20, 30), negative_days=2.0), 2),
        (storm(measures(20, 30), negative_days=0.1), 0),  # comes every day
        (storm(measures(60, 90), negative_days=2.5), 5),  # gross: no history excuses it
        (storm(measures(60, 90), negative_days=2.5, usual=20.0), 2),  # the new normal does
        (storm(measures(60, 90), negative_days=2.5, unexplained=10.0), 2),  # the crowd does
    ],
)
def test_size_ranks_and_rarity_interrupts(evidence: Evidence, expected: int) -> None:
    assert level(evidence) == expected


def test_a_slow_storm_wakes_where_the_tone_of_its_hours_is_worse_and_little_is_left_out() -> None:
    few = measures(5, 12)
    day = BUDGET * LIMITS["slow_family"]
    slow = storm(few, negative_days=0.0, slow_days=day, sour_day=3.2)
    assert level(slow) == 4
    assert level(replace(slow, slow_days=day - 0.1)) == 3
    assert level(replace(slow, sour_day=3.1)) == 3, "as may happen by chance"
    beside = replace(slow, left_out=LeftOut(bots=5))
    assert level(beside) == 3
    assert level(replace(beside, slow_days=BUDGET)) == 4


def test_interrupt_is_true_exactly_from_level_four() -> None:
    for n in range(0, 200, 5):
        judged = judge(storm(measures(n, n + 10)), LIMITS, BUDGET)
        assert judged.interrupt == (judged.social >= 4)


def test_attention_stays_below_four_only_while_the_upper_end_is_low() -> None:
    calm = storm(measures(60, 600), mention_days=500.0)
    assert level(calm) == 3
    codes = {r.code for r in judge(calm, LIMITS, BUDGET).reasons if r.met}
    assert ReasonCode.TONE_LOW in codes
    unread = measures(60, 600, unread=300, share=negative_share(60, 300, 600))
    assert level(storm(unread, mention_days=500.0)) == 5


def test_a_tone_above_the_usual_by_chance_alone_wakes_nobody() -> None:
    """Ten hours of a surge are looked at often: 1.6 deviations come about in one of its hours."""
    few = storm(measures(14, 30))
    assert level(few) == 4, "nothing known of the hours before"
    assert level(replace(few, sour=3.4)) == 3
    assert level(replace(few, sour=3.5)) == 4
    told = judge(replace(few, sour=3.4), LIMITS, BUDGET).reasons
    assert ReasonCode.TONE_USUAL in {r.code for r in told if r.met}
    unread = measures(12, 30, unread=10, share=negative_share(12, 10, 30))
    assert level(replace(few, measures=unread, sour=0.0)) == 4, "what is unread may be anything"


def test_a_mood_is_no_storm_however_sure_many_posts_make_it() -> None:
    """A fifth more of the texts than usual are critical, told by thousands: a mood. A quarter is more."""
    sure = storm(measures(250, 700), negative_days=50.0, sour=9.0)
    assert level(replace(sure, worse=0.24)) == 3
    assert level(replace(sure, worse=0.25)) >= 4
    unread = measures(250, 700, unread=200, share=negative_share(250, 200, 700))
    assert level(replace(sure, worse=0.0, measures=unread)) >= 4, "what is unread may be anything"


def test_a_tone_far_above_the_usual_wakes_before_the_whole_budget_is_reached() -> None:
    some = storm(measures(20, 30), negative_days=BUDGET - 1.0)
    assert level(replace(some, worse=0.29)) == 3
    assert level(replace(some, worse=0.30)) >= 4
    assert level(replace(some, worse=0.29, negative_days=BUDGET)) >= 4


def test_loud_and_unreadable_asks_for_a_look() -> None:
    seen = measures(0, 90, unread=80, share=negative_share(0, 80, 90))
    judged = judge(Evidence(measures=seen, mention_days=10.0), LIMITS, BUDGET)
    assert judged.social == Level.FRESH_BREEZE
    assert not judged.interrupt
    assert ReasonCode.TONE_UNREADABLE in {r.code for r in judged.reasons if r.met}
    read = judge(storm(mention_days=10.0), LIMITS, BUDGET)
    assert ReasonCode.MENTION_BURST in {r.code for r in read.reasons if r.met}
    assert ReasonCode.TONE_UNREADABLE not in {r.code for r in read.reasons}, "it was read"


def test_where_people_say_that_tone_is_unreliable_loud_asks_for_a_look() -> None:
    seen = measures(2, 90, share=negative_share(2, 0, 90))
    known = Evidence(measures=seen, mention_days=10.0)
    sampled = replace(known, context=Context(misread=0.55))
    assert level(known) == Level.LIGHT_AIR
    judged = judge(sampled, LIMITS, BUDGET)
    assert judged.social == Level.FRESH_BREEZE
    assert not judged.interrupt
    told = {r.code: r for r in judged.reasons if r.met}
    assert told[ReasonCode.TONE_UNREADABLE].value == 0.55
    assert ReasonCode.TONE_LOW not in told


def test_a_few_mentions_are_never_loud() -> None:
    seen = measures(0, 6, unread=6, share=negative_share(0, 6, 6))
    assert level(Evidence(measures=seen, mention_days=500.0)) == 0


def test_one_very_wide_post_replaces_the_floor_of_authors() -> None:
    few = measures(7, 9, reach=2_000_000, threads=1, authors=3)
    assert level(storm(few, usual_reach=500.0)) == 4
    assert level(storm(few, usual_reach=500.0, negative_days=2.0)) == 3
    assert level(storm(replace(few, reach=2_000), usual_reach=500.0)) < 3


def test_catching_up_alone_never_wakes() -> None:
    assert level(storm(measures(100, 120), caught_up=True)) <= 2


@pytest.mark.parametrize(("outlets", "media"), [(0, 0), (1, 1), (2, 2), (3, 2), (4, 3), (50, 3)])
def test_the_machine_sets_the_media_echo_to_three_at_most(outlets: int, media: int) -> None:
    assert judge(Evidence(outlets=outlets), LIMITS, BUDGET).media == media


def test_reasons_show_what_was_met_and_what_was_not() -> None:
    judged = judge(storm(measures(20, 30), negative_days=2.5), LIMITS, BUDGET)
    burst = next(r for r in judged.reasons if r.code is ReasonCode.NEGATIVE_BURST)
    assert (burst.value, burst.threshold, burst.met) == (2.5, 3.0, False)
    authors = next(r for r in judged.reasons if r.code is ReasonCode.NEGATIVE_AUTHORS)
    assert authors.value == 20
    assert authors.met


def test_every_threshold_has_a_unit_and_a_reason_and_is_used_below_its_next() -> None:
    for name, limit in THRESHOLDS.items():
        assert limit.value >= 0, name
        assert limit.unit, name
        assert len(limit.why) > 10, name
    for name in ("authors", "multiple"):
        steps = [THRESHOLDS[f"level{n}_{name}"].value for n in range(1, 7)]
        assert steps == sorted(steps)


def test_a_negative_override_is_refused() -> None:
    with pytest.raises(ThresholdError, match="'tone_low' must be 0 or more, got -1"):
        Thresholds({"tone_low": -1})


evidences = st.builds(
    lambda neg, extra, unread, copies, few, days, mdays, median, known, offensive, reach: storm(
        measures(
            neg,
            neg + extra + unread,
            unread=unread,
            originals=max(neg - copies, min(neg, 1)),
            authors=max(neg - few, min(neg, 1)),
            threads=max(neg - few, min(neg, 1)),
            offensive=min(offensive, neg),
            reach=reach,
            share=negative_share(neg, unread, neg + extra + unread),
        ),
        negative_days=days,
        mention_days=mdays,
        median=median,
        usual=median,
        days=known,
    ),
    st.integers(0, 150),
    st.integers(0, 400),
    st.integers(0, 100),
    st.integers(0, 150),
    st.integers(0, 60),
    st.sampled_from([0.0, 0.3, 2.0, 10.0, 29.0, 31.0, 5000.0]),
    st.sampled_from([0.0, 2.0, 5.0, 500.0]),
    st.sampled_from([0.0, 2.0, 9.0, 40.0]),
    st.sampled_from([0.2, 5.0, 400.0]),
    st.integers(0, 40),
    st.sampled_from([0, 10_000, 900_000]),
)


@settings(max_examples=400, deadline=None)
@given(
    evidence=evidences,
    more=st.integers(1, 60),
    rarer=st.sampled_from([1.0, 3.0, 100.0]),
    shout=st.booleans(),
    worse=st.sampled_from([-0.1, 0.2, 0.27, 0.5]),
    worse_by=st.sampled_from([0.0, 0.02, 0.1]),
    sour=st.sampled_from([0.0, 3.0, 4.0, 20.0]),
)
def test_more_negatives_never_lower_the_level(
    evidence: Evidence,
    more: int,
    rarer: float,
    shout: bool,
    worse: float,
    worse_by: float,
    sour: float,
) -> None:
    """More negative posts by new authors in the newest quarter, and a burst as rare or rarer."""
    seen = evidence.measures
    assert seen is not None
    mentions, negatives = seen.mentions + more, seen.negatives + more
    grown = replace(
        seen,
        mentions=mentions,
        negatives=negatives,
        recent=seen.recent + more,
        authors=seen.authors + more,
        threads=seen.threads + more,
        originals=seen.originals + more,
        offensive=seen.offensive + (more if shout else 0),
        share=negative_share(negatives, seen.unread, mentions),
    )
    evidence = replace(evidence, worse=worse, sour=sour)
    after = replace(
        evidence,
        worse=worse + worse_by,
        sour=sour * rarer,
        negatives=evidence.negatives + more,
        measures=grown,
        negative_days=evidence.negative_days * rarer,
        mention_days=evidence.mention_days * rarer,
    )
    assert level(after) >= level(evidence)


@settings(max_examples=150, deadline=None)
@given(
    tones=st.lists(st.sampled_from([-1, 0, 1, 2]), max_size=80),
    copied=st.integers(0, 40),
    more=st.integers(1, 30),
)
def test_more_negative_rows_never_lower_the_level(tones: list[int], copied: int, more: int) -> None:
    """The same through real windows: clusters, quarters and shares as `measure` finds them."""
    first = int(START.timestamp())
    rows = [
        Row(first + 44 * k, k, "ab"[k % 2], 1 + k, 0, tone, cluster=9 if k < copied else 0)
        for k, tone in enumerate(tones)
    ]
    new = [Row(first + 3500, 1000 + k, "a", 1000 + k, 0, -1) for k in range(more)]
    levels = []
    for part in (rows, rows + new):
        seen = measure(window(START + hours(1), part))
        levels.append(level(storm(seen)))
    assert levels[1] >= levels[0]
