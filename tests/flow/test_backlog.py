"""A backlog of bins, closed in one go, is judged as if each had been closed in its time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from detectors.window import BIN, HOLD
from monitor.pipeline import hours
from tests.flow.conftest import TOPIC, Flow
from tests.flow.scenes import MONDAY, calm, storm

STORM = MONDAY + timedelta(hours=4)
END = STORM + timedelta(hours=2)


@pytest.mark.parametrize("most", [hours.WINDOW_ROWS, 30])
def test_bins_closed_together_are_judged_as_bins_closed_one_by_one(
    flow: Callable[..., Flow], monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """Also where an hour holds more rows than are looked at."""
    monkeypatch.setattr(hours, "WINDOW_ROWS", most)
    posts = [*calm(MONDAY, END, per_hour=6), *storm(STORM, 110, 0.5, 30)]
    by_bin, at_once = flow(live=False), flow(live=False)
    for one in (by_bin, at_once):
        one.pipeline.begin_at(MONDAY)
        one.take(posts, END)
    end = MONDAY
    while end < END:
        end += BIN
        by_bin.tick(end + HOLD)
    at_once.tick(END + HOLD)
    results = [one.store.read.results(TOPIC.id, MONDAY, END) for one in (by_bin, at_once)]
    assert results[0] == results[1]
    assert len(results[0]) == (END - MONDAY) // BIN
    assert max(r.level for r in results[0]) >= 3
