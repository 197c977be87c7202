"""A hundred kills of `sturmglas bench crash`: they lose nothing of ours, and a naive twin fails.

`sturmglas bench crash --kills 1000` is the long form; times are measured there, only counts here.
"""

from __future__ import annotations

import pytest

from monitor.bench import crash

pytestmark = pytest.mark.long

KILLS = 100
NAIVE_KILLS = 10
SEED = 9


@pytest.fixture(scope="module")
def result() -> crash.Result:
    return crash.run(KILLS, SEED, naive_kills=NAIVE_KILLS)


@pytest.mark.timeout(600)
def test_kills_lose_nothing_double_nothing_and_every_alert_arrives(result: crash.Result) -> None:
    ours = result.ours
    assert ours.problems == []
    assert ours.kills == KILLS
    assert 0 < ours.accepted <= ours.stored == ours.rows == ours.counted
    assert (ours.lost, ours.alerts_lost, ours.wrong_keys) == (0, 0, 0)


@pytest.mark.timeout(600)
def test_the_kills_fell_where_it_hurts(result: crash.Result) -> None:
    ours = result.ours
    assert ours.crossings > 0
    assert ours.alerts > 0
    assert ours.amended > 0
    assert ours.cut_sends > 0
    assert ours.cut_filing + ours.cut_requests > 0
    assert 0 < ours.unknown_outcomes < ours.attempts
    assert ours.repeats <= ours.unknown_outcomes


@pytest.mark.timeout(600)
def test_a_naive_twin_loses_mentions_under_the_same_harness(result: crash.Result) -> None:
    naive = result.naive
    assert naive.accepted > naive.stored
    assert naive.lost > 0
    assert not naive.sound
