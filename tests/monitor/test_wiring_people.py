"""Which methods of a person ring at night: told by the channels' own settings."""

from __future__ import annotations

import pytest

from monitor.app.wiring import book_of
from monitor.settings import Settings


@pytest.mark.parametrize(
    ("channel", "wakes"),
    [
        ({"type": "pagerduty", "routing_key": "k"}, True),
        ({"type": "ntfy", "topic": "t"}, True),
        ({"type": "ntfy", "topic": "t", "urgent_from": 6}, False),  # not at 5, which rings at night
        ({"type": "console"}, False),
    ],
)
def test_a_person_wakes_by_a_channel_that_pierces_at_the_level_of_the_night(
    channel: dict[str, object], wakes: bool
) -> None:
    given = {
        "channel": {"there": channel},
        "person": {"kim": {"name": "Kim", "methods": [{"channel": "there"}]}},
    }
    assert book_of(Settings.model_validate(given)).people["kim"].wakes is wakes
