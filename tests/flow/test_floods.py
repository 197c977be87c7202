"""Samples of `sturmglas bench flood` and `bench paging`: counts only, times are measured there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitor.bench import flood, paging
from tests import builders as b

pytestmark = pytest.mark.long


@pytest.mark.timeout(300)
def test_alerts_said_again_and_again_are_one_page_an_incident_and_step() -> None:
    found = flood.measure(4, 100, 50, 10.0)
    assert found["problems"] == []
    assert (found["alerts"], found["doubles"], found["extra_pages"]) == (400, 0, 0)
    assert found["steps"] <= 4 * 2 * 4
    assert 0 < found["pages_at_pagerduty"] == found["episodes"] <= 8
    assert found["edits_most_a_second"] <= 1


@pytest.mark.timeout(300)
@pytest.mark.parametrize("weather", paging.BARS)
def test_every_crossing_arrives_and_its_time_is_known(weather: str) -> None:
    with paging.address_of("sqlite") as url:
        found = paging.measure(url, weather, 10.0, 3.0, 1)
    assert (found["alerts"], found["arrived"], found["lost"]) == (30, 30, 0)
    assert found["problems"] == []
    assert 0 < found["p50_ms"] <= found["p99_ms"] <= found["most_ms"]


def test_the_most_a_second_is_told_over_any_second() -> None:
    at = [b.after(s) for s in (0, 0.9, 1.0, 1.05, 1.89, 9)]
    assert flood.most_a_second(at) == 4
    assert flood.most_a_second([b.T0, b.T0 + timedelta(seconds=1)]) == 1
    assert flood.most_a_second([]) == 0
