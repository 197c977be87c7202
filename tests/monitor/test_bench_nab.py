"""The scorer of the NAB bench: thresholds, and that nothing looks ahead or at its own file."""

from __future__ import annotations

import math

import pytest

from monitor.bench.nab import (
    PROFILES,
    Labelled,
    best_threshold,
    burst_scores,
    fired,
    fired_value,
    left_one_out,
    normalised,
    row_values,
)

STANDARD, LOW_FP, LOW_FN = PROFILES
ROWS = row_values(2000, [(1000, 1099)])


def scores(**at: float) -> list[float]:
    """Return scores of 2,000 rows that are 0 but for the rows named, as in ``r1000=1.0``."""
    out = [0.0] * 2000
    for row, score in at.items():
        out[int(row[1:])] = score
    return out


def test_a_threshold_is_left_out_only_with_all_of_its_ties() -> None:
    """Two false rows and the window's first row share a score: they fire together or not at all."""
    tied = scores(r400=1.0, r500=1.0, r1000=1.0)
    raw, at = best_threshold({"f": tied}, {"f": ROWS}, STANDARD)
    assert (raw, at) == (pytest.approx(1.0 - 2 * 0.11), 1.0)
    raw, at = best_threshold({"f": scores(r400=1.0, r500=1.0)}, {"f": ROWS}, STANDARD)
    assert (raw, at) == (-1.0, math.inf)


def test_the_sweep_finds_what_trying_every_threshold_finds() -> None:
    mixed = scores(r350=0.9, r400=0.5, r1030=0.6, r1098=0.8, r1150=0.7, r1900=0.3)
    for profile in PROFILES:
        tried = [fired_value(mixed, ROWS, at, profile) for at in (*set(mixed), math.inf)]
        raw, at = best_threshold({"f": mixed}, {"f": ROWS}, profile)
        assert raw == pytest.approx(max(tried))
        assert fired_value(mixed, ROWS, at, profile) == pytest.approx(raw)


def test_the_profiles_weigh_false_rows_and_missed_windows_as_numenta_does() -> None:
    false = scores(r400=1.0)
    assert fired_value(false, ROWS, 1.0, STANDARD) == pytest.approx(-1.0 - 0.11)
    assert fired_value(false, ROWS, 1.0, LOW_FP) == pytest.approx(-1.0 - 0.22)
    assert fired_value(false, ROWS, 1.0, LOW_FN) == pytest.approx(-2.0 - 0.11)
    assert normalised(-2.0, 1, LOW_FN) == 0.0
    assert normalised(1.0, 1, LOW_FN) == 100.0


def test_a_false_row_just_after_a_window_costs_less_than_one_far_off() -> None:
    # y = (1109 - 1099) / 99; s(y) = 2 / (1 + e^(5 y)) - 1.
    worth = 2.0 / (1.0 + math.exp(5 * 10 / 99)) - 1.0
    raw = fired_value(scores(r1000=1.0, r1109=1.0), ROWS, 1.0, STANDARD)
    assert raw == pytest.approx(1.0 + 0.11 * worth)
    assert -0.3 < worth < -0.2


def test_leaving_a_file_out_takes_the_threshold_from_the_others() -> None:
    """File a would do best at 0.5, which the others know nothing of: at their 0.9 it finds nothing."""
    rows = {"a": ROWS, "b": ROWS, "c": ROWS}
    known = {"a": scores(r1000=0.5), "b": scores(r1000=0.9), "c": scores(r1000=0.9)}
    raw, at = best_threshold(known, rows, STANDARD)
    assert (normalised(raw, 3, STANDARD), at) == (pytest.approx(100.0), 0.5)
    # Left out: a gets 0.9 and misses its window; b and c get 0.5 from a and one another.
    assert left_one_out(known, rows, STANDARD) == pytest.approx(100.0 * 2 / 3)


def test_found_windows_and_false_rows_are_counted_past_probation() -> None:
    known = {"f": scores(r100=1.0, r400=1.0, r1000=1.0, r1050=1.0)}
    assert fired(known, {"f": ROWS}, 1.0) == (1, 1)
    assert fired(known, {"f": ROWS}, 2.0) == (0, 0)


def test_our_scores_never_change_with_what_comes_after() -> None:
    values = [float(i * 7919 % 23) for i in range(1200)]
    values[650] = 900.0
    hours = [i // 12 % 24 for i in range(1200)]
    whole = burst_scores(Labelled(hours, values, []))
    assert any(score > 0 for score in whole[:800])
    cut = burst_scores(Labelled(hours[:800], values[:800], []))
    assert whole[:800] == cut
    other = burst_scores(Labelled(hours, values[:800] + [5_000.0] * 400, []))
    assert other[:800] == cut
