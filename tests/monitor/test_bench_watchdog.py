"""A real `serve` under faults, seen from outside; five of each: `bench watchdog`."""

from __future__ import annotations

import pytest

from monitor.bench import watchdog


def test_the_switch_outside_counts_pings_and_failures_apart() -> None:
    seen = watchdog.Outside()
    assert [seen.took(path) for path in ("/ping", "/fail", "/hook")] == [200, 200, 200]
    assert (len(seen.pings), seen.fails, seen.hooks) == (1, 1, 1)
    seen.dead = True
    assert seen.took("/hook") == 500


@pytest.mark.slow
@pytest.mark.parametrize("fault", [watchdog.kill, watchdog.hang, watchdog.dead_channel])
def test_a_fault_is_seen_outside_in_time(fault: watchdog.Fault) -> None:
    took = watchdog.once(fault)
    assert took is not None
    assert took * watchdog.FASTER <= watchdog.LIMIT_S


@pytest.mark.slow
def test_where_all_is_well_nothing_alarms() -> None:
    assert watchdog.once(watchdog.none) is None
