"""What a watch keeps: how much, and what it refuses to take back."""

from __future__ import annotations

import json

import pytest

from detectors.watch import TopicWatch
from tests.detectors.weather import (
    TOPIC,
    Player,
    Surge,
    Weather,
)


def test_the_state_stays_below_nine_kibibytes_after_a_month_with_storms() -> None:
    player = Player()
    player.play(Weather(rate=300, surges=(Surge(7 * 24 + 10.0, 3000, 5, 0.8),)), 9)
    assert len(json.dumps(player.watch.snapshot())) < 9 * 1024


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"version": 99}, "version 99"),
        ({"hour": []}, "'hour' must be a list of 12"),
        ({"volume": {"tails": []}}, "'tails' must be a list of 3"),
        ({"reach": [1.0, "x", 3]}, "'reach' must be a list of 2"),
    ],
)
def test_a_state_that_does_not_fit_is_refused(change: dict[str, object], complaint: str) -> None:
    state = TopicWatch(TOPIC).snapshot() | change
    with pytest.raises(ValueError, match=complaint):
        TopicWatch(TOPIC).restore(state)
