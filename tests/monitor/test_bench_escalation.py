"""Steps of chains come in time and none after an answer, by an oracle; 10,000 incidents: `bench escalation`."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from monitor.bench import escalation as bench
from monitor.bench.escalation_oracle import Wind

pytestmark = pytest.mark.long

T0 = datetime(2026, 10, 24, 20, 5, tzinfo=UTC)


@pytest.mark.timeout(600)
def test_no_step_is_missed_late_or_after_an_answer_and_timers_in_memory_fail() -> None:
    found = bench.run(300, 3, lambda _: None, flowing=False)
    assert found["breaches"] == 0, found
    assert found["incidents"] == 300
    for name in ("steps", "skipped", "exhausted", "rises_above_acknowledged", "answers", "raced"):
        assert found[name] != 0, name
    twin = found["twin"]
    assert isinstance(twin, dict)
    assert 0 not in (twin["missed"], twin["after_an_answer"], twin["too_much"]), twin


def wind(*said: tuple[int, int], acknowledged_after: int = 99) -> list[bool]:
    """Return whether somebody is called at each (minute, level); acknowledged after so many of them."""
    made, calls = Wind(), []
    for number, (minute, level) in enumerate(said, 1):
        calls.append(made.says(level, datetime.fromtimestamp(T0.timestamp() + 60 * minute, UTC)))
        if number == acknowledged_after:
            made.acknowledges()
    return calls


@pytest.mark.parametrize(
    ("said", "acknowledged_after", "calls"),
    [
        # The first alarm, a rise above the peak, and no fall.
        (((0, 4), (10, 5), (20, 4)), 99, [True, True, False]),
        # Back up to the peak within the hour: nobody has answered, the chain still calls.
        (((0, 6), (10, 4), (20, 5)), 99, [True, False, False]),
        # The same after somebody acknowledged 4: a rise above that, told once.
        (((0, 6), (10, 4), (20, 5), (30, 4), (40, 5)), 2, [True, False, True, False, False]),
        # An hour of lower wind before it rises: a wave.
        (((0, 6), (10, 4), (75, 5)), 99, [True, False, True]),
    ],
)
def test_the_oracle_reads_who_is_told_when_as_documented(
    said: tuple[tuple[int, int], ...], acknowledged_after: int, calls: list[bool]
) -> None:
    assert wind(*said, acknowledged_after=acknowledged_after) == calls
