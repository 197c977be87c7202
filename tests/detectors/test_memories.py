"""What a watch remembers beside its detectors: the last hour, usual reach, outlets of a day."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta

import pytest

from detectors.last_hour import HOUR_BINS, LastHour
from detectors.usual import MOST, Outlets, UsualReach, UsualTone
from detectors.window import BIN, Counts

T0 = datetime(2026, 11, 2, 12, tzinfo=UTC)


def hour(*negatives: int) -> LastHour:
    made = LastHour()
    for n in negatives:
        made.append(Counts(mentions=2 * n, negatives=n))
    return made


def test_the_hour_is_the_eleven_bins_before_the_one_being_judged() -> None:
    full = hour(*range(1, HOUR_BINS + 1))
    assert full.negatives() == sum(range(2, HOUR_BINS + 1))
    assert full.negatives(2) == 11 + 12
    full.append(Counts())
    assert full.negatives() == sum(range(3, HOUR_BINS + 1))


def test_what_came_late_is_counted_and_is_not_live() -> None:
    late = hour(5, 5, 5)
    late.amend(2, Counts(mentions=14, negatives=9))
    assert late.counts(2) == Counts(mentions=14, negatives=9)
    assert late.late() == 4
    assert late.negatives(3) == 5 + 9 + 5
    assert late.live(2) == 5 + 5


def test_a_bin_that_shrinks_afterwards_was_not_late() -> None:
    less = hour(5)
    less.amend(1, Counts(mentions=3, negatives=2))
    assert less.late() == 0
    assert less.live(1) == 2


def test_a_tripwire_is_remembered_for_twelve_bins() -> None:
    tripped = hour()
    tripped.append(Counts(mentions=1, tripwires=1))
    for _ in range(HOUR_BINS - 1):
        tripped.append(Counts())
    assert tripped.tripped()
    tripped.append(Counts())
    assert not tripped.tripped()


@pytest.mark.parametrize(
    ("negatives", "bins_back"),
    [
        ((0, 0, 0), 0),  # nothing before it was raised
        ((0, 9, 9), 2),
        ((9, 0, 9), 3),  # one calm bin does not end the run
        ((9, 0, 0), 0),  # two do
        ((9,) * 12, 11),  # no further back than the hour
    ],
)
def test_an_onset_is_the_start_of_the_run_of_raised_bins(
    negatives: tuple[int, ...], bins_back: int
) -> None:
    assert hour(*negatives).onset(T0, raised=4.0) == T0 - bins_back * BIN


def test_one_bin_teaches_at_most_ten_times_the_usual_reach() -> None:
    usual = UsualReach()
    assert usual.value() == 0.0
    usual.learn(Counts(mentions=1, reach=100))
    usual.learn(Counts(reach=10**9))  # nobody wrote: no reach of one post
    assert usual.value() == 100.0
    usual.learn(Counts(mentions=1, reach=10**9))
    assert usual.value() == pytest.approx((100 + 1000) / 2, rel=1e-3)


def test_an_outlet_counts_for_a_day_after_its_last_article() -> None:
    outlets = Outlets()
    outlets.add(["bote", "kurier"], T0)
    outlets.add(["kurier"], T0 + timedelta(hours=2))
    outlets.forget(T0 + timedelta(hours=23))
    assert len(outlets) == 2
    outlets.forget(T0 + timedelta(hours=24))
    assert len(outlets) == 1
    outlets.forget(T0 + timedelta(hours=26))
    assert len(outlets) == 0


def test_outlets_are_bounded_and_the_longest_silent_go_first() -> None:
    outlets = Outlets()
    for n in range(MOST + 3):
        outlets.add([f"o{n}"], T0 + n * BIN)
    assert set(outlets.snapshot()["outlets"]) == {f"o{n}" for n in range(3, MOST + 3)}


def test_memories_come_back_as_they_were() -> None:
    full, usual, outlets = hour(1, 2, 3), UsualReach(), Outlets()
    full.amend(1, Counts(mentions=9, negatives=7))
    usual.learn(Counts(mentions=3, reach=100))
    outlets.add(["bote"], T0)
    outlets.learn()
    state = json.loads(json.dumps(full.snapshot() | usual.snapshot() | outlets.snapshot()))
    for fresh, old in ((LastHour(), full), (UsualReach(), usual), (Outlets(), outlets)):
        fresh.restore(state)
        assert fresh.snapshot() == old.snapshot()


def test_a_last_hour_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="'hour' must be a list of 12"):
        LastHour().restore({"hour": [[0, 0, 0, 0]]})


def known_tone(negatives: float, others: float) -> UsualTone:
    """Return the memory of two weeks of bins with so many posts."""
    tone = UsualTone()
    for _ in range(14 * 288):
        tone.learn(negatives, others)
        tone.learn_negativity(sure(negatives, others), 0.01)
    return tone


def sure(negatives: float, others: float) -> Counts:
    """Return the counts of a hundred such bins of which each tone is sure."""
    n = round(100 * negatives)
    return Counts(
        mentions=n + round(100 * others), negativity=100 * n, negativity_squares=10_000 * n
    )


def test_a_crowd_explains_what_it_usually_brings_and_somewhat_more() -> None:
    tone = known_tone(2.0, 8.0)
    assert tone.odds() == pytest.approx(0.25, rel=1e-3)
    assert tone.explained(8.0, 8.0) == 0.0  # no crowd, nothing to explain
    assert 18.0 < tone.explained(80.0, 8.0) < 27.0  # ten times as many


def test_an_excess_of_chance_explains_nothing() -> None:
    tone = known_tone(2.0, 8.0)
    assert tone.explained(9.0 + 6.0, 9.0) == 0.0
    assert tone.explained(9.0 + 7.0, 9.0) > 0.0


def test_the_tone_lies_beyond_the_usual_by_so_many_deviations_of_both() -> None:
    tone = known_tone(2.0, 8.0)
    assert tone.beyond(2000, 100) == pytest.approx(0.0, abs=0.01)
    assert tone.beyond(2800, 100) == pytest.approx(1.87, abs=0.05)  # 0.04 is one of 100 posts
    assert tone.beyond(800, 15) == pytest.approx(2.8, abs=0.1)  # 3.2 by the normal curve
    assert tone.beyond(5600, 200) > tone.beyond(2800, 100) > tone.beyond(700, 25)
    assert tone.beyond(2900, 101) > tone.beyond(2800, 100)
    assert tone.beyond(0, 0) == 0.0


def test_a_tone_hardly_above_the_usual_is_no_error_of_rounding() -> None:
    tone = UsualTone()
    for n in range(1, 2_000):
        tone.restore({"tone": [1.0, 4.0], "negativity": [2_000.0, float(n), float(n)]})
        for texts in (7, 300, 20_000):
            just_above = math.nextafter(100.0 * tone.negativity() * texts, math.inf)
            assert tone.beyond(just_above, texts) < 0.01


def test_where_the_scorer_is_less_sure_the_same_mean_says_more() -> None:
    sure, unsure = known_tone(2.0, 8.0), UsualTone()
    for _ in range(14 * 288):  # a tenth or three tenths, and not all or nothing
        squares = 500 * 10**2 + 500 * 30**2
        unsure.learn_negativity(
            Counts(mentions=1000, negativity=20_000, negativity_squares=squares), 0.01
        )
    assert unsure.negativity() == pytest.approx(sure.negativity())
    assert sure.dispersion() == pytest.approx(1.0)
    assert unsure.dispersion() == pytest.approx(0.1**2 / (0.2 * 0.8))
    assert unsure.beyond(2800, 100) == pytest.approx(4.0 * sure.beyond(2800, 100))


def test_posts_that_could_not_be_read_teach_nothing() -> None:
    tone, same = known_tone(2.0, 8.0), known_tone(2.0, 8.0)
    tone.learn_negativity(Counts(mentions=50, unread=50), 1.0)
    same.learn_negativity(Counts(), 1.0)
    assert tone.snapshot() == same.snapshot()


def test_what_is_little_known_is_doubted() -> None:
    some, much = known_tone(0.02, 0.08), known_tone(2.0, 8.0)
    assert 0.0 < some.beyond(4000, 100) < much.beyond(4000, 100)
    assert UsualTone().beyond(4000, 100) == math.inf, "nothing to compare with"


def test_usual_tone_restored_is_the_same() -> None:
    tone, again = known_tone(3.0, 5.0), UsualTone()
    again.restore(tone.snapshot())
    assert again.snapshot() == tone.snapshot()
    assert again.odds() == tone.odds()
