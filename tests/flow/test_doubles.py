"""A sample of `sturmglas bench doubles`: kills lose no alert, and doubles stay within each class's promise."""

from __future__ import annotations

import pytest

from monitor.bench import doubles

pytestmark = pytest.mark.long

KILLS = 5
STORMS = 8


@pytest.fixture(scope="module")
def result() -> doubles.Result:
    return doubles.run(KILLS, STORMS, 3, lambda line: None)


@pytest.mark.timeout(300)
def test_no_alert_is_lost_or_strange_and_every_crossing_is_one_incident(
    result: doubles.Result,
) -> None:
    assert result.verdict.problems == []
    assert (result.kills, result.incidents) == (KILLS, STORMS)
    assert (result.verdict.lost, result.verdict.wrong_keys) == (0, 0)


@pytest.mark.timeout(300)
def test_doubles_keep_to_the_class_of_the_channel(result: doubles.Result) -> None:
    a, b, c = (result.verdict.classes[name] for name in "ABC")
    assert min(a.pages, b.pages, c.pages) >= STORMS
    assert (a.doubles, b.doubles) == (0, 0)
    assert c.doubles <= c.unknown_outcomes
    assert (c.unmarked, c.beyond) == (0, 0)


@pytest.mark.timeout(300)
def test_the_receivers_and_the_kills_gave_something_to_be_unsure_of(result: doubles.Result) -> None:
    for found in result.verdict.classes.values():
        assert found.attempts > found.pages
        assert found.unknown_outcomes > 0
    assert result.verdict.classes["C"].doubles > 0
